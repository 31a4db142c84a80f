# One test each: a command seen from outside.
dist_check_SCRIPTS += \
	%D%/audit.sh \
	%D%/bad-csr.sh \
	%D%/bad-names.sh \
	%D%/bad-request.sh \
	%D%/ca.sh \
	%D%/cert-hold.sh \
	%D%/cert-issue.sh \
	%D%/cert-list.sh \
	%D%/cert-renew.sh \
	%D%/cert-revoke.sh \
	%D%/cert-show.sh \
	%D%/clock.sh \
	%D%/control.sh \
	%D%/crash-init.sh \
	%D%/crash-issue.sh \
	%D%/crash-publish.sh \
	%D%/crash-revoke.sh \
	%D%/crl-due.sh \
	%D%/crl.sh \
	%D%/damaged.sh \
	%D%/db-check.sh \
	%D%/device-approval.sh \
	%D%/device-decide.sh \
	%D%/device.sh \
	%D%/disk-full.sh \
	%D%/init.sh \
	%D%/outputs.sh \
	%D%/places.sh \
	%D%/process.sh \
	%D%/profile.sh \
	%D%/secrets.sh \
	%D%/status.sh \
	%D%/templates.sh \
	%D%/terminal.sh \
	%D%/together.sh \
	%D%/token.sh \
	%D%/version-help.sh
EXTRA_DIST += \
	%D%/faults.sh \
	%D%/lib.sh

# A device that comes over the network, for tests without a server.
noinst_PROGRAMS += tests/pki-ctl/ask
tests_pki_ctl_ask_SOURCES = %D%/ask.c
tests_pki_ctl_ask_LDADD = libpki-ca.la libpki-core.la
