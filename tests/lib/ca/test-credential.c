#include "ca/credential.h"

#include <string.h>

#include "tests/lib/ca/credential-sample.h"

TestSuite(credential, .timeout = 120);

static struct test_ca t;

static void
add(pki_buf *out, const pki_cert *cert)
{
	pki_buf_add(out, pki_cert_der(cert));
}

/* Sign, add. */
static void
add_signed(pki_buf *out, const pki_tbs *tbs, const pki_key *key)
{
	PKI_AUTO(pki_buf) der = sample_sign(tbs, key);

	pki_buf_add(out, pki_buf_bytes(der));
}

/* What a row does to a CA with meter-1's certificate, and what it shows. */
typedef void show(const pki_cert *meter, pki_buf *out);

static void
show_nothing(const pki_cert *meter, pki_buf *out)
{
	(void)meter;
	(void)out;
}

static void
show_text(const pki_cert *meter, pki_buf *out)
{
	(void)meter;
	pki_buf_add_text(out, "0certificate");
}

static void
show_pem(const pki_cert *meter, pki_buf *out)
{
	pki_pem_add(out, PKI_PEM_CERT, pki_cert_der(meter));
}

static void
show_more(const pki_cert *meter, pki_buf *out)
{
	add(out, meter);
	pki_buf_add_text(out, "x");
}

static void
show_two(const pki_cert *meter, pki_buf *out)
{
	add(out, meter);
	add(out, meter);
}

static void
show_less(const pki_cert *meter, pki_buf *out)
{
	pki_bytes der = pki_cert_der(meter);

	pki_buf_add(out, pki_bytes_of(der.data, der.len - 1));
}

static void
show_flipped(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_cert) flipped = sample_flip(meter);

	add(out, flipped);
}

/* UCM PR 230: the serial is the victim's, and nothing else. */
static void
show_self_signed_twin(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_key) key = sample_key(PKI_KEY_P256);
	pki_tbs tbs = tbs_like(meter);

	tbs.issuer = tbs.subject;
	tbs.key = pki_key_public(key);
	tbs.authority_key_id = pki_pubkey_id(tbs.key);
	add_signed(out, &tbs, key);
}

/* CVE-2024-2048: serial and authority key id are the victim's. */
static void
show_twin_by_another_key(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_key) key = sample_key(PKI_KEY_P256);
	pki_tbs tbs = tbs_like(meter);

	tbs.key = pki_key_public(key);
	add_signed(out, &tbs, key);
}

static void
show_namesake_ca(const pki_cert *meter, pki_buf *out)
{
	struct test_ca other;
	PKI_AUTO(pki_cert) cert = NULL;

	fresh_ca(&other);
	cert = issue_meter(&other, "meter-1");
	cr_expect(pki_name_equal(pki_cert_issuer(cert),
	    pki_cert_issuer(meter)));
	add(out, cert);
	drop_ca(&other);
}

static void
show_root(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_cert) cert = get_ca_cert(&t, "root");

	(void)meter;
	add(out, cert);
}

static void
show_issuing(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_cert) cert = get_ca_cert(&t, "issuing");

	(void)meter;
	add(out, cert);
}

static void
show_server(const pki_cert *meter, pki_buf *out)
{
	struct test_request r;
	PKI_AUTO(pki_cert) cert = NULL;

	(void)meter;
	fresh_request(&r, "est-server", "est-1");
	cert = issue_with(&t, &r.request);
	cr_assert_not_null(cert, "%s", t.err.msg);
	add(out, cert);
	drop_request(&r);
}

/* Truly signed, and lost or never recorded. */
static void
show_unrecorded(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_key) key = get_ca_key(&t, "issuing");
	pki_tbs tbs = tbs_like(meter);

	tbs.serial.octets[19] ^= 1;
	add_signed(out, &tbs, key);
}

