/* First requests that an operator decides on, over both backends. */
#include "store-sample.h"

#include <string.h>

TestSuite(store_approval, .timeout = 30);

static pki_approval_row
sample_approval(const struct store_sample *t, const char *name)
{
	return (pki_approval_row){
		.name = name, .identity_id = t->identity_id,
		.profile = "auditor", .key = sample_digest(1),
		.names = "CN=meter-1", .names_digest = sample_digest(2),
		.requested_at = 1000, .decided_by = "",
		.row_hash = sample_digest(3),
	};
}

static void
add_approval(struct store_sample *t, const char *name)
{
	pki_approval_row row = sample_approval(t, name);

	store_begin(t);
	must(pki_store_put_approval(t->store, &row, &t->err), t);
	store_commit(t);
}

static void
expect_same(const pki_approval_row *a, const pki_approval_row *b)
{
	cr_expect_str_eq(a->name, b->name);
	cr_expect_str_eq(a->profile, b->profile);
	cr_expect(pki_digest_equal(&a->key, &b->key));
	cr_expect_str_eq(a->names, b->names);
	cr_expect(pki_digest_equal(&a->names_digest, &b->names_digest));
	cr_expect_eq(a->requested_at, b->requested_at);
	cr_expect_eq(a->state, b->state);
	cr_expect_eq(a->decided_at, b->decided_at);
	cr_expect_str_eq(a->decided_by, b->decided_by);
	cr_expect(pki_digest_equal(&a->row_hash, &b->row_hash));
}

STORE_TEST(store_approval, is_read_as_it_was_written)
{
	pki_approval_row row, written;
	struct store_sample t;

	store_sample_open(&t, kind);
	add_approval(&t, "abc");
	must(pki_store_get_approval(t.store, "abc", &row, t.hold, &t.err),
	    &t);
	written = sample_approval(&t, "abc");
	expect_same(&row, &written);
	cr_expect_str_eq(row.identity, "meter-1");
	expect_code(pki_store_get_approval(t.store, "ABC", &row, t.hold,
	    &t.err), PKI_NOT_FOUND, &t);
	store_begin(&t);
	row = sample_approval(&t, "abc");
	expect_code(pki_store_put_approval(t.store, &row, &t.err), PKI_EXISTS,
	    &t);
	row = sample_approval(&t, "def");
	row.identity_id = 99;
	expect_code(pki_store_put_approval(t.store, &row, &t.err),
	    PKI_NOT_FOUND, &t);
	store_sample_close(&t);
}

STORE_TEST(store_approval, changes_whole_or_not_at_all)
{
	pki_approval_row row, changed;
	struct store_sample t;

	store_sample_open(&t, kind);
	add_approval(&t, "abc");
	changed = sample_approval(&t, "def");
	changed.id = 1;
	changed.profile = "node";
	changed.key = sample_digest(4);
	changed.names = "CN=meter-1; dns:meter-1.example";
	changed.names_digest = sample_digest(5);
	changed.requested_at = 2000;
	changed.state = PKI_APPROVAL_DENIED;
	changed.decided_at = 3000;
	changed.decided_by = "anna";
	changed.row_hash = sample_digest(6);
	store_begin(&t);
	must(pki_store_update_approval(t.store, &changed, &t.err), &t);
	pki_store_rollback(t.store);
	must(pki_store_get_approval(t.store, "abc", &row, t.hold, &t.err),
	    &t);
	store_begin(&t);
	must(pki_store_update_approval(t.store, &changed, &t.err), &t);
	store_commit(&t);
	must(pki_store_get_approval(t.store, "def", &row, t.hold, &t.err),
	    &t);
	expect_same(&row, &changed);
	cr_expect_eq(row.identity_id, t.identity_id);
	changed.id = 2;
	store_begin(&t);
	expect_code(pki_store_update_approval(t.store, &changed, &t.err),
	    PKI_NOT_FOUND, &t);
	store_sample_close(&t);
}

