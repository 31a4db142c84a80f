/* Transactions, CAs, profiles, CRLs and the audit log, over both backends. */
#include "store-sample.h"

#include <string.h>

TestSuite(store_open, .timeout = 30);
TestSuite(store_transaction, .timeout = 30);
TestSuite(store_ca, .timeout = 30);
TestSuite(store_profile, .timeout = 30);
TestSuite(store_crl, .timeout = 30);
TestSuite(store_audit, .timeout = 30);

Test(store_open, refuses_an_unknown_kind)
{
	pki_store *store = NULL;
	pki_err err;

	cr_expect_eq(pki_store_create("mysql:x", &store, &err), PKI_USAGE);
	cr_expect_eq(pki_store_open("sqlite", &store, &err), PKI_USAGE);
	cr_expect_not_null(strstr(err.msg, "'sqlite'"), "%s", err.msg);
	cr_expect_null(store);
}

Test(store_open, finds_nothing_in_memory)
{
	pki_store *store = NULL;
	pki_err err;

	cr_expect_eq(pki_store_open("memory:", &store, &err), PKI_NOT_FOUND);
	cr_expect_eq(pki_store_create("memory:x", &store, &err), PKI_USAGE);
}

STORE_TEST(store_transaction, is_needed_for_every_write)
{
	struct store_sample t;
	pki_ca_row ca = sample_ca("other");
	pki_profile_row profile = sample_profile(2);
	pki_identity_row identity = sample_identity("meter-2");
	pki_pubkey_row pubkey = sample_pubkey(2, 1), blocked = pubkey;
	pki_crl_row crl = { .ca_id = 1, .number = 1 };
	pki_audit_row audit = { .line = "{}" };
	pki_audit_tree tree = { .size = 1, .count = 1 };
	pki_cert_row cert;

	store_sample_open(&t, kind);
	cert = sample_cert(&t, 1);
	blocked.blocked_at = 5;
	expect_code(pki_store_put_ca(t.store, &ca, &t.err), PKI_USAGE, &t);
	cr_expect_not_null(strstr(t.err.msg, "outside a transaction"));
	expect_code(pki_store_put_profile(t.store, &profile, &t.err),
	    PKI_USAGE, &t);
	expect_code(pki_store_claim_identity(t.store, &identity, &t.err),
	    PKI_USAGE, &t);
	expect_code(pki_store_update_identity(t.store, &identity, &t.err),
	    PKI_USAGE, &t);
	expect_code(pki_store_claim_pubkey(t.store, &pubkey, &t.err),
	    PKI_USAGE, &t);
	expect_code(pki_store_block_pubkey(t.store, &blocked, &t.err),
	    PKI_USAGE, &t);
	expect_code(pki_store_put_cert(t.store, &cert, &t.err), PKI_USAGE, &t);
	expect_code(pki_store_update_cert_status(t.store, &cert, &t.err),
	    PKI_USAGE, &t);
	expect_code(pki_store_put_crl(t.store, &crl, &t.err), PKI_USAGE, &t);
	expect_code(pki_store_put_audit(t.store, &audit, &tree, &t.err),
	    PKI_USAGE, &t);
	expect_code(pki_store_commit(t.store, &t.err), PKI_USAGE, &t);
	pki_store_rollback(t.store);
	store_sample_close(&t);
}

STORE_TEST(store_transaction, does_not_nest)
{
	struct store_sample t;

	store_sample_open(&t, kind);
	store_begin(&t);
	expect_code(pki_store_begin(t.store, &t.err), PKI_USAGE, &t);
	store_commit(&t);
	store_sample_close(&t);
}

static pki_code
count_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)err;
	++*(int *)arg;
	return PKI_OK;
}

