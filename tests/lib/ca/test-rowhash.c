#include "ca/rowhash.h"

#include <string.h>

#include "ca/find.h"
#include "ca/issue.h"
#include "ca/status.h"
#include "tests/lib/ca/ca-sample.h"

static struct test_ca t;
static pki_cert *meter;

static void
set_up(void)
{
	fresh_ca(&t);
	meter = issue_meter(&t, "meter-1");
}

static void
tear_down(void)
{
	pki_cert_free(meter);
	drop_ca(&t);
}

TestSuite(row_verify, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_check, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(row_seal, .timeout = 30);

static pki_code
look_at(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)arg;
	(void)err;
	return PKI_OK;
}

#define METER " WHERE id = (SELECT max(id) FROM cert)"

/* One column of the certificate's row, or of what it refers to. */
static const struct damage {
	const char *what, *sql;         /* sql NULL: flip the BLOB */
} damages[] = {
	{ "der", NULL },
	{ "row_hash", NULL },
	{ "status", "UPDATE cert SET status = 2" METER },
	{ "serial", "UPDATE cert SET serial = x'01020304'" METER },
	{ "not_before", "UPDATE cert SET not_before = not_before - 1" METER },
	{ "not_after", "UPDATE cert SET not_after = not_after + 1" METER },
	{ "issued_at", "UPDATE cert SET issued_at = issued_at + 1" METER },
	{ "key_origin", "UPDATE cert SET key_origin = 1" METER },
	{ "crl_partition", "UPDATE cert SET crl_partition = 1" METER },
	{ "revoked_at", "UPDATE cert SET revoked_at = 1" METER },
	{ "reason", "UPDATE cert SET reason = 1" METER },
	{ "invalid_since", "UPDATE cert SET invalid_since = 1" METER },
	{ "ca", "UPDATE cert SET ca_id = 3 - ca_id" METER },
	{ "identity", "UPDATE cert SET identity_id = 1" METER },
	{ "pubkey", "UPDATE cert SET pubkey_id = 1" METER },
	{ "profile", "UPDATE cert SET profile_id = 1" METER },
	{ "identity's name", "UPDATE identity SET name = 'meter-2' WHERE"
	    " name = 'meter-1'" },
	{ "profile's digest", "UPDATE profile SET digest = zeroblob(32) WHERE"
	    " name = 'auditor'" },
};

static void
do_damage(const struct damage *damage)
{
	if (damage->sql != NULL)
		run_sql(&t, damage->sql);
	else
		flip_blob(&t, "cert", damage->what, ask_sql(&t,
		    "SELECT max(id) FROM cert"));
}

Test(row_verify, notices_every_column_of_a_certificate_when_it_is_read)
{
	pki_revocation revocation = revocation_of(meter,
	    PKI_REASON_SUPERSEDED);

	keep_database(&t);
	for (size_t i = 0; i < PKI_COUNT(damages); i++) {
		int64_t rows;

		assert_ok(pki_ca_each_cert(t.ca, NULL, NULL, look_at, NULL,
		    &t.err), &t.err);
		do_damage(&damages[i]);
		cr_expect_eq(pki_ca_each_cert(t.ca, NULL, NULL, look_at, NULL,
		    &t.err), PKI_DAMAGED, "list: %s", damages[i].what);
		cr_expect_eq(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err),
		    PKI_DAMAGED, "check: %s", damages[i].what);
		cr_expect_neq(pki_ca_revoke_check(t.ca, &revocation, NULL,
		    &t.err), PKI_OK, "revoke: %s", damages[i].what);
		restore_database(&t);
	}
}

Test(row_verify, names_the_row)
{
	char serial[PKI_SERIAL_TEXT];

	run_sql(&t, "UPDATE cert SET not_after = not_after + 1" METER);
	assert_refused(pki_ca_each_cert(t.ca, NULL, NULL, look_at, NULL,
	    &t.err), PKI_DAMAGED, &t.err, NULL);
	cr_assert_not_null(strstr(t.err.msg,
	    pki_serial_format(pki_cert_serial(meter), serial)));
}

Test(row_verify, keeps_a_damaged_ca_from_signing)
{
	static const char *const damage[] = {
		"UPDATE ca SET base_url = 'http://evil.test'",
		"UPDATE ca SET crl_form = 1",
		"UPDATE ca SET key_ref = 'file:keys/root.key' WHERE id > 1",
		"UPDATE ca SET partition_size = 1",
	};

	keep_database(&t);
	for (size_t i = 0; i < PKI_COUNT(damage); i++) {
		struct test_request r;

		run_sql(&t, damage[i]);
		restart_ca(&t);
		fresh_request(&r, "auditor", "meter-2");
		cr_expect_null(issue_with(&t, &r.request), "%s", damage[i]);
		cr_expect_eq(t.err.code, PKI_DAMAGED, "%s: %s", damage[i],
		    t.err.msg);
		drop_request(&r);
		restore_database(&t);
	}
}

