#include "tests/lib/issuer/serve-sample.h"

#include <stdio.h>
#include <string.h>

#include "issuer/serve-parts.h"

/* What a certificate is worth from one request to the next (G21, G25). */

static struct served s;
static pki_err err;
static pki_key *key;
static pki_cert *cert;

static void
set_up(void)
{
	serve_begin(&s);
	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
	cert = issue_meter(&s.t, "meter-1");
}

static void
tear_down(void)
{
	cr_expect_eq(serve_stop(&s), PKI_OK, "%s", s.err.msg);
	serve_end(&s);
	pki_cert_free(cert);
	pki_key_free(key);
}

TestSuite(serve_credential, .init = set_up, .fini = tear_down, .timeout = 60);

static struct asked
renew(pki_message_type type)
{
	PKI_AUTO(pki_buf) csr = csr_for(key, "meter-1");
	const struct question q = {
		.type = type, .cert = cert, .csr = pki_buf_bytes(csr),
	};

	return answer_to(&s, &q);
}

static void
change(pki_device_change how)
{
	size_t count;

	assert_ok(pki_ca_change_device(s.t.ca, "meter-1", how,
	    &test_requester, &count, &err), &err);
}

Test(serve_credential, is_refused_on_hold_and_good_when_released)
{
	const struct question check = {
		.type = PKI_MESSAGE_CHECK, .cert = cert,
	};
	struct asked a;

	change(PKI_DEVICE_HOLD);
	a = answer_to(&s, &check);
	expect_refused(&a, 403, "credential-held");
	a = renew(PKI_MESSAGE_REENROLL);
	expect_refused(&a, 403, "credential-held");
	change(PKI_DEVICE_RELEASE);
	a = answer_to(&s, &check);
	cr_expect_eq(a.type, PKI_MESSAGE_DEVICE);
	a = renew(PKI_MESSAGE_REENROLL);
	expect_issued(&a);
	drop_asked(&a);
}

Test(serve_credential, renews_in_its_grace_and_proves_nothing_there)
{
	struct asked a;

	s.t.clock.now_ms = (pki_cert_not_after(cert) + PKI_DAY) * 1000;
	a = renew(PKI_MESSAGE_ENROLL);
	expect_refused(&a, 403, "credential-expired");
	a = renew(PKI_MESSAGE_REENROLL);
	expect_issued(&a);
	drop_asked(&a);
	s.t.clock.now_ms += 7 * PKI_DAY * 1000;
	a = renew(PKI_MESSAGE_REENROLL);
	expect_refused(&a, 403, "credential-expired");
}

Test(serve_credential, that_is_no_certificate_is_nobodys)
{
	PKI_AUTO(pki_buf) csr = csr_for(key, "meter-1");
	pki_message message = pki_message_of(PKI_MESSAGE_CHECK);
	static const uint8_t octets[16] = { 1 };
	struct asked a = { .served = &s };

	pki_message_put(&message, PKI_TAG_REQUEST_ID,
	    pki_bytes_of(octets, 16));
	pki_message_put(&message, PKI_TAG_ADDRESS, pki_bytes_of(octets, 4));
	pki_message_put(&message, PKI_TAG_CLIENT_CERT, pki_buf_bytes(csr));
	assert_ok(pki_issuer_ask(s.issuer, &a.call, &message, NULL, &err),
	    &err);
	await(&a);
	expect_refused(&a, 403, "credential-issuer");
}

Test(serve_credential, of_the_server_is_made_anew_when_it_is_revoked)
{
	pki_digest before = *pki_cert_digest(s.told.server);
	const pki_revocation revocation = {
		.ca = "issuing", .reason = PKI_REASON_KEY_COMPROMISE,
		.serial = *pki_cert_serial(s.told.server),
		.who = test_requester,
	};
	size_t count;

	assert_ok(pki_ca_revoke(s.t.ca, &revocation, &count, &err), &err);
	await_sets(&s, 2);
	cr_expect(s.told.key_fits);
	cr_expect(!pki_digest_equal(&before, pki_cert_digest(s.told.server)));
}

Test(serve_status, is_4xx_for_the_clients_fault_and_503_for_ours)
{
	static const struct {
		pki_code    code;
		const char *rule;
		unsigned    http;
	} rows[] = {
		{ PKI_BAD_INPUT, "der", 400 },
		{ PKI_BAD_INPUT, "size", 400 },
		{ PKI_DENIED, "proof-of-possession", 400 },
		{ PKI_DENIED, "linking", 400 },
		{ PKI_DENIED, "token", 401 },
		{ PKI_DENIED, "token-user", 401 },
		{ PKI_DENIED, "token-expired", 401 },
		{ PKI_DENIED, "token-revoked", 401 },
		{ PKI_DENIED, "evidence", 401 },
		{ PKI_DENIED, "token-profile", 403 },
		{ PKI_DENIED, "token-device", 403 },
		{ PKI_DENIED, "credential-revoked", 403 },
		{ PKI_DENIED, "renew-subject", 403 },
		{ PKI_DENIED, "key-blocked", 403 },
		{ PKI_DENIED, "a-rule-of-tomorrow", 403 },
		{ PKI_NOT_FOUND, "label", 404 },
		{ PKI_DENIED, "token-bound", 409 },
		{ PKI_DENIED, "token-used", 409 },
		{ PKI_DENIED, "key-in-use", 409 },
		{ PKI_DENIED, "identity-taken", 409 },
		{ PKI_PENDING, "", 202 },
		{ PKI_DENIED, "ca-state", 503 },
		{ PKI_NOT_FOUND, "profile", 503 },
		{ PKI_CLOCK, "", 503 },
		{ PKI_BUSY, "", 503 },
		{ PKI_STORE, "", 503 },
		{ PKI_SYSTEM, "", 503 },
		{ PKI_DAMAGED, "", 503 },
		{ PKI_NO_MEMORY, "", 503 },
		{ PKI_CRYPTO, "", 503 },
		{ PKI_USAGE, "", 503 },
	};
	size_t i;

	for (i = 0; i < PKI_COUNT(rows); i++) {
		pki_err why = { .code = rows[i].code };

		snprintf(why.rule, sizeof(why.rule), "%s", rows[i].rule);
		cr_expect_eq(pki_answer_status(&why), rows[i].http, "%s %s",
		    pki_code_name(rows[i].code), rows[i].rule);
	}
}
