#include "ca/approval.h"

#include <stdio.h>
#include <string.h>

#include "ca/batch.h"
#include "ca/device.h"
#include "ca/status.h"
#include "tests/lib/ca/ca-sample.h"

static struct test_ca t;
static pki_token_parts token;

static void
set_up(void)
{
	fresh_ca(&t);
	/* The rest of the line is a comment then. */
	edit_auditor(&t, "approval = \"manual\"; grace = \"7d\"; };"
	    " alt-names: { allow = [ \"dns:*\" ]; #");
	register_device(&t, "meter-1");
	/* One that outlives every approval. */
	token = new_token(&t, "meter-1", 10 * PKI_APPROVAL_LIFETIME);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(approval, .init = set_up, .fini = tear_down, .timeout = 60);

static void
ask(struct test_request *r)
{
	fresh_request(r, "auditor", "meter-1");
	r->request.who = (pki_requester){ PKI_BY_EST, token.id };
	r->request.evidence = evidence_of(&token);
}

static pki_request_id
expect_pending(const struct test_request *r)
{
	pki_issued *issued = NULL;
	pki_request_id id;

	assert_refused(pki_ca_issue(t.ca, &r->request, &issued, &t.err),
	    PKI_PENDING, &t.err, "approval");
	cr_assert_null(issued);
	cr_assert_eq(strlen(t.err.value), PKI_REQUEST_ID_LEN);
	memcpy(id.text, t.err.value, sizeof(id.text));
	return id;
}

static void
expect_refused(const struct test_request *r, const char *rule)
{
	pki_issued *issued = NULL;

	assert_refused(pki_ca_issue(t.ca, &r->request, &issued, &t.err),
	    PKI_DENIED, &t.err, rule);
}

static void
expect_issued(const struct test_request *r, bool again)
{
	PKI_AUTO(pki_issued) issued = NULL;

	assert_ok(pki_ca_issue(t.ca, &r->request, &issued, &t.err), &t.err);
	cr_expect_eq(issued->again, again);
}

static void
approve(pki_request_id id)
{
	assert_ok(pki_approval_approve(t.ca, id.text, &test_requester, &t.err),
	    &t.err);
}

static void
deny(pki_request_id id)
{
	assert_ok(pki_approval_deny(t.ca, id.text, &test_requester, &t.err),
	    &t.err);
}

static bool
same_id(pki_request_id a, pki_request_id b)
{
	return strcmp(a.text, b.text) == 0;
}

/* Of which state are how many? */
struct tally {
	size_t      count;
	const char *state;
};

static pki_code
add_row(const pki_approval_row *row, void *arg, pki_err *err)
{
	struct tally *tally = arg;

	(void)err;
	tally->count += strcmp(tally->state, pki_approval_state_name(row,
	    pki_clock_now(&t.clock.clock))) == 0;
	return PKI_OK;
}

static size_t
count(const char *state)
{
	struct tally tally = { 0, state };

	assert_ok(pki_approval_each(t.ca, "meter-1", 0, add_row, &tally,
	    &t.err), &t.err);
	return tally.count;
}

static void
expect_sound(void)
{
	int64_t rows;

	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
}

static void
expect_damaged(const char *what)
{
	int64_t rows;

	assert_refused(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err),
	    PKI_DAMAGED, &t.err, NULL);
	cr_expect_not_null(strstr(t.err.msg, what), "%s", t.err.msg);
}

Test(approval, lets_the_same_request_in_once_an_operator_said_so)
{
	struct test_request r;
	pki_request_id id;
	pki_audit_head before;

	ask(&r);
	before = head_of(&t);
	id = expect_pending(&r);
	cr_expect(same_id(expect_pending(&r), id));
	cr_expect_eq(count("waiting"), 1);
	cr_expect(same_head(before, head_of(&t)));
	approve(id);
	cr_expect_eq(count("approved"), 1);
	expect_issued(&r, false);
	cr_expect_eq(count("issued"), 1);
	expect_issued(&r, true);
	expect_sound();
	drop_request(&r);
}

Test(approval, is_asked_for_by_nobody_without_a_good_token)
{
	struct test_request r;

	ask(&r);
	token.secret[7] = token.secret[7] == 'a' ? 'b' : 'a';
	r.request.evidence = evidence_of(&token);
	expect_refused(&r, "token");
	cr_expect_eq(count("waiting"), 0);
	/* Who is an operator himself needs none. */
	r.request.evidence = (pki_evidence){ .kind = PKI_EVIDENCE_NONE };
	r.request.who = test_requester;
	expect_issued(&r, false);
	cr_expect_eq(count("waiting"), 0);
	drop_request(&r);
}

Test(approval, is_for_one_key)
{
	struct test_request r, other;
	pki_request_id id;

	ask(&r);
	ask(&other);
	id = expect_pending(&r);
	cr_expect(!same_id(expect_pending(&other), id));
	approve(id);
	expect_pending(&other);
	expect_issued(&r, false);
	expect_refused(&other, "token-bound");
	expect_sound();
	drop_request(&r);
	drop_request(&other);
}

