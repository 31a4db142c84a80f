/*
 * G1: kill -9 at random in an issuing storm.
 *
 *   storm TEMPLATES-DIR [ROUNDS]
 *
 * Each round a child opens the state directory and issues as fast as it can;
 * for each answer it writes serial and digest into a pipe.  The parent kills
 * it after a random time, then looks for every answer in the store.  Passes
 * when none is lost, no serial was given twice, and log and database are
 * whole.
 */
#include "pki.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 100
#define WANTED 20000
#define IN_FLIGHT 64

/* What the child tells of one certificate: fits a pipe's atomic write. */
struct answer {
	pki_serial serial;
	pki_digest digest;
};

static struct answer *answers;
static size_t answer_count;

static void
fail(const char *what, const pki_err *err)
{
	fprintf(stderr, "storm: %s: %s\n", what, err == NULL ? "" : err->msg);
	exit(1);
}

/* One request of the child, and its turn to be asked again. */
struct slot {
	pki_batch        *batch;
	pki_key          *key;
	pki_issue_request request;
	char              name[32];
	int               pipe;
};

static _Atomic long next_name;

static void ask(struct slot *slot);

static void
note(void *arg, pki_issued *issued, const pki_err *err)
{
	struct slot *slot = arg;
	struct answer answer;

	if (issued == NULL)
		fail("refused", err);
	memset(&answer, 0, sizeof(answer));
	answer.serial = *pki_cert_serial(issued->cert);
	answer.digest = *pki_cert_digest(issued->cert);
	pki_issued_free(issued);
	if (write(slot->pipe, &answer, sizeof(answer)) !=
	    (ssize_t)sizeof(answer))
		_exit(1);
	ask(slot);
}

static void
ask(struct slot *slot)
{
	pki_err err;

	pki_key_free(slot->key);
	slot->key = NULL;
	snprintf(slot->name, sizeof(slot->name), "m-%d-%ld", (int)getpid(),
	    next_name++);
	if (pki_key_generate(PKI_KEY_P256, &slot->key, &err) != PKI_OK)
		fail("key", &err);
	slot->request = (pki_issue_request){
		.profile = "auditor", .identity = slot->name,
		.key = pki_key_public(slot->key),
		.possession = PKI_POP_SIGNATURE,
		.who = { PKI_BY_OPERATOR, "storm" },
	};
	if (pki_batch_issue(slot->batch, &slot->request,
	    pki_bytes_of(NULL, 0), note, slot, &err) !=
	    PKI_OK)
		fail("ask", &err);
}

static void
storm(const char *state, int out)
{
	const pki_batch_options options = { .ca = { .state_dir = state } };
	struct slot *slots = calloc(IN_FLIGHT, sizeof(*slots));
	pki_batch *batch;
	pki_err err;
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pki_batch_open(&options, &batch, &err) != PKI_OK)
		fail("open", &err);
	for (i = 0; i < IN_FLIGHT; i++) {
		slots[i].batch = batch;
		slots[i].pipe = out;
		ask(&slots[i]);
	}
	for (;;)
		pause();
}

static void
keep(const struct answer *answer)
{
	if (answer_count % 4096 == 0) {
		answers = realloc(answers, (answer_count + 4096) *
		    sizeof(*answers));
		if (answers == NULL)
			fail("memory", NULL);
	}
	answers[answer_count++] = *answer;
}

/* Read answers, kill after so many ms, read what was still in the pipe. */
static void
run_round(const char *state, long kill_after_ms)
{
	struct timespec begin, now;
	struct answer answer;
	bool killed = false;
	int pipes[2];
	pid_t child;

	if (pipe(pipes) != 0 || (child = fork()) < 0)
		fail("fork", NULL);
	if (child == 0) {
		close(pipes[0]);
		storm(state, pipes[1]);
	}
	close(pipes[1]);
	/* The clock starts with the first answer: opening takes its time. */
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (read(pipes[0], &answer, sizeof(answer)) ==
	    (ssize_t)sizeof(answer)) {
		long ms;

		keep(&answer);
		clock_gettime(CLOCK_MONOTONIC, &now);
		ms = (now.tv_sec - begin.tv_sec) * 1000 +
		    (now.tv_nsec - begin.tv_nsec) / 1000000;
		if (!killed && ms >= kill_after_ms) {
			kill(child, SIGKILL);
			killed = true;
		}
	}
	close(pipes[0]);
	waitpid(child, NULL, 0);
	if (!killed)
		fail("the child ended by itself", NULL);
}