STORE_TEST(store_approval, with_a_flaw_is_not_written)
{
	static const struct {
		const char *name, *profile, *names, *by, *flaw;
		int64_t     decided_at;
		int         state;
	} flaws[] = {
		{ "", "p", "n", "", "name", 0, 0 },
		{ "a", "", "n", "", "profile", 0, 0 },
		{ "a", "p", "n\n", "", "names", 0, 0 },
		{ "a", "p", "n", "", "state", 0, -1 },
		{ "a", "p", "n", "x", "state", 1, 4 },
		{ "a", "p", "n", "", "decided_at", 1, 0 },
		{ "a", "p", "n", "x", "decided_at", 0, 1 },
		{ "a", "p", "n", "x", "decided_by", 0, 0 },
		{ "a", "p", "n", "", "decided_by", 1, 2 },
	};
	struct store_sample t;

	store_sample_open(&t, kind);
	store_begin(&t);
	for (size_t i = 0; i < PKI_COUNT(flaws); i++) {
		pki_approval_row row = sample_approval(&t, flaws[i].name);

		row.profile = flaws[i].profile;
		row.names = flaws[i].names;
		row.state = flaws[i].state;
		row.decided_at = flaws[i].decided_at;
		row.decided_by = flaws[i].by;
		expect_code(pki_store_put_approval(t.store, &row, &t.err),
		    PKI_USAGE, &t);
		cr_expect_not_null(strstr(t.err.msg, flaws[i].flaw), "%zu: %s",
		    i, t.err.msg);
	}
	store_sample_close(&t);
}

STORE_TEST(store_approval, that_waits_is_counted)
{
	static const struct { int state; int64_t at; } rows[] = {
		{ PKI_APPROVAL_WAITING, 999 }, { PKI_APPROVAL_WAITING, 3000 },
		{ PKI_APPROVAL_WAITING, 2000 }, { PKI_APPROVAL_DENIED, 1500 },
		{ PKI_APPROVAL_APPROVED, 1500 }, { PKI_APPROVAL_USED, 1500 },
	};
	char name[] = "a";
	pki_approval_queue got;
	struct store_sample t;

	store_sample_open(&t, kind);
	must(pki_store_tally_approvals(t.store, 0, &got, &t.err), &t);
	cr_expect(got.waiting == 0 && got.oldest == 0);
	store_begin(&t);
	for (size_t i = 0; i < PKI_COUNT(rows); i++, name[0]++) {
		pki_approval_row row = sample_approval(&t, name);

		row.state = rows[i].state;
		row.requested_at = rows[i].at;
		row.decided_at = row.state == PKI_APPROVAL_WAITING ? 0 : 4000;
		row.decided_by = row.decided_at == 0 ? "" : "anna";
		must(pki_store_put_approval(t.store, &row, &t.err), &t);
	}
	store_commit(&t);
	must(pki_store_tally_approvals(t.store, 1000, &got, &t.err), &t);
	cr_expect(got.waiting == 2 && got.oldest == 2000, "%lld, %lld",
	    (long long)got.waiting, (long long)got.oldest);
	must(pki_store_tally_approvals(t.store, 999, &got, &t.err), &t);
	cr_expect(got.waiting == 3 && got.oldest == 999);
	store_sample_close(&t);
}

static pki_code
add_up(const pki_approval_row *row, void *arg, pki_err *err)
{
	(void)err;
	*(int64_t *)arg += row->id;
	return PKI_OK;
}

STORE_TEST(store_approval, is_walked_by_device)
{
	struct store_sample t;
	int64_t sum = 0, other;
	pki_approval_row row;

	store_sample_open(&t, kind);
	add_approval(&t, "a");
	add_approval(&t, "b");
	other = add_identity(&t, "meter-2");
	store_begin(&t);
	row = sample_approval(&t, "c");
	row.identity_id = other;
	must(pki_store_put_approval(t.store, &row, &t.err), &t);
	store_commit(&t);
	must(pki_store_each_approval(t.store, NULL, 0, add_up, &sum, &t.err),
	    &t);
	cr_expect_eq(sum, 6);
	sum = 0;
	must(pki_store_each_approval(t.store, "METER-1", 1, add_up, &sum,
	    &t.err), &t);
	cr_expect_eq(sum, 2);
	store_sample_close(&t);
}
