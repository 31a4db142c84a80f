# Claims, measured: built with the tests, run by hand.
bench_programs = tests/bench-crl
EXTRA_PROGRAMS = $(bench_programs)
tests_bench_crl_SOURCES = %D%/bench-crl.c
tests_bench_crl_CPPFLAGS = $(tests_cppflags)
tests_bench_crl_LDADD = libpki-ca.la libpki-core.la
