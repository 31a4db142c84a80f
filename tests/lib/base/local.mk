check_PROGRAMS += tests/test-base
tests_test_base_SOURCES = \
	%D%/test-lock.c \
	%D%/test-settings.c
tests_test_base_CPPFLAGS = $(tests_cppflags)
tests_test_base_LDADD = $(tests_ldadd)
