#include "ca/issue.h"

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

TestSuite(ca_issue, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_issue_check, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(issue_request_from_csr, .init = set_up, .fini = tear_down,
    .timeout = 60);

static const struct leaf {
	const char *profile, *name;
} leaves[] = {
	{ "auditor", "meter-0042" },
	{ "server", "server-1.example" },
	{ "broker", "broker-1.example" },
	{ "bridge", "bridge-1" },
	{ "operator", "operator-anna" },
	{ "est-server", "est-1.example" },
	{ "ocsp-responder", "ocsp-1" },
};

static bool
der_holds(const pki_cert *cert, pki_bytes wanted)
{
	pki_bytes der = pki_cert_der(cert);

	return memmem(der.data, der.len, wanted.data, wanted.len) != NULL;
}

static void
expect_names(const struct leaf *leaf, const pki_profile *profile,
    const pki_cert *cert)
{
	const pki_altnames *names = pki_cert_alt_names(cert);
	bool is_server = profile->alt_always.count != 0;

	cr_expect_eq(pki_name_count(pki_cert_subject(cert)), 1);
	cr_expect_str_eq(pki_name_common_name(pki_cert_subject(cert)),
	    leaf->name);
	cr_expect_eq(pki_altnames_count(names), is_server ? 1 : 0, "%s",
	    leaf->profile);
	if (is_server)
		cr_expect_str_eq(pki_altnames_at(names, 0)->text, leaf->name);
}

static void
expect_profile(const struct leaf *leaf, const pki_cert *cert,
    const pki_cert *issuer)
{
	static const pki_bytes no_check =
	    PKI_BYTES_TEXT("\x2b\x06\x01\x05\x05\x07\x30\x01\x05");
	const pki_profiles *profiles;
	const pki_profile *profile;

	assert_ok(pki_ca_profiles(t.ca, &profiles, &t.err), &t.err);
	assert_ok(pki_profiles_find(profiles, leaf->profile, &profile, &t.err),
	    &t.err);
	expect_names(leaf, profile, cert);
	cr_expect_eq(pki_cert_key_usage(cert), profile->key_usage);
	cr_expect_eq(pki_cert_ext_usage(cert), profile->ext_usage);
	cr_expect_not(pki_cert_is_ca(cert));
	cr_expect_eq(pki_cert_path_len(cert), -1);
	/* Both ends belong to the life; not before the issuer's own. */
	cr_expect_eq(pki_cert_not_before(cert),
	    TEST_BEGIN + PKI_DAY - profile->backdate);
	cr_expect_eq(pki_cert_not_after(cert),
	    pki_cert_not_before(cert) + profile->validity - 1);
	cr_expect_eq(der_holds(cert, no_check), profile->ocsp_no_check, "%s",
	    leaf->profile);
	cr_expect(pki_name_equal(pki_cert_issuer(cert),
	    pki_cert_subject(issuer)));
	cr_expect(pki_bytes_equal(pki_cert_authority_key_id(cert),
	    pki_cert_subject_key_id(issuer)));
	cr_expect_str_eq(pki_cert_crl_url(cert),
	    "http://pki.test/crl/issuing/full.crl");
	cr_expect(der_holds(cert,
	    PKI_BYTES_TEXT("http://pki.test/ca/issuing.cer")));
}

Test(ca_issue, gives_each_shipped_profile_exactly_what_it_states)
{
	PKI_AUTO(pki_cert) issuer = get_ca_cert(&t, "issuing");

	pass(&t, PKI_DAY);
	for (size_t i = 0; i < PKI_COUNT(leaves); i++) {
		PKI_AUTO(pki_cert) cert = NULL;
		struct test_request r;
		struct found found;

		fresh_request(&r, leaves[i].profile, leaves[i].name);
		cert = issue_with(&t, &r.request);
		cr_assert_not_null(cert, "%s: %s", leaves[i].profile,
		    t.err.msg);
		expect_profile(&leaves[i], cert, issuer);
		cr_expect(pki_digest_equal(pki_pubkey_digest(
		    pki_cert_key(cert)), pki_pubkey_digest(r.request.key)));
		found = find_cert(&t, cert);
		cr_expect_eq(found.count, 1);
		cr_expect_eq(found.status, PKI_CERT_GOOD);
		cr_expect_str_eq(found.profile, leaves[i].profile);
		drop_request(&r);
	}
}

Test(ca_issue, makes_chains_that_verify_for_their_purpose)
{
	PKI_AUTO(pki_cert) issuer = get_ca_cert(&t, "issuing");
	PKI_AUTO(pki_cert) root = get_ca_cert(&t, "root");
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	const pki_cert *const chain[] = { issuer }, *const roots[] = { root };
	pki_chain question = {
		.chain = chain, .chain_count = 1,
		.roots = roots, .root_count = 1,
		.at = TEST_BEGIN, .usage = PKI_EKU_CLIENT_AUTH,
	};

	assert_ok(pki_cert_verify(cert, &question, &t.err), &t.err);
	question.usage = PKI_EKU_SERVER_AUTH;
	assert_refused(pki_cert_verify(cert, &question, &t.err), PKI_DENIED,
	    &t.err, "chain");
}

Test(ca_issue, lays_out_serials_as_epoch_time_and_chance)
{
	PKI_AUTO(pki_cert) a = NULL;
	PKI_AUTO(pki_cert) b = NULL;
	const pki_serial *serial;
	int64_t ms = 0;

	t.clock.now_ms += 123;
	a = issue_meter(&t, "meter-1");
	b = issue_meter(&t, "meter-2");
	serial = pki_cert_serial(a);
	cr_assert_eq(serial->len, 20);
	cr_assert_eq(serial->octets[0], 1);
	for (int i = 1; i <= 6; i++)
		ms = ms << 8 | serial->octets[i];
	cr_assert_eq(ms, t.clock.now_ms);
	cr_assert_not(pki_serial_equal(serial, pki_cert_serial(b)));
	cr_assert_eq(memcmp(serial->octets, pki_cert_serial(b)->octets, 7), 0);
}

static pki_code
count_block(pki_bytes der, void *arg, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = NULL;
	const char **names = arg;
	pki_code rc = pki_cert_parse(der, &cert, err);

	if (rc != PKI_OK)
		return rc;
	cr_expect_str_eq(pki_name_common_name(pki_cert_subject(cert)),
	    names[0]);
	names[0] = names[1];
	names[1] = NULL;
	return PKI_OK;
}

Test(ca_issue, hands_out_the_certificate_and_its_issuer)
{
	const char *names[] = { "meter-1", "Test Issuing CA" };
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	assert_ok(pki_ca_issue(t.ca, &r.request, &issued, &t.err), &t.err);
	cr_assert_str_eq(issued->ca, "issuing");
	cr_assert_eq(issued->replaced, 0);
	assert_ok(pki_pem_each(pki_buf_bytes(issued->chain), PKI_PEM_CERT,
	    PKI_CERT_MAX, count_block, names, &t.err), &t.err);
	cr_assert_null(names[0]);
	drop_request(&r);
}

Test(ca_issue, gives_the_life_that_was_asked_for)
{
	PKI_AUTO(pki_cert) cert = NULL;
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	r.request.validity = 30 * PKI_DAY;
	cert = issue_with(&t, &r.request);
	cr_assert_not_null(cert);
	cr_assert_eq(pki_cert_not_after(cert) - pki_cert_not_before(cert),
	    30 * PKI_DAY - 1);
	drop_request(&r);
}

Test(ca_issue, writes_where_the_key_was_made)
{
	PKI_AUTO(pki_cert) device = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) ours = NULL;
	struct test_request r;

	fresh_request(&r, "operator", "operator-anna");
	r.request.possession = PKI_POP_GENERATED;
	ours = issue_with(&t, &r.request);
	cr_assert_not_null(ours);
	cr_assert_eq(find_cert(&t, device).key_origin, PKI_ORIGIN_DEVICE);
	cr_assert_eq(find_cert(&t, ours).key_origin, PKI_ORIGIN_CA);
	drop_request(&r);
}

