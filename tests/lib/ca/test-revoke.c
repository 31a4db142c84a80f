#include "ca/revoke.h"

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

TestSuite(ca_revoke, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_revoke_key, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_revoke_ca, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_revoke_check, .init = set_up, .fini = tear_down, .timeout = 60);

/* Refused by both calls, and nothing recorded. */
static void
expect_refused(const pki_revocation *revocation, pki_code code,
    const char *rule)
{
	pki_audit_head before = head_of(&t);
	size_t count = 99;

	assert_refused(pki_ca_revoke_check(t.ca, revocation, NULL, &t.err),
	    code, &t.err, rule);
	assert_refused(pki_ca_revoke(t.ca, revocation, &count, &t.err), code,
	    &t.err, rule);
	cr_assert_eq(count, 99);
	cr_assert(same_head(before, head_of(&t)));
}

static const struct row {
	pki_reason reason;
	bool       leaf, ca;
} reasons[] = {
	{ PKI_REASON_UNSPECIFIED, true, true },
	{ PKI_REASON_KEY_COMPROMISE, true, true },
	{ PKI_REASON_CA_COMPROMISE, false, true },
	{ PKI_REASON_AFFILIATION_CHANGED, true, true },
	{ PKI_REASON_SUPERSEDED, true, true },
	{ PKI_REASON_CESSATION_OF_OPERATION, true, true },
	{ PKI_REASON_CERTIFICATE_HOLD, false, false },
	{ (pki_reason)7, false, false },
	{ PKI_REASON_REMOVE_FROM_CRL, false, false },
	{ PKI_REASON_PRIVILEGE_WITHDRAWN, true, true },
	{ PKI_REASON_AA_COMPROMISE, false, false },
};

Test(ca_revoke, takes_the_reasons_of_a_device)
{
	for (size_t i = 0; i < PKI_COUNT(reasons); i++) {
		char name[] = "meter-a";
		PKI_AUTO(pki_cert) cert = NULL;
		pki_revocation revocation;
		struct found found;

		name[6] = (char)('a' + i);
		cert = issue_meter(&t, name);
		if (!reasons[i].leaf) {
			revocation = revocation_of(cert, reasons[i].reason);
			expect_refused(&revocation, PKI_DENIED, "reason");
			cr_expect_eq(find_cert(&t, cert).status,
			    PKI_CERT_GOOD);
			continue;
		}
		cr_expect_eq(revoke_cert(&t, cert, reasons[i].reason), 1);
		found = find_cert(&t, cert);
		cr_expect_eq(found.status, PKI_CERT_REVOKED);
		cr_expect_eq(found.reason, (int)reasons[i].reason);
		cr_expect_eq(found.revoked_at, TEST_BEGIN);
		cr_expect_eq(found.invalid_since, 0);
	}
}

Test(ca_revoke_check, takes_the_reasons_of_a_ca)
{
	PKI_AUTO(pki_cert) cert = get_ca_cert(&t, "issuing");

	for (size_t i = 0; i < PKI_COUNT(reasons); i++) {
		pki_revocation revocation = revocation_of(cert,
		    reasons[i].reason);

		revocation.ca = "root";
		cr_expect_eq(pki_ca_revoke_check(t.ca, &revocation, NULL,
		    &t.err), reasons[i].ca ? PKI_OK : PKI_DENIED, "reason %d",
		    reasons[i].reason);
	}
}

Test(ca_revoke_check, changes_no_octet_of_the_state_directory)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	pki_revocation revocation = revocation_of(cert,
	    PKI_REASON_KEY_COMPROMISE);
	pki_digest before, after;

	pass(&t, PKI_DAY);
	before = dir_digest(t.state);
	assert_ok(pki_ca_revoke_check(t.ca, &revocation, NULL, &t.err),
	    &t.err);
	after = dir_digest(t.state);
	cr_assert(pki_digest_equal(&before, &after));
}

