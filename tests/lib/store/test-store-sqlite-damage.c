/* A database that was changed by others: a row is input like any other. */
#include "store-sample.h"

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

TestSuite(sqlite_damage, .timeout = 30);

static pki_code
ignore_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)arg;
	(void)err;
	return PKI_OK;
}

static pki_code
ignore_audit(const pki_audit_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)arg;
	(void)err;
	return PKI_OK;
}

static pki_code
ignore_revoked(const pki_revoked_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)arg;
	(void)err;
	return PKI_OK;
}

/* Read everything; the worst code. */
static pki_code
read_all(struct store_sample *t)
{
	pki_digest digest = sample_digest(1);
	pki_identity_row identity;
	int64_t number, issued, last;
	pki_audit_tree tree;
	pki_pubkey_row pubkey;
	pki_crl_row crl;
	pki_ca_row ca;
	pki_code codes[] = {
		pki_store_get_ca(t->store, "issuing", &ca, t->hold, &t->err),
		pki_store_get_identity(t->store, "meter-1", &identity, t->hold,
		    &t->err),
		pki_store_get_pubkey(t->store, &digest, &pubkey, &t->err),
		pki_store_get_crl(t->store, 1, -1, &crl, &t->err),
		pki_store_each_cert(t->store, NULL, ignore_cert, NULL,
		    &t->err),
		pki_store_each_revoked(t->store, 1, -1, 0, ignore_revoked,
		    NULL, &t->err),
		pki_store_each_audit(t->store, 0, ignore_audit, NULL, &t->err),
		pki_store_get_audit_tree(t->store, &tree, &t->err),
		pki_store_last_crl_number(t->store, 1, &number, &t->err),
		pki_store_count_certs(t->store, 1, &issued, &t->err),
		pki_store_last_partition(t->store, 1, &last, &t->err),
	};
	size_t i;

	for (i = 0; i < PKI_COUNT(codes); i++)
		if (codes[i] != PKI_OK)
			return codes[i];
	return PKI_OK;
}

static void
fill_sample(struct store_sample *t)
{
	pki_cert_row cert;
	pki_crl_row crl = { .number = 1, .scope = -1 };
	pki_audit_row audit = { .line = "{}" };
	pki_audit_tree tree = { .size = 1, .count = 1 };

	store_sample_open(t, STORE_SQLITE);
	crl.ca_id = t->ca_id;
	cert = sample_cert(t, 1);
	cert.status = PKI_CERT_REVOKED;
	store_begin(t);
	must(pki_store_put_cert(t->store, &cert, &t->err), t);
	cert = sample_cert(t, 2);
	must(pki_store_put_cert(t->store, &cert, &t->err), t);
	must(pki_store_put_crl(t->store, &crl, &t->err), t);
	must(pki_store_put_audit(t->store, &audit, &tree, &t->err), t);
	store_commit(t);
}

static const char *const column_damages[] = {
	"UPDATE ca SET row_hash = x'00'",
	"UPDATE ca SET name = 'issuing' || char(10)"
	" WHERE 0; UPDATE ca SET parent = char(10)",
	"UPDATE ca SET crl_form = 1 << 40",
	"UPDATE ca SET partition_size = 0",
	"UPDATE ca SET parent = '../../x'",
	"UPDATE ca SET key_ref = 'file:../root.key'",
	"UPDATE ca SET created_at = 1 << 62",
	"UPDATE cert SET not_after = 9223372036854775807",
	"UPDATE cert SET crl_partition = 1 << 62",
	"UPDATE crl SET number = 9223372036854775807",
	"UPDATE ca_count SET issued = -1",
	"UPDATE audit SET at = -9223372036854775808",
	"UPDATE audit_tree SET size = 9223372036854775807,"
	" frontier = zeroblob(63 * 32)",
	"UPDATE ca SET der = x''",
	"UPDATE ca SET base_url = 'http://a' || char(0) || 'b'",
	"UPDATE identity SET row_hash = x''",
	"UPDATE identity SET state = 9",
	"UPDATE pubkey SET digest_tail = x'00' WHERE 0;"
	"UPDATE pubkey SET row_hash = zeroblob(33)",
	"UPDATE pubkey SET blocked_at = -5",
	"UPDATE pubkey SET digest_tail = x'00'",
	"UPDATE crl SET digest = zeroblob(31)",
	"UPDATE crl SET scope = -1, entries = -1",
	"UPDATE cert SET serial = x'80' WHERE id = 1",
	"UPDATE cert SET serial = x'0001' WHERE id = 1",
	"UPDATE cert SET der = x''",
	"UPDATE cert SET status = 7",
	"UPDATE cert SET reason = 99",
	"UPDATE cert SET row_hash = zeroblob(1000)",
	"PRAGMA foreign_keys = OFF; UPDATE cert SET pubkey_id = 77",
	"UPDATE profile SET digest = x'11'",
	"UPDATE profile SET name = CAST(x'610062' AS TEXT)",
	"UPDATE audit_tree SET size = 3",
	"UPDATE audit_tree SET size = -1",
	"UPDATE audit_tree SET frontier = x'00'",
	"DELETE FROM audit_tree",
	"UPDATE audit SET leaf = x'00'",
	"UPDATE audit SET line = CAST(x'c328' AS TEXT)",
};

