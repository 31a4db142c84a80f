# make bench: claims about speed and size, each against a yardstick.
EXTRA_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = \
	%D%/bench-command.c \
	%D%/bench-crl.c \
	%D%/bench-durable.c \
	%D%/bench-issue.c \
	%D%/bench-store.c \
	%D%/bench-support.c \
	%D%/bench.c \
	%D%/bench.h \
	%D%/turns.c \
	%D%/turns.h
tests_bench_bench_LDADD = libpki-ca.la libpki-core.la