Test(ca_revoke, is_final)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	pki_revocation again;

	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	for (size_t i = 0; i < PKI_COUNT(reasons); i++) {
		if (!reasons[i].leaf ||
		    reasons[i].reason == PKI_REASON_KEY_COMPROMISE)
			continue;
		again = revocation_of(cert, reasons[i].reason);
		expect_refused(&again, PKI_DENIED, "already-revoked");
	}
	cr_assert_eq(find_cert(&t, cert).reason, PKI_REASON_SUPERSEDED);
}

Test(ca_revoke, knows_the_serials_of_its_own_ca_only)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	pki_revocation revocation = revocation_of(cert,
	    PKI_REASON_UNSPECIFIED);

	revocation.ca = "root";
	expect_refused(&revocation, PKI_NOT_FOUND, NULL);
	revocation.ca = "elsewhere";
	expect_refused(&revocation, PKI_NOT_FOUND, "ca");
	cr_assert_not_null(strstr(t.err.accepts, "issuing"));
	revocation.ca = "issuing";
	revocation.serial.octets[19] ^= 1;
	expect_refused(&revocation, PKI_NOT_FOUND, NULL);
}

Test(ca_revoke, keeps_since_when_the_key_was_not_to_be_trusted)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	pki_revocation revocation = revocation_of(cert,
	    PKI_REASON_KEY_COMPROMISE);
	struct found found;

	pass(&t, PKI_DAY);
	revocation.invalid_since = TEST_BEGIN + PKI_DAY + 1;
	expect_refused(&revocation, PKI_DENIED, "invalidity-date");
	revocation.invalid_since = TEST_BEGIN + PKI_HOUR;
	assert_ok(pki_ca_revoke(t.ca, &revocation, NULL, &t.err), &t.err);
	found = find_cert(&t, cert);
	cr_assert_eq(found.invalid_since, TEST_BEGIN + PKI_HOUR);
	cr_assert_eq(found.revoked_at, TEST_BEGIN + PKI_DAY);
}

static pki_code
keep_date(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)err;
	*(int64_t *)arg = row->revoked_at;
	return PKI_OK;
}

Test(ca_revoke, takes_the_greatest_time_known_when_the_clock_is_not_believed)
{
	PKI_AUTO(pki_cert) cert = NULL;
	int64_t date = 0;

	pass(&t, PKI_DAY);
	cert = issue_meter(&t, "meter-1");
	pass(&t, -6 * PKI_MINUTE);
	cr_assert_eq(revoke_cert(&t, cert, PKI_REASON_UNSPECIFIED), 1);
	assert_ok(pki_ca_find(t.ca, "name:meter-1", keep_date, &date, &t.err),
	    &t.err);
	cr_expect_eq(date, TEST_BEGIN + PKI_DAY);
}

Test(ca_revoke, works_on_an_expired_certificate)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");

	pass(&t, 100 * PKI_DAY);
	cr_assert_eq(revoke_cert(&t, cert, PKI_REASON_KEY_COMPROMISE), 1);
}

/* The last line of the log. */
struct last_line {
	char text[1024];
};

static pki_code
keep_line(const pki_audit_row *row, void *arg, pki_err *err)
{
	struct last_line *last = arg;

	return pki_text_format(last->text, sizeof(last->text), err, "%s",
	    row->line);
}

static struct last_line
last_line(void)
{
	struct last_line last = { "" };

	assert_ok(pki_audit_each(t.ca, head_of(&t).size - 1, keep_line, &last,
	    &t.err), &t.err);
	return last;
}

