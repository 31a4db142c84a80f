/*
 * G8: an action is a whole or it is nothing.
 *
 *   model WORK-DIR TEMPLATES-DIR [SEQUENCES [SEED]]
 *
 * Run under LD_PRELOAD of the fault shim.  Each sequence is a child that
 * issues, renews, replaces, revokes and publishes at random, and is killed at
 * a random change of the file system.  Then the store must be what the model
 * says, before or after the action that was cut, and database, log and CRL
 * whole.
 */
#include "tests/faults/model.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SEQUENCES 300
#define STEPS_MAX 6
/* More than an action changes in the file system: some are not cut. */
#define CHANGES_PER_STEP 30
/* A new CA so often: the whole store is compared after each. */
#define SEQUENCES_PER_CA 100
/* thisUpdate takes a second for each CRL. */
#define STEP_MS 2000

/* Shared with the child, which counts up what it begins and has done. */
struct sequence {
	_Atomic int begun, done;
	struct step steps[STEPS_MAX];
};

struct run {
	char             state[PKI_PATH_MAX];
	int64_t          now_ms;
	pki_clock        clock;
	struct sequence *sequence;
	struct model     model, store, after;
	int64_t          file_number;   /* of the CRL last seen published */
	size_t           before_count, after_count, whole_count, steps;
};

static int64_t
read_clock(void *arg)
{
	return ((struct run *)arg)->now_ms;
}

static pki_ca *
open_ca(struct run *run)
{
	const pki_ca_options options = {
		.state_dir = run->state, .clock = &run->clock,
	};
	pki_ca *ca;
	pki_err err;

	must(pki_ca_open(&options, &ca, &err), "open", &err);
	return ca;
}

static void
new_ca(struct run *run, const char *work, const char *templates, long number)
{
	pki_ca_setup setup = {
		.options = { .clock = &run->clock },
		.templates_dir = templates, .display_name = "Model",
		.root_key = PKI_KEY_P256, .issuing_key = PKI_KEY_P256,
		.crl_form = PKI_CRL_FULL, .who = fault_who,
	};
	PKI_AUTO(pki_ca) ca = NULL;
	pki_err err;

	snprintf(run->state, sizeof(run->state), "%s/ca-%ld", work, number);
	setup.options.state_dir = run->state;
	must(pki_ca_init(&setup, &err), "init", &err);
	ca = open_ca(run);
	model_observe(ca, run->state, &run->model);
	run->file_number = 0;
}

static pki_code
issue(pki_ca *ca, struct step *step, pki_err *err)
{
	static const pki_issue_purpose purposes[VERB_COUNT] = {
		[VERB_ISSUE] = PKI_ISSUE_FIRST,
		[VERB_RENEW] = PKI_ISSUE_RENEW,
		[VERB_REPLACE] = PKI_ISSUE_REPLACE,
	};
	struct candidate candidate = { 0 };
	PKI_AUTO(pki_issued) issued = NULL;
	char name[MODEL_NAME_TEXT];
	pki_code rc;

	candidate_make(&candidate, 0);
	candidate.request.identity = model_name(step->name, name);
	candidate.request.purpose = purposes[step->verb];
	rc = pki_ca_issue(ca, &candidate.request, &issued, err);
	if (rc == PKI_OK)
		step->serial = *pki_cert_serial(issued->cert);
	pki_key_free(candidate.key);
	return rc;
}

static pki_code
end_cert(pki_ca *ca, const struct model_cert *cert, pki_err *err)
{
	const pki_revocation revocation = {
		.ca = "issuing", .serial = cert->serial,
		.reason = PKI_REASON_SUPERSEDED, .who = fault_who,
	};

	return pki_ca_revoke(ca, &revocation, NULL, err);
}

static pki_code
note_number(const pki_published *published, void *arg, pki_err *err)
{
	(void)err;
	((struct step *)arg)->number = published->number;
	return PKI_OK;
}

static pki_code
take_step(struct run *run, pki_ca *ca, struct step *step, pki_err *err)
{
	switch (step->verb) {
	case VERB_ISSUE:
	case VERB_RENEW:
	case VERB_REPLACE:
		return issue(ca, step, err);
	case VERB_REVOKE:
		return end_cert(ca, &run->model.certs[step->target], err);
	default:
		return pki_ca_publish(ca, "issuing", &fault_who, note_number,
		    step, err);
	}
}

/* In the child: from here on the shim counts. */
_Noreturn static void
run_sequence(struct run *run, unsigned seed, int steps)
{
	char at[16];
	pki_ca *ca;
	pki_err err;
	int i;

	snprintf(at, sizeof(at), "%d",
	    1 + rand_r(&seed) % (steps * CHANGES_PER_STEP));
	setenv("FAULT_DO", "kill", 1);
	setenv("FAULT_AT", at, 1);
	ca = open_ca(run);
	for (i = 0; i < steps; i++) {
		struct step *step = &run->sequence->steps[i];

		model_choose(&run->model, step, &seed);
		run->now_ms += STEP_MS;
		run->sequence->begun++;
		must(take_step(run, ca, step, &err), "step", &err);
		run->sequence->done++;
		model_apply(&run->model, step);
	}
	_exit(0);
}

