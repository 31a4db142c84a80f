# make bench: claims about speed and size, each against a yardstick.
# BENCH_FLAGS=--quick takes two minutes; bench-gate fails when one falls short.
# A yardstick that is not installed (tests/install-deps bench) is not measured.
EXTRA_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = \
	%D%/bare.c \
	%D%/bare.h \
	%D%/bench-command.c \
	%D%/bench-crl.c \
	%D%/bench-durable.c \
	%D%/bench-est-cfssl.c \
	%D%/bench-est-wall.c \
	%D%/bench-est.c \
	%D%/bench-est.h \
	%D%/bench-issue.c \
	%D%/bench-store.c \
	%D%/bench-support.c \
	%D%/bench.c \
	%D%/bench.h \
	%D%/estd.c \
	%D%/estd.h \
	%D%/fleet.c \
	%D%/load.c \
	%D%/load.h \
	%D%/turns.c \
	%D%/turns.h \
	tests/support/tbs-reference.c
tests_bench_bench_LDADD = libpki-ca.la libpki-core.la -lssl -lcrypto

# LD_PRELOAD: each fsync takes 5 ms longer.
EXTRA_LTLIBRARIES += tests/bench/slow-sync.la
tests_bench_slow_sync_la_SOURCES = tests/support/slow-sync.c
tests_bench_slow_sync_la_CFLAGS = -std=gnu11 $(PKI_CFLAGS) -fno-sanitize=all
tests_bench_slow_sync_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere

.PHONY: bench bench-gate
bench bench-gate: tests/bench/bench tests/bench/slow-sync.la pki-ctl \
    pki-estd
	LD_LIBRARY_PATH=$(abs_builddir)/.libs tests/bench/bench $(BENCH_FLAGS) \
	    `test $@ = bench || echo --gate` \
	    --templates $(abs_top_srcdir)/ca-templates \
	    --pki-ctl $(abs_builddir)/.libs/pki-ctl \
	    --pki-estd $(abs_builddir)/pki-estd \
	    --slow-sync $(abs_builddir)/tests/bench/.libs/slow-sync.so \
	    --json bench.json --svg bench.svg
CLEANFILES += tests/bench/bench bench.json bench.svg