static void
show_signed_twin(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_key) key = get_ca_key(&t, "issuing");
	PKI_AUTO(pki_key) own = sample_key(PKI_KEY_P256);
	pki_tbs tbs = tbs_like(meter);

	tbs.key = pki_key_public(own);
	add_signed(out, &tbs, key);
}

/* The same but for its signature, which ECDSA makes anew. */
static void
show_second_signature(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_key) key = get_ca_key(&t, "issuing");
	PKI_AUTO(pki_buf) der = sample_sign_bytes(pki_cert_tbs(meter), key);

	pki_buf_add(out, pki_buf_bytes(der));
}

static void
show_revoked(const pki_cert *meter, pki_buf *out)
{
	revoke_cert(&t, meter, PKI_REASON_SUPERSEDED);
	add(out, meter);
}

static void
show_compromised(const pki_cert *meter, pki_buf *out)
{
	revoke_cert(&t, meter, PKI_REASON_KEY_COMPROMISE);
	add(out, meter);
}

static void
show_held(const pki_cert *meter, pki_buf *out)
{
	const pki_hold hold = { .ca = "issuing",
		.serial = *pki_cert_serial(meter), .who = test_requester };

	assert_ok(pki_ca_hold(t.ca, &hold, &t.err), &t.err);
	add(out, meter);
}

static void
show_revoked_and_expired(const pki_cert *meter, pki_buf *out)
{
	show_revoked(meter, out);
	pass(&t, 91 * PKI_DAY);
}

static void
show_held_and_expired(const pki_cert *meter, pki_buf *out)
{
	show_held(meter, out);
	pass(&t, 91 * PKI_DAY);
}

/* Lamassu's AllowExpired skipped notBefore as well. */
static void
show_early(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_buf) text = get_file(&t, "templates/auditor.conf");
	PKI_AUTO(pki_cert) later = NULL;

	(void)meter;
	pki_buf_add_text(text, "backdate = \"0s\";\n");
	put_file(&t, "templates/auditor.conf", pki_buf_text(text));
	restart_ca(&t);
	later = issue_meter(&t, "meter-2");
	pass(&t, -1);
	add(out, later);
}

static void
show_expired(const pki_cert *meter, pki_buf *out)
{
	pass(&t, 90 * PKI_DAY + 7 * PKI_DAY);
	add(out, meter);
}

static void
show_holder_held(const pki_cert *meter, pki_buf *out)
{
	set_identity_state(&t, "meter-1", PKI_IDENTITY_HELD);
	add(out, meter);
}

static void
show_holder_retired(const pki_cert *meter, pki_buf *out)
{
	set_identity_state(&t, "meter-1", PKI_IDENTITY_RETIRED);
	add(out, meter);
}

static void
show_name_of_another(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_cert) other = NULL;

	set_identity_state(&t, "meter-1", PKI_IDENTITY_RETIRED);
	other = issue_meter(&t, "meter-1");
	add(out, meter);
}

static void
show_blocked_key(const pki_cert *meter, pki_buf *out)
{
	block_key(&t, pki_cert_key(meter));
	add(out, meter);
}

static void
show_revoked_ca(const pki_cert *meter, pki_buf *out)
{
	PKI_AUTO(pki_cert) ca = get_ca_cert(&t, "issuing");
	pki_revocation revocation = revocation_of(ca,
	    PKI_REASON_CA_COMPROMISE);
	size_t count;

	revocation.ca = "root";
	assert_ok(pki_ca_revoke(t.ca, &revocation, &count, &t.err), &t.err);
	add(out, meter);
}

static void
show_expired_ca(const pki_cert *meter, pki_buf *out)
{
	pass(&t, 11 * PKI_YEAR);
	add(out, meter);
}

static void
show_damaged(const pki_cert *meter, pki_buf *out)
{
	flip_blob(&t, "cert", "der", ask_sql(&t,
	    "SELECT max(id) FROM cert"));
	add(out, meter);
}