Test(ca_revoke_key, may_follow_another_reason_and_keeps_the_date)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	struct found found;

	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	cr_assert_not_null(strstr(last_line().text,
	    "\"action\":\"cert-revoke\""));
	pass(&t, PKI_DAY);
	cr_assert_eq(revoke_cert(&t, cert, PKI_REASON_KEY_COMPROMISE), 1);
	found = find_cert(&t, cert);
	cr_assert_eq(found.reason, PKI_REASON_KEY_COMPROMISE);
	cr_assert_eq(found.revoked_at, TEST_BEGIN);
	cr_assert_not_null(strstr(last_line().text,
	    "\"action\":\"cert-reason\""), "%s", last_line().text);
	cr_assert_not_null(strstr(last_line().text,
	    "\"reason\":\"keyCompromise\""));
	assert_ok(pki_audit_verify(t.ca, NULL, &(pki_audit_head){ 0 }, NULL,
	    NULL, &t.err), &t.err);
}

Test(ca_revoke_key, cannot_follow_itself)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	pki_revocation again = revocation_of(cert, PKI_REASON_KEY_COMPROMISE);

	revoke_cert(&t, cert, PKI_REASON_KEY_COMPROMISE);
	expect_refused(&again, PKI_DENIED, "already-revoked");
}

Test(ca_revoke_key, blocks_the_key_on_every_path)
{
	PKI_AUTO(pki_cert) cert = NULL;
	PKI_AUTO(pki_issued) issued = NULL;
	PKI_AUTO(pki_issue_plan) plan = NULL;
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	cert = issue_with(&t, &r.request);
	revoke_cert(&t, cert, PKI_REASON_KEY_COMPROMISE);
	r.request.purpose = PKI_ISSUE_REPLACE;
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "key-blocked");
	assert_refused(pki_ca_issue_check(t.ca, &r.request, &plan, &t.err),
	    PKI_DENIED, &t.err, "key-blocked");
	r.request.purpose = PKI_ISSUE_FIRST;
	r.request.identity = "meter-2";
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "key-blocked");
	r.request.profile = "operator";
	r.request.identity = "operator-2";
	r.request.who.how = PKI_BY_OPERATOR;
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "key-blocked");
	drop_request(&r);
}

Test(ca_revoke_key, leaves_the_name_free_for_a_new_key)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) next = NULL;
	struct test_request r;

	revoke_cert(&t, cert, PKI_REASON_KEY_COMPROMISE);
	fresh_request(&r, "auditor", "meter-1");
	r.request.purpose = PKI_ISSUE_REPLACE;
	next = issue_with(&t, &r.request);
	cr_assert_not_null(next, "%s", t.err.msg);
	drop_request(&r);
}

Test(ca_revoke_key, ends_every_other_certificate_of_the_key)
{
	PKI_AUTO(pki_cert) old = NULL;
	PKI_AUTO(pki_cert) next = NULL;
	PKI_AUTO(pki_cert) bystander = issue_meter(&t, "meter-2");
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	old = issue_with(&t, &r.request);
	r.request.purpose = PKI_ISSUE_REPLACE;
	next = issue_with(&t, &r.request);
	pass(&t, PKI_DAY);
	/* The one that was replaced long ago brings the present one down. */
	cr_assert_eq(revoke_cert(&t, old, PKI_REASON_KEY_COMPROMISE), 2);
	cr_assert_eq(find_cert(&t, old).reason, PKI_REASON_KEY_COMPROMISE);
	cr_assert_eq(find_cert(&t, old).revoked_at, TEST_BEGIN);
	cr_assert_eq(find_cert(&t, next).reason, PKI_REASON_KEY_COMPROMISE);
	cr_assert_eq(find_cert(&t, next).revoked_at, TEST_BEGIN + PKI_DAY);
	cr_assert_eq(find_cert(&t, bystander).status, PKI_CERT_GOOD);
	drop_request(&r);
}

static void
revoke_ca(const char *parent, const char *name, pki_reason reason,
    size_t want)
{
	PKI_AUTO(pki_cert) cert = get_ca_cert(&t, name);
	pki_revocation revocation = revocation_of(cert, reason);
	size_t count = 0, others = 0;

	revocation.ca = parent;
	assert_ok(pki_ca_revoke_check(t.ca, &revocation, &others, &t.err),
	    &t.err);
	cr_assert_eq(others, want - 1, "%zu foretold", others);
	assert_ok(pki_ca_revoke(t.ca, &revocation, &count, &t.err), &t.err);
	cr_assert_eq(count, want, "%zu instead of %zu", count, want);
}