Test(ca_issue, replaces_by_revoking_what_the_identity_had)
{
	PKI_AUTO(pki_cert) old = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) bystander = issue_meter(&t, "meter-2");
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;
	struct found found;

	pass(&t, PKI_HOUR);
	fresh_request(&r, "auditor", "meter-1");
	r.request.purpose = PKI_ISSUE_REPLACE;
	assert_ok(pki_ca_issue(t.ca, &r.request, &issued, &t.err), &t.err);
	cr_assert_eq(issued->replaced, 1);
	found = find_cert(&t, old);
	cr_assert_eq(found.status, PKI_CERT_REVOKED);
	cr_assert_eq(found.reason, PKI_REASON_SUPERSEDED);
	cr_assert_eq(found.revoked_at, TEST_BEGIN + PKI_HOUR);
	cr_assert_eq(find_cert(&t, issued->cert).status, PKI_CERT_GOOD);
	cr_assert_eq(find_cert(&t, bystander).status, PKI_CERT_GOOD);
	drop_request(&r);
}

Test(ca_issue, replaces_with_the_same_key_too)
{
	PKI_AUTO(pki_cert) old = NULL;
	PKI_AUTO(pki_cert) renewed = NULL;
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	old = issue_with(&t, &r.request);
	r.request.purpose = PKI_ISSUE_REPLACE;
	renewed = issue_with(&t, &r.request);
	cr_assert_not_null(renewed, "%s", t.err.msg);
	cr_assert_eq(find_cert(&t, old).status, PKI_CERT_REVOKED);
	cr_assert_eq(find_cert(&t, renewed).status, PKI_CERT_GOOD);
	drop_request(&r);
}

