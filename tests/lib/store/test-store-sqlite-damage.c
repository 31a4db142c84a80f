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
	must(pki_store_put_crl(t->store, &crl, &t->err), t);
	must(pki_store_put_audit(t->store, &audit, &tree, &t->err), t);
	store_commit(t);
}

Test(sqlite_damage, in_any_column_is_told)
{
	static const char *const statements[] = {
		"UPDATE ca SET row_hash = x'00'",
		"UPDATE ca SET name = 'issuing' || char(10)"
		" WHERE 0; UPDATE ca SET parent = char(10)",
		"UPDATE ca SET crl_form = 1 << 40",
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
		"UPDATE cert SET serial = x'80'",
		"UPDATE cert SET serial = x'0001'",
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
		"DROP TRIGGER audit_unchanged; UPDATE audit SET leaf = x'00'",
		"DROP TRIGGER audit_unchanged;"
		"UPDATE audit SET line = CAST(x'c328' AS TEXT)",
	};
	size_t i;

	for (i = 0; i < PKI_COUNT(statements); i++) {
		struct store_sample t;
		pki_code rc;

		fill_sample(&t);
		cr_expect_eq(read_all(&t), PKI_OK, "%s", t.err.msg);
		cr_expect_eq(tamper(&t, statements[i]), SQLITE_OK, "%s",
		    statements[i]);
		must(pki_store_open(t.url, &t.store, &t.err), &t);
		rc = read_all(&t);
		/* A digest that was changed is another digest. */
		cr_expect(rc == PKI_DAMAGED || (rc == PKI_NOT_FOUND &&
		    strstr(statements[i], "digest_tail") != NULL),
		    "%s gave %s", statements[i], pki_code_name(rc));
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
		"DROP TRIGGER audit_kept; DELETE FROM audit",
		"DROP TRIGGER audit_unchanged; UPDATE audit SET seq = 4",
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
		cr_expect_eq(tamper(&t, statements[i]), SQLITE_CONSTRAINT,
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
