#include <pthread.h>

#include "ca/job.h"
#include "tests/lib/ca/renew-sample.h"

/*
 * What changes after a renewal was signed and before it is committed: the
 * signature is wiped, and nobody has it.  G4, G21, G22.
 */

TestSuite(reenroll_race, .timeout = 120);

static struct test_ca t;
static struct node node;

typedef void change(void);
static change *between;                 /* signing and committing */

static void
revoke_it(void)
{
	revoke_cert(&t, node.cert, PKI_REASON_SUPERSEDED);
}

static void
lose_its_key(void)
{
	revoke_cert(&t, node.cert, PKI_REASON_KEY_COMPROMISE);
}

static void
hold_it(void)
{
	const pki_hold hold = { .ca = "issuing",
		.serial = *pki_cert_serial(node.cert), .who = test_requester };

	assert_ok(pki_ca_hold(t.ca, &hold, &t.err), &t.err);
}

static void
hold_its_holder(void)
{
	set_identity_state(&t, "node-1", PKI_IDENTITY_HELD);
}

static void
retire_its_holder(void)
{
	set_identity_state(&t, "node-1", PKI_IDENTITY_RETIRED);
}

static void
give_its_name_away(void)
{
	PKI_AUTO(pki_cert) cert = NULL;
	struct test_request r;

	retire_its_holder();
	fresh_request(&r, "auditor", "node-1");
	cert = issue_with(&t, &r.request);
	cr_assert_not_null(cert, "%s", t.err.msg);
	drop_request(&r);
}

static void
block_its_key(void)
{
	block_key(&t, pki_cert_key(node.cert));
}

static pki_csr *
parse_renewal(EVP_PKEY *key)
{
	const struct renewal how = { .key = key };
	PKI_AUTO(pki_buf) der = make_renewal(&node, &how);
	pki_csr *csr = NULL;

	assert_ok(pki_csr_parse(pki_buf_bytes(der), &csr, &t.err), &t.err);
	return csr;
}

static void
block_the_new_key(void)
{
	PKI_AUTO(pki_csr) csr = parse_renewal(node.other);

	block_key(&t, pki_csr_key(csr));
}

static void
give_the_new_key_away(void)
{
	PKI_AUTO(pki_csr) csr = parse_renewal(node.other);
	const pki_issue_request request = {
		.profile = "auditor", .identity = "meter-1",
		.key = pki_csr_key(csr), .possession = PKI_POP_SIGNATURE,
		.who = test_requester,
	};
	PKI_AUTO(pki_cert) cert = issue_with(&t, &request);

	cr_assert_not_null(cert, "%s", t.err.msg);
}

static void
revoke_the_ca(void)
{
	PKI_AUTO(pki_cert) ca = get_ca_cert(&t, "issuing");
	pki_revocation revocation = revocation_of(ca,
	    PKI_REASON_CA_COMPROMISE);
	size_t count;

	revocation.ca = "root";
	assert_ok(pki_ca_revoke(t.ca, &revocation, &count, &t.err), &t.err);
}

static void
let_the_grace_go_by(void)
{
	pass(&t, 92 * PKI_DAY);
}

static void
let_its_end_go_by(void)
{
	pass(&t, 90 * PKI_DAY + PKI_HOUR);
}

static pki_code
sign_and_change(const pki_ca *ca, pki_job *job, pki_signer *signer,
    pki_err *err)
{
	pki_code rc = pki_job_sign(ca, job, signer, err);

	if (rc == PKI_OK && between != NULL)
		between();
	return rc;
}

/* Answers; the octets of the last certificate, and how many others. */
struct answers {
	pthread_mutex_t mutex;
	pthread_cond_t  answered;
	size_t          count, issued, again, different;
	pki_buf        *der;
	pki_err         err;
};

static void
note(void *arg, pki_issued *issued, const pki_err *err)
{
	struct answers *a = arg;

	pthread_mutex_lock(&a->mutex);
	a->count++;
	if (issued == NULL) {
		a->err = *err;
	} else {
		pki_bytes der = pki_cert_der(issued->cert);

		a->issued++;
		a->again += issued->again;
		if (a->der == NULL)
			a->der = pki_buf_copy(der);
		a->different += !pki_bytes_equal(pki_buf_bytes(a->der), der);
	}
	pki_issued_free(issued);
	pthread_cond_signal(&a->answered);
	pthread_mutex_unlock(&a->mutex);
}

static void
answers_init(struct answers *a)
{
	*a = (struct answers){ .count = 0 };
	pthread_mutex_init(&a->mutex, NULL);
	pthread_cond_init(&a->answered, NULL);
}

static void
wait_for(struct answers *a, size_t count)
{
	pthread_mutex_lock(&a->mutex);
	while (a->count < count)
		pthread_cond_wait(&a->answered, &a->mutex);
	pthread_mutex_unlock(&a->mutex);
}

