/* Identities and their keys, over both backends. */
#include "store-sample.h"

#include <stdio.h>
#include <string.h>

TestSuite(store_identity, .timeout = 30);
TestSuite(store_pubkey, .timeout = 30);

STORE_TEST(store_identity, is_read_in_any_case)
{
	struct store_sample t;
	pki_identity_row row;
	pki_digest hash = sample_digest(78);

	store_sample_open(&t, kind);
	must(pki_store_get_identity(t.store, "METER-1", &row, t.hold, &t.err),
	    &t);
	cr_expect_eq(row.id, t.identity_id);
	cr_expect_str_eq(row.name, "meter-1");
	cr_expect_eq(row.created_at, 1000);
	cr_expect(pki_digest_equal(&row.row_hash, &hash));
	expect_code(pki_store_get_identity(t.store, "meter-9", &row, t.hold,
	    &t.err), PKI_NOT_FOUND, &t);
	store_sample_close(&t);
}

STORE_TEST(store_identity, twin_by_case_is_refused_with_its_holder)
{
	static const char *const names[] = { "meter-1", "Meter-1", "METER-1" };
	struct store_sample t;
	size_t i;

	store_sample_open(&t, kind);
	store_begin(&t);
	for (i = 0; i < PKI_COUNT(names); i++) {
		pki_identity_row row = sample_identity(names[i]);

		expect_code(pki_store_claim_identity(t.store, &row, &t.err),
		    PKI_EXISTS, &t);
		cr_expect_eq(row.id, t.identity_id);
		cr_expect_not_null(strstr(t.err.msg, "'meter-1'"));
	}
	store_commit(&t);
	store_sample_close(&t);
}

static void
set_state(struct store_sample *t, int64_t id, int state, pki_code want)
{
	pki_identity_row row = sample_identity("meter-1");

	row.id = id;
	row.state = state;
	store_begin(t);
	expect_code(pki_store_update_identity(t->store, &row, &t->err), want,
	    t);
	store_commit(t);
}

STORE_TEST(store_identity, name_is_free_again_when_retired)
{
	struct store_sample t;
	pki_identity_row row;
	int64_t second;

	store_sample_open(&t, kind);
	set_state(&t, t.identity_id, PKI_IDENTITY_HELD, PKI_OK);
	store_begin(&t);
	row = sample_identity("meter-1");
	expect_code(pki_store_claim_identity(t.store, &row, &t.err),
	    PKI_EXISTS, &t);
	pki_store_rollback(t.store);

	set_state(&t, t.identity_id, PKI_IDENTITY_RETIRED, PKI_OK);
	must(pki_store_get_identity(t.store, "meter-1", &row, t.hold, &t.err),
	    &t);
	cr_expect_eq(row.state, PKI_IDENTITY_RETIRED);
	second = add_identity(&t, "METER-1");
	cr_expect_neq(second, t.identity_id);
	must(pki_store_get_identity(t.store, "meter-1", &row, t.hold, &t.err),
	    &t);
	cr_expect_eq(row.id, second);
	/* Who comes back finds the name taken. */
	set_state(&t, t.identity_id, PKI_IDENTITY_LIVE, PKI_EXISTS);
	set_state(&t, 99, PKI_IDENTITY_LIVE, PKI_NOT_FOUND);
	store_sample_close(&t);
}

STORE_TEST(store_identity, refuses_an_unknown_state)
{
	struct store_sample t;
	pki_identity_row row = sample_identity("meter-2");

	store_sample_open(&t, kind);
	store_begin(&t);
	row.state = 4;
	expect_code(pki_store_claim_identity(t.store, &row, &t.err), PKI_USAGE,
	    &t);
	store_sample_close(&t);
}

static pki_code
count_identity(const pki_identity_row *row, void *arg, pki_err *err)
{
	(void)err;
	cr_expect_eq(row->id, *(int *)arg + 1);
	++*(int *)arg;
	return PKI_OK;
}

static pki_code
count_pubkey(const pki_pubkey_row *row, void *arg, pki_err *err)
{
	(void)err;
	cr_expect_eq(row->id, *(int *)arg + 1);
	++*(int *)arg;
	return PKI_OK;
}

STORE_TEST(store_identity, walk_pages_over_many)
{
	struct store_sample t;
	int identities = 0, pubkeys = 0;
	char name[20];

	store_sample_open(&t, kind);
	store_begin(&t);
	for (int i = 2; i <= 501; i++) {
		pki_identity_row row;
		pki_pubkey_row key;

		snprintf(name, sizeof(name), "meter-%d", i);
		row = sample_identity(name);
		must(pki_store_claim_identity(t.store, &row, &t.err), &t);
		key = sample_pubkey(i, row.id);
		must(pki_store_claim_pubkey(t.store, &key, &t.err), &t);
	}
	store_commit(&t);
	must(pki_store_each_identity(t.store, 0, count_identity, &identities,
	    &t.err), &t);
	must(pki_store_each_pubkey(t.store, count_pubkey, &pubkeys, &t.err),
	    &t);
	cr_expect_eq(identities, 501);
	cr_expect_eq(pubkeys, 501);
	store_sample_close(&t);
}

