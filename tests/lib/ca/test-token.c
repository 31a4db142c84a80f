#include "ca/token.h"

#include <string.h>
#include <sys/stat.h>

#include "ca/device.h"
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

TestSuite(token, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(token_create, .init = set_up, .fini = tear_down, .timeout = 60);

static void
request_by(struct test_request *r, const char *name,
    const pki_token_parts *parts)
{
	fresh_request(r, "auditor", name);
	r->request.evidence = evidence_of(parts);
}

static pki_issued *
enroll(const struct test_request *r)
{
	pki_issued *issued = NULL;

	assert_ok(pki_ca_issue(t.ca, &r->request, &issued, &t.err), &t.err);
	return issued;
}

static void
refused(const struct test_request *r, const char *rule)
{
	pki_issued *issued = NULL;

	assert_refused(pki_ca_issue(t.ca, &r->request, &issued, &t.err),
	    PKI_DENIED, &t.err, rule);
	cr_assert_null(issued);
}

static bool
same_cert(const pki_issued *a, const pki_issued *b)
{
	return pki_bytes_equal(pki_cert_der(a->cert), pki_cert_der(b->cert));
}

Test(token, gives_its_device_a_certificate_and_the_same_key_the_same_again)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	PKI_AUTO(pki_issued) first = NULL;
	PKI_AUTO(pki_issued) again = NULL;
	pki_audit_head before;
	struct test_request r;

	request_by(&r, "meter-1", &parts);
	first = enroll(&r);
	cr_expect(!first->again);
	before = head_of(&t);
	again = enroll(&r);
	cr_expect(again->again);
	cr_expect(same_cert(first, again));
	cr_expect(pki_bytes_equal(pki_buf_bytes(first->chain),
	    pki_buf_bytes(again->chain)));
	cr_expect(same_head(before, head_of(&t)));
	/* Long after the token expired: whoever lost the reply is not lost. */
	pass(&t, 7200);
	pki_issued_free(again);
	again = enroll(&r);
	cr_expect(same_cert(first, again));
	drop_request(&r);
}

Test(token, or_other_evidence_is_needed_over_the_network)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	r.request.who = (pki_requester){ .how = PKI_BY_EST, .name = "x" };
	refused(&r, "evidence");
	r.request.evidence = evidence_of(&parts);
	pki_issued_free(enroll(&r));
	drop_request(&r);
}

Test(token, is_bound_to_the_first_key)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	struct test_request r, other;

	request_by(&r, "meter-1", &parts);
	request_by(&other, "meter-1", &parts);
	pki_issued_free(enroll(&r));
	refused(&other, "token-bound");
	drop_request(&r);
	drop_request(&other);
}

Test(token, is_for_its_device_and_profile_only)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	struct test_request r;

	copy_auditor(&t, "metered");
	register_device(&t, "meter-2");
	request_by(&r, "meter-2", &parts);
	refused(&r, "token-device");
	r.request.identity = "meter-1";
	r.request.profile = "metered";
	refused(&r, "token-profile");
	/* What was refused bound nothing. */
	r.request.profile = "auditor";
	pki_issued_free(enroll(&r));
	drop_request(&r);
}

Test(token, with_another_secret_or_id_is_unknown)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	struct test_request r;

	request_by(&r, "meter-1", &parts);
	parts.secret[7] = parts.secret[7] == 'a' ? 'b' : 'a';
	refused(&r, "token");
	r.request.evidence.secret.len--;
	refused(&r, "token");
	r.request.evidence = evidence_of(&parts);
	parts.id[0] = parts.id[0] == 'a' ? 'b' : 'a';
	refused(&r, "token");
	r.request.evidence.token = "short";
	refused(&r, "token");
	drop_request(&r);
}