/* By a wrong state the name would be free, or held for no reason. */
Test(row_verify, believes_no_state_of_a_name_that_was_not_written)
{
	static const char *const damage[] = {
		"UPDATE identity SET state = 2 WHERE name = 'meter-1'",
		"UPDATE identity SET state = 1 WHERE name = 'meter-1'",
		"UPDATE identity SET created_at = 1 WHERE name = 'meter-1'",
	};
	static const pki_issue_purpose purposes[] = {
		PKI_ISSUE_FIRST, PKI_ISSUE_RENEW, PKI_ISSUE_REPLACE,
	};
	size_t k;

	keep_database(&t);
	for (size_t i = 0; i < PKI_COUNT(damage); i++) {
		run_sql(&t, damage[i]);
		restart_ca(&t);
		for (k = 0; k < PKI_COUNT(purposes); k++) {
			PKI_AUTO(pki_issue_plan) plan = NULL;
			struct test_request r;

			fresh_request(&r, "auditor", "meter-1");
			r.request.purpose = purposes[k];
			cr_expect_eq(pki_ca_issue_check(t.ca, &r.request,
			    &plan, &t.err), PKI_DAMAGED, "%zu, %zu: %s", i, k,
			    t.err.msg);
			drop_request(&r);
		}
		restore_database(&t);
	}
}

Test(row_verify, keeps_a_blocked_key_blocked)
{
	struct test_request r;

	fresh_request(&r, "auditor", "meter-2");
	pki_cert_free(PKI_TAKE(meter));
	meter = issue_with(&t, &r.request);
	revoke_cert(&t, meter, PKI_REASON_KEY_COMPROMISE);
	run_sql(&t, "UPDATE pubkey SET blocked_at = 0");
	r.request.purpose = PKI_ISSUE_REPLACE;
	cr_assert_null(issue_with(&t, &r.request));
	cr_assert_eq(t.err.code, PKI_DAMAGED, "%s", t.err.msg);
	drop_request(&r);
}

Test(ca_check, counts_the_rows_that_it_looked_at)
{
	int64_t rows = 0;

	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
	/* Two CAs, and three of each: names, keys, certificates. */
	cr_assert_eq(rows, 11);
}

Test(ca_check, looks_at_every_kind_of_row)
{
	static const char *const damage[] = {
		"UPDATE ca SET created_at = created_at + 1",
		"UPDATE identity SET created_at = created_at + 1",
		"UPDATE identity SET state = 1 WHERE name = 'meter-1'",
		"UPDATE pubkey SET blocked_at = 5",
		"UPDATE pubkey SET identity_id = 1",
	};

	keep_database(&t);
	for (size_t i = 0; i < PKI_COUNT(damage); i++) {
		int64_t rows;

		run_sql(&t, damage[i]);
		restart_ca(&t);
		cr_expect_eq(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err),
		    PKI_DAMAGED, "%s", damage[i]);
		restore_database(&t);
	}
}

/* Fields of text must not flow into each other. */
Test(row_seal, tells_neighbouring_fields_apart)
{
	pki_ca_row a = { .name = "ab", .parent = "c", .key_ref = "k",
		.base_url = "u" };
	pki_ca_row b = { .name = "a", .parent = "bc", .key_ref = "k",
		.base_url = "u" };
	pki_err err;

	assert_ok(pki_row_seal_ca(&a, &err), &err);
	assert_ok(pki_row_seal_ca(&b, &err), &err);
	cr_assert_not(pki_digest_equal(&a.row_hash, &b.row_hash));
	assert_ok(pki_row_verify_ca(&a, &err), &err);
	b.row_hash = a.row_hash;
	assert_refused(pki_row_verify_ca(&b, &err), PKI_DAMAGED, &err, NULL);
}

Test(row_seal, says_the_same_of_the_same_row)
{
	pki_identity_row row = { .id = 1, .name = "meter-1", .created_at = 7 };
	pki_digest first;
	pki_err err;

	assert_ok(pki_row_seal_identity(&row, &err), &err);
	first = row.row_hash;
	/* Row numbers belong to one database: they are not hashed. */
	row.id = 99;
	assert_ok(pki_row_seal_identity(&row, &err), &err);
	cr_assert(pki_digest_equal(&first, &row.row_hash));
	row.state = PKI_IDENTITY_HELD;
	assert_refused(pki_row_verify_identity(&row, &err), PKI_DAMAGED, &err,
	    NULL);
}