static pki_code
same_digest(const pki_cert_row *row, void *arg, pki_err *err)
{
	const struct answer *answer = arg;
	pki_digest digest;
	pki_code rc = pki_digest_of(row->der, &digest, err);

	if (rc == PKI_OK && !pki_digest_equal(&digest, &answer->digest))
		rc = pki_fail(err, PKI_DAMAGED, "another certificate");
	return rc;
}

static size_t
count_lost(pki_ca *ca, size_t from)
{
	char id[PKI_SERIAL_TEXT + 8], serial[PKI_SERIAL_TEXT];
	size_t lost = 0, i;
	pki_err err;

	for (i = from; i < answer_count; i++) {
		snprintf(id, sizeof(id), "serial:%s",
		    pki_serial_format(&answers[i].serial, serial));
		if (pki_ca_find(ca, id, same_digest, &answers[i], &err) !=
		    PKI_OK) {
			fprintf(stderr, "storm: %s: %s\n", id, err.msg);
			lost++;
		}
	}
	return lost;
}

static int
by_serial(const void *a, const void *b)
{
	return pki_serial_compare(&((const struct answer *)a)->serial,
	    &((const struct answer *)b)->serial);
}

static size_t
count_twice(void)
{
	size_t twice = 0, i;

	qsort(answers, answer_count, sizeof(*answers), by_serial);
	for (i = 1; i < answer_count; i++)
		twice += pki_serial_equal(&answers[i - 1].serial,
		    &answers[i].serial);
	return twice;
}

static void
make_ca(const char *state, const char *templates)
{
	const pki_ca_setup setup = {
		.options = { .state_dir = state }, .templates_dir = templates,
		.display_name = "Storm", .root_key = PKI_KEY_P256,
		.issuing_key = PKI_KEY_P256, .crl_form = -1,
		.who = { PKI_BY_OPERATOR, "storm" },
	};
	pki_err err;

	if (pki_ca_init(&setup, &err) != PKI_OK)
		fail("init", &err);
}

static void
check_whole(const char *state)
{
	const pki_ca_options options = { .state_dir = state };
	PKI_AUTO(pki_ca) ca = NULL;
	pki_audit_head head;
	int64_t rows;
	pki_err err;

	if (pki_ca_open(&options, &ca, &err) != PKI_OK ||
	    pki_ca_check(ca, &rows, NULL, NULL, &err) != PKI_OK ||
	    pki_audit_verify(ca, NULL, &head, NULL, NULL, &err) != PKI_OK)
		fail("check", &err);
}

int
main(int argc, char **argv)
{
	long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : ROUNDS, i;
	char dir[] = "/tmp/pki-storm.XXXXXX", state[64], remove[80];
	unsigned seed = (unsigned)time(NULL);
	size_t lost = 0, twice;
	pki_err err;

	if (argc < 2 || mkdtemp(dir) == NULL)
		fail("usage: storm TEMPLATES-DIR [ROUNDS]", NULL);
	snprintf(state, sizeof(state), "%s/ca", dir);
	make_ca(state, argv[1]);
	for (i = 0; i < rounds; i++) {
		const pki_ca_options options = { .state_dir = state };
		PKI_AUTO(pki_ca) ca = NULL;
		size_t from = answer_count;

		run_round(state, 20 + rand_r(&seed) % 300);
		if (pki_ca_open(&options, &ca, &err) != PKI_OK)
			fail("open after a kill", &err);
		lost += count_lost(ca, from);
	}
	check_whole(state);
	twice = count_twice();
	snprintf(remove, sizeof(remove), "rm -rf '%s'", dir);
	if (system(remove) != 0)
		fail(remove, NULL);
	printf("guarantee=G1 rounds=%ld n=%zu lost=%zu dup=%zu result=%s\n",
	    rounds, answer_count, lost, twice, lost == 0 && twice == 0 &&
	    answer_count >= (size_t)rounds * (WANTED / ROUNDS) ? "PASS" :
	    "FAIL");
	return lost == 0 && twice == 0 &&
	    answer_count >= (size_t)rounds * (WANTED / ROUNDS) ? 0 : 1;
}
