# Helpers of several layers' tests.
check_LTLIBRARIES += tests/libsupport.la
tests_libsupport_la_SOURCES = \
	%D%/csr-maker.c \
	%D%/csr-maker.h \
	%D%/support.c \
	%D%/support.h
tests_libsupport_la_CPPFLAGS = $(tests_cppflags)
EXTRA_DIST += %D%/run-criterion.sh
