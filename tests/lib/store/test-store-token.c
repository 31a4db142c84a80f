/* Tokens and their use, and what the registry keeps, over both backends. */
#include "store-sample.h"

#include <string.h>

TestSuite(store_token, .timeout = 30);
TestSuite(store_registry, .timeout = 30);

static pki_token_row
sample_token(const struct store_sample *t, const char *name)
{
	return (pki_token_row){
		.name = name, .identity_id = t->identity_id,
		.profile = "auditor", .created_at = 1000, .expires_at = 2000,
		.row_hash = sample_digest(5),
	};
}

static pki_token_use
sample_use(const struct store_sample *t, const char *token)
{
	return (pki_token_use){
		.token = token, .used_at = 1500, .key = sample_digest(6),
		.ca_id = t->ca_id, .serial = sample_serial(3),
		.identity = "meter-1", .profile = "auditor",
		.row_hash = sample_digest(7),
	};
}

static void
add_token(struct store_sample *t, const char *name)
{
	pki_token_row row = sample_token(t, name);

	store_begin(t);
	must(pki_store_put_token(t->store, &row, &t->err), t);
	store_commit(t);
}

STORE_TEST(store_token, is_read_as_it_was_written)
{
	pki_digest hash = sample_digest(5);
	struct store_sample t;
	pki_token_row row;

	store_sample_open(&t, kind);
	add_token(&t, "abc");
	must(pki_store_get_token(t.store, "abc", &row, t.hold, &t.err), &t);
	cr_expect_str_eq(row.name, "abc");
	cr_expect_str_eq(row.identity, "meter-1");
	cr_expect_str_eq(row.profile, "auditor");
	cr_expect_eq(row.created_at, 1000);
	cr_expect_eq(row.expires_at, 2000);
	cr_expect_eq(row.revoked_at, 0);
	cr_expect_eq(row.use.used_at, 0);
	cr_expect(pki_digest_equal(&row.row_hash, &hash));
	expect_code(pki_store_get_token(t.store, "ABC", &row, t.hold,
	    &t.err), PKI_NOT_FOUND, &t);
	store_begin(&t);
	row = sample_token(&t, "abc");
	expect_code(pki_store_put_token(t.store, &row, &t.err), PKI_EXISTS,
	    &t);
	row = sample_token(&t, "def");
	row.identity_id = 99;
	expect_code(pki_store_put_token(t.store, &row, &t.err), PKI_NOT_FOUND,
	    &t);
	store_sample_close(&t);
}

STORE_TEST(store_token, is_used_once)
{
	pki_token_use first, second;
	struct store_sample t;
	pki_token_row row;

	store_sample_open(&t, kind);
	add_token(&t, "abc");
	first = sample_use(&t, "abc");
	second = sample_use(&t, "abc");
	second.key = sample_digest(8);
	store_begin(&t);
	must(pki_store_use_token(t.store, &first, &t.err), &t);
	expect_code(pki_store_use_token(t.store, &second, &t.err), PKI_EXISTS,
	    &t);
	store_commit(&t);
	must(pki_store_get_token(t.store, "abc", &row, t.hold, &t.err), &t);
	cr_expect_eq(row.use.used_at, 1500);
	cr_expect(pki_digest_equal(&row.use.key, &first.key));
	cr_expect(pki_serial_equal(&row.use.serial, &first.serial));
	cr_expect_eq(row.use.ca_id, t.ca_id);
	cr_expect_str_eq(row.use.ca, "issuing");
	cr_expect(pki_digest_equal(&row.use.row_hash, &first.row_hash));
	store_sample_close(&t);
}

STORE_TEST(store_token, use_that_was_taken_back_never_was)
{
	struct store_sample t;
	pki_token_row row;
	pki_token_use use;

	store_sample_open(&t, kind);
	add_token(&t, "abc");
	use = sample_use(&t, "abc");
	store_begin(&t);
	must(pki_store_mark(t.store, &t.err), &t);
	must(pki_store_use_token(t.store, &use, &t.err), &t);
	must(pki_store_undo(t.store, &t.err), &t);
	must(pki_store_use_token(t.store, &use, &t.err), &t);
	pki_store_rollback(t.store);
	must(pki_store_get_token(t.store, "abc", &row, t.hold, &t.err), &t);
	cr_expect_eq(row.use.used_at, 0);
	cr_expect_str_eq(row.name, "abc");
	store_sample_close(&t);
}

