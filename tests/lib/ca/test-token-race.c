#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/batch.h"
#include "tests/lib/ca/ca-sample.h"

static struct test_ca t;

static void
set_up(void)
{
	fresh_ca(&t);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(token_race, .init = set_up, .fini = tear_down, .timeout = 120);

/* G23 in small: each racer comes to each token with a key of its own. */
enum { TOKENS = 200, RACERS = 64, THREADS = 4 };

struct race {
	pthread_mutex_t mutex;
	size_t          issued, bound, others;
	char            rule[40];       /* of the last of the others */
	char            names[TOKENS][16];
	pki_token_parts parts[TOKENS];
};

static void
note(void *arg, pki_issued *issued, const pki_err *err)
{
	struct race *race = arg;

	pthread_mutex_lock(&race->mutex);
	if (issued != NULL)
		race->issued++;
	else if (strcmp(err->rule, "token-bound") == 0)
		race->bound++;
	else {
		race->others++;
		snprintf(race->rule, sizeof(race->rule), "%s", err->rule);
	}
	pthread_mutex_unlock(&race->mutex);
	pki_issued_free(issued);
}

/* A thread's share of the racers, at one of two issuers. */
struct racers {
	struct race      *race;
	pki_batch        *batch;
	pthread_t         thread;
	size_t            count;
	pki_key          *keys[TOKENS * RACERS / THREADS];
	pki_issue_request requests[TOKENS * RACERS / THREADS];
};

static void *
run_racers(void *arg)
{
	struct racers *racers = arg;
	struct race *race = racers->race;
	unsigned i, k;

	for (i = 0; i < TOKENS; i++) {
		for (k = 0; k < RACERS / THREADS; k++) {
			size_t n = racers->count++;
			pki_issue_request *request = &racers->requests[n];

			if (pki_key_generate(PKI_KEY_P256, &racers->keys[n],
			    NULL) != PKI_OK)
				abort();
			*request = (pki_issue_request){
				.profile = "auditor",
				.identity = race->names[i],
				.key = pki_key_public(racers->keys[n]),
				.possession = PKI_POP_SIGNATURE,
				.who = test_requester,
				.evidence = evidence_of(&race->parts[i]),
			};
			while (pki_batch_issue(racers->batch, request,
			    pki_bytes_of(NULL, 0), note, race, NULL) !=
			    PKI_OK)
				sched_yield();
		}
	}
	return NULL;
}

Test(token_race, binds_each_of_200_tokens_to_one_of_64_keys)
{
	const pki_batch_options options = {
		.ca = test_options(&t), .signers = 2,
	};
	static struct race race = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct racers *racers = calloc(THREADS, sizeof(*racers));
	pki_batch *batches[2] = { NULL, NULL };
	pki_audit_head head;
	size_t n;
	int i;

	for (i = 0; i < TOKENS; i++) {
		snprintf(race.names[i], sizeof(race.names[i]), "meter-%d", i);
		race.parts[i] = token_for(&t, race.names[i]);
	}
	for (i = 0; i < 2; i++)
		assert_ok(pki_batch_open(&options, &batches[i], &t.err),
		    &t.err);
	for (i = 0; i < THREADS; i++) {
		racers[i].race = &race;
		racers[i].batch = batches[i % 2];
		pthread_create(&racers[i].thread, NULL, run_racers,
		    &racers[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(racers[i].thread, NULL);
	pki_batch_close(batches[0]);
	pki_batch_close(batches[1]);
	for (i = 0; i < THREADS; i++)
		for (n = 0; n < racers[i].count; n++)
			pki_key_free(racers[i].keys[n]);
	free(racers);
	cr_expect_eq(race.issued, TOKENS);
	cr_expect_eq(race.bound, TOKENS * (RACERS - 1));
	cr_expect_eq(race.others, 0, "%zu: %s", race.others, race.rule);
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM token_use"), TOKENS);
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM cert JOIN identity i"
	    " ON i.id = identity_id WHERE i.name LIKE 'meter-%'"), TOKENS);
	assert_ok(pki_audit_verify(t.ca, NULL, &head, NULL, NULL, &t.err),
	    &t.err);
}

/* What two requests at a batch were answered. */
struct answers {
	pthread_mutex_t mutex;
	size_t          count;
	pki_issued     *issued[2];
	pki_err         err;
};

static void
keep_answer(void *arg, pki_issued *issued, const pki_err *err)
{
	struct answers *answers = arg;

	pthread_mutex_lock(&answers->mutex);
	if (issued == NULL)
		answers->err = *err;
	answers->issued[answers->count++] = issued;
	pthread_mutex_unlock(&answers->mutex);
}

static void
ask_batch(const pki_issue_request *request, pki_bytes csr,
    struct answers *answers)
{
	const pki_batch_options options = { .ca = test_options(&t) };
	pki_batch *batch = NULL;

	assert_ok(pki_batch_open(&options, &batch, &t.err), &t.err);
	assert_ok(pki_batch_issue(batch, request, csr, keep_answer, answers,
	    &t.err), &t.err);
	pki_batch_close(batch);
}

Test(token_race, has_the_lost_answer_repeated_by_a_batch)
{
	const pki_name_part part = { PKI_NAME_COMMON_NAME, "meter-1" };
	pki_token_parts parts = token_for(&t, "meter-1");
	pki_issue_request request = {
		.profile = "auditor", .evidence = evidence_of(&parts),
		.who = { .how = PKI_BY_EST, .name = "meter-1" },
	};
	struct answers answers = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	PKI_AUTO(pki_buf) csr = pki_buf_new();
	PKI_AUTO(pki_name) name = NULL;
	PKI_AUTO(pki_key) key = NULL;

	assert_ok(pki_name_build(&part, 1, &name, &t.err), &t.err);
	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &t.err), &t.err);
	assert_ok(pki_csr_build(key, name, NULL, csr, &t.err), &t.err);
	/* Malformed, it binds nothing. */
	csr->data[csr->len - 1] ^= 1;
	ask_batch(&request, pki_buf_bytes(csr), &answers);
	cr_assert_null(answers.issued[0]);
	cr_expect_str_eq(answers.err.rule, "proof-of-possession");
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM token_use"), 0);
	csr->data[csr->len - 1] ^= 1;
	answers.count = 0;
	ask_batch(&request, pki_buf_bytes(csr), &answers);
	ask_batch(&request, pki_buf_bytes(csr), &answers);
	cr_assert_not_null(answers.issued[0], "%s", answers.err.msg);
	cr_assert_not_null(answers.issued[1], "%s", answers.err.msg);
	cr_expect(!answers.issued[0]->again);
	cr_expect(answers.issued[1]->again);
	cr_expect(pki_bytes_equal(pki_buf_bytes(answers.issued[0]->chain),
	    pki_buf_bytes(answers.issued[1]->chain)));
	cr_expect_eq(ask_sql(&t, "SELECT issued FROM ca_count WHERE ca_id = "
	    "(SELECT id FROM ca WHERE name = 'issuing')"), 1);
	pki_issued_free(answers.issued[0]);
	pki_issued_free(answers.issued[1]);
}
