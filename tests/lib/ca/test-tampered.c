/* Who tampers computes the hashes anew; what he cannot sign gives him away. */
#include "ca/status.h"

#include <stdio.h>
#include <string.h>

#include "ca/hold.h"
#include "ca/record.h"
#include "ca/rowhash.h"
#include "tests/lib/ca/ca-sample.h"

static struct test_ca t;

/* meter-1 good, meter-2 superseded, meter-3 lost, meter-4 on hold. */
static void
set_up(void)
{
	pki_cert *meters[4];
	char name[16];

	fresh_ca(&t);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "meter-%d", i + 1);
		meters[i] = issue_meter(&t, name);
	}
	revoke_cert(&t, meters[1], PKI_REASON_SUPERSEDED);
	revoke_cert(&t, meters[2], PKI_REASON_KEY_COMPROMISE);
	assert_ok(pki_ca_hold(t.ca, &(pki_hold){
		.ca = "issuing", .serial = *pki_cert_serial(meters[3]),
		.who = test_requester,
	}, &t.err), &t.err);
	for (int i = 0; i < 4; i++)
		pki_cert_free(meters[i]);
	keep_database(&t);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(tampered, .init = set_up, .fini = tear_down, .timeout = 60);

/* The hash of a row, written as if it had always been that. */
static void
put_hash(const char *table, const char *column, int64_t id,
    const pki_digest *hash)
{
	char sql[256], hex[PKI_DIGEST_TEXT];

	snprintf(sql, sizeof(sql), "UPDATE %s SET %s = x'%s' WHERE %s = %lld",
	    table, column, pki_digest_format(hash, hex),
	    strcmp(table, "audit") == 0 ? "seq" : "id", (long long)id);
	run_sql(&t, sql);
}

static pki_code
seal_ca(const pki_ca_row *row, void *arg, pki_err *err)
{
	pki_ca_row copy = *row;

	(void)arg;
	assert_ok(pki_row_seal_ca(&copy, err), err);
	put_hash("ca", "row_hash", copy.id, &copy.row_hash);
	return PKI_OK;
}

static pki_code
seal_identity(const pki_identity_row *row, void *arg, pki_err *err)
{
	pki_identity_row copy = *row;

	(void)arg;
	assert_ok(pki_row_seal_identity(&copy, err), err);
	put_hash("identity", "row_hash", copy.id, &copy.row_hash);
	return PKI_OK;
}

static pki_code
seal_pubkey(const pki_pubkey_row *row, void *arg, pki_err *err)
{
	pki_pubkey_row copy = *row;

	(void)arg;
	assert_ok(pki_row_seal_pubkey(&copy, err), err);
	put_hash("pubkey", "row_hash", copy.id, &copy.row_hash);
	return PKI_OK;
}

static pki_code
seal_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	pki_cert_row copy = *row;

	(void)arg;
	assert_ok(pki_row_seal_cert(&copy, err), err);
	put_hash("cert", "row_hash", copy.id, &copy.row_hash);
	return PKI_OK;
}

static pki_code
grow_log(const pki_audit_row *row, void *arg, pki_err *err)
{
	pki_audit_tree *tree = arg;
	pki_digest leaf;

	assert_ok(pki_audit_leaf(pki_bytes_text(row->line), &leaf, err), err);
	put_hash("audit", "leaf", row->seq, &leaf);
	assert_ok(pki_audit_tree_add(tree, &leaf, err), err);
	return PKI_OK;
}

/* Every hash of the database computed anew. */
static void
seal_all(void)
{
	char url[PKI_PATH_MAX + 8], sql[8192];
	pki_audit_tree tree = { 0 };
	PKI_AUTO(pki_store) store = NULL;
	int len;

	snprintf(url, sizeof(url), "sqlite:%s", t.state);
	assert_ok(pki_store_open(url, &store, &t.err), &t.err);
	assert_ok(pki_store_each_ca(store, seal_ca, NULL, &t.err), &t.err);
	assert_ok(pki_store_each_identity(store, 0, seal_identity, NULL,
	    &t.err), &t.err);
	assert_ok(pki_store_each_pubkey(store, seal_pubkey, NULL, &t.err),
	    &t.err);
	assert_ok(pki_store_each_cert(store, NULL, seal_cert, NULL, &t.err),
	    &t.err);
	assert_ok(pki_store_each_audit(store, 0, grow_log, &tree, &t.err),
	    &t.err);
	len = snprintf(sql, sizeof(sql), "UPDATE audit_tree SET frontier = x'");
	for (size_t i = 0; i < tree.count; i++) {
		pki_digest_format(&tree.frontier[i], sql + len);
		len += 64;
	}
	snprintf(sql + len, sizeof(sql) - (size_t)len, "'");
	run_sql(&t, sql);
}

#define OF(name) " WHERE identity_id = (SELECT id FROM identity WHERE" \
	" name = '" name "')"
#define KEY_OF(name) " WHERE id = (SELECT pubkey_id FROM cert" OF(name) ")"
#define DER_OF(name) "(SELECT der FROM cert" OF(name) ")"

