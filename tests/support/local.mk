# Helpers of several layers' tests.
check_LTLIBRARIES += tests/libsupport.la
tests_libsupport_la_SOURCES = \
	%D%/crl-maker.c \
	%D%/crl-maker.h \
	%D%/crl-reference.c \
	%D%/crl-reference.h \
	%D%/csr-maker.c \
	%D%/csr-maker.h \
	%D%/support.c \
	%D%/support.h \
	%D%/tbs-reference.c \
	%D%/tbs-reference.h
tests_libsupport_la_CPPFLAGS = $(tests_cppflags)

EXTRA_DIST += %D%/run-criterion.sh

# LD_PRELOAD for fault tests; never sanitized, and all names visible.
if FAULT_TESTS
check_LTLIBRARIES += tests/fault-shim.la
tests_fault_shim_la_SOURCES = %D%/fault-shim.c
tests_fault_shim_la_CFLAGS = -std=gnu11 $(PKI_CFLAGS) -fno-sanitize=all
tests_fault_shim_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += tests/slow-sync.la
tests_slow_sync_la_SOURCES = %D%/slow-sync.c
tests_slow_sync_la_CFLAGS = -std=gnu11 $(PKI_CFLAGS) -fno-sanitize=all
tests_slow_sync_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
endif
