check_PROGRAMS += tests/test-estd
tests_test_estd_SOURCES = \
	%D%/test-answer.c \
	%D%/test-auth.c \
	%D%/test-config.c \
	%D%/test-counts.c \
	%D%/test-gate.c \
	%D%/test-limits.c \
	%D%/test-log.c \
	%D%/test-offers.c \
	%D%/test-proxy.c \
	%D%/test-routes.c \
	%D%/test-sockets.c \
	%D%/test-waits.c
tests_test_estd_CPPFLAGS = $(tests_cppflags)
tests_test_estd_LDADD = libestd.la $(tests_ldadd)

# What scripts talk to; no test itself.
noinst_PROGRAMS += tests/http-server
tests_http_server_SOURCES = %D%/http-server.c
tests_http_server_LDADD = libestd.la libpki-ca.la libpki-core.la

# The daemon with an issuer that has no CA.
noinst_PROGRAMS += tests/estd-stub
tests_estd_stub_SOURCES = %D%/stub-serve.c src/pki-estd/main.c
tests_estd_stub_LDADD = libestd.la libpki-ca.la libpki-core.la

# A client of GnuTLS, for interop-gnutls.sh.
noinst_PROGRAMS += tests/gnutls-client
tests_gnutls_client_SOURCES = %D%/gnutls-client.c \
	%D%/gnutls-check.c %D%/gnutls-check.h
tests_gnutls_client_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
tests_gnutls_client_LDADD = $(GNUTLS_LIBS)

# Many keys and connections at the same moment, for token-race.sh.
noinst_PROGRAMS += tests/racer
tests_racer_SOURCES = %D%/racer.c \
	%D%/gnutls-check.c %D%/gnutls-check.h
tests_racer_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
tests_racer_LDADD = $(GNUTLS_LIBS)

dist_check_SCRIPTS += \
	%D%/approval.sh \
	%D%/canary.sh \
	%D%/clock.sh \
	%D%/crowd-idle.sh \
	%D%/crowd.sh \
	%D%/daemon-ends.sh \
	%D%/daemon-notify.sh \
	%D%/daemon-storm.sh \
	%D%/daemon.sh \
	%D%/example-conf.sh \
	%D%/handshake.sh \
	%D%/head-gate.sh \
	%D%/hostile.sh \
	%D%/http-good.sh \
	%D%/interop-curl.sh \
	%D%/interop-gnutls.sh \
	%D%/interop-strongswan.sh \
	%D%/kill-storm.sh \
	%D%/life-storm.sh \
	%D%/life.sh \
	%D%/lost-replies.sh \
	%D%/nobody.sh \
	%D%/parked.sh \
	%D%/proxy.sh \
	%D%/reenroll.sh \
	%D%/routes.sh \
	%D%/signer-gone.sh \
	%D%/slow-many.sh \
	%D%/slow.sh \
	%D%/swap.sh \
	%D%/tls.sh \
	%D%/token-race.sh \
	%D%/waiting.sh
EXTRA_DIST += \
	%D%/canary.py \
	%D%/crowd.py \
	%D%/daemon-lib.sh \
	%D%/eater.py \
	%D%/handshake.py \
	%D%/head-gate.py \
	%D%/hostile.py \
	%D%/keep.py \
	%D%/lib.sh \
	%D%/listen.py \
	%D%/nobody.py \
	%D%/notify.py \
	%D%/one-connection.py \
	%D%/proxy.py \
	%D%/raw.py \
	%D%/real-lib.sh \
	%D%/reenroll.py \
	%D%/routes.py \
	%D%/slow-many.py \
	%D%/slow.py \
	%D%/storm.py