/* One write of each sort. */
static void
write_all(struct store_sample *t)
{
	pki_ca_row ca = sample_ca("other");
	pki_profile_row profile = sample_profile(2);
	pki_identity_row second = sample_identity("meter-2");
	pki_identity_row first = sample_identity("meter-1");
	pki_pubkey_row own = sample_pubkey(1, t->identity_id);
	pki_cert_row cert = sample_cert(t, 2), old = { .id = 1, .status = 1 };
	pki_crl_row crl = { .ca_id = t->ca_id, .number = 8 };
	pki_audit_row audit = { .line = "{\"a\":1}" };
	pki_audit_tree tree = { .size = 1, .count = 1 };

	first.id = t->identity_id;
	first.state = PKI_IDENTITY_RETIRED;
	own.blocked_at = 7;
	must(pki_store_put_ca(t->store, &ca, &t->err), t);
	must(pki_store_put_profile(t->store, &profile, &t->err), t);
	must(pki_store_claim_identity(t->store, &second, &t->err), t);
	must(pki_store_update_identity(t->store, &first, &t->err), t);
	must(pki_store_block_pubkey(t->store, &own, &t->err), t);
	must(pki_store_put_cert(t->store, &cert, &t->err), t);
	must(pki_store_update_cert_status(t->store, &old, &t->err), t);
	must(pki_store_put_crl(t->store, &crl, &t->err), t);
	must(pki_store_put_audit(t->store, &audit, &tree, &t->err), t);
}

static void
expect_nothing_written(struct store_sample *t)
{
	pki_ca_row ca;
	pki_identity_row identity;
	pki_pubkey_row pubkey;
	pki_cert_row cert;
	pki_audit_tree tree;
	pki_digest digest = sample_digest(1);
	pki_serial serial = sample_serial(1);
	int64_t number = -1;
	int count = 0;

	expect_code(pki_store_get_ca(t->store, "other", &ca, t->hold, &t->err),
	    PKI_NOT_FOUND, t);
	expect_code(pki_store_get_identity(t->store, "meter-2", &identity,
	    t->hold, &t->err), PKI_NOT_FOUND, t);
	must(pki_store_get_identity(t->store, "meter-1", &identity, t->hold,
	    &t->err), t);
	cr_expect_eq(identity.state, PKI_IDENTITY_LIVE);
	must(pki_store_get_pubkey(t->store, &digest, &pubkey, &t->err), t);
	cr_expect_eq(pubkey.blocked_at, 0);
	must(pki_store_get_cert(t->store, t->ca_id, &serial, &cert, t->hold,
	    &t->err), t);
	cr_expect_eq(cert.status, PKI_CERT_GOOD);
	must(pki_store_each_cert(t->store, NULL, count_row, &count, &t->err),
	    t);
	cr_expect_eq(count, 1);
	must(pki_store_last_crl_number(t->store, t->ca_id, &number, &t->err),
	    t);
	cr_expect_eq(number, 0);
	must(pki_store_get_audit_tree(t->store, &tree, &t->err), t);
	cr_expect_eq(tree.size, 0);
	cr_expect_eq(tree.count, 0);
	must(pki_store_check(t->store, &t->err), t);
}

STORE_TEST(store_transaction, leaves_nothing_when_rolled_back)
{
	struct store_sample t;

	store_sample_open(&t, kind);
	add_cert(&t, sample_cert(&t, 1));
	store_begin(&t);
	write_all(&t);
	pki_store_rollback(t.store);
	expect_nothing_written(&t);
	store_begin(&t);
	write_all(&t);
	store_commit(&t);
	store_sample_close(&t);
}

STORE_TEST(store_transaction, stays_usable_after_a_refusal)
{
	struct store_sample t;
	pki_identity_row twin = sample_identity("METER-1");
	pki_identity_row other = sample_identity("meter-2");

	store_sample_open(&t, kind);
	store_begin(&t);
	expect_code(pki_store_claim_identity(t.store, &twin, &t.err),
	    PKI_EXISTS, &t);
	must(pki_store_claim_identity(t.store, &other, &t.err), &t);
	store_commit(&t);
	must(pki_store_get_identity(t.store, "meter-2", &other, t.hold,
	    &t.err), &t);
	store_sample_close(&t);
}