Test(ca_issue_check, changes_no_octet_of_the_state_directory)
{
	PKI_AUTO(pki_issue_plan) plan = NULL;
	struct test_request r;
	pki_digest before, after;

	pass(&t, PKI_DAY);
	fresh_request(&r, "auditor", "meter-1");
	before = dir_digest(t.state);
	assert_ok(pki_ca_issue_check(t.ca, &r.request, &plan, &t.err), &t.err);
	after = dir_digest(t.state);
	cr_assert(pki_digest_equal(&before, &after));
	cr_assert_str_eq(plan->ca, "issuing");
	cr_assert_eq(plan->grant->not_after - plan->grant->not_before,
	    90 * PKI_DAY - 1);
	cr_assert_str_eq(pki_name_common_name(plan->grant->subject),
	    "meter-1");
	drop_request(&r);
}

/* A request whose subject has these common names. */
static pki_csr *
make_csr(const pki_key *key, const char *first, const char *second,
    const char *dns)
{
	const pki_name_part parts[] = {
		{ PKI_NAME_COMMON_NAME, first },
		{ PKI_NAME_COMMON_NAME, second },
	};
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	PKI_AUTO(pki_name) subject = NULL;
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_csr *csr = NULL;

	assert_ok(pki_name_build(parts, (first != NULL) + (second != NULL),
	    &subject, &t.err), &t.err);
	if (dns != NULL)
		assert_ok(pki_altnames_add(names, PKI_ALT_DNS, dns, &t.err),
		    &t.err);
	assert_ok(pki_csr_build(key, subject, names, der, &t.err), &t.err);
	assert_ok(pki_csr_parse(pki_buf_bytes(der), &csr, &t.err), &t.err);
	return csr;
}

Test(issue_request_from_csr, takes_name_key_and_alternative_names)
{
	pki_issue_request request = {
		.profile = "broker", .who = test_requester,
	};
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_csr) csr = NULL;
	PKI_AUTO(pki_cert) cert = NULL;

	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &t.err), &t.err);
	csr = make_csr(key, "broker-1", NULL, "mqtt.example");
	assert_ok(pki_issue_request_from_csr(csr, &request, &t.err), &t.err);
	cr_assert_str_eq(request.identity, "broker-1");
	cr_assert_eq(request.possession, PKI_POP_SIGNATURE);
	cert = issue_with(&t, &request);
	cr_assert_not_null(cert, "%s", t.err.msg);
	cr_assert_eq(pki_altnames_count(pki_cert_alt_names(cert)), 2);
	cr_assert(pki_altnames_has(pki_cert_alt_names(cert),
	    &(pki_altname){ PKI_ALT_DNS, "mqtt.example" }));
}

Test(issue_request_from_csr, needs_exactly_one_name_unless_one_is_given)
{
	static const struct row {
		const char *first, *second, *given;
		pki_code    rc;
	} rows[] = {
		{ NULL, NULL, NULL, PKI_DENIED },
		{ "meter-1", "meter-2", NULL, PKI_DENIED },
		{ NULL, NULL, "meter-3", PKI_OK },
		{ "meter-1", NULL, NULL, PKI_OK },
	};
	PKI_AUTO(pki_key) key = NULL;

	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &t.err), &t.err);
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_csr) csr = make_csr(key, rows[i].first,
		    rows[i].second, NULL);
		pki_issue_request request = { .identity = rows[i].given };

		cr_expect_eq(pki_issue_request_from_csr(csr, &request, &t.err),
		    rows[i].rc, "row %zu", i);
		if (rows[i].rc != PKI_OK)
			cr_expect_str_eq(t.err.rule, "subject");
	}
}

Test(issue_request_from_csr, gives_a_name_that_the_subject_must_not_contradict)
{
	pki_issue_request request = {
		.profile = "auditor", .identity = "meter-1",
		.who = test_requester,
	};
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_csr) csr = NULL;

	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &t.err), &t.err);
	csr = make_csr(key, "meter-2", NULL, NULL);
	assert_ok(pki_issue_request_from_csr(csr, &request, &t.err), &t.err);
	cr_assert_null(issue_with(&t, &request));
	cr_assert_str_eq(t.err.rule, "subject");
}
