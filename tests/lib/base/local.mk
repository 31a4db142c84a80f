check_PROGRAMS += tests/test-base
tests_test_base_SOURCES = \
	%D%/test-base32.c \
	%D%/test-buf.c \
	%D%/test-clock.c \
	%D%/test-err.c \
	%D%/test-file-read.c \
	%D%/test-file.c \
	%D%/test-ids.c \
	%D%/test-lock.c \
	%D%/test-settings.c \
	%D%/test-text.c
tests_test_base_CPPFLAGS = $(tests_cppflags)
tests_test_base_LDADD = $(tests_ldadd)