Test(store_transaction, cannot_be_committed_after_a_failed_write)
{
	struct store_sample t;
	pki_identity_row row = sample_identity("meter-2");
	pki_identity_row other = sample_identity("meter-3");

	store_sample_open(&t, STORE_MEMORY);
	store_begin(&t);
	must(pki_store_claim_identity(t.store, &row, &t.err), &t);
	pki_store_memory_fail_at(t.store, 1);
	expect_code(pki_store_claim_identity(t.store, &other, &t.err),
	    PKI_STORE, &t);
	expect_code(pki_store_claim_identity(t.store, &other, &t.err),
	    PKI_STORE, &t);
	expect_code(pki_store_commit(t.store, &t.err), PKI_STORE, &t);
	expect_code(pki_store_get_identity(t.store, "meter-2", &row, t.hold,
	    &t.err), PKI_NOT_FOUND, &t);
	store_sample_close(&t);
}

Test(store_transaction, is_rolled_back_when_its_commit_fails)
{
	struct store_sample t;
	pki_identity_row row = sample_identity("meter-2");

	store_sample_open(&t, STORE_MEMORY);
	store_begin(&t);
	must(pki_store_claim_identity(t.store, &row, &t.err), &t);
	pki_store_memory_fail_at(t.store, 1);
	expect_code(pki_store_commit(t.store, &t.err), PKI_STORE, &t);
	expect_code(pki_store_get_identity(t.store, "meter-2", &row, t.hold,
	    &t.err), PKI_NOT_FOUND, &t);
	store_begin(&t);
	store_commit(&t);
	store_sample_close(&t);
}

Test(store_transaction, fails_at_the_call_that_a_test_names)
{
	struct store_sample t;
	int64_t number;

	store_sample_open(&t, STORE_MEMORY);
	pki_store_memory_fail_at(t.store, 3);
	store_begin(&t);
	must(pki_store_last_crl_number(t.store, 1, &number, &t.err), &t);
	expect_code(pki_store_last_crl_number(t.store, 1, &number, &t.err),
	    PKI_STORE, &t);
	must(pki_store_last_crl_number(t.store, 1, &number, &t.err), &t);
	store_sample_close(&t);
}

STORE_TEST(store_ca, is_read_as_it_was_written)
{
	struct store_sample t;
	pki_ca_row want = sample_ca("issuing"), got;

	store_sample_open(&t, kind);
	must(pki_store_get_ca(t.store, "issuing", &got, t.hold, &t.err), &t);
	cr_expect_eq(got.id, t.ca_id);
	cr_expect_str_eq(got.name, want.name);
	cr_expect_str_eq(got.parent, want.parent);
	cr_expect(pki_bytes_equal(got.der, want.der));
	cr_expect_str_eq(got.key_ref, want.key_ref);
	cr_expect_eq(got.crl_form, want.crl_form);
	cr_expect_eq(got.partition_size, want.partition_size);
	cr_expect_str_eq(got.base_url, want.base_url);
	cr_expect_eq(got.created_at, want.created_at);
	cr_expect(pki_digest_equal(&got.row_hash, &want.row_hash));
	store_sample_close(&t);
}

STORE_TEST(store_ca, name_is_taken_once)
{
	struct store_sample t;
	pki_ca_row row = sample_ca("issuing");

	store_sample_open(&t, kind);
	store_begin(&t);
	expect_code(pki_store_put_ca(t.store, &row, &t.err), PKI_EXISTS, &t);
	store_commit(&t);
	expect_code(pki_store_get_ca(t.store, "none", &row, t.hold, &t.err),
	    PKI_NOT_FOUND, &t);
	store_sample_close(&t);
}

static pki_code
append_name(const pki_ca_row *row, void *arg, pki_err *err)
{
	(void)err;
	pki_buf_add_format(arg, "%s ", row->name);
	return PKI_OK;
}

static pki_code
end_walk(const pki_ca_row *row, void *arg, pki_err *err)
{
	++*(int *)arg;
	return pki_fail(err, PKI_PENDING, "enough of '%s'", row->name);
}