/* The published file is of a number on record, and never goes back. */
static void
check_crl(struct run *run)
{
	PKI_AUTO(pki_buf) text = NULL;
	PKI_AUTO(pki_crl) crl = NULL;
	char path[PKI_PATH_MAX + 32];
	pki_err err;

	snprintf(path, sizeof(path), "%s/public/crl/issuing/full.crl",
	    run->state);
	must(pki_file_read(path, 1 << 24, PKI_FILE_ANY, &text, &err), "CRL",
	    &err);
	must(pki_crl_parse(pki_buf_bytes(text), 1 << 24, &crl, &err), "CRL",
	    &err);
	if (pki_crl_number(crl) < run->file_number ||
	    pki_crl_number(crl) > run->store.crl_number)
		fail("a CRL of a wrong number", NULL);
	run->file_number = pki_crl_number(crl);
}

/* Does the store hold what it should?  The model follows it. */
static bool
settle(struct run *run)
{
	const struct sequence *sequence = run->sequence;
	struct step cut;
	int i;

	for (i = 0; i < sequence->done; i++)
		model_apply(&run->model, &sequence->steps[i]);
	run->steps += (size_t)sequence->done;
	if (model_equal(&run->model, &run->store)) {
		run->before_count += sequence->begun > sequence->done;
		run->whole_count += sequence->begun == sequence->done;
		return true;
	}
	if (sequence->begun == sequence->done)
		return false;
	cut = sequence->steps[sequence->done];
	if (!model_find_result(&run->model, &run->store, &cut))
		return false;
	run->after = run->model;
	model_apply(&run->after, &cut);
	if (!model_equal(&run->after, &run->store))
		return false;
	run->model = run->after;
	run->after_count++;
	return true;
}

static bool
run_and_look(struct run *run, unsigned seed)
{
	PKI_AUTO(pki_ca) ca = NULL;
	int steps = 1 + rand_r(&seed) % STEPS_MAX, status = 0;
	pki_audit_head head;
	int64_t rows;
	pid_t child;
	pki_err err;

	memset(run->sequence, 0, sizeof(*run->sequence));
	child = child_start();
	if (child == 0)
		run_sequence(run, seed, steps);
	if (waitpid(child, &status, 0) != child || (status != 0 &&
	    !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)))
		fail("the child failed", NULL);
	run->now_ms += steps * STEP_MS;
	ca = open_ca(run);
	must(pki_ca_check(ca, &rows, NULL, NULL, &err), "check", &err);
	must(pki_audit_verify(ca, NULL, &head, NULL, NULL, &err), "log", &err);
	model_observe(ca, run->state, &run->store);
	check_crl(run);
	return settle(run);
}

static void
explain(const struct run *run)
{
	const struct sequence *sequence = run->sequence;
	int i;

	for (i = 0; i < sequence->begun; i++)
		fprintf(stderr, "model: %s verb %d, name %d, place %zu\n",
		    i < sequence->done ? "done" : "cut",
		    (int)sequence->steps[i].verb, sequence->steps[i].name,
		    sequence->steps[i].target);
	fprintf(stderr, "model: %zu certificates, %d names, log %lld, CRL "
	    "%lld; store: %zu, %d, %lld, %lld\n", run->model.count,
	    run->model.names, (long long)run->model.log_rows,
	    (long long)run->model.crl_number, run->store.count,
	    run->store.names, (long long)run->store.log_rows,
	    (long long)run->store.crl_number);
}

/* A model that is wrong in one thing must not pass. */
static bool
control(struct run *run)
{
	bool noticed = true;

	run->model.certs[0].status ^= PKI_CERT_REVOKED;
	noticed = noticed && !settle(run);
	run->model.certs[0].status ^= PKI_CERT_REVOKED;
	run->model.log_rows--;
	noticed = noticed && !settle(run);
	run->model.log_rows++;
	run->model.count--;
	noticed = noticed && !settle(run);
	run->model.count++;
	return noticed;
}

int
main(int argc, char **argv)
{
	static struct run run;
	long sequences = number_at(argc, argv, 3, SEQUENCES), i;
	unsigned seed = (unsigned)number_at(argc, argv, 4, (long)time(NULL));
	bool noticed, passed;

	if (argc < 3 || getenv("LD_PRELOAD") == NULL)
		fail("usage: LD_PRELOAD=fault-shim.so model WORK-DIR "
		    "TEMPLATES-DIR [SEQUENCES [SEED]]", NULL);
	run.now_ms = (int64_t)time(NULL) * 1000;
	run.clock = (pki_clock){ read_clock, &run };
	run.sequence = mmap(NULL, sizeof(*run.sequence),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.sequence == MAP_FAILED)
		fail("memory", NULL);
	for (i = 0; i < sequences; i++) {
		if (i % SEQUENCES_PER_CA == 0)
			new_ca(&run, argv[1], argv[2], i);
		if (!run_and_look(&run, seed + (unsigned)i))
			break;
	}
	passed = i == sequences;
	if (!passed)
		explain(&run);
	memset(run.sequence, 0, sizeof(*run.sequence));
	noticed = passed && control(&run);
	passed = passed && noticed && run.before_count > 0 &&
	    run.after_count > 0;
	printf("guarantee=G8 n=%ld lost=%d dup=0 seed=%u steps=%zu "
	    "cut-before=%zu cut-after=%zu not-cut=%zu control=%s result=%s\n",
	    i, passed ? 0 : 1, seed, run.steps, run.before_count,
	    run.after_count, run.whole_count, noticed ? "noticed" : "MISSED",
	    passed ? "PASS" : "FAIL");
	return passed ? 0 : 1;
}
