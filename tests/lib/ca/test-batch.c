#include "tests/support/support.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "ca/batch.h"

TestSuite(batch, .timeout = 60);

/* A request that is complete needs no CSR. */
static const pki_bytes none;

/* What became of each request, filled by the batch's threads. */
struct outcomes {
	pthread_mutex_t mutex;
	pthread_cond_t  answered;
	size_t          count, issued;
	pki_err         last;           /* of the last one refused */
	struct test_ca *watch;          /* look there before counting */
	size_t          unseen;         /* answers whose row was not there */
};

static void
outcomes_init(struct outcomes *o, struct test_ca *watch)
{
	*o = (struct outcomes){ .watch = watch };
	pthread_mutex_init(&o->mutex, NULL);
	pthread_cond_init(&o->answered, NULL);
}

static pki_code
count_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)err;
	++*(size_t *)arg;
	return PKI_OK;
}

static void
note(void *arg, pki_issued *issued, const pki_err *err)
{
	struct outcomes *o = arg;
	size_t seen = 0;

	pthread_mutex_lock(&o->mutex);
	if (issued != NULL && o->watch != NULL) {
		const char *name = pki_name_common_name(
		    pki_cert_subject(issued->cert));
		const pki_cert_filter filter = { .identity = name };

		if (pki_ca_each_cert(o->watch->ca, NULL, &filter, count_row,
		    &seen, NULL) != PKI_OK || seen != 1)
			o->unseen++;
	}
	if (issued == NULL)
		o->last = *err;
	o->issued += issued != NULL;
	o->count++;
	pki_issued_free(issued);
	pthread_cond_signal(&o->answered);
	pthread_mutex_unlock(&o->mutex);
}

static void
wait_for(struct outcomes *o, size_t count)
{
	pthread_mutex_lock(&o->mutex);
	while (o->count < count)
		pthread_cond_wait(&o->answered, &o->mutex);
	pthread_mutex_unlock(&o->mutex);
}

static pki_batch *
open_batch(struct test_ca *t, size_t waiting)
{
	const pki_batch_options options = {
		.ca = test_options(t), .signers = 2, .waiting = waiting,
	};
	pki_batch *batch = NULL;

	assert_ok(pki_batch_open(&options, &batch, &t->err), &t->err);
	return batch;
}

static void
run_sql(struct test_ca *t, const char *sql)
{
	char path[PKI_PATH_MAX];
	sqlite3 *db;

	assert_ok(pki_path_join(path, t->state, "ca.db", &t->err), &t->err);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
	    sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void
verify_log(struct test_ca *t)
{
	pki_audit_head head;

	assert_ok(pki_audit_verify(t->ca, NULL, &head, NULL, NULL, &t->err),
	    &t->err);
}

Test(batch, answers_each_request_after_its_row_is_on_record)
{
	enum { COUNT = 300 };
	struct test_request *requests = calloc(COUNT, sizeof(*requests));
	char (*names)[32] = calloc(COUNT, sizeof(*names));
	struct outcomes o;
	struct test_ca t;
	pki_batch *batch;
	int i;

	fresh_ca(&t);
	outcomes_init(&o, &t);
	batch = open_batch(&t, 0);
	for (i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "meter-%04d", i);
		fresh_request(&requests[i], "auditor", names[i]);
		assert_ok(pki_batch_issue(batch, &requests[i].request, none,
		    note,
		    &o, &t.err), &t.err);
	}
	wait_for(&o, COUNT);
	pki_batch_close(batch);
	cr_expect_eq(o.issued, COUNT, "%zu: %s", o.issued, o.last.msg);
	cr_expect_eq(o.unseen, 0);
	verify_log(&t);
	for (i = 0; i < COUNT; i++)
		drop_request(&requests[i]);
	free(requests);
	free(names);
	drop_ca(&t);
}