STORE_TEST(store_ca, walk_visits_all_until_told_to_end)
{
	struct store_sample t;
	pki_ca_row row = sample_ca("another");
	PKI_AUTO(pki_buf) names = pki_buf_new();
	int count = 0;

	store_sample_open(&t, kind);
	store_begin(&t);
	must(pki_store_put_ca(t.store, &row, &t.err), &t);
	store_commit(&t);
	must(pki_store_each_ca(t.store, append_name, names, &t.err), &t);
	cr_expect_str_eq(pki_buf_text(names), "issuing another ");
	expect_code(pki_store_each_ca(t.store, end_walk, &count, &t.err),
	    PKI_PENDING, &t);
	cr_expect_eq(count, 1);
	store_sample_close(&t);
}

STORE_TEST(store_ca, refuses_a_row_with_a_flaw)
{
	struct store_sample t;
	pki_ca_row rows[] = {
		sample_ca(""), sample_ca("a\x01"), sample_ca(NULL),
		sample_ca("b"), sample_ca("c"), sample_ca("d"),
		sample_ca("e"), sample_ca("f"), sample_ca("g"), sample_ca("h"),
		sample_ca("i/j"), sample_ca("token"), sample_ca("l"),
	};
	size_t i;

	rows[12].key_ref = "file:keys/token.key";
	rows[3].crl_form = 2;
	rows[4].der = pki_bytes_of(NULL, 0);
	rows[5].base_url = NULL;
	rows[6].partition_size = 0;
	rows[7].parent = "..";
	rows[8].key_ref = "file:/etc/shadow";
	rows[9].key_ref = "file:keys/../root.key";
	store_sample_open(&t, kind);
	store_begin(&t);
	for (i = 0; i < PKI_COUNT(rows); i++)
		expect_code(pki_store_put_ca(t.store, &rows[i], &t.err),
		    PKI_USAGE, &t);
	store_commit(&t);
	store_sample_close(&t);
}

STORE_TEST(store_profile, is_found_by_its_digest)
{
	struct store_sample t;
	pki_profile_row same = sample_profile(1), other = sample_profile(2);

	store_sample_open(&t, kind);
	store_begin(&t);
	must(pki_store_put_profile(t.store, &same, &t.err), &t);
	must(pki_store_put_profile(t.store, &other, &t.err), &t);
	store_commit(&t);
	cr_expect_eq(same.id, t.profile_id);
	cr_expect_neq(other.id, t.profile_id);
	store_sample_close(&t);
}

STORE_TEST(store_crl, number_is_taken_once)
{
	struct store_sample t;
	pki_crl_row row = { .ca_id = 1, .number = 4, .scope = -1 };

	store_sample_open(&t, kind);
	row.ca_id = t.ca_id;
	store_begin(&t);
	must(pki_store_put_crl(t.store, &row, &t.err), &t);
	row.scope = 2;
	expect_code(pki_store_put_crl(t.store, &row, &t.err), PKI_EXISTS, &t);
	row.number = 0;
	expect_code(pki_store_put_crl(t.store, &row, &t.err), PKI_USAGE, &t);
	row.number = 5;
	row.ca_id = 99;
	expect_code(pki_store_put_crl(t.store, &row, &t.err), PKI_NOT_FOUND,
	    &t);
	store_commit(&t);
	store_sample_close(&t);
}

STORE_TEST(store_crl, newest_is_found_by_scope)
{
	static const struct { int64_t number, scope; } rows[] = {
		{ 1, -1 }, { 2, 0 }, { 3, -1 }, { 4, 1 },
	};
	struct store_sample t;
	pki_crl_row crl = { .entries = 3, .this_update = 10,
	    .next_update = 20, .digest = sample_digest(5) };
	int64_t last = -1;
	size_t i;

	store_sample_open(&t, kind);
	crl.ca_id = t.ca_id;
	store_begin(&t);
	for (i = 0; i < PKI_COUNT(rows); i++) {
		crl.number = rows[i].number;
		crl.scope = rows[i].scope;
		must(pki_store_put_crl(t.store, &crl, &t.err), &t);
	}
	store_commit(&t);
	must(pki_store_get_crl(t.store, t.ca_id, -1, &crl, &t.err), &t);
	cr_expect_eq(crl.number, 3);
	cr_expect_eq(crl.entries, 3);
	cr_expect_eq(crl.next_update, 20);
	must(pki_store_get_crl(t.store, t.ca_id, 0, &crl, &t.err), &t);
	cr_expect_eq(crl.number, 2);
	expect_code(pki_store_get_crl(t.store, t.ca_id, 7, &crl, &t.err),
	    PKI_NOT_FOUND, &t);
	must(pki_store_last_crl_number(t.store, t.ca_id, &last, &t.err), &t);
	cr_expect_eq(last, 4);
	must(pki_store_last_crl_number(t.store, 99, &last, &t.err), &t);
	cr_expect_eq(last, 0);
	store_sample_close(&t);
}

