check_PROGRAMS += tests/test-store
tests_test_store_SOURCES = \
	%D%/store-sample.c \
	%D%/store-sample.h \
	%D%/test-store-approval.c \
	%D%/test-store-cert.c \
	%D%/test-store-identity.c \
	%D%/test-store-sqlite-damage.c \
	%D%/test-store-sqlite-writing.c \
	%D%/test-store-sqlite.c \
	%D%/test-store-token.c \
	%D%/test-store.c
tests_test_store_CPPFLAGS = $(tests_cppflags)
tests_test_store_LDADD = $(tests_ldadd)