/* What an operator has read is what he approves. */
Test(approval, is_for_the_names_that_were_asked_for)
{
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	pki_request_id id, changed;
	struct test_request r;

	assert_ok(pki_altnames_add_text(names, "dns:meter-1.example", &t.err),
	    &t.err);
	ask(&r);
	id = expect_pending(&r);
	r.request.alt_names = names;
	changed = expect_pending(&r);
	cr_expect(!same_id(id, changed));
	cr_expect_eq(count("waiting"), 1);
	assert_refused(pki_approval_approve(t.ca, id.text, &test_requester,
	    &t.err), PKI_NOT_FOUND, &t.err, "request-unknown");
	approve(changed);
	r.request.alt_names = NULL;
	id = expect_pending(&r);
	r.request.alt_names = names;
	expect_issued(&r, false);
	expect_sound();
	drop_request(&r);
}

Test(approval, that_was_denied_stays_so_until_it_is_approved)
{
	struct test_request r;
	pki_request_id id;

	ask(&r);
	id = expect_pending(&r);
	deny(id);
	cr_expect_eq(count("denied"), 1);
	expect_refused(&r, "approval-denied");
	cr_expect_str_eq(t.err.value, id.text);
	assert_refused(pki_approval_deny(t.ca, id.text, &test_requester,
	    &t.err), PKI_DENIED, &t.err, "request-state");
	pass(&t, 2 * PKI_APPROVAL_LIFETIME);
	expect_refused(&r, "approval-denied");
	approve(id);
	deny(id);
	expect_refused(&r, "approval-denied");
	expect_sound();
	approve(id);
	expect_issued(&r, false);
	assert_refused(pki_approval_deny(t.ca, id.text, &test_requester,
	    &t.err), PKI_DENIED, &t.err, "request-state");
	expect_sound();
	drop_request(&r);
}

Test(approval, is_over_after_a_while)
{
	struct test_request r;
	pki_request_id id, later;

	ask(&r);
	id = expect_pending(&r);
	pass(&t, PKI_APPROVAL_LIFETIME + 1);
	cr_expect_eq(count("expired"), 1);
	assert_refused(pki_approval_approve(t.ca, id.text, &test_requester,
	    &t.err), PKI_DENIED, &t.err, "request-state");
	later = expect_pending(&r);
	cr_expect(!same_id(id, later));
	cr_expect_eq(count("expired"), 0);
	approve(later);
	pass(&t, PKI_APPROVAL_LIFETIME + 1);
	id = expect_pending(&r);
	cr_expect_eq(count("expired"), 1);
	cr_expect_eq(count("waiting"), 1);
	approve(id);
	expect_issued(&r, false);
	expect_sound();
	drop_request(&r);
}

/* Another box by the same name, with the same key: not the same device. */
Test(approval, lets_nothing_in_twice)
{
	struct test_request r;

	ask(&r);
	approve(expect_pending(&r));
	expect_issued(&r, false);
	assert_ok(pki_ca_change_device(t.ca, "meter-1", PKI_DEVICE_REPLACE,
	    &test_requester, NULL, &t.err), &t.err);
	/* One that outlives every approval. */
	token = new_token(&t, "meter-1", 10 * PKI_APPROVAL_LIFETIME);
	r.request.evidence = evidence_of(&token);
	expect_pending(&r);
	expect_sound();
	drop_request(&r);
}

Test(approval, is_awaited_by_a_few_keys_of_a_device_only)
{
	struct test_request r[PKI_APPROVAL_WAITING_MAX + 1];
	size_t i;

	for (i = 0; i < PKI_COUNT(r); i++)
		ask(&r[i]);
	for (i = 0; i < PKI_APPROVAL_WAITING_MAX; i++)
		expect_pending(&r[i]);
	expect_refused(&r[i], "approval-limit");
	expect_pending(&r[0]);
	cr_expect_eq(count("waiting"), PKI_APPROVAL_WAITING_MAX);
	/* What is over makes room, and is not kept. */
	pass(&t, PKI_APPROVAL_LIFETIME + 1);
	expect_pending(&r[i]);
	cr_expect_eq(count("waiting"), 1);
	cr_expect_eq(count("expired"), PKI_APPROVAL_WAITING_MAX - 1);
	expect_sound();
	for (i = 0; i < PKI_COUNT(r); i++)
		drop_request(&r[i]);
}

Test(approval, of_a_device_that_is_held_or_retired_is_none)
{
	struct test_request r;
	pki_request_id id;

	ask(&r);
	id = expect_pending(&r);
	assert_ok(pki_ca_change_device(t.ca, "meter-1", PKI_DEVICE_HOLD,
	    &test_requester, NULL, &t.err), &t.err);
	assert_refused(pki_approval_approve(t.ca, id.text, &test_requester,
	    &t.err), PKI_DENIED, &t.err, "identity-state");
	deny(id);
	assert_ok(pki_ca_change_device(t.ca, "meter-1", PKI_DEVICE_RETIRE,
	    &test_requester, NULL, &t.err), &t.err);
	assert_refused(pki_approval_approve(t.ca, id.text, &test_requester,
	    &t.err), PKI_DENIED, &t.err, "identity-state");
	/* A namesake has nothing of it. */
	register_device(&t, "meter-1");
	/* One that outlives every approval. */
	token = new_token(&t, "meter-1", 10 * PKI_APPROVAL_LIFETIME);
	r.request.evidence = evidence_of(&token);
	expect_pending(&r);
	expect_sound();
	drop_request(&r);
}

