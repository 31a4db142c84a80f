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