/* The right secret of an id that is on no record. */
Test(token, that_was_never_recorded_is_unknown)
{
	const pki_token_order order = {
		.lifetime = 3600, .who = test_requester,
	};
	static const char *const names[] = { "meter-1" };
	PKI_AUTO(pki_token_drafts) drafts = NULL;
	pki_token_parts parts;
	struct test_request r;

	register_device(&t, "meter-1");
	assert_ok(pki_ca_draft_tokens(t.ca, names, 1, &order, &drafts,
	    &t.err), &t.err);
	assert_ok(pki_token_parse(pki_bytes_text(drafts->items[0].text),
	    &parts, &t.err), &t.err);
	request_by(&r, "meter-1", &parts);
	refused(&r, "token");
	drop_request(&r);
}

Test(token, ends_by_time_and_by_revocation)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	pki_token_parts second = token_for(&t, "meter-2");
	struct test_request r, s;

	request_by(&r, "meter-1", &parts);
	request_by(&s, "meter-2", &second);
	assert_ok(pki_ca_revoke_token(t.ca, second.id, &test_requester,
	    &t.err), &t.err);
	refused(&s, "token-revoked");
	assert_refused(pki_ca_revoke_token(t.ca, second.id, &test_requester,
	    &t.err), PKI_DENIED, &t.err, "token-revoked");
	assert_refused(pki_ca_revoke_token(t.ca, "aaaaaaaaaaaa",
	    &test_requester, &t.err), PKI_NOT_FOUND, &t.err, NULL);
	pass(&t, 3601);
	refused(&r, "token-expired");
	drop_request(&r);
	drop_request(&s);
}

Test(token, gives_nothing_again_once_its_certificate_has_ended)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;

	request_by(&r, "meter-1", &parts);
	issued = enroll(&r);
	revoke_cert(&t, issued->cert, PKI_REASON_PRIVILEGE_WITHDRAWN);
	refused(&r, "token-used");
	drop_request(&r);
}

Test(token, of_a_held_device_waits)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	struct test_request r;

	request_by(&r, "meter-1", &parts);
	assert_ok(pki_ca_change_device(t.ca, "meter-1", PKI_DEVICE_HOLD,
	    &test_requester, NULL, &t.err), &t.err);
	refused(&r, "identity-state");
	assert_ok(pki_ca_change_device(t.ca, "meter-1", PKI_DEVICE_RELEASE,
	    &test_requester, NULL, &t.err), &t.err);
	pki_issued_free(enroll(&r));
	drop_request(&r);
}

Test(token, is_checked_before_there_is_a_request)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	pki_evidence evidence = evidence_of(&parts);
	pki_token_info info;
	struct test_request r;

	assert_ok(pki_ca_check_token(t.ca, &evidence, &info, &t.err), &t.err);
	cr_expect_str_eq(info.device, "meter-1");
	cr_expect_str_eq(info.profile, "auditor");
	cr_expect(!info.used);
	request_by(&r, "meter-1", &parts);
	pki_issued_free(enroll(&r));
	assert_ok(pki_ca_check_token(t.ca, &evidence, &info, &t.err), &t.err);
	cr_expect(info.used);
	evidence.secret.len = 0;
	assert_refused(pki_ca_check_token(t.ca, &evidence, &info, &t.err),
	    PKI_DENIED, &t.err, "token");
	drop_request(&r);
}

Test(token, text_has_one_form)
{
	static const char *const bad[] = {
		"", "a", "abcdefghijkl.", ".abcdefghijklmnopqrstuvwxyz",
		"abcdefghijkl.abcdefghijklmnopqrstuvwxy",
		"abcdefghijkl.abcdefghijklmnopqrstuvwxyza",
		"abcdefghijkl-abcdefghijklmnopqrstuvwxyz",
		"ABCDEFGHIJKL.abcdefghijklmnopqrstuvwxyz",
		"abcdefghijk1.abcdefghijklmnopqrstuvwxyz",
		"abcdefghijkl.abcdefghijklmnopqrstuvwxy ",
	};
	pki_token_parts parts;
	size_t i;

	for (i = 0; i < PKI_COUNT(bad); i++)
		cr_expect_eq(pki_token_parse(pki_bytes_text(bad[i]), &parts,
		    NULL), PKI_DENIED, "'%s'", bad[i]);
	assert_ok(pki_token_parse(PKI_BYTES_TEXT(
	    "abcdefghijkl.abcdefghijklmnopqrstuvwxyz"), &parts, &t.err),
	    &t.err);
	cr_expect_str_eq(parts.id, "abcdefghijkl");
	cr_expect_str_eq(parts.secret, "abcdefghijklmnopqrstuvwxyz");
}