Test(ca_revoke_ca, takes_all_that_it_issued_with_it)
{
	PKI_AUTO(pki_cert) a = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) b = issue_meter(&t, "meter-2");
	PKI_AUTO(pki_cert) gone = issue_meter(&t, "meter-3");
	PKI_AUTO(pki_crl) crl = NULL;

	revoke_cert(&t, gone, PKI_REASON_SUPERSEDED);
	revoke_ca("root", "issuing", PKI_REASON_KEY_COMPROMISE, 3);
	cr_assert_eq(find_cert(&t, a).reason, PKI_REASON_CA_COMPROMISE);
	cr_assert_eq(find_cert(&t, b).reason, PKI_REASON_CA_COMPROMISE);
	cr_assert_eq(find_cert(&t, gone).reason, PKI_REASON_SUPERSEDED);
	assert_ok(pki_audit_verify(t.ca, NULL, &(pki_audit_head){ 0 }, NULL,
	    NULL, &t.err), &t.err);
	/* Its own CRL says so: a broker looks nowhere else. */
	publish(&t, "issuing");
	publish(&t, "root");
	crl = get_crl(&t, "crl/issuing/full.crl");
	cr_assert_eq(pki_crl_count(crl), 3);
	cr_assert_not_null(pki_crl_find(crl, pki_cert_serial(a)));
}

Test(ca_revoke_check, counts_what_is_in_force_and_would_go_with_it)
{
	PKI_AUTO(pki_cert) expired = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) meter = NULL;
	PKI_AUTO(pki_cert) renewed = NULL;
	PKI_AUTO(pki_cert) ca_cert = get_ca_cert(&t, "issuing");
	pki_revocation lost = revocation_of(ca_cert, PKI_REASON_CA_COMPROMISE);
	pki_revocation stolen;
	struct test_request r;
	size_t others = 9;

	pass(&t, 60 * PKI_DAY);
	fresh_request(&r, "auditor", "meter-2");
	meter = issue_with(&t, &r.request);
	r.request.purpose = PKI_ISSUE_RENEW;
	renewed = issue_with(&t, &r.request);
	pass(&t, 60 * PKI_DAY);
	lost.ca = "root";
	assert_ok(pki_ca_revoke_check(t.ca, &lost, &others, &t.err), &t.err);
	cr_expect_eq(others, 2, "%zu of the CA", others);
	stolen = revocation_of(meter, PKI_REASON_SUPERSEDED);
	assert_ok(pki_ca_revoke_check(t.ca, &stolen, &others, &t.err), &t.err);
	cr_expect_eq(others, 0, "%zu superseded", others);
	stolen.reason = PKI_REASON_KEY_COMPROMISE;
	assert_ok(pki_ca_revoke_check(t.ca, &stolen, &others, &t.err), &t.err);
	cr_expect_eq(others, 1, "%zu of the key", others);
	drop_request(&r);
}

Test(ca_revoke_ca, of_a_root_reaches_the_devices_below)
{
	PKI_AUTO(pki_cert) meter = issue_meter(&t, "meter-1");

	revoke_ca("root", "root", PKI_REASON_CA_COMPROMISE, 3);
	cr_assert_eq(find_cert(&t, meter).reason, PKI_REASON_CA_COMPROMISE);
}

/* A clock in 2126: the CA had ended by then, and had worked before. */
Test(ca_revoke, dates_nothing_beyond_the_end_of_the_ca)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");

	pass(&t, 100 * PKI_YEAR);
	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	cr_assert_leq(find_cert(&t, cert).revoked_at, TEST_BEGIN + PKI_HOUR);
	pass(&t, -100 * PKI_YEAR + PKI_HOUR);
	publish(&t, "issuing");
}
