# All of pki-enroll but main: the program and its tests link it.
noinst_LTLIBRARIES += libenroll.la
libenroll_la_SOURCES = \
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
	%D%/tls.h
libenroll_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(SSL_CFLAGS)
libenroll_la_LIBADD = $(CURL_LIBS) $(SSL_LIBS)
