/*
 * Issuing without the store: from a request's octets to a signed certificate,
 * by the same functions as a batch, against the cryptography alone.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/job.h"
#include "tests/bench/bare.h"
#include "tests/bench/turns.h"

#define REQUESTS BENCH_BLOCK
#define THREADS 2

/* What all threads share. */
struct scene {
	pki_ca  *ca, *checking;         /* without and with self-check */
	pki_buf *requests[REQUESTS];
};

/* A thread, with contexts for the bare operations. */
struct worker {
	const struct scene *scene;
	bench_bare         *bare;
};

/* The yardstick. */
static void
verify_bare(void *arg, size_t i)
{
	const struct worker *w = arg;

	bench_bare_verify(w->bare, i);
}

static void
issue_bare(void *arg, size_t i)
{
	const struct worker *w = arg;

	bench_bare_verify(w->bare, i);
	bench_bare_sign(w->bare);
}

static void
issue_bare_checked(void *arg, size_t i)
{
	const struct worker *w = arg;

	issue_bare(arg, i);
	bench_bare_verify_issuer(w->bare);
}

static void
parse(void *arg, size_t i)
{
	const struct worker *w = arg;
	PKI_AUTO(pki_csr) csr = NULL;
	pki_err err;

	BENCH_OK(pki_csr_parse(pki_buf_bytes(
	    w->scene->requests[i % REQUESTS]), &csr, &err), &err);
}

static void
issue_by(const pki_ca *ca, pki_bytes request)
{
	pki_issue_request asked = {
		.profile = "auditor", .who = { PKI_BY_OPERATOR, "bench" },
	};
	pki_job job = { .epoch = 1 };
	PKI_AUTO(pki_csr) csr = NULL;
	pki_err err;

	BENCH_OK(pki_csr_parse(request, &csr, &err), &err);
	BENCH_OK(pki_issue_request_from_csr(csr, &asked, &err), &err);
	BENCH_OK(pki_job_allow(ca, &asked, &job, &err), &err);
	BENCH_OK(pki_job_sign(ca, &job, job.authority->signer, &err), &err);
	pki_job_clear(&job);
}

static void
issue(void *arg, size_t i)
{
	const struct worker *w = arg;

	issue_by(w->scene->ca,
	    pki_buf_bytes(w->scene->requests[i % REQUESTS]));
}

static void
issue_checked(void *arg, size_t i)
{
	const struct worker *w = arg;

	issue_by(w->scene->checking,
	    pki_buf_bytes(w->scene->requests[i % REQUESTS]));
}

/* Ready for threads, as a batch makes it. */
static pki_ca *
open_ca(const char *state, bool self_check)
{
	const pki_ca_options options = { .state_dir = state };
	const pki_profiles *profiles;
	pki_authority *authority;
	pki_ca *ca;
	pki_err err;

	BENCH_OK(pki_ca_open(&options, &ca, &err), &err);
	ca->config->self_check = self_check;
	BENCH_OK(pki_ca_profiles(ca, &profiles, &err), &err);
	BENCH_OK(pki_authorities_load(ca, &err), &err);
	BENCH_OK(pki_authorities_count(ca, &err), &err);
	BENCH_OK(pki_authority_get(ca, "issuing", &authority, &err), &err);
	BENCH_OK(pki_authority_signer(ca, authority, &err), &err);
	return ca;
}

static void
make_scene(const bench_options *options, struct scene *scene)
{
	char state[PKI_PATH_MAX];
	pki_err err;
	size_t i;

	bench_make_ca(options, "issue", state);
	scene->ca = open_ca(state, false);
	scene->checking = open_ca(state, true);
	for (i = 0; i < REQUESTS; i++) {
		char text[32];
		const pki_name_part part = { PKI_NAME_COMMON_NAME, text };
		PKI_AUTO(pki_name) name = NULL;
		PKI_AUTO(pki_key) key = NULL;

		snprintf(text, sizeof(text), "meter-%08zu", i);
		BENCH_OK(pki_name_build(&part, 1, &name, &err), &err);
		BENCH_OK(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
		scene->requests[i] = pki_buf_new();
		BENCH_OK(pki_csr_build(key, name, NULL, scene->requests[i],
		    &err), &err);
	}
}

static void
clear_scene(struct scene *scene)
{
	size_t i;

	for (i = 0; i < REQUESTS; i++)
		pki_buf_free(scene->requests[i]);
	pki_ca_free(scene->ca);
	pki_ca_free(scene->checking);
}

static struct worker *
make_worker(const struct scene *scene)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		bench_fail("memory", NULL);
	w->scene = scene;
	w->bare = bench_bare_new(REQUESTS);
	return w;
}

