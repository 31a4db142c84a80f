#include "tests/lib/issuer/serve-sample.h"

#include <string.h>
#include <unistd.h>

static struct served s;
static pki_err err;
static pki_key *key, *other_key;

static void
set_up(void)
{
	serve_begin(&s);
	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
	assert_ok(pki_key_generate(PKI_KEY_P256, &other_key, &err), &err);
}

static void
tear_down(void)
{
	cr_expect_eq(serve_stop(&s), PKI_OK, "%s", s.err.msg);
	serve_end(&s);
	pki_key_free(key);
	pki_key_free(other_key);
}

TestSuite(serve, .init = set_up, .fini = tear_down, .timeout = 60);

/* Enroll by a token, and say what came of it. */
static struct asked
enroll(const char *token, const pki_key *by, const char *name,
    const char *label)
{
	PKI_AUTO(pki_buf) csr = csr_for(by, name);
	const struct question q = {
		.type = PKI_MESSAGE_ENROLL, .token = token, .label = label,
		.csr = pki_buf_bytes(csr),
	};

	return answer_to(&s, &q);
}

static struct asked
renew(pki_message_type type, const pki_cert *cert, const pki_key *by,
    const char *name, const char *label)
{
	PKI_AUTO(pki_buf) csr = csr_for(by, name);
	const struct question q = {
		.type = type, .cert = cert, .label = label,
		.csr = pki_buf_bytes(csr),
	};

	return answer_to(&s, &q);
}

Test(serve, enrolls_by_token_and_answers_the_same_again)
{
	pki_token_draft token = give_token(&s, "meter-1");
	struct asked first = enroll(token.text, key, "meter-1", NULL);
	struct asked second = enroll(token.text, key, "meter-1", "auditor");

	expect_issued(&first);
	expect_issued(&second);
	cr_expect(!first.again && second.again);
	cr_expect(pki_bytes_equal(pki_cert_der(first.cert),
	    pki_cert_der(second.cert)));
	drop_asked(&first);
	drop_asked(&second);
}

Test(serve, refuses_a_token_to_another_key_name_user_and_label)
{
	pki_token_draft token = give_token(&s, "meter-1");
	PKI_AUTO(pki_buf) csr = csr_for(key, "meter-1");
	const struct question stranger = {
		.type = PKI_MESSAGE_ENROLL, .token = token.text,
		.user = "meter-2", .csr = pki_buf_bytes(csr),
	};
	struct asked a = answer_to(&s, &stranger);

	expect_refused(&a, 401, "token-user");
	a = enroll("aaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaa", key, "meter-1",
	    NULL);
	expect_refused(&a, 401, "token");
	a = enroll("x", key, "meter-1", NULL);
	expect_refused(&a, 401, "token");
	a = enroll(token.text, key, "meter-1", "broker");
	expect_refused(&a, 403, "token-profile");
	/* Not for devices, and not there at all: one answer. */
	a = enroll(token.text, key, "meter-1", "est-server");
	expect_refused(&a, 404, "label");
	a = enroll(token.text, key, "meter-1", "nothing");
	expect_refused(&a, 404, "label");
	a = enroll(token.text, key, "meter-2", NULL);
	cr_expect(a.type == PKI_MESSAGE_REFUSED && a.http == 403, "%s %u",
	    a.rule, a.http);
	/* None of which has bound the token. */
	a = enroll(token.text, key, "meter-1", NULL);
	expect_issued(&a);
	drop_asked(&a);
	a = enroll(token.text, other_key, "meter-1", NULL);
	expect_refused(&a, 409, "token-bound");
}

Test(serve, binds_no_token_by_a_malformed_request)
{
	pki_token_draft token = give_token(&s, "meter-1");
	struct question q = {
		.type = PKI_MESSAGE_ENROLL, .token = token.text,
		.csr = PKI_BYTES_TEXT("0123"),
	};
	PKI_AUTO(pki_buf) csr = csr_for(key, "meter-1");
	struct asked a = answer_to(&s, &q);

	cr_expect(a.type == PKI_MESSAGE_REFUSED && a.http == 400, "%u",
	    a.http);
	/* A signature by another key. */
	csr->data[csr->len - 1] ^= 1;
	q.csr = pki_buf_bytes(csr);
	a = answer_to(&s, &q);
	cr_expect(a.type == PKI_MESSAGE_REFUSED && a.http == 400, "%s %u",
	    a.rule, a.http);
	a = enroll(token.text, other_key, "meter-1", NULL);
	expect_issued(&a);
	drop_asked(&a);
}

