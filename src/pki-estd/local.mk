# All of pki-estd but main: the program and its tests link it.
noinst_LTLIBRARIES += libestd.la
libestd_la_SOURCES = \
	src/common/notify.c \
	src/common/notify.h \
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
	%D%/enclosure.c \
	%D%/enclosure.h \
	%D%/front.c \
	%D%/front.h \
	%D%/gate.c \
	%D%/gate.h \
	%D%/handle-cacerts.c \
	%D%/handle-enroll.c \
	%D%/handle-status.c \
	%D%/handlers.c \
	%D%/handlers.h \
	%D%/health.c \
	%D%/health.h \
	%D%/http-daemon.c \
	%D%/http-private.h \
	%D%/http.c \
	%D%/http.h \
	%D%/issuer.c \
	%D%/issuer.h \
	%D%/limits.c \
	%D%/limits.h \
	%D%/log.c \
	%D%/log.h \
	%D%/metrics.c \
	%D%/metrics.h \
	%D%/offers.c \
	%D%/offers.h \
	%D%/options.c \
	%D%/options.h \
	%D%/parent.c \
	%D%/parent.h \
	%D%/proxy.c \
	%D%/proxy.h \
	%D%/reaper.c \
	%D%/reaper.h \
	%D%/routes.c \
	%D%/routes.h \
	%D%/sockets.c \
	%D%/sockets.h \
	%D%/tls.c \
	%D%/tls.h \
	%D%/waits.c \
	%D%/waits.h \
	%D%/worker-doors.c \
	%D%/worker-parts.h \
	%D%/worker.c \
	%D%/worker.h
libestd_la_CPPFLAGS = $(AM_CPPFLAGS) $(MICROHTTPD_CFLAGS) $(GNUTLS_CFLAGS)
libestd_la_LIBADD = $(MICROHTTPD_LIBS) $(GNUTLS_LIBS)

# Not by the shared library: the three processes must be of one build, also
# when another one is installed while they run.
sbin_PROGRAMS += pki-estd
pki_estd_SOURCES = %D%/main.c
pki_estd_LDADD = libestd.la libpki-ca.la libpki-core.la
