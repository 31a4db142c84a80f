check_PROGRAMS += tests/test-base
tests_test_base_SOURCES = \
	%D%/test-base32.c \
	%D%/test-buf.c \
	%D%/test-clock.c \
	%D%/test-err.c \
	%D%/test-file-dir.c \
	%D%/test-file-read.c \
	%D%/test-file.c \
	%D%/test-ids.c \
	%D%/test-lock.c \
	%D%/test-relay.c \
	%D%/test-settings-args.c \
	%D%/test-settings.c \
	%D%/test-text.c
tests_test_base_CPPFLAGS = $(tests_cppflags)
tests_test_base_LDADD = $(tests_ldadd)

# With the libraries that a worker runs on.
check_PROGRAMS += tests/test-sandbox
tests_test_sandbox_SOURCES = \
	%D%/sandbox-worker.c \
	%D%/sandbox-worker.h \
	%D%/test-sandbox.c
tests_test_sandbox_CPPFLAGS = $(tests_cppflags) $(MICROHTTPD_CFLAGS) \
	$(GNUTLS_CFLAGS)
tests_test_sandbox_LDADD = $(tests_ldadd) $(MICROHTTPD_LIBS) $(GNUTLS_LIBS)