Test(serve, renews_by_certificate_with_the_same_key_and_another)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&s.t, "meter-1");
	struct asked a = renew(PKI_MESSAGE_REENROLL, cert, key, "meter-1",
	    NULL);
	struct asked b, c;

	expect_issued(&a);
	b = renew(PKI_MESSAGE_REENROLL, a.cert, key, "meter-1", "auditor");
	expect_issued(&b);
	c = renew(PKI_MESSAGE_ENROLL, b.cert, other_key, "meter-1", NULL);
	expect_issued(&c);
	drop_asked(&a);
	drop_asked(&b);
	drop_asked(&c);
}

Test(serve, refuses_to_renew_as_another_or_by_another_label)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&s.t, "meter-1");
	struct asked a = renew(PKI_MESSAGE_REENROLL, cert, key, "meter-2",
	    NULL);

	cr_expect(a.type == PKI_MESSAGE_REFUSED && a.http == 403, "%s %u",
	    a.rule, a.http);
	a = renew(PKI_MESSAGE_REENROLL, cert, key, "meter-1", "nothing");
	expect_refused(&a, 404, "label");
	a = renew(PKI_MESSAGE_REENROLL, s.told.server, key, "est-server",
	    NULL);
	expect_refused(&a, 403, "credential-purpose");
}

static void
revoke_cert(const pki_cert *cert)
{
	const pki_revocation revocation = {
		.ca = "issuing", .serial = *pki_cert_serial(cert),
		.reason = PKI_REASON_KEY_COMPROMISE, .who = test_requester,
	};
	size_t count;

	assert_ok(pki_ca_revoke(s.t.ca, &revocation, &count, &err), &err);
}

Test(serve, refuses_what_was_revoked_a_moment_ago)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&s.t, "meter-1");
	const struct question check = {
		.type = PKI_MESSAGE_CHECK, .cert = cert,
	};
	struct asked a = answer_to(&s, &check);

	cr_expect_eq(a.type, PKI_MESSAGE_DEVICE);
	cr_expect_str_eq(a.device, "meter-1");
	revoke_cert(cert);
	a = answer_to(&s, &check);
	expect_refused(&a, 403, "credential-revoked");
	a = renew(PKI_MESSAGE_REENROLL, cert, key, "meter-1", NULL);
	expect_refused(&a, 403, "credential-revoked");
}

Test(serve, tells_what_the_worker_needs)
{
	const struct told *told = &s.told;
	pki_certs_only set;
	size_t i;

	cr_assert_eq(told->sets, 1);
	cr_expect_eq(told->hellos, 1);
	cr_expect(told->key_fits);
	cr_expect_eq(told->chain, 2);
	cr_expect_eq(told->hints, 2);
	cr_expect_eq(told->cacerts, told->labels);
	cr_expect_eq(told->csrattrs, told->labels);
	cr_assert(told->labels >= 2 && told->labels <= SERVED_LABELS);
	cr_expect_str_eq(told->label[0], "");
	for (i = 0; i < told->labels; i++) {
		assert_ok(pki_certs_only_parse(pki_buf_bytes(told->cms[i]),
		    &set, &err), &err);
		cr_expect_eq(set.count, 2, "%s", told->label[i]);
	}
}

Test(serve, pings)
{
	const struct question ping = { .type = PKI_MESSAGE_PING };
	struct asked a = answer_to(&s, &ping);

	cr_expect_eq(a.type, PKI_MESSAGE_PONG);
}

Test(serve, started_again_keeps_its_certificate_and_what_it_issued)
{
	pki_token_draft token = give_token(&s, "meter-1");
	struct asked first = enroll(token.text, key, "meter-1", NULL);
	struct asked second;
	pki_digest before = *pki_cert_digest(s.told.server);

	expect_issued(&first);
	cr_expect_eq(serve_stop(&s), PKI_OK);
	serve_start(&s);
	await_ready(&s, true);
	cr_expect(pki_digest_equal(&before, pki_cert_digest(s.told.server)));
	second = enroll(token.text, key, "meter-1", NULL);
	expect_issued(&second);
	cr_expect(second.again);
	drop_asked(&first);
	drop_asked(&second);
}

/* est.approval of the template, from the next start on. */
static void
want_approval(void)
{
	static const char place[] = "\nest: {";
	PKI_AUTO(pki_buf) text = NULL;
	PKI_AUTO(pki_buf) edited = pki_buf_new();
	char path[PKI_PATH_MAX];
	const char *at;

	assert_ok(pki_path_join(path, s.t.state, "templates/auditor.conf",
	    &err), &err);
	assert_ok(pki_file_read(path, 1 << 16, PKI_FILE_ANY, &text, &err),
	    &err);
	at = strstr(pki_buf_text(text), place);
	cr_assert_not_null(at);
	at += strlen(place);
	pki_buf_add(edited, pki_bytes_of(text->data,
	    (size_t)(at - (char *)text->data)));
	pki_buf_add_format(edited, " approval = \"manual\";%s", at);
	assert_ok(pki_file_replace(path, pki_buf_bytes(edited), 0644, &err),
	    &err);
}