Test(sqlite_damage, in_any_column_is_told)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(column_damages); i++) {
		struct store_sample t;
		pki_code rc;

		fill_sample(&t);
		cr_expect_eq(read_all(&t), PKI_OK, "%s", t.err.msg);
		cr_expect_eq(tamper(&t, column_damages[i]), SQLITE_OK, "%s",
		    column_damages[i]);
		must(pki_store_open(t.url, &t.store, &t.err), &t);
		rc = read_all(&t);
		/* A digest that was changed is another digest. */
		cr_expect(rc == PKI_DAMAGED || (rc == PKI_NOT_FOUND &&
		    strstr(column_damages[i], "digest_tail") != NULL),
		    "%s gave %s", column_damages[i], pki_code_name(rc));
		store_sample_close(&t);
	}
}

Test(sqlite_damage, of_counts_and_references_is_found_by_the_check)
{
	static const char *const statements[] = {
		"UPDATE ca_count SET issued = 5",
		"DELETE FROM ca_count",
		"PRAGMA foreign_keys = OFF; UPDATE cert SET identity_id = 77",
		"PRAGMA foreign_keys = OFF; UPDATE crl SET ca_id = 77",
		"UPDATE audit_tree SET size = 2",
		"DELETE FROM audit",
		"UPDATE audit SET seq = 4",
		"UPDATE cert SET previous_id = 0 WHERE previous_id != 0",
		"UPDATE cert SET previous_id = id WHERE id = 2",
		"UPDATE cert_newest SET cert_id = cert_id - 1",
		"UPDATE cert_newest SET cert_id = 1000",
		"DELETE FROM cert_newest",
		"UPDATE pubkey SET identity_id = NULL",
	};
	size_t i;

	for (i = 0; i < PKI_COUNT(statements); i++) {
		struct store_sample t;

		fill_sample(&t);
		must(pki_store_check(t.store, &t.err), &t);
		cr_expect_eq(tamper(&t, statements[i]), SQLITE_OK, "%s",
		    statements[i]);
		must(pki_store_open(t.url, &t.store, &t.err), &t);
		cr_expect_eq(pki_store_check(t.store, &t.err), PKI_DAMAGED,
		    "%s", statements[i]);
		store_sample_close(&t);
	}
}

/* What was planted, and the object that the refusal names. */
static const struct planting {
	const char *sql, *says;
} plantings[] = {
	{ "CREATE TRIGGER undo AFTER UPDATE ON cert BEGIN UPDATE cert SET"
	    " status = 0 WHERE id = NEW.id; END", "trigger 'undo'" },
	{ "CREATE VIEW mine AS SELECT * FROM cert", "view 'mine'" },
	{ "CREATE TABLE mine (a)", "table 'mine'" },
	{ "CREATE INDEX mine ON cert (abs(reason))", "index 'mine'" },
	{ "DROP TRIGGER audit_kept", "trigger 'audit_kept' is missing" },
	{ "DROP INDEX cert_revoked", "index 'cert_revoked' is missing" },
	{ "DROP INDEX cert_revoked; CREATE INDEX cert_revoked ON cert (reason)"
	    " WHERE status = 2", "index 'cert_revoked'" },
	{ "DROP TRIGGER cert_kept; CREATE TRIGGER cert_kept BEFORE DELETE ON"
	    " audit BEGIN SELECT 1; END", "trigger 'cert_kept'" },
	{ "ALTER TABLE crl ADD COLUMN mine INT", "table 'crl'" },
	{ "DROP TABLE crl; CREATE VIEW crl AS SELECT 1 AS ca_id, 2 AS number",
	    "view 'crl'" },
	{ "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql ||"
	    " ' --' WHERE name = 'audit_kept'", "trigger 'audit_kept'" },
	{ "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT *"
	    " FROM sqlite_schema WHERE name = 'audit_kept'", "audit_kept" },
	{ "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES"
	    " ('trigger', 'a' || char(10), 'cert', 0, 'CREATE TRIGGER \"a\n\""
	    " AFTER UPDATE ON cert BEGIN SELECT 1; END')", "a\\x0a" },
};

