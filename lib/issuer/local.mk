pkiissuerinclude_HEADERS += \
	%D%/client.h \
	%D%/messages.h \
	%D%/spawn.h \
	%D%/wire.h
libpki_ca_la_SOURCES += \
	%D%/client-calls.c \
	%D%/client-parts.h \
	%D%/client-reader.c \
	%D%/client.c \
	%D%/messages.c \
	%D%/spawn.c \
	%D%/wire.c
