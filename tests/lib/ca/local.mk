check_PROGRAMS += tests/test-ca
tests_test_ca_SOURCES =
tests_test_ca_CPPFLAGS = $(tests_cppflags)
tests_test_ca_LDADD = $(tests_ldadd)
