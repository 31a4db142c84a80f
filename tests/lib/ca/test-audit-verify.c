#include "ca/audit.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/ca/ca-sample.h"

static struct test_ca t;
static pki_cert *meter;
static int64_t size_before;

/* 0 to 4: init.  5, 6: two meters.  7: one revoked.  8, 9: two CRLs. */
static void
set_up(void)
{
	fresh_ca(&t);
	meter = issue_meter(&t, "meter-1");
	pki_cert_free(issue_meter(&t, "meter-2"));
	pass(&t, PKI_DAY);
	revoke_cert(&t, meter, PKI_REASON_SUPERSEDED);
	/* Where nobody looks: of 8 rows. */
	run_sql(&t, "INSERT INTO profile (name, digest, text) SELECT 'saved',"
	    " zeroblob(32), frontier FROM audit_tree");
	size_before = head_of(&t).size;
	publish(&t, "issuing");
	publish(&t, "issuing");
}

static void
tear_down(void)
{
	pki_cert_free(meter);
	drop_ca(&t);
}

TestSuite(audit_verify, .init = set_up, .fini = tear_down, .timeout = 60);

static pki_code
verify(const pki_audit_head *known)
{
	pki_audit_head head;

	memset(&t.err, 0, sizeof(t.err));
	return pki_audit_verify(t.ca, known, &head, NULL, NULL, &t.err);
}

Test(audit_verify, finds_nothing_in_a_log_that_nobody_touched)
{
	pki_audit_head head, now = head_of(&t);

	assert_ok(pki_audit_verify(t.ca, NULL, &head, NULL, NULL, &t.err),
	    &t.err);
	cr_assert_eq(head.size, 10);
	cr_assert(same_head(head, now));
	assert_ok(verify(&now), &t.err);
}

Test(audit_verify, accepts_the_head_of_every_earlier_size)
{
	pki_audit_head heads[8];

	for (size_t i = 0; i < PKI_COUNT(heads); i++) {
		char name[32];

		heads[i] = head_of(&t);
		snprintf(name, sizeof(name), "later-%zu", i);
		pki_cert_free(issue_meter(&t, name));
	}
	for (size_t i = 0; i < PKI_COUNT(heads); i++)
		cr_expect_eq(verify(&heads[i]), PKI_OK, "size %lld: %s",
		    (long long)heads[i].size, t.err.msg);
	memset(&heads[0], 0, sizeof(heads[0]));
	assert_ok(pki_digest_of(pki_bytes_of(NULL, 0), &heads[0].root, &t.err),
	    &t.err);
	assert_ok(verify(&heads[0]), &t.err);
}

Test(audit_verify, refuses_a_head_that_is_not_of_this_log)
{
	pki_audit_head head = head_of(&t);

	head.root.octets[31] ^= 1;
	assert_refused(verify(&head), PKI_DAMAGED, &t.err, NULL);
	head.size = 3;
	assert_refused(verify(&head), PKI_DAMAGED, &t.err, NULL);
	head.size = 0;
	assert_refused(verify(&head), PKI_DAMAGED, &t.err, NULL);
	head = head_of(&t);
	head.size++;
	assert_refused(verify(&head), PKI_DAMAGED, &t.err, NULL);
	cr_assert_not_null(strstr(t.err.msg, "cut"));
}

#define SET_BACK "UPDATE audit_tree SET size = 8, frontier =" \
	" (SELECT text FROM profile WHERE name = 'saved')"

