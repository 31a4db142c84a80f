check_PROGRAMS += tests/test-enroll
tests_test_enroll_SOURCES = \
	%D%/maker.c \
	%D%/maker.h \
	%D%/test-conf.c \
	%D%/test-slots-damage.c \
	%D%/test-slots.c \
	%D%/test-state.c
tests_test_enroll_CPPFLAGS = $(tests_cppflags)
tests_test_enroll_LDADD = libenroll.la $(tests_ldadd)