/* Behind the clock's back by more than it may be. */
static void
show_in_the_past(const pki_cert *meter, pki_buf *out)
{
	pass(&t, -PKI_DAY);
	add(out, meter);
}

static const struct row {
	const char *what, *rule;
	pki_code    code;
	show       *show;
} rows[] = {
	{ "nothing", NULL, PKI_BAD_INPUT, show_nothing },
	{ "text", NULL, PKI_BAD_INPUT, show_text },
	{ "PEM", "der", PKI_BAD_INPUT, show_pem },
	{ "an octet behind it", "der", PKI_BAD_INPUT, show_more },
	{ "two in a row", "der", PKI_BAD_INPUT, show_two },
	{ "an octet less", "der", PKI_BAD_INPUT, show_less },
	{ "another signature", "credential-issuer", PKI_DENIED,
	    show_flipped },
	{ "a self-signed twin", "credential-issuer", PKI_DENIED,
	    show_self_signed_twin },
	{ "a twin by another key", "credential-issuer", PKI_DENIED,
	    show_twin_by_another_key },
	{ "a namesake of our CA's", "credential-issuer", PKI_DENIED,
	    show_namesake_ca },
	{ "the root", "credential-purpose", PKI_DENIED, show_root },
	{ "the CA", "credential-purpose", PKI_DENIED, show_issuing },
	{ "a server", "credential-purpose", PKI_DENIED, show_server },
	{ "not on record", "credential-record", PKI_DENIED,
	    show_unrecorded },
	{ "a signed twin", "credential-record", PKI_DENIED,
	    show_signed_twin },
	{ "signed a second time", "credential-record", PKI_DENIED,
	    show_second_signature },
	{ "revoked", "credential-revoked", PKI_DENIED, show_revoked },
	{ "compromised", "credential-revoked", PKI_DENIED,
	    show_compromised },
	{ "held", "credential-held", PKI_DENIED, show_held },
	{ "revoked, in the grace", "credential-revoked", PKI_DENIED,
	    show_revoked_and_expired },
	{ "held, in the grace", "credential-held", PKI_DENIED,
	    show_held_and_expired },
	{ "early", "credential-early", PKI_DENIED, show_early },
	{ "after the grace", "credential-expired", PKI_DENIED,
	    show_expired },
	{ "its holder held", "identity-state", PKI_DENIED,
	    show_holder_held },
	{ "its holder retired", "identity-state", PKI_DENIED,
	    show_holder_retired },
	{ "its name another's", "identity-state", PKI_DENIED,
	    show_name_of_another },
	{ "its key blocked", "key-blocked", PKI_DENIED, show_blocked_key },
	{ "its CA revoked", "ca-state", PKI_DENIED, show_revoked_ca },
	{ "its CA expired", "ca-state", PKI_DENIED, show_expired_ca },
	{ "a damaged row", NULL, PKI_DAMAGED, show_damaged },
	{ "the clock gone back", NULL, PKI_CLOCK, show_in_the_past },
};

/* G20 to G22, G25: whoever it is, and whatever it is for. */
Test(credential, is_refused_by_its_rule)
{
	for (size_t i = 0; i < 2 * PKI_COUNT(rows); i++) {
		const struct row *row = &rows[i / 2];
		PKI_AUTO(pki_credential) credential = NULL;
		PKI_AUTO(pki_cert) meter = NULL;
		PKI_AUTO(pki_buf) der = pki_buf_new();
		pki_code rc;

		fresh_ca(&t);
		meter = issue_meter(&t, "meter-1");
		row->show(meter, der);
		rc = pki_ca_check_credential(t.ca, pki_buf_bytes(der),
		    i % 2 == 0 ? PKI_CREDENTIAL_PROVES :
		    PKI_CREDENTIAL_RENEWS, &credential, &t.err);
		cr_expect(rc == row->code, "%s: %d, %s", row->what, rc,
		    t.err.msg);
		cr_expect(row->rule == NULL ||
		    strcmp(t.err.rule, row->rule) == 0, "%s: %s", row->what,
		    t.err.msg);
		cr_expect_null(credential);
		drop_ca(&t);
	}
}

