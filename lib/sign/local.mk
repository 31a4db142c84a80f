pkisigninclude_HEADERS += \
	%D%/signer.h
libpki_ca_la_SOURCES += \
	%D%/backend.h \
	%D%/signer-file.c \
	%D%/signer.c