STORE_TEST(store_pubkey, is_this_identitys_again)
{
	struct store_sample t;
	pki_digest stored = sample_digest(79);
	pki_pubkey_row row;

	store_sample_open(&t, kind);
	row = sample_pubkey(1, t.identity_id);
	row.row_hash = sample_digest(4);
	store_begin(&t);
	must(pki_store_claim_pubkey(t.store, &row, &t.err), &t);
	store_commit(&t);
	cr_expect_eq(row.id, t.pubkey_id);
	cr_expect(pki_digest_equal(&row.row_hash, &stored));
	store_sample_close(&t);
}

STORE_TEST(store_pubkey, of_another_identity_is_refused)
{
	struct store_sample t;
	pki_pubkey_row row;

	store_sample_open(&t, kind);
	row = sample_pubkey(1, add_identity(&t, "meter-2"));
	store_begin(&t);
	expect_code(pki_store_claim_pubkey(t.store, &row, &t.err), PKI_EXISTS,
	    &t);
	row = sample_pubkey(2, 99);
	expect_code(pki_store_claim_pubkey(t.store, &row, &t.err),
	    PKI_NOT_FOUND, &t);
	row = sample_pubkey(2, 0);
	expect_code(pki_store_claim_pubkey(t.store, &row, &t.err), PKI_USAGE,
	    &t);
	store_commit(&t);
	store_sample_close(&t);
}

STORE_TEST(store_pubkey, that_differs_in_its_tail_only_is_another)
{
	struct store_sample t;
	pki_pubkey_row row;

	store_sample_open(&t, kind);
	row = sample_pubkey(1, add_identity(&t, "meter-2"));
	row.digest.octets[31] ^= 1;
	store_begin(&t);
	must(pki_store_claim_pubkey(t.store, &row, &t.err), &t);
	store_commit(&t);
	cr_expect_neq(row.id, t.pubkey_id);
	store_sample_close(&t);
}

STORE_TEST(store_pubkey, blocked_before_anybody_had_it_is_refused)
{
	struct store_sample t;
	pki_pubkey_row row = sample_pubkey(2, 0), got;

	store_sample_open(&t, kind);
	row.blocked_at = 500;
	store_begin(&t);
	must(pki_store_block_pubkey(t.store, &row, &t.err), &t);
	store_commit(&t);
	must(pki_store_get_pubkey(t.store, &row.digest, &got, &t.err), &t);
	cr_expect_eq(got.identity_id, 0);
	cr_expect_eq(got.blocked_at, 500);
	store_begin(&t);
	row = sample_pubkey(2, t.identity_id);
	expect_code(pki_store_claim_pubkey(t.store, &row, &t.err), PKI_DENIED,
	    &t);
	cr_expect_str_eq(t.err.rule, "key-blocked");
	store_commit(&t);
	store_sample_close(&t);
}

STORE_TEST(store_pubkey, blocked_while_in_use_is_refused_to_its_owner)
{
	struct store_sample t;
	pki_pubkey_row row, got;

	store_sample_open(&t, kind);
	row = sample_pubkey(1, t.identity_id);
	store_begin(&t);
	expect_code(pki_store_block_pubkey(t.store, &row, &t.err), PKI_USAGE,
	    &t);
	row.blocked_at = 500;
	row.row_hash = sample_digest(81);
	must(pki_store_block_pubkey(t.store, &row, &t.err), &t);
	cr_expect_eq(row.id, t.pubkey_id);
	row.blocked_at = 0;
	expect_code(pki_store_claim_pubkey(t.store, &row, &t.err), PKI_DENIED,
	    &t);
	store_commit(&t);
	must(pki_store_get_pubkey(t.store, &row.digest, &got, &t.err), &t);
	cr_expect_eq(got.identity_id, t.identity_id);
	cr_expect_eq(got.blocked_at, 500);
	cr_expect(pki_digest_equal(&got.row_hash, &row.row_hash));
	store_sample_close(&t);
}

STORE_TEST(store_pubkey, is_not_found_when_nobody_had_it)
{
	struct store_sample t;
	pki_pubkey_row row;
	pki_digest digest = sample_digest(9);

	store_sample_open(&t, kind);
	expect_code(pki_store_get_pubkey(t.store, &digest, &row, &t.err),
	    PKI_NOT_FOUND, &t);
	store_sample_close(&t);
}
