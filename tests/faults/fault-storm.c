/* A child that issues as fast as it can. */
#include "tests/faults/fault.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

/* Ask again so soon after "busy". */
#define BUSY_PAUSE_MS 20

/* One request of the child, and its turn to be asked again. */
struct slot {
	struct crowd    *crowd;
	struct candidate candidate;
	_Atomic bool     inside;
};

struct crowd {
	pki_batch          *batch;
	const struct storm *storm;
	struct slot        *slots;
	sem_t               free;
};

void
candidate_make(struct candidate *candidate, long number)
{
	pki_err err;

	pki_key_free(candidate->key);
	candidate->key = NULL;
	snprintf(candidate->name, sizeof(candidate->name), "m-%ld", number);
	must(pki_key_generate(PKI_KEY_P256, &candidate->key, &err), "key",
	    &err);
	candidate->request = (pki_issue_request){
		.profile = "auditor", .identity = candidate->name,
		.key = pki_key_public(candidate->key),
		.possession = PKI_POP_SIGNATURE, .who = fault_who,
	};
}

static void
take_answer(void *arg, pki_issued *issued, const pki_err *err)
{
	struct slot *slot = arg;
	struct crowd *crowd = slot->crowd;

	if (issued == NULL)
		fail("refused", err);
	ledger_note(crowd->storm->ledger, issued->cert);
	pki_issued_free(issued);
	slot->inside = false;
	sem_post(&crowd->free);
}

static void
ask(struct slot *slot)
{
	struct crowd *crowd = slot->crowd;
	pki_code rc;
	pki_err err;

	candidate_make(&slot->candidate, crowd->storm->ledger->names++);
	slot->inside = true;
	while ((rc = pki_batch_issue(crowd->batch, &slot->candidate.request,
	    pki_bytes_of(NULL, 0), take_answer, slot, &err)) == PKI_BUSY) {
		crowd->storm->ledger->busy++;
		pause_ms(BUSY_PAUSE_MS);
	}
	must(rc, "ask", &err);
}

_Noreturn static void
run_storm(const struct storm *storm)
{
	const pki_batch_options options = { .ca.state_dir = storm->state };
	struct crowd crowd = { .storm = storm };
	size_t i = 0;
	pki_err err;

	crowd.slots = calloc(storm->in_flight, sizeof(*crowd.slots));
	if (crowd.slots == NULL)
		fail("memory", NULL);
	sem_init(&crowd.free, 0, (unsigned)storm->in_flight);
	must(pki_batch_open(&options, &crowd.batch, &err), "open", &err);
	for (;;) {
		while (sem_wait(&crowd.free) != 0)
			continue;
		while (crowd.slots[i].inside)
			i = (i + 1) % storm->in_flight;
		crowd.slots[i].crowd = &crowd;
		ask(&crowd.slots[i]);
	}
}

pid_t
storm_start(const struct storm *storm)
{
	pid_t child = child_start();

	if (child == 0)
		run_storm(storm);
	return child;
}

void
storm_await(const struct ledger *ledger, size_t count)
{
	int64_t until = now_us() + 60 * (int64_t)1000000;

	while (ledger->count < count) {
		if (now_us() > until)
			fail("the storm does not begin", NULL);
		pause_ms(1);
	}
}
