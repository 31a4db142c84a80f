check_PROGRAMS += tests/test-issuer
tests_test_issuer_SOURCES = \
	%D%/serve-sample.c \
	%D%/serve-sample.h \
	%D%/test-client.c \
	%D%/test-link.c \
	%D%/test-serve-captured.c \
	%D%/test-serve-credential.c \
	%D%/test-serve-forged.c \
	%D%/test-serve-many.c \
	%D%/test-serve-reload.c \
	%D%/test-serve.c \
	%D%/test-spawn.c \
	%D%/test-wire-fields.c \
	%D%/test-wire.c \
	%D%/wire-sample.c \
	%D%/wire-sample.h
tests_test_issuer_CPPFLAGS = $(tests_cppflags)
tests_test_issuer_LDADD = $(tests_ldadd)

# Threads, without Criterion: also for a build with CFLAGS=-fsanitize=thread.
check_PROGRAMS += tests/issuer-storm
tests_issuer_storm_SOURCES = %D%/storm.c
tests_issuer_storm_LDADD = libpki-ca.la libpki-core.la
check_PROGRAMS += tests/issuer-serve-storm
tests_issuer_serve_storm_SOURCES = %D%/serve-storm.c
tests_issuer_serve_storm_CPPFLAGS = $(tests_cppflags)
tests_issuer_serve_storm_LDADD = libpki-ca.la libpki-core.la