static void
note_done(void *arg, pki_issued *issued, const pki_err *err)
{
	pki_err *out = arg;

	*out = *err;
	if (issued != NULL)
		out->code = PKI_OK;
	pki_issued_free(issued);
}

static pki_err
issue_by_batch(struct test_request *r)
{
	const pki_batch_options options = {
		.ca = test_options(&t), .signers = 1,
	};
	static const pki_bytes none;
	PKI_AUTO(pki_batch) batch = NULL;
	pki_err outcome = { 0 };

	assert_ok(pki_batch_open(&options, &batch, &t.err), &t.err);
	assert_ok(pki_approval_is_given(t.ca, "meter-1", r->request.key,
	    &r->request.evidence.approved, &t.err), &t.err);
	assert_ok(pki_batch_issue(batch, &r->request, none, note_done,
	    &outcome, &t.err), &t.err);
	pki_batch_close(batch);
	batch = NULL;
	return outcome;
}

Test(approval, works_the_same_in_a_batch)
{
	pki_request_id id;
	struct test_request r;
	pki_err outcome;

	ask(&r);
	outcome = issue_by_batch(&r);
	cr_assert_eq(outcome.code, PKI_PENDING, "%s", outcome.msg);
	memcpy(id.text, outcome.value, sizeof(id.text));
	cr_expect(same_id(expect_pending(&r), id));
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM cert c JOIN identity i"
	    " ON i.id = c.identity_id WHERE i.name = 'meter-1'"), 0);
	approve(id);
	cr_expect_eq(issue_by_batch(&r).code, PKI_OK);
	cr_expect_eq(issue_by_batch(&r).code, PKI_OK, "a lost reply: G24");
	cr_expect_eq(count("issued"), 1);
	expect_sound();
	drop_request(&r);
}

/* Between the look that spares a signature and the writer's. */
Test(approval, given_a_moment_ago_is_found_by_the_next_request)
{
	const pki_batch_options options = {
		.ca = test_options(&t), .signers = 1,
	};
	static const pki_bytes none;
	pki_batch *batch = NULL;
	struct test_request r;
	pki_request_id id;
	pki_err outcome = { 0 };

	ask(&r);
	id = expect_pending(&r);
	approve(id);
	r.request.evidence.approved = false;
	assert_ok(pki_batch_open(&options, &batch, &t.err), &t.err);
	assert_ok(pki_batch_issue(batch, &r.request, none, note_done,
	    &outcome, &t.err), &t.err);
	pki_batch_close(batch);
	cr_expect_eq(outcome.code, PKI_PENDING);
	cr_expect_str_eq(outcome.value, id.text);
	cr_expect_eq(count("approved"), 1);
	expect_issued(&r, false);
	expect_sound();
	drop_request(&r);
}

/* A row that waits no more is used again, whichever came later. */
Test(approval, is_found_wherever_its_row_is)
{
	struct test_request r, other;
	pki_request_id id;

	ask(&other);
	ask(&r);
	expect_pending(&other);
	id = expect_pending(&r);
	approve(id);
	pass(&t, PKI_APPROVAL_LIFETIME + 1);
	/* In the place of the other's, before the one that is over. */
	id = expect_pending(&r);
	cr_expect(same_id(expect_pending(&r), id));
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM approval"), 2);
	approve(id);
	expect_issued(&r, false);
	expect_sound();
	drop_request(&r);
	drop_request(&other);
}

/* The caller's word that it was approved is not taken for it. */
Test(approval, is_what_the_store_says)
{
	struct test_request r;

	ask(&r);
	r.request.evidence.approved = true;
	expect_pending(&r);
	expect_sound();
	drop_request(&r);
}

Test(approval, that_somebody_wrote_himself_is_found)
{
	struct test_request r;
	pki_issued *issued = NULL;

	ask(&r);
	expect_pending(&r);
	run_sql(&t, "UPDATE approval SET state = 1, decided_at = 1700000000,"
	    " decided_by = 'me'");
	expect_damaged("does not match its hash");
	cr_expect_eq(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DAMAGED);
	run_sql(&t, "UPDATE approval SET state = 7");
	expect_damaged("state");
	drop_request(&r);
}

Test(approval, that_is_gone_or_has_no_certificate_is_found)
{
	struct test_request r;

	ask(&r);
	approve(expect_pending(&r));
	keep_database(&t);
	run_sql(&t, "DELETE FROM approval");
	expect_damaged("approved requests");
	restore_database(&t);
	expect_issued(&r, false);
	expect_sound();
	drop_request(&r);
}
