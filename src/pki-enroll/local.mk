# All of pki-enroll but main: the program and its tests link it.
noinst_LTLIBRARIES += libenroll.la
libenroll_la_SOURCES = \
	src/common/print-out.c \
	src/common/print-plain.c \
	src/common/print-text.c \
	%D%/conf-check.c \
	%D%/conf-check.h \
	%D%/conf-subject.c \
	%D%/conf.c \
	%D%/conf.h \
	%D%/est.c \
	%D%/est.h \
	%D%/event.c \
	%D%/event.h \
	%D%/hook.c \
	%D%/hook.h \
	%D%/http-open.c \
	%D%/http-private.h \
	%D%/http.c \
	%D%/http.h \
	%D%/plan-anchors.c \
	%D%/plan.c \
	%D%/plan.h \
	%D%/report.c \
	%D%/report.h \
	%D%/schedule.c \
	%D%/schedule.h \
	%D%/slots-anchors.c \
	%D%/slots-change.c \
	%D%/slots-file.c \
	%D%/slots-pair.c \
	%D%/slots-pending.c \
	%D%/slots-private.h \
	%D%/slots.c \
	%D%/slots.h \
	%D%/state.c \
	%D%/state.h \
	%D%/tls.c \
	%D%/tls.h \
	%D%/watch.c \
	%D%/watch.h \
	%D%/work-private.h \
	%D%/work-trust.c \
	%D%/work.c \
	%D%/work.h
libenroll_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(SSL_CFLAGS)
libenroll_la_LIBADD = $(CURL_LIBS) $(SSL_LIBS)

bin_PROGRAMS += pki-enroll
pki_enroll_SOURCES = \
	src/common/cli-help.c \
	src/common/cli-hint.c \
	src/common/cli.c \
	src/common/notify.c \
	src/common/notify.h \
	src/common/process.c \
	src/common/term.c \
	%D%/cmd-bootstrap.c \
	%D%/cmd-enroll.c \
	%D%/cmd-help.c \
	%D%/cmd-probe.c \
	%D%/cmd-renew.c \
	%D%/cmd-rollback.c \
	%D%/cmd-run.c \
	%D%/cmd-status.c \
	%D%/cmd-version.c \
	%D%/cmd.h \
	%D%/main.c \
	%D%/session.c
pki_enroll_LDADD = libenroll.la libpki-core.la
