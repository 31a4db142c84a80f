pkicainclude_HEADERS += \
	%D%/audit.h \
	%D%/batch.h \
	%D%/ca.h \
	%D%/config.h \
	%D%/find.h \
	%D%/issue.h \
	%D%/publish.h \
	%D%/revoke.h \
	%D%/status.h
libpki_ca_la_SOURCES += \
	%D%/audit.c \
	%D%/audit-verify.c \
	%D%/authority.c \
	%D%/batch.c \
	%D%/ca.c \
	%D%/config.c \
	%D%/find.c \
	%D%/floor.c \
	%D%/floor.h \
	%D%/gate.c \
	%D%/handle.h \
	%D%/init-state.c \
	%D%/init-state.h \
	%D%/init.c \
	%D%/issue.c \
	%D%/job.c \
	%D%/job.h \
	%D%/public-files.c \
	%D%/public-files.h \
	%D%/publish.c \
	%D%/record.h \
	%D%/revoke.c \
	%D%/rowhash.c \
	%D%/rowhash.h \
	%D%/sign.c \
	%D%/sign.h \
	%D%/status.c \
	%D%/withdraw.c \
	%D%/withdraw.h