/* What is asked for is asked inside the statement, not before it. */
STORE_TEST(store_token, is_not_used_unless_all_fits)
{
	struct store_sample t;
	pki_token_row row;
	pki_token_use use;

	store_sample_open(&t, kind);
	add_token(&t, "abc");
	store_begin(&t);
#define refuse_use(field, value) do {                                   \
	use = sample_use(&t, "abc");                                    \
	use.field = (value);                                            \
	expect_code(pki_store_use_token(t.store, &use, &t.err),         \
	    PKI_EXISTS, &t);                                            \
} while (0)
	refuse_use(token, "abd");
	refuse_use(identity, "METER-1");
	refuse_use(profile, "server");
	refuse_use(used_at, 2001);
	use = sample_use(&t, "abc");
	use.used_at = 0;
	expect_code(pki_store_use_token(t.store, &use, &t.err), PKI_USAGE,
	    &t);
	must(pki_store_get_token(t.store, "abc", &row, t.hold, &t.err), &t);
	row.revoked_at = 1400;
	must(pki_store_update_token(t.store, &row, &t.err), &t);
	refuse_use(used_at, 1500);
	store_sample_close(&t);
}

static pki_code
add_up(const pki_token_row *row, void *arg, pki_err *err)
{
	(void)err;
	*(int64_t *)arg += row->id;
	return PKI_OK;
}

STORE_TEST(store_token, is_walked_by_device)
{
	struct store_sample t;
	int64_t sum = 0, other;
	pki_token_row row;

	store_sample_open(&t, kind);
	add_token(&t, "a");
	add_token(&t, "b");
	other = add_identity(&t, "meter-2");
	store_begin(&t);
	row = sample_token(&t, "c");
	row.identity_id = other;
	must(pki_store_put_token(t.store, &row, &t.err), &t);
	store_commit(&t);
	must(pki_store_each_token(t.store, NULL, 0, add_up, &sum, &t.err),
	    &t);
	cr_expect_eq(sum, 6);
	sum = 0;
	must(pki_store_each_token(t.store, "METER-1", 1, add_up, &sum,
	    &t.err), &t);
	cr_expect_eq(sum, 2);
	store_sample_close(&t);
}

STORE_TEST(store_registry, row_changes_whole_or_not_at_all)
{
	struct store_sample t;
	pki_identity_row row = sample_identity("meter-2"), read;

	store_sample_open(&t, kind);
	row.state = PKI_IDENTITY_REGISTERED;
	row.profile = "auditor";
	row.groups = "north";
	store_begin(&t);
	must(pki_store_claim_identity(t.store, &row, &t.err), &t);
	store_commit(&t);
	row.groups = "south,pilot";
	row.notes = "moved";
	row.state = PKI_IDENTITY_HELD;
	row.hold = PKI_HOLD_REGISTERED;
	store_begin(&t);
	must(pki_store_update_identity(t.store, &row, &t.err), &t);
	must(pki_store_update_identity(t.store, &row, &t.err), &t);
	pki_store_rollback(t.store);
	must(pki_store_get_identity(t.store, "meter-2", &read, t.hold,
	    &t.err), &t);
	cr_expect_str_eq(read.groups, "north");
	cr_expect_str_eq(read.notes, "");
	store_begin(&t);
	must(pki_store_update_identity(t.store, &row, &t.err), &t);
	store_commit(&t);
	must(pki_store_get_identity(t.store, "meter-2", &read, t.hold,
	    &t.err), &t);
	cr_expect_str_eq(read.groups, "south,pilot");
	cr_expect_str_eq(read.notes, "moved");
	cr_expect_str_eq(read.profile, "auditor");
	cr_expect_eq(read.hold, PKI_HOLD_REGISTERED);
	store_sample_close(&t);
}

STORE_TEST(store_registry, name_becomes_live_once)
{
	struct store_sample t;
	pki_identity_row row = sample_identity("meter-2");

	store_sample_open(&t, kind);
	row.state = PKI_IDENTITY_REGISTERED;
	store_begin(&t);
	must(pki_store_claim_identity(t.store, &row, &t.err), &t);
	row.state = PKI_IDENTITY_LIVE;
	must(pki_store_activate_identity(t.store, &row, &t.err), &t);
	expect_code(pki_store_activate_identity(t.store, &row, &t.err),
	    PKI_EXISTS, &t);
	row.hold = PKI_HOLD_LIVE;
	expect_code(pki_store_update_identity(t.store, &row, &t.err),
	    PKI_USAGE, &t);
	store_sample_close(&t);
}