/* The same request count times; all answered when it returns. */
static void
renew_in_batch(const pki_credential *credential, size_t count,
    struct answers *a)
{
	const pki_batch_options options = {
		.ca = test_options(&t), .signers = 2,
	};
	PKI_AUTO(pki_buf) csr = make_renewal(&node, &(struct renewal){ 0 });
	pki_issue_request request = { .who = { PKI_BY_EST, "test" } };
	pki_batch *batch = NULL;

	pki_issue_request_renew(credential, &request);
	assert_ok(pki_batch_open_signing(&options, sign_and_change, &batch,
	    &t.err), &t.err);
	answers_init(a);
	for (size_t i = 0; i < count; i++)
		assert_ok(pki_batch_issue(batch, &request,
		    pki_buf_bytes(csr), note, a, &t.err), &t.err);
	wait_for(a, count);
	pki_batch_close(batch);
}

static const struct row {
	const char *what, *rule;        /* NULL: it is good */
	change     *change;
} rows[] = {
	{ "nothing", NULL, NULL },
	{ "revoked", "credential-revoked", revoke_it },
	{ "compromised", "credential-revoked", lose_its_key },
	{ "held", "credential-held", hold_it },
	{ "its holder held", "identity-state", hold_its_holder },
	{ "its holder retired", "identity-state", retire_its_holder },
	{ "its name another's", "identity-state", give_its_name_away },
	{ "its key blocked", "key-blocked", block_its_key },
	{ "the new key blocked", "key-blocked", block_the_new_key },
	{ "the new key another's", "key-in-use", give_the_new_key_away },
	{ "its CA revoked", "ca-state", revoke_the_ca },
	{ "expired, in the grace", NULL, let_its_end_go_by },
	{ "after the grace", "credential-expired", let_the_grace_go_by },
};

Test(reenroll_race, is_decided_in_the_transaction)
{
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		PKI_AUTO(pki_credential) credential = NULL;
		struct answers a;

		fresh_node(&t, &node, "grace = \"1d\";");
		credential = check_credential(&t, node.cert,
		    PKI_CREDENTIAL_RENEWS);
		cr_assert_not_null(credential, "%s", t.err.msg);
		between = row->change;
		renew_in_batch(credential, 1, &a);
		cr_expect_eq(a.issued, row->rule == NULL, "%s: %s", row->what,
		    a.err.msg);
		if (row->rule != NULL)
			cr_expect_str_eq(a.err.rule, row->rule, "%s: %s",
			    row->what, a.err.msg);
		/* Of the new key there is nothing but what was given away. */
		if (row->rule != NULL)
			cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM cert "
			    "JOIN profile ON profile.id = profile_id "
			    "WHERE name = 'node'"), 1, "%s", row->what);
		pki_buf_free(a.der);
		drop_node(&t, &node);
	}
}

/* Before it was signed, and through the other door. */
Test(reenroll_race, is_looked_at_again_before_signing)
{
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		const struct renewal how = { .label = NULL };
		PKI_AUTO(pki_credential) credential = NULL;
		PKI_AUTO(pki_buf) csr = NULL;
		pki_code rc;

		fresh_node(&t, &node, "grace = \"1d\";");
		csr = make_renewal(&node, &how);
		credential = check_credential(&t, node.cert,
		    PKI_CREDENTIAL_RENEWS);
		cr_assert_not_null(credential, "%s", t.err.msg);
		if (row->change != NULL)
			row->change();
		rc = renew_by(&t, credential, pki_buf_bytes(csr), &how, NULL);
		cr_expect_eq(rc, row->rule == NULL ? PKI_OK : PKI_DENIED,
		    "%s: %s", row->what, t.err.msg);
		if (row->rule != NULL)
			cr_expect_str_eq(t.err.rule, row->rule, "%s: %s",
			    row->what, t.err.msg);
		drop_node(&t, &node);
	}
}

/* G24: an impatient client, or one whose connections break. */
Test(reenroll_race, gives_one_certificate_to_many_of_one_request)
{
	PKI_AUTO(pki_credential) credential = NULL;
	struct answers a;

	between = NULL;
	fresh_node(&t, &node, "");
	credential = check_credential(&t, node.cert, PKI_CREDENTIAL_RENEWS);
	cr_assert_not_null(credential, "%s", t.err.msg);
	renew_in_batch(credential, 64, &a);
	cr_expect_eq(a.issued, 64, "%s", a.err.msg);
	cr_expect_eq(a.again, 63);
	cr_expect_eq(a.different, 0);
	cr_expect_eq(count_certs(&t), 4);
	pki_buf_free(a.der);
	drop_node(&t, &node);
}