Test(serve, keeps_waiting_who_wants_approval_until_it_is_given)
{
	pki_token_draft token = give_token(&s, "meter-1");
	struct asked first, second;

	cr_expect_eq(serve_stop(&s), PKI_OK);
	want_approval();
	serve_start(&s);
	await_ready(&s, true);
	first = enroll(token.text, key, "meter-1", NULL);
	second = enroll(token.text, key, "meter-1", NULL);
	cr_assert_eq(first.type, PKI_MESSAGE_PENDING);
	cr_assert_eq(second.type, PKI_MESSAGE_PENDING);
	cr_expect_eq(first.retry_after, 60);
	cr_expect_eq(strlen(first.pending), PKI_REQUEST_ID_LEN);
	cr_expect_str_eq(first.pending, second.pending);
	assert_ok(pki_approval_approve(s.t.ca, first.pending, &test_requester,
	    &err), &err);
	second = enroll(token.text, other_key, "meter-1", NULL);
	cr_assert_eq(second.type, PKI_MESSAGE_PENDING);
	cr_expect_str_neq(first.pending, second.pending);
	assert_ok(pki_approval_deny(s.t.ca, second.pending, &test_requester,
	    &err), &err);
	second = enroll(token.text, other_key, "meter-1", NULL);
	expect_refused(&second, 403, "approval-denied");
	first = enroll(token.text, key, "meter-1", NULL);
	expect_issued(&first);
	drop_asked(&first);
}

Test(serve, renews_its_certificate_at_two_thirds_of_its_life)
{
	pki_digest before = *pki_cert_digest(s.told.server);

	s.t.clock.now_ms += 61 * PKI_DAY * 1000;
	await_sets(&s, 2);
	cr_expect(s.told.key_fits);
	cr_expect(!pki_digest_equal(&before, pki_cert_digest(s.told.server)));
}

Test(serve, waits_for_a_clock_that_was_set_back)
{
	pki_token_draft token = give_token(&s, "meter-1");
	struct asked a;

	s.t.clock.now_ms -= PKI_DAY * 1000;
	a = enroll(token.text, key, "meter-1", NULL);
	cr_expect_eq(a.type, PKI_MESSAGE_BUSY);
	cr_expect_str_eq(a.rule, "clock-suspect");
	cr_expect(a.retry_after > 0);
	await_ready(&s, false);
	cr_expect_str_eq(s.told.reason, "clock-suspect");
	s.t.clock.now_ms += PKI_DAY * 1000;
	await_ready(&s, true);
	a = enroll(token.text, key, "meter-1", NULL);
	expect_issued(&a);
	drop_asked(&a);
}

/* G13: forwards, which the floor cannot see. */
Test(serve, waits_when_the_clock_was_set_forward_until_that_is_accepted)
{
	static struct test_clock steady;
	pki_token_draft token = give_token(&s, "meter-1");
	struct asked a;

	cr_expect_eq(serve_stop(&s), PKI_OK);
	test_clock_init(&steady);
	s.options.steady = &steady.clock;
	serve_start(&s);
	await_ready(&s, true);
	/* The very next request, too. */
	s.t.clock.now_ms += PKI_HOUR * 1000;
	a = enroll(token.text, key, "meter-1", NULL);
	cr_expect_eq(a.type, PKI_MESSAGE_BUSY);
	cr_expect_str_eq(a.rule, "clock-suspect");
	await_ready(&s, false);
	cr_expect_str_eq(s.told.reason, "clock-suspect");
	assert_ok(pki_ca_accept_clock(s.t.ca, &test_requester, &err), &err);
	await_ready(&s, true);
	a = enroll(token.text, key, "meter-1", NULL);
	expect_issued(&a);
	drop_asked(&a);
}

Test(serve, started_with_a_clock_set_back_serves_what_there_is)
{
	pki_token_draft token = give_token(&s, "meter-1");
	struct asked a;

	cr_expect_eq(serve_stop(&s), PKI_OK);
	s.t.clock.now_ms -= PKI_DAY * 1000;
	serve_start(&s);
	await_sets(&s, 1);
	cr_expect(s.told.key_fits);
	await_ready(&s, false);
	cr_expect_str_eq(s.told.reason, "clock-suspect");
	a = enroll(token.text, key, "meter-1", NULL);
	cr_expect_eq(a.type, PKI_MESSAGE_BUSY);
	s.t.clock.now_ms += PKI_DAY * 1000;
	await_ready(&s, true);
	a = enroll(token.text, key, "meter-1", NULL);
	expect_issued(&a);
	drop_asked(&a);
}
