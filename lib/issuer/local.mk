pkiissuerinclude_HEADERS += \
	%D%/client.h \
	%D%/messages.h \
	%D%/serve.h \
	%D%/spawn.h \
	%D%/wire.h
libpki_ca_la_SOURCES += \
	%D%/client-calls.c \
	%D%/client-parts.h \
	%D%/client-reader.c \
	%D%/client.c \
	%D%/messages.c \
	%D%/serve-answer.c \
	%D%/serve-audit.c \
	%D%/serve-chains.c \
	%D%/serve-clock.c \
	%D%/serve-hints.c \
	%D%/serve-material.c \
	%D%/serve-notices.c \
	%D%/serve-parts.h \
	%D%/serve-receive.c \
	%D%/serve-verbs.c \
	%D%/serve-watch.c \
	%D%/serve.c \
	%D%/spawn.c \
	%D%/wire.c