static pki_code
put_audit(struct store_sample *t, int64_t seq, int64_t size)
{
	pki_audit_row row = { .seq = seq, .at = 9,
	    .line = "{\"caf\xc3\xa9\":1}",
	    .leaf = sample_digest((int)seq) };
	pki_audit_tree tree = { .size = size,
	    .count = pki_row_subtrees(size) };
	size_t i;

	for (i = 0; i < tree.count; i++)
		tree.frontier[i] = sample_digest((int)(size + 1000 * (int)i));
	return pki_store_put_audit(t->store, &row, &tree, &t->err);
}

STORE_TEST(store_audit, grows_without_a_gap)
{
	struct store_sample t;
	pki_audit_tree tree;
	pki_digest want = sample_digest(1007);

	store_sample_open(&t, kind);
	store_begin(&t);
	expect_code(put_audit(&t, 1, 2), PKI_EXISTS, &t);
	must(put_audit(&t, 0, 1), &t);
	expect_code(put_audit(&t, 0, 1), PKI_EXISTS, &t);
	expect_code(put_audit(&t, 1, 3), PKI_EXISTS, &t);
	expect_code(put_audit(&t, 2, 3), PKI_EXISTS, &t);
	expect_code(put_audit(&t, -1, 0), PKI_USAGE, &t);
	for (int i = 1; i < 7; i++)
		must(put_audit(&t, i, i + 1), &t);
	store_commit(&t);
	must(pki_store_get_audit_tree(t.store, &tree, &t.err), &t);
	cr_expect_eq(tree.size, 7);
	cr_expect_eq(tree.count, 3);
	cr_expect(pki_digest_equal(&tree.frontier[1], &want));
	must(pki_store_check(t.store, &t.err), &t);
	store_sample_close(&t);
}

static pki_code
expect_seq(const pki_audit_row *row, void *arg, pki_err *err)
{
	int64_t *next = arg;

	(void)err;
	cr_expect_eq(row->seq, *next);
	cr_expect_str_eq(row->line, "{\"caf\xc3\xa9\":1}");
	++*next;
	return PKI_OK;
}

STORE_TEST(store_audit, is_walked_from_any_row)
{
	struct store_sample t;
	int64_t next = 0;

	store_sample_open(&t, kind);
	store_begin(&t);
	for (int i = 0; i < 1001; i++)
		must(put_audit(&t, i, i + 1), &t);
	store_commit(&t);
	must(pki_store_each_audit(t.store, 0, expect_seq, &next, &t.err), &t);
	cr_expect_eq(next, 1001);
	next = 600;
	must(pki_store_each_audit(t.store, 600, expect_seq, &next, &t.err),
	    &t);
	cr_expect_eq(next, 1001);
	expect_code(pki_store_each_audit(t.store, -1, expect_seq, &next,
	    &t.err), PKI_USAGE, &t);
	store_sample_close(&t);
}

STORE_TEST(store_audit, line_is_one_line_of_utf8)
{
	static const char *const lines[] = {
		"", "a\nb", "\x7f", "\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", NULL,
	};
	struct store_sample t;
	pki_audit_tree tree = { .size = 1, .count = 1 };
	size_t i;

	store_sample_open(&t, kind);
	store_begin(&t);
	for (i = 0; i < PKI_COUNT(lines); i++) {
		pki_audit_row row = { .line = lines[i] };

		expect_code(pki_store_put_audit(t.store, &row, &tree, &t.err),
		    PKI_USAGE, &t);
	}
	store_sample_close(&t);
}