Test(credential, says_who_it_is)
{
	PKI_AUTO(pki_credential) credential = NULL;
	PKI_AUTO(pki_cert) meter = NULL;

	fresh_ca(&t);
	meter = issue_meter(&t, "Meter-1");
	credential = check_credential(&t, meter, PKI_CREDENTIAL_PROVES);
	cr_assert_not_null(credential, "%s", t.err.msg);
	cr_expect_str_eq(credential->identity, "Meter-1");
	cr_expect_str_eq(credential->profile, "auditor");
	cr_expect_str_eq(credential->ca, "issuing");
	cr_expect_eq(credential->id, ask_sql(&t,
	    "SELECT max(id) FROM cert"));
	cr_expect_not(credential->in_grace);
	drop_ca(&t);
}

static const struct end {
	const char *what, *rule;        /* NULL: good */
	int64_t     after;              /* seconds after notAfter */
	pki_credential_use use;
	bool        in_grace;
} ends[] = {
	{ "the last second", NULL, 0, PKI_CREDENTIAL_PROVES, false },
	{ "the last second", NULL, 0, PKI_CREDENTIAL_RENEWS, false },
	{ "one second late", "credential-expired", 1, PKI_CREDENTIAL_PROVES,
	    false },
	{ "one second late", NULL, 1, PKI_CREDENTIAL_RENEWS, true },
	{ "the end of the grace", NULL, 7 * PKI_DAY, PKI_CREDENTIAL_RENEWS,
	    true },
	{ "after the grace", "credential-expired", 7 * PKI_DAY + 1,
	    PKI_CREDENTIAL_RENEWS, false },
};

Test(credential, may_be_late_by_the_grace_to_renew_and_for_nothing_else)
{
	for (size_t i = 0; i < PKI_COUNT(ends); i++) {
		const struct end *end = &ends[i];
		PKI_AUTO(pki_credential) credential = NULL;
		PKI_AUTO(pki_cert) meter = NULL;

		fresh_ca(&t);
		meter = issue_meter(&t, "meter-1");
		t.clock.now_ms = (pki_cert_not_after(meter) + end->after) *
		    1000;
		credential = check_credential(&t, meter, end->use);
		cr_expect((credential != NULL) == (end->rule == NULL),
		    "%s: %s", end->what, t.err.msg);
		if (credential != NULL)
			cr_expect(credential->in_grace == end->in_grace,
			    "%s", end->what);
		else
			cr_expect_str_eq(t.err.rule, end->rule);
		drop_ca(&t);
	}
}

/* G21: what another handle has changed counts on the next call. */
Test(credential, is_looked_at_anew_each_time)
{
	const pki_hold hold = { .ca = "issuing", .who = test_requester };
	PKI_AUTO(pki_credential) before = NULL;
	PKI_AUTO(pki_credential) after = NULL;
	PKI_AUTO(pki_cert) meter = NULL;
	PKI_AUTO(pki_ca) other = NULL;
	pki_hold now = hold;

	fresh_ca(&t);
	meter = issue_meter(&t, "meter-1");
	other = reopen_ca(&t);
	now.serial = *pki_cert_serial(meter);
	before = check_credential(&t, meter, PKI_CREDENTIAL_PROVES);
	cr_assert_not_null(before, "%s", t.err.msg);
	assert_ok(pki_ca_hold(other, &now, &t.err), &t.err);
	cr_expect_null(check_credential(&t, meter, PKI_CREDENTIAL_PROVES));
	cr_expect_str_eq(t.err.rule, "credential-held");
	assert_ok(pki_ca_release(other, &now, &t.err), &t.err);
	after = check_credential(&t, meter, PKI_CREDENTIAL_PROVES);
	cr_expect_not_null(after, "%s", t.err.msg);
	drop_ca(&t);
}