Test(sqlite_damage, of_the_layout_is_told_by_the_name_of_the_object)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(plantings); i++) {
		struct store_sample t;

		fill_sample(&t);
		cr_expect_eq(tamper(&t, plantings[i].sql), SQLITE_OK, "%s",
		    plantings[i].sql);
		cr_expect_eq(pki_store_open(t.url, &t.store, &t.err),
		    PKI_DAMAGED, "%s", plantings[i].sql);
		cr_expect_not_null(strstr(t.err.msg, plantings[i].says),
		    "%s: %s", plantings[i].sql, t.err.msg);
		store_sample_close(&t);
	}
}

Test(sqlite_damage, a_vacuum_is_none)
{
	struct store_sample t;

	fill_sample(&t);
	cr_assert_eq(tamper(&t, "VACUUM"), SQLITE_OK);
	must(pki_store_open(t.url, &t.store, &t.err), &t);
	cr_expect_eq(read_all(&t), PKI_OK, "%s", t.err.msg);
	store_sample_close(&t);
}

Test(sqlite_damage, by_a_trigger_planted_under_an_open_store_does_not_happen)
{
	struct store_sample t;
	pki_cert_row cert, found;

	fill_sample(&t);
	cert = sample_cert(&t, 3);
	store_begin(&t);
	must(pki_store_put_cert(t.store, &cert, &t.err), &t);
	store_commit(&t);
	cr_assert_eq(run_careless(&t, plantings[0].sql, 1), SQLITE_OK);
	cert.status = PKI_CERT_REVOKED;
	store_begin(&t);
	must(pki_store_update_cert_status(t.store, &cert, &t.err), &t);
	store_commit(&t);
	must(pki_store_get_cert(t.store, cert.ca_id, &cert.serial, &found,
	    t.hold, &t.err), &t);
	cr_expect_eq(found.status, PKI_CERT_REVOKED);
	store_sample_close(&t);
}

/* Counts and histories follow what other hands add, by triggers. */
Test(sqlite_damage, by_a_row_from_other_hands_is_none)
{
	struct store_sample t;

	fill_sample(&t);
	cr_assert_eq(run_careless(&t, "INSERT INTO cert SELECT 9, ca_id,"
	    " identity_id, pubkey_id, profile_id, id, x'7f', not_before,"
	    " not_after, issued_at, key_origin, crl_partition, status,"
	    " revoked_at, reason, invalid_since, row_hash, der FROM cert"
	    " WHERE id = 2", 1), SQLITE_OK);
	must(pki_store_check(t.store, &t.err), &t);
	store_sample_close(&t);
}

Test(sqlite_damage, by_careless_sql_is_refused)
{
	static const char *const statements[] = {
		"UPDATE audit SET line = 'x'",
		"DELETE FROM audit",
		"DELETE FROM cert",
		"INSERT INTO audit_tree VALUES (2, 0, x'')",
	};
	struct store_sample t;
	size_t i;

	fill_sample(&t);
	for (i = 0; i < PKI_COUNT(statements); i++)
		cr_expect_eq(run_careless(&t, statements[i], 1),
		    SQLITE_CONSTRAINT,
		    "%s", statements[i]);
	store_sample_close(&t);
}

Test(sqlite_damage, of_a_cut_file_is_told)
{
	static const off_t lengths[] = { 0, 50, 1000, 4096 };
	size_t i;

	for (i = 0; i < PKI_COUNT(lengths); i++) {
		struct store_sample t;
		pki_code rc;

		fill_sample(&t);
		/* By its default, the last to close puts the log back. */
		cr_assert_eq(tamper(&t, "PRAGMA wal_checkpoint(TRUNCATE)"),
		    SQLITE_OK);
		cr_assert_eq(truncate(file_of(&t, "ca.db"), lengths[i]), 0);
		rc = pki_store_open(t.url, &t.store, &t.err);
		if (rc == PKI_OK)
			rc = pki_store_check(t.store, &t.err);
		cr_expect_eq(rc, PKI_DAMAGED, "%ld octets gave %s",
		    (long)lengths[i], pki_code_name(rc));
		store_sample_close(&t);
	}
}
