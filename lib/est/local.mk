pkiestinclude_HEADERS += \
	%D%/body.h \
	%D%/certs-only.h
libpki_core_la_SOURCES += \
	%D%/body.c \
	%D%/certs-only.c \
	%D%/linking.c \
	%D%/linking.h \
	%D%/names.c \
	%D%/names.h
