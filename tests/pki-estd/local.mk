check_PROGRAMS += tests/test-estd
tests_test_estd_SOURCES = \
	%D%/test-auth.c \
	%D%/test-config.c \
	%D%/test-counts.c \
	%D%/test-gate.c \
	%D%/test-limits.c \
	%D%/test-log.c \
	%D%/test-proxy.c \
	%D%/test-routes.c
tests_test_estd_CPPFLAGS = $(tests_cppflags)
tests_test_estd_LDADD = libestd.la $(tests_ldadd)

# What scripts talk to; no test itself.
noinst_PROGRAMS += tests/http-server
tests_http_server_SOURCES = %D%/http-server.c
tests_http_server_LDADD = libestd.la libpki-ca.la libpki-core.la

dist_check_SCRIPTS += \
	%D%/crowd.sh \
	%D%/head-gate.sh \
	%D%/http-good.sh \
	%D%/parked.sh \
	%D%/proxy.sh \
	%D%/routes.sh \
	%D%/slow.sh \
	%D%/swap.sh \
	%D%/tls.sh
EXTRA_DIST += \
	%D%/crowd.py \
	%D%/head-gate.py \
	%D%/lib.sh \
	%D%/proxy.py \
	%D%/raw.py \
	%D%/routes.py \
	%D%/slow.py
