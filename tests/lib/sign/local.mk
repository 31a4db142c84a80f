check_PROGRAMS += tests/test-sign
tests_test_sign_SOURCES = \
	%D%/test-signer.c
tests_test_sign_CPPFLAGS = $(tests_cppflags)
tests_test_sign_LDADD = $(tests_ldadd)