static void
free_worker(struct worker *w)
{
	bench_bare_free(w->bare);
	free(w);
}

enum { VERIFY, PARSE, BARE, OURS, BARE_CHECKED, OURS_CHECKED, TURNS };

static bench_turn *const turns[TURNS] = {
	[VERIFY] = verify_bare, [PARSE] = parse,
	[BARE] = issue_bare, [OURS] = issue,
	[BARE_CHECKED] = issue_bare_checked, [OURS_CHECKED] = issue_checked,
};

/* Ours and yardstick, round by round. */
struct pair {
	double ours[BENCH_ROUNDS], yardstick[BENCH_ROUNDS];
};

static void
report(const char *name, const char *unit, struct pair *pair, double target)
{
	double ratios[BENCH_ROUNDS];
	char note[64];
	size_t i;

	for (i = 0; i < BENCH_ROUNDS; i++)
		ratios[i] = pair->ours[i] / pair->yardstick[i];
	bench_median(ratios, BENCH_ROUNDS);
	snprintf(note, sizeof(note), "ratios %.3f .. %.3f", ratios[0],
	    ratios[BENCH_ROUNDS - 1]);
	bench_report(&(bench_claim){
		name, unit, bench_median(pair->ours, BENCH_ROUNDS),
		bench_median(pair->yardstick, BENCH_ROUNDS), BENCH_AT_LEAST,
		target, note,
	});
}

/* Operations in a second of CPU time. */
static void
claim_rate(const char *name, const bench_times *times, size_t ours,
    size_t yardstick)
{
	struct pair pair;
	size_t i;

	for (i = 0; i < BENCH_ROUNDS; i++) {
		pair.ours[i] = 1e6 / times[ours].us[i];
		pair.yardstick[i] = 1e6 / times[yardstick].us[i];
	}
	report(name, "1/s", &pair, 0.80);
}

/* The part of its speed that a thread keeps beside another one. */
static void
claim_scaling(const char *name, bench_times times[THREADS][TURNS],
    size_t ours, size_t yardstick)
{
	struct pair pair;
	size_t i;

	for (i = 0; i < BENCH_ROUNDS; i++) {
		pair.ours[i] = times[0][ours].us[i] / times[1][ours].us[i];
		pair.yardstick[i] = times[0][yardstick].us[i] /
		    times[1][yardstick].us[i];
	}
	report(name, "", &pair, 0.88);
}

static void
print_parsing(const bench_times *times)
{
	struct pair pair;

	memcpy(pair.ours, times[PARSE].us, sizeof(pair.ours));
	memcpy(pair.yardstick, times[VERIFY].us, sizeof(pair.yardstick));
	report("read a request and verify it, against verify", "us", &pair, 0);
}

void
bench_issue(const bench_options *options)
{
	static bench_times times[THREADS][TURNS];
	void *workers[THREADS];
	bench_turns plan = { turns, TURNS, workers, 1, BENCH_ROUNDS,
		options->quick ? 16 : 64 };
	struct scene scene;
	size_t i;

	make_scene(options, &scene);
	for (i = 0; i < THREADS; i++)
		workers[i] = make_worker(&scene);
	for (i = 0; i < THREADS; i++) {
		plan.threads = i + 1;
		bench_run_turns(&plan, times[i]);
	}
	claim_rate("issue without store, against verify+sign",
	    times[0], OURS, BARE);
	claim_rate("the same with self-check, against + verify",
	    times[0], OURS_CHECKED, BARE_CHECKED);
	claim_scaling("two threads against one, relative to bare", times,
	    OURS, BARE);
	claim_scaling("two threads, with self-check", times, OURS_CHECKED,
	    BARE_CHECKED);
	print_parsing(times[0]);
	for (i = 0; i < THREADS; i++)
		free_worker(workers[i]);
	clear_scene(&scene);
}