/* Which check tells, and what of. */
static const struct tampering {
	const char *sql, *check, *verify;       /* verify: NULL when silent */
} tamperings[] = {
	{ "UPDATE identity SET name = 'meter-9' WHERE name = 'meter-1'",
	    "another identity", "they are not the same" },
	{ "UPDATE cert SET identity_id = (SELECT id FROM identity WHERE"
	    " name = 'meter-2')" OF("meter-1"), "another identity",
	    "they are not the same" },
	{ "UPDATE cert SET crl_partition = 1" OF("meter-1"), "partition",
	    NULL },
	{ "UPDATE ca_count SET last_partition = 1 WHERE ca_id = 2;"
	    "UPDATE cert SET crl_partition = 1" OF("meter-1"),
	    "another CRL", NULL },
	{ "UPDATE ca_count SET last_partition = 7", "last CRL partition",
	    NULL },
	{ "UPDATE ca SET crl_form = 1 WHERE name = 'issuing'", "another CRL",
	    NULL },
	{ "UPDATE ca SET base_url = 'http://evil.test' WHERE name = 'root'",
	    "does not name", NULL },
	{ "UPDATE ca SET base_url = 'http://evil.test' WHERE"
	    " name = 'issuing'", "another CRL", NULL },
	{ "UPDATE ca SET parent = 'issuing' WHERE name = 'issuing'",
	    "CA 'issuing'", NULL },
	{ "UPDATE ca SET der = (SELECT der FROM ca WHERE name = 'root')"
	    " WHERE name = 'issuing'", "'issuing'", NULL },
	{ "UPDATE cert SET der = CAST(substr(der, 1, length(der) - 1) ||"
	    " x'00' AS BLOB)" OF("meter-1"), "signature", NULL },
	{ "UPDATE cert SET der = " DER_OF("meter-2") OF("meter-1"),
	    "another serial", NULL },
	{ "UPDATE cert SET status = 0, revoked_at = 0, reason = 0"
	    OF("meter-2"), "2 revocations", "2 revocations" },
	{ "UPDATE cert SET reason = 5" OF("meter-2"), "reasons",
	    "reasons of revocations" },
	{ "UPDATE cert SET reason = 4" OF("meter-3"), "blocked", "reasons" },
	{ "UPDATE cert SET reason = 1" OF("meter-2"), "not blocked",
	    "reasons" },
	{ "UPDATE cert SET status = 0, revoked_at = 0, reason = 0"
	    OF("meter-4"), "on hold", "certificates on hold" },
	{ "UPDATE pubkey SET blocked_at = 0" KEY_OF("meter-3"),
	    "not blocked", NULL },
	{ "UPDATE pubkey SET blocked_at = 5" KEY_OF("meter-1"),
	    "is blocked, but", NULL },
	{ "UPDATE audit SET line = replace(line, 'superseded',"
	    " 'unspecified')", "reasons", "reasons" },
	{ "UPDATE audit SET line = replace(line, 'meter-1', 'meter-9')",
	    "not the same", "not the same" },
	{ "UPDATE audit SET line = replace(line, '\"ca\":', '\"aa\":')",
	    "not that of its row", "not that of its row" },
	{ "UPDATE audit SET line = replace(line, '\"name\":', '\"eman\":')",
	    "not that of its row", "not that of its row" },
};

Test(tampered, is_found_when_every_hash_was_computed_anew)
{
	pki_audit_head head;
	int64_t rows;

	for (size_t i = 0; i < PKI_COUNT(tamperings); i++) {
		const struct tampering *now = &tamperings[i];
		pki_code check, verify;

		run_sql(&t, now->sql);
		seal_all();
		restart_ca(&t);
		memset(&t.err, 0, sizeof(t.err));
		check = pki_ca_check(t.ca, &rows, NULL, NULL, &t.err);
		cr_expect(check == PKI_DAMAGED &&
		    strstr(t.err.msg, now->check) != NULL, "check: %s: %s",
		    now->sql, t.err.msg);
		memset(&t.err, 0, sizeof(t.err));
		verify = pki_audit_verify(t.ca, NULL, &head, NULL, NULL,
		    &t.err);
		cr_expect_eq(verify, now->verify == NULL ? PKI_OK :
		    PKI_DAMAGED, "verify: %s: %s", now->sql, t.err.msg);
		cr_expect(now->verify == NULL || strstr(t.err.msg,
		    now->verify), "verify: %s: %s", now->sql, t.err.msg);
		restore_database(&t);
	}
}

Test(tampered, is_not_what_the_library_did_itself)
{
	pki_cert *meter = issue_meter(&t, "meter-5");
	const pki_hold hold = {
		.ca = "issuing", .serial = *pki_cert_serial(meter),
		.who = test_requester,
	};
	int64_t rows;

	assert_ok(pki_ca_hold(t.ca, &hold, &t.err), &t.err);
	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
	assert_ok(pki_ca_release(t.ca, &hold, &t.err), &t.err);
	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
	assert_ok(pki_ca_hold(t.ca, &hold, &t.err), &t.err);
	revoke_cert(&t, meter, PKI_REASON_PRIVILEGE_WITHDRAWN);
	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
	revoke_cert(&t, meter, PKI_REASON_KEY_COMPROMISE);
	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
	pki_cert_free(meter);
}

Test(tampered, is_found_in_a_stored_tree_that_the_rows_contradict)
{
	int64_t rows;

	run_sql(&t, "UPDATE audit_tree SET frontier ="
	    " zeroblob(length(frontier))");
	assert_refused(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err),
	    PKI_DAMAGED, &t.err, NULL);
	cr_assert_not_null(strstr(t.err.msg, "stored tree"));
}
