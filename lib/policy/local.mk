pkipolicyinclude_HEADERS += \
	%D%/check.h \
	%D%/profile.h
libpki_ca_la_SOURCES += \
	%D%/alt-pattern.c \
	%D%/alt-pattern.h \
	%D%/check-names.c \
	%D%/check-names.h \
	%D%/check.c \
	%D%/profile-rules.c \
	%D%/profile-rules.h \
	%D%/profile-set.c \
	%D%/profile.c
