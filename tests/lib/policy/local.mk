check_PROGRAMS += tests/test-policy
tests_test_policy_SOURCES = \
	%D%/test-check.c \
	%D%/test-profile-set.c \
	%D%/test-profile-slips.c \
	%D%/test-profile.c \
	%D%/test-validity.c
tests_test_policy_CPPFLAGS = $(tests_cppflags)
tests_test_policy_LDADD = $(tests_ldadd)
