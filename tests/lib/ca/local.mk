check_PROGRAMS += tests/test-ca
tests_test_ca_SOURCES = \
	%D%/ca-sample.c \
	%D%/ca-sample.h \
	%D%/credential-sample.c \
	%D%/credential-sample.h \
	%D%/renew-sample.c \
	%D%/renew-sample.h \
	%D%/test-approval.c \
	%D%/test-audit-line.c \
	%D%/test-audit-verify.c \
	%D%/test-audit.c \
	%D%/test-batch.c \
	%D%/test-credential.c \
	%D%/test-crl-model.c \
	%D%/test-crl-storm.c \
	%D%/test-device.c \
	%D%/test-find.c \
	%D%/test-floor.c \
	%D%/test-gate.c \
	%D%/test-hold.c \
	%D%/test-host-names.c \
	%D%/test-import-crl.c \
	%D%/test-init-keys.c \
	%D%/test-init.c \
	%D%/test-issue-refused.c \
	%D%/test-issue.c \
	%D%/test-public-check.c \
	%D%/test-mutants.c \
	%D%/test-publish-gate.c \
	%D%/test-publish-parts.c \
	%D%/test-publish.c \
	%D%/test-reenroll-race.c \
	%D%/test-reenroll.c \
	%D%/test-renew.c \
	%D%/test-revoke.c \
	%D%/test-rowhash.c \
	%D%/test-status.c \
	%D%/test-tampered.c \
	%D%/test-token-race.c \
	%D%/test-token.c \
	%D%/test-union.c \
	tests/lib/x509/sample.c \
	tests/lib/x509/sample.h
tests_test_ca_CPPFLAGS = $(tests_cppflags)
tests_test_ca_LDADD = $(tests_ldadd)
