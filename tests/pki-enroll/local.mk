check_PROGRAMS += tests/test-enroll
tests_test_enroll_SOURCES = \
	%D%/maker.c \
	%D%/maker.h \
	%D%/slots-world.h \
	%D%/test-conf.c \
	%D%/test-event.c \
	%D%/test-fleet.c \
	%D%/test-hook.c \
	%D%/test-plan.c \
	%D%/test-report.c \
	%D%/test-schedule.c \
	%D%/test-slots-damage.c \
	%D%/test-slots.c \
	%D%/test-state.c
tests_test_enroll_CPPFLAGS = $(tests_cppflags)
tests_test_enroll_LDADD = libenroll.la $(tests_ldadd)

# One HTTPS client for scripts; no test itself.
noinst_PROGRAMS += tests/http-ask
tests_http_ask_SOURCES = %D%/http-ask.c
tests_http_ask_LDADD = libenroll.la libpki-core.la

dist_check_SCRIPTS += \
	%D%/bad.sh \
	%D%/cut.sh \
	%D%/http.sh \
	%D%/life.sh \
	%D%/link.sh \
	%D%/run.sh \
	%D%/small.sh
EXTRA_DIST += \
	%D%/hostile-lib.sh \
	%D%/hostile.py \
	%D%/lib.sh

# Each change of a device's directory, cut off at every step.
dist_check_SCRIPTS += %D%/slots-cut.sh
if FAULT_TESTS
noinst_PROGRAMS += tests/slots-cut
tests_slots_cut_SOURCES = \
	%D%/maker.c \
	%D%/maker.h \
	%D%/slots-cut.c
tests_slots_cut_LDADD = libenroll.la libpki-core.la
endif

# LD_PRELOAD for link.sh; never sanitized.
check_LTLIBRARIES += tests/tls12-shim.la
tests_tls12_shim_la_SOURCES = %D%/tls12-shim.c
tests_tls12_shim_la_CFLAGS = -std=gnu11 $(PKI_CFLAGS) -fno-sanitize=all
tests_tls12_shim_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