Test(batch, reads_a_csr_and_takes_its_name)
{
	const pki_name_part part = { PKI_NAME_COMMON_NAME, "meter-7" };
	pki_issue_request request = {
		.profile = "auditor", .who = test_requester,
	};
	PKI_AUTO(pki_buf) csr = pki_buf_new();
	PKI_AUTO(pki_name) name = NULL;
	PKI_AUTO(pki_key) key = NULL;
	struct outcomes o;
	struct test_ca t;
	pki_batch *batch;

	fresh_ca(&t);
	outcomes_init(&o, &t);
	assert_ok(pki_name_build(&part, 1, &name, &t.err), &t.err);
	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &t.err), &t.err);
	assert_ok(pki_csr_build(key, name, NULL, csr, &t.err), &t.err);
	batch = open_batch(&t, 0);
	assert_ok(pki_batch_issue(batch, &request, pki_buf_bytes(csr), note,
	    &o, &t.err), &t.err);
	wait_for(&o, 1);
	/* One octet of the signature is another: nothing comes of it. */
	csr->data[csr->len - 1] ^= 1;
	assert_ok(pki_batch_issue(batch, &request, pki_buf_bytes(csr), note,
	    &o, &t.err), &t.err);
	pki_batch_close(batch);
	cr_expect_eq(o.issued, 1);
	cr_expect_eq(o.unseen, 0);
	cr_expect_str_eq(o.last.rule, "proof-of-possession");
	drop_ca(&t);
}

Test(batch, gives_one_name_to_one_request_however_many_ask_at_once)
{
	enum { COUNT = 32 };
	struct test_request requests[COUNT];
	struct outcomes o;
	struct test_ca t;
	pki_batch *batch;
	int i;

	fresh_ca(&t);
	outcomes_init(&o, NULL);
	batch = open_batch(&t, 0);
	for (i = 0; i < COUNT; i++) {
		fresh_request(&requests[i], "auditor",
		    i % 2 == 0 ? "meter-1" : "METER-1");
		assert_ok(pki_batch_issue(batch, &requests[i].request, none,
		    note,
		    &o, &t.err), &t.err);
	}
	pki_batch_close(batch);
	cr_expect_eq(o.count, COUNT);
	cr_expect_eq(o.issued, 1);
	cr_expect_str_eq(o.last.rule, "identity-taken");
	verify_log(&t);
	for (i = 0; i < COUNT; i++)
		drop_request(&requests[i]);
	drop_ca(&t);
}

Test(batch, refuses_a_key_of_another_identity_alone)
{
	struct test_request first, second, third;
	struct outcomes o;
	struct test_ca t;
	pki_batch *batch;

	fresh_ca(&t);
	outcomes_init(&o, NULL);
	batch = open_batch(&t, 0);
	fresh_request(&first, "auditor", "meter-1");
	fresh_request(&second, "auditor", "meter-2");
	fresh_request(&third, "auditor", "meter-3");
	second.request.key = first.request.key;
	assert_ok(pki_batch_issue(batch, &first.request, none,
	    note, &o, &t.err),
	    &t.err);
	wait_for(&o, 1);
	assert_ok(pki_batch_issue(batch, &second.request, none,
	    note, &o, &t.err),
	    &t.err);
	assert_ok(pki_batch_issue(batch, &third.request, none,
	    note, &o, &t.err),
	    &t.err);
	pki_batch_close(batch);
	cr_expect_eq(o.issued, 2);
	cr_expect_str_eq(o.last.rule, "key-in-use");
	/* The name claimed before the key was refused is free again. */
	pki_cert_free(issue_meter(&t, "meter-2"));
	drop_request(&first);
	drop_request(&second);
	drop_request(&third);
	drop_ca(&t);
}

Test(batch, refuses_what_the_profile_refuses)
{
	struct test_request r;
	struct outcomes o;
	struct test_ca t;
	pki_batch *batch;

	fresh_ca(&t);
	outcomes_init(&o, NULL);
	batch = open_batch(&t, 0);
	fresh_request(&r, "auditor", "broker-1");
	assert_ok(pki_batch_issue(batch, &r.request, none, note, &o, &t.err),
	    &t.err);
	pki_batch_close(batch);
	cr_expect_eq(o.issued, 0);
	cr_expect_str_eq(o.last.rule, "identity-reserved");
	drop_request(&r);
	drop_ca(&t);
}

