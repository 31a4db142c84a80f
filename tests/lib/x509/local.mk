check_PROGRAMS += tests/test-x509
tests_test_x509_SOURCES = \
	%D%/key-fixtures.h \
	%D%/random-tbs.c \
	%D%/random-tbs.h \
	%D%/sample-crl.c \
	%D%/sample-crl.h \
	%D%/sample.c \
	%D%/sample.h \
	%D%/test-altname.c \
	%D%/test-cert-verify.c \
	%D%/test-cert.c \
	%D%/test-crl-parse.c \
	%D%/test-crl-read.c \
	%D%/test-crl-write.c \
	%D%/test-crl.c \
	%D%/test-csr-agreement.c \
	%D%/test-csr-challenge.c \
	%D%/test-csr-mutated.c \
	%D%/test-csr-refused.c \
	%D%/test-csr.c \
	%D%/test-der.c \
	%D%/test-digest.c \
	%D%/test-hkdf.c \
	%D%/test-key-ec.c \
	%D%/test-key.c \
	%D%/test-linking.c \
	%D%/test-name.c \
	%D%/test-names-same.c \
	%D%/test-pem.c \
	%D%/test-pool.c \
	%D%/test-pubkey.c \
	%D%/test-sigalg.c \
	%D%/test-tbs-reference.c \
	%D%/test-tbs.c \
	%D%/unhex.h
tests_test_x509_CPPFLAGS = $(tests_cppflags)
tests_test_x509_LDADD = $(tests_ldadd)
