# All of pki-estd but main: the program and its tests link it.
noinst_LTLIBRARIES += libestd.la
libestd_la_SOURCES = \
	%D%/accept.c \
	%D%/accept.h \
	%D%/answer.c \
	%D%/answer.h \
	%D%/auth.c \
	%D%/auth.h \
	%D%/config.c \
	%D%/config.h \
	%D%/counts.c \
	%D%/counts.h \
	%D%/front.c \
	%D%/front.h \
	%D%/gate.c \
	%D%/gate.h \
	%D%/http-daemon.c \
	%D%/http-private.h \
	%D%/http.c \
	%D%/http.h \
	%D%/limits.c \
	%D%/limits.h \
	%D%/log.c \
	%D%/log.h \
	%D%/metrics.c \
	%D%/metrics.h \
	%D%/now.h \
	%D%/proxy.c \
	%D%/proxy.h \
	%D%/reaper.c \
	%D%/reaper.h \
	%D%/routes.c \
	%D%/routes.h \
	%D%/tls.c \
	%D%/tls.h
libestd_la_CPPFLAGS = $(AM_CPPFLAGS) $(MICROHTTPD_CFLAGS) $(GNUTLS_CFLAGS)
libestd_la_LIBADD = $(MICROHTTPD_LIBS) $(GNUTLS_LIBS)