Test(batch, issues_nothing_when_the_commit_fails_and_goes_on_afterwards)
{
	struct test_request r;
	struct outcomes o;
	struct test_ca t;
	pki_batch *batch;

	fresh_ca(&t);
	outcomes_init(&o, NULL);
	batch = open_batch(&t, 0);
	fresh_request(&r, "auditor", "meter-1");
	/* No number has this absolute value: SQLite refuses the next row. */
	run_sql(&t, "CREATE INDEX stop ON audit (abs(CASE WHEN seq > 4"
	    " THEN -9223372036854775807 - 1 ELSE 0 END))");
	assert_ok(pki_batch_issue(batch, &r.request, none, note, &o, &t.err),
	    &t.err);
	wait_for(&o, 1);
	cr_expect_eq(o.issued, 0);
	cr_expect_eq(o.last.code, PKI_STORE, "%s", o.last.msg);
	run_sql(&t, "DROP INDEX stop");
	assert_ok(pki_batch_issue(batch, &r.request, none, note, &o, &t.err),
	    &t.err);
	wait_for(&o, 2);
	pki_batch_close(batch);
	cr_expect_eq(o.issued, 1, "%s", o.last.msg);
	verify_log(&t);
	drop_request(&r);
	drop_ca(&t);
}

Test(batch, sees_that_another_process_revoked_the_issuing_ca)
{
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	PKI_AUTO(pki_cert) issuing = NULL;
	pki_revocation revocation = {
		.ca = "root", .reason = PKI_REASON_CA_COMPROMISE,
		.who = test_requester,
	};
	struct test_request r, s;
	struct outcomes o;
	struct test_ca t;
	pki_batch *batch;

	fresh_ca(&t);
	outcomes_init(&o, NULL);
	batch = open_batch(&t, 0);
	fresh_request(&r, "auditor", "meter-1");
	fresh_request(&s, "auditor", "meter-2");
	assert_ok(pki_batch_issue(batch, &r.request, none, note, &o, &t.err),
	    &t.err);
	wait_for(&o, 1);
	assert_ok(pki_ca_export(t.ca, "issuing", PKI_EXPORT_CERT, pem,
	    &t.err), &t.err);
	assert_ok(pki_cert_parse(pki_buf_bytes(pem), &issuing, &t.err),
	    &t.err);
	revocation.serial = *pki_cert_serial(issuing);
	assert_ok(pki_ca_revoke(t.ca, &revocation, NULL, &t.err), &t.err);
	assert_ok(pki_batch_issue(batch, &s.request, none, note, &o, &t.err),
	    &t.err);
	pki_batch_close(batch);
	cr_expect_eq(o.issued, 1);
	cr_expect_str_eq(o.last.rule, "ca-state");
	drop_request(&r);
	drop_request(&s);
	drop_ca(&t);
}

Test(batch, says_busy_when_too_many_are_inside)
{
	struct test_request requests[3];
	struct outcomes o;
	struct test_ca t;
	pki_batch *batch;
	pki_code rc;
	int i;

	fresh_ca(&t);
	outcomes_init(&o, NULL);
	batch = open_batch(&t, 2);
	/* note() waits for the mutex, so that none of them can leave. */
	pthread_mutex_lock(&o.mutex);
	for (i = 0; i < 3; i++) {
		static const char *const names[] = {
			"meter-0", "meter-1", "meter-2",
		};

		fresh_request(&requests[i], "auditor", names[i]);
		rc = pki_batch_issue(batch, &requests[i].request, none, note,
		    &o, &t.err);
		if (i < 2)
			assert_ok(rc, &t.err);
		else
			assert_refused(rc, PKI_BUSY, &t.err, NULL);
	}
	pthread_mutex_unlock(&o.mutex);
	pki_batch_close(batch);
	cr_expect_eq(o.issued, 2);
	for (i = 0; i < 3; i++)
		drop_request(&requests[i]);
	drop_ca(&t);
}