/* Only the key makes the secret; it stays the same when that stays. */
Test(token, secret_is_in_no_file)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	PKI_AUTO(pki_buf) database = get_file(&t, "ca.db");
	PKI_AUTO(pki_buf) wal = get_file(&t, "ca.db-wal");
	PKI_AUTO(pki_buf) key = get_file(&t, "keys/token.key");

	cr_expect_eq(key->len, 32);
	cr_expect_null(memmem(database->data, database->len, parts.secret,
	    strlen(parts.secret)));
	cr_expect_null(memmem(wal->data, wal->len, parts.secret,
	    strlen(parts.secret)));
	cr_expect_not_null(memmem(wal->data, wal->len, parts.id,
	    strlen(parts.id)));
}

Test(token, key_is_made_where_an_older_ca_has_none)
{
	char path[PKI_PATH_MAX];
	pki_token_parts parts;
	struct test_request r;

	drop_file(&t, "keys/token.key");
	restart_ca(&t);
	parts = token_for(&t, "meter-1");
	request_by(&r, "meter-1", &parts);
	pki_issued_free(enroll(&r));
	put_file(&t, "keys/token.key", "cut off");
	state_path(&t, "keys/token.key", path);
	cr_assert_eq(chmod(path, 0600), 0);
	restart_ca(&t);
	cr_expect_eq(pki_ca_check_token(t.ca, &r.request.evidence,
	    &(pki_token_info){ .used = false }, &t.err), PKI_DAMAGED, "%s",
	    t.err.msg);
	drop_request(&r);
}

Test(token, is_known_to_the_checks)
{
	pki_token_parts parts = token_for(&t, "meter-1");
	static const char *const slips[] = {
		"UPDATE token SET expires_at = expires_at + 1",
		"UPDATE token SET profile = 'server'",
		"UPDATE token SET revoked_at = 1",
		"UPDATE token_use SET used_at = used_at + 1",
		"DELETE FROM token_use",
		"DELETE FROM token_use; DELETE FROM token",
		"UPDATE identity SET groups = 'x' WHERE name = 'meter-1'",
		"UPDATE identity SET hold = 1, state = 1 WHERE"
		" name = 'meter-1'",
	};
	struct test_request r;
	int64_t rows;
	size_t i;

	request_by(&r, "meter-1", &parts);
	pki_issued_free(enroll(&r));
	drop_request(&r);
	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
	for (i = 0; i < PKI_COUNT(slips); i++) {
		keep_database(&t);
		run_sql(&t, slips[i]);
		restart_ca(&t);
		cr_expect_eq(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err),
		    PKI_DAMAGED, "%s: %s", slips[i], t.err.msg);
		restore_database(&t);
	}
}

Test(token_create, wants_a_registered_device_without_a_certificate)
{
	static const struct {
		const char *device, *profile, *rule;
	} cases[] = {
		{ "meter-9", NULL, "identity-unknown" },
		{ "METER-1", NULL, "identity-unknown" },
		{ "issuing", NULL, "identity-unknown" },
		{ "meter-2", NULL, "identity-state" },
		{ "meter-1", "server", "token-profile" },
	};
	size_t i;

	register_device(&t, "meter-1");
	pki_cert_free(issue_meter(&t, "meter-2"));
	for (i = 0; i < PKI_COUNT(cases); i++) {
		const pki_token_order order = {
			.profile = cases[i].profile, .lifetime = 60,
			.who = test_requester,
		};
		pki_token_drafts *drafts = NULL;

		cr_expect_eq(pki_ca_draft_tokens(t.ca, &cases[i].device, 1,
		    &order, &drafts, &t.err), PKI_DENIED);
		cr_expect_str_eq(t.err.rule, cases[i].rule, "%s",
		    cases[i].device);
	}
}