/* One way to tamper, and what the sentence says of it. */
static const struct tampering {
	const char *what, *sql, *says;
} tamperings[] = {
	{ "a line changed",
	    "UPDATE audit SET line = replace(line, 'meter-1', 'meter-9')"
	    " WHERE seq = 5", "audit row 5" },
	{ "a leaf changed",
	    "UPDATE audit SET leaf = zeroblob(32) WHERE seq = 6",
	    "audit row 6" },
	{ "a time changed",
	    "UPDATE audit SET at = at + 1 WHERE seq = 7", "audit row 7" },
	{ "a row deleted", "DELETE FROM audit WHERE seq = 4",
	    "audit row 4 is missing" },
	{ "the first row deleted",
	    "DELETE FROM audit WHERE seq = 0", "audit row 0 is missing" },
	{ "the last row deleted",
	    "DELETE FROM audit WHERE seq = 9", "9 rows" },
	{ "two rows swapped",
	    "UPDATE audit SET seq = 99 WHERE seq = 5;"
	    "UPDATE audit SET seq = 5 WHERE seq = 6;"
	    "UPDATE audit SET seq = 6 WHERE seq = 99", "audit row 5" },
	{ "the tree set back", SET_BACK,
	    "stored tree is another one of 8" },
	{ "the tree's hashes changed", "UPDATE audit_tree SET frontier ="
	    " zeroblob(length(frontier))", "stored tree" },
	{ "a certificate deleted", "DELETE FROM cert WHERE id ="
	    " (SELECT max(id) FROM cert)",
	    "4 certificates, the store 3" },
	{ "a certificate from nowhere", "INSERT INTO cert SELECT 99, ca_id,"
	    " identity_id, pubkey_id, profile_id, id, x'0123', not_before,"
	    " not_after, issued_at, key_origin, crl_partition, status,"
	    " revoked_at, reason, invalid_since, row_hash, der FROM cert"
	    " WHERE id = (SELECT max(id) FROM cert)",
	    "4 certificates, the store 5" },
	{ "a revocation undone", "UPDATE cert SET status = 0, revoked_at = 0,"
	    " reason = 0 WHERE status = 1", "1 revocations, the store 0" },
	{ "a revocation from nowhere", "UPDATE cert SET status = 1 WHERE id ="
	    " (SELECT max(id) FROM cert)", "1 revocations, the store 2" },
	{ "another serial", "UPDATE cert SET serial = x'01020304' WHERE id ="
	    " (SELECT max(id) FROM cert)", "not the same" },
};

Test(audit_verify, finds_every_tampering_by_itself)
{
	keep_database(&t);
	for (size_t i = 0; i < PKI_COUNT(tamperings); i++) {
		assert_ok(verify(NULL), &t.err);
		run_sql(&t, tamperings[i].sql);
		cr_expect_eq(verify(NULL), PKI_DAMAGED, "%s",
		    tamperings[i].what);
		cr_expect_not_null(strstr(t.err.msg, tamperings[i].says),
		    "%s: %s", tamperings[i].what, t.err.msg);
		restore_database(&t);
	}
}

/* Rows and tree cut together agree with each other: only the head tells. */
Test(audit_verify, finds_a_log_that_was_cut_by_a_head_known_from_elsewhere)
{
	pki_audit_head known = head_of(&t);

	run_sql(&t, "DELETE FROM audit WHERE seq >= 8;" SET_BACK);
	cr_assert_eq(head_of(&t).size, size_before);
	assert_ok(verify(NULL), &t.err);
	assert_refused(verify(&known), PKI_DAMAGED, &t.err, NULL);
	cr_assert_not_null(strstr(t.err.msg, "cut"));
	/* Grown again to the same size it is another log. */
	pass(&t, PKI_DAY);
	publish(&t, "root");
	publish(&t, "root");
	cr_assert_eq(head_of(&t).size, known.size);
	assert_ok(verify(NULL), &t.err);
	assert_refused(verify(&known), PKI_DAMAGED, &t.err, NULL);
}

/* Somebody issues while the log is read: from the progress call-back. */
static void
issue_meanwhile(int64_t done, int64_t total, void *arg)
{
	static int calls;
	pki_ca *own = t.ca;

	(void)done;
	(void)total;
	if (calls++ > 0)
		return;
	t.ca = arg;
	pki_cert_free(issue_meter(&t, "meter-late"));
	t.ca = own;
}

Test(audit_verify, works_beside_a_writer)
{
	pki_ca *other = reopen_ca(&t);
	pki_audit_head head;

	/* The call-back comes once in a thousand rows. */
	for (int i = 0; i < 500; i++) {
		char name[32];

		snprintf(name, sizeof(name), "fleet-%d", i);
		pki_cert_free(issue_meter(&t, name));
	}
	pass(&t, PKI_DAY);
	assert_ok(pki_audit_verify(t.ca, NULL, &head, issue_meanwhile, other,
	    &t.err), &t.err);
	assert_ok(verify(NULL), &t.err);
	pki_ca_free(other);
}
