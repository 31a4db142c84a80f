#include "ca/status.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/ca/ca-sample.h"

static struct test_ca t;

static void
set_up(void)
{
	fresh_ca(&t);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(ca_status, .init = set_up, .fini = tear_down, .timeout = 60);

/* What status said. */
static struct {
	pki_status_ca root, issuing;
	char          warnings[4096];
	size_t        count;
} said;

static void
note_ca(void *arg, const pki_status_ca *line)
{
	(void)arg;
	*(strcmp(line->name, "root") == 0 ? &said.root : &said.issuing) =
	    *line;
}

static void
note_warning(void *arg, const char *sentence)
{
	size_t used = strlen(said.warnings);

	(void)arg;
	said.count++;
	snprintf(said.warnings + used, sizeof(said.warnings) - used, "%s\n",
	    sentence);
}

static pki_status
look(void)
{
	pki_status status = { .ca = note_ca, .warning = note_warning };

	memset(&said, 0, sizeof(said));
	assert_ok(pki_ca_status(t.ca, &status, &t.err), &t.err);
	return status;
}

static void
expect_warning(const char *part)
{
	look();
	cr_expect_eq(said.count, 1, "%s", said.warnings);
	cr_expect_not_null(strstr(said.warnings, part), "'%s' in: %s", part,
	    said.warnings);
}

Test(ca_status, warns_of_a_key_that_was_being_replaced)
{
	put_file(&t, "keys/.issuing.key.4711.old", "a key");
	expect_warning("keys/.issuing.key.4711.old is a key");
}

Test(ca_status, takes_no_date_from_the_record_that_cannot_be)
{
	static const char *const changes[] = {
		"UPDATE crl SET next_update = 9223372036854775807"
		    " WHERE ca_id = 2",
		"UPDATE crl SET next_update = -9223372036854775807"
		    " WHERE ca_id = 2",
	};
	pki_status status = { .ca = note_ca, .warning = note_warning };

	for (size_t i = 0; i < PKI_COUNT(changes); i++) {
		run_sql(&t, changes[i]);
		cr_expect_eq(pki_ca_status(t.ca, &status, &t.err),
		    PKI_DAMAGED);
	}
}

Test(ca_status, of_a_fresh_ca_has_no_warning)
{
	pki_status status = look();

	cr_assert_eq(said.count, 0, "%s", said.warnings);
	cr_assert(same_head(status.head, head_of(&t)));
	cr_assert_eq(status.now, TEST_BEGIN);
	cr_assert(said.root.has_key && said.issuing.has_key);
	cr_assert_eq(said.root.good, 2);
	cr_assert_eq(said.issuing.good, 0);
	cr_assert_eq(said.root.crl_number, 1);
	cr_assert_gt(said.issuing.crl_number, 0);
	cr_assert_eq(said.issuing.crl_next_update,
	    TEST_BEGIN - 60 + 7 * PKI_DAY);
}

Test(ca_status, counts_certificates_by_their_state)
{
	PKI_AUTO(pki_cert) a = issue_meter(&t, "meter-1");

	pki_cert_free(issue_meter(&t, "meter-2"));
	pki_cert_free(issue_meter(&t, "meter-3"));
	revoke_cert(&t, a, PKI_REASON_SUPERSEDED);
	pass(&t, 80 * PKI_DAY);
	pki_cert_free(issue_meter(&t, "meter-4"));
	publish(&t, "issuing");
	look();
	cr_assert_eq(said.issuing.good, 3, "%lld",
	    (long long)said.issuing.good);
	cr_assert_eq(said.issuing.expiring, 2);
	cr_assert_eq(said.issuing.expired, 0);
	cr_assert_eq(said.issuing.revoked, 1);
	cr_assert_eq(said.issuing.crl_entries, 1);
	pass(&t, 20 * PKI_DAY);
	look();
	cr_assert_eq(said.issuing.good, 1);
	cr_assert_eq(said.issuing.expiring, 0);
	cr_assert_eq(said.issuing.expired, 2);
	cr_assert_eq(said.issuing.revoked, 1);
}

Test(ca_status, warns_of_a_crl_in_its_last_quarter_and_beyond)
{
	pass(&t, 5 * PKI_DAY);
	look();
	cr_assert_eq(said.count, 0, "%s", said.warnings);
	pass(&t, 6 * PKI_HOUR);
	expect_warning("the CRL of 'issuing' expires in 1 d 17 h");
	pass(&t, 2 * PKI_DAY);
	expect_warning("the CRL of 'issuing' has expired");
	publish(&t, "issuing");
	look();
	cr_assert_eq(said.count, 0, "%s", said.warnings);
}

Test(ca_status, warns_of_a_key_file_that_is_missing)
{
	drop_file(&t, "keys/issuing.key");
	expect_warning("keys/issuing.key");
}

Test(ca_status, warns_of_a_template_that_does_not_load)
{
	put_file(&t, "templates/auditor.conf", "nonsense = 1;\n");
	restart_ca(&t);
	expect_warning("auditor.conf:1");
}

Test(ca_status, warns_of_a_clock_that_is_not_believed)
{
	pass(&t, PKI_DAY);
	pki_cert_free(issue_meter(&t, "meter-1"));
	pass(&t, -PKI_HOUR);
	expect_warning("clock-suspect");
}

Test(ca_status, warns_of_a_floor_that_is_damaged)
{
	char path[PKI_PATH_MAX];

	state_path(&t, "floor", path);
	assert_ok(pki_file_replace(path, PKI_BYTES_TEXT("x"), 0600, &t.err),
	    &t.err);
	expect_warning("floor is damaged");
}

Test(ca_status, warns_of_a_ca_that_expires_or_is_too_old_to_issue)
{
	PKI_AUTO(pki_cert) cert = get_ca_cert(&t, "issuing");
	int64_t end = pki_cert_not_after(cert);

	t.clock.now_ms = (end - 60 * PKI_DAY) * 1000;
	publish(&t, "root");
	publish(&t, "issuing");
	look();
	cr_expect_not_null(strstr(said.warnings,
	    "CA 'issuing' expires in 60 d: too soon for profile 'auditor'"),
	    "%s", said.warnings);
	t.clock.now_ms = (end - 20 * PKI_DAY) * 1000;
	look();
	cr_expect_not_null(strstr(said.warnings,
	    "CA 'issuing' expires in 20 d\n"), "%s", said.warnings);
}

Test(ca_status, warns_of_a_ca_that_is_revoked)
{
	PKI_AUTO(pki_cert) cert = get_ca_cert(&t, "issuing");
	pki_revocation revocation = revocation_of(cert,
	    PKI_REASON_CA_COMPROMISE);

	revocation.ca = "root";
	assert_ok(pki_ca_revoke(t.ca, &revocation, NULL, &t.err), &t.err);
	assert_ok(pki_ca_publish(t.ca, "root", &test_requester, NULL, NULL,
	    &t.err), &t.err);
	expect_warning("CA 'issuing' is revoked");
}

Test(ca_status, warns_of_a_full_crl_that_has_outgrown_itself)
{
	run_sql(&t, "UPDATE crl SET entries = 5000");
	look();
	cr_assert_eq(said.count, 0, "%s", said.warnings);
	run_sql(&t, "UPDATE crl SET entries = 5001 WHERE number > 1");
	expect_warning("5001 entries");
}
