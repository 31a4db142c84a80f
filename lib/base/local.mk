pkibaseinclude_HEADERS += \
	%D%/auto.h \
	%D%/base32.h \
	%D%/buf.h \
	%D%/clock.h \
	%D%/err.h \
	%D%/file.h \
	%D%/ids.h \
	%D%/lock.h \
	%D%/relay.h \
	%D%/sandbox.h \
	%D%/settings.h \
	%D%/sink.h \
	%D%/text.h
libpki_core_la_SOURCES += \
	%D%/base32.c \
	%D%/buf.c \
	%D%/clock.c \
	%D%/err.c \
	%D%/fault.h \
	%D%/file-dir.c \
	%D%/file.c \
	%D%/ids.c \
	%D%/lock.c \
	%D%/relay.c \
	%D%/settings-report.c \
	%D%/settings-report.h \
	%D%/settings-scan.c \
	%D%/settings-scan.h \
	%D%/settings-value.c \
	%D%/settings-value.h \
	%D%/settings.c \
	%D%/text.c
# Daemons only: what small programs link does without libseccomp.
libpki_ca_la_SOURCES += \
	%D%/sandbox-landlock.c \
	%D%/sandbox-parts.h \
	%D%/sandbox-report.c \
	%D%/sandbox-seccomp.c \
	%D%/sandbox.c
