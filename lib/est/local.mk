pkiestinclude_HEADERS += \
	%D%/body.h \
	%D%/certs-only.h \
	%D%/csrattrs.h
libpki_core_la_SOURCES += \
	%D%/body.c \
	%D%/certs-only.c \
	%D%/csrattrs-parts.c \
	%D%/csrattrs-parts.h \
	%D%/csrattrs-read.c \
	%D%/csrattrs-template.c \
	%D%/csrattrs.c
