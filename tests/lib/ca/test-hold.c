#include "ca/hold.h"

#include "tests/lib/ca/ca-sample.h"

#define FULL "crl/issuing/full.crl"

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

TestSuite(ca_hold, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_release, .init = set_up, .fini = tear_down, .timeout = 60);

static pki_hold
hold_of(const pki_cert *cert)
{
	return (pki_hold){
		.ca = "issuing", .serial = *pki_cert_serial(cert),
		.who = test_requester,
	};
}

static void
hold(const pki_cert *cert)
{
	const pki_hold it = hold_of(cert);

	assert_ok(pki_ca_hold(t.ca, &it, &t.err), &t.err);
}

static void
release(const pki_cert *cert)
{
	const pki_hold it = hold_of(cert);

	assert_ok(pki_ca_release(t.ca, &it, &t.err), &t.err);
}

static const pki_crl_entry *
entry_of(const pki_crl *crl, const pki_cert *cert)
{
	return pki_crl_find(crl, pki_cert_serial(cert));
}

Test(ca_hold, lists_the_certificate_until_it_is_released)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_crl) held = NULL;
	PKI_AUTO(pki_crl) released = NULL;

	pass(&t, PKI_HOUR);
	hold(cert);
	cr_assert_eq(find_cert(&t, cert).status, PKI_CERT_HELD);
	publish(&t, "issuing");
	held = get_crl(&t, FULL);
	cr_assert_not_null(entry_of(held, cert));
	cr_assert_eq(entry_of(held, cert)->reason,
	    PKI_REASON_CERTIFICATE_HOLD);
	cr_assert_eq(entry_of(held, cert)->revoked_at, TEST_BEGIN + PKI_HOUR);
	pass(&t, PKI_HOUR);
	release(cert);
	publish(&t, "issuing");
	released = get_crl(&t, FULL);
	cr_assert_null(entry_of(released, cert));
	cr_assert_eq(find_cert(&t, cert).status, PKI_CERT_GOOD);
	cr_assert_eq(find_cert(&t, cert).revoked_at, 0);
}

Test(ca_hold, works_within_one_second)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");

	for (int i = 0; i < 5; i++) {
		PKI_AUTO(pki_crl) held = NULL;
		PKI_AUTO(pki_crl) released = NULL;

		hold(cert);
		publish(&t, "issuing");
		held = get_crl(&t, FULL);
		cr_assert_not_null(entry_of(held, cert), "round %d", i);
		release(cert);
		publish(&t, "issuing");
		released = get_crl(&t, FULL);
		cr_assert_null(entry_of(released, cert), "round %d", i);
	}
}

Test(ca_hold, gives_the_identity_no_other_certificate)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	static const pki_issue_purpose purposes[] = {
		PKI_ISSUE_FIRST, PKI_ISSUE_RENEW, PKI_ISSUE_REPLACE,
	};
	PKI_AUTO(pki_cert) next = NULL;
	struct test_request r;

	hold(cert);
	fresh_request(&r, "auditor", "meter-1");
	for (size_t i = 0; i < PKI_COUNT(purposes); i++) {
		r.request.purpose = purposes[i];
		cr_expect_null(issue_with(&t, &r.request), "%zu", i);
		cr_expect_str_eq(t.err.rule, "identity-state");
	}
	r.request.purpose = PKI_ISSUE_REPLACE;
	release(cert);
	next = issue_with(&t, &r.request);
	cr_assert_not_null(next, "%s", t.err.msg);
	drop_request(&r);
}

Test(ca_hold, may_become_a_revocation_which_is_final)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	const pki_hold it = hold_of(cert);
	PKI_AUTO(pki_crl) crl = NULL;
	pki_audit_head head;

	hold(cert);
	publish(&t, "issuing");
	pass(&t, PKI_HOUR);
	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	publish(&t, "issuing");
	crl = get_crl(&t, FULL);
	cr_assert_eq(entry_of(crl, cert)->reason, PKI_REASON_SUPERSEDED);
	assert_refused(pki_ca_release(t.ca, &it, &t.err), PKI_DENIED, &t.err,
	    "already-revoked");
	assert_refused(pki_ca_hold(t.ca, &it, &t.err), PKI_DENIED, &t.err,
	    "already-revoked");
	cr_assert_eq(ask_sql(&t, "SELECT state FROM identity WHERE name ="
	    " 'meter-1'"), PKI_IDENTITY_LIVE);
	assert_ok(pki_audit_verify(t.ca, NULL, &head, NULL, NULL, &t.err),
	    &t.err);
}

Test(ca_hold, is_of_devices_only_and_of_none_twice)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) issuing = get_ca_cert(&t, "issuing");
	pki_hold it = hold_of(cert);

	hold(cert);
	assert_refused(pki_ca_hold(t.ca, &it, &t.err), PKI_DENIED, &t.err,
	    "already-held");
	it = hold_of(issuing);
	it.ca = "root";
	assert_refused(pki_ca_hold(t.ca, &it, &t.err), PKI_DENIED, &t.err,
	    "hold-ca");
	it.serial.octets[19] ^= 1;
	cr_assert_eq(pki_ca_hold(t.ca, &it, &t.err), PKI_NOT_FOUND);
}

Test(ca_release, refuses_what_is_not_held)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	const pki_hold it = hold_of(cert);
	pki_audit_head before = head_of(&t);

	assert_refused(pki_ca_release(t.ca, &it, &t.err), PKI_DENIED, &t.err,
	    "not-held");
	cr_assert(same_head(before, head_of(&t)));
}

Test(ca_release, does_not_count_when_a_restored_database_forgot_the_hold)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_crl) crl = NULL;

	hold(cert);
	publish(&t, "issuing");
	pass(&t, 1);
	release(cert);
	publish(&t, "issuing");
	keep_database(&t);
	pass(&t, 1);
	hold(cert);
	publish(&t, "issuing");
	/* It knows of the first release, which ended another hold. */
	restore_database(&t);
	assert_refused(pki_ca_publish(t.ca, "issuing", &test_requester, NULL,
	    NULL, &t.err), PKI_DENIED, &t.err, "crl-gate");
	crl = get_crl(&t, FULL);
	cr_assert_not_null(entry_of(crl, cert));
}
