check_PROGRAMS += tests/test-est
tests_test_est_SOURCES = \
	%D%/mutate.c \
	%D%/mutate.h \
	%D%/test-body.c \
	%D%/test-certs-only.c \
	%D%/test-csrattrs-refused.c \
	%D%/test-csrattrs.c \
	tests/lib/x509/sample.c \
	tests/lib/x509/sample.h
tests_test_est_CPPFLAGS = $(tests_cppflags)
tests_test_est_LDADD = $(tests_ldadd)
