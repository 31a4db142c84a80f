/*
 * Issuing that is on the disk before it is answered: group commit, audit row,
 * constraints, two cores.
 */
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 5
#define IN_FLIGHT 1024

/* The bare work of one issuance: one verification and one signature. */
struct bare {
	const pki_key *key;
	pki_bytes      message, signature;
	size_t         count;
};

static void *
run_bare(void *arg)
{
	const struct bare *bare = arg;
	const pki_pubkey *public = pki_key_public(bare->key);
	const pki_sigalg *algorithm = pki_sigalg_for(PKI_KEY_P256);
	pki_err err;
	size_t i;

	for (i = 0; i < bare->count; i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();

		BENCH_OK(pki_pubkey_verify(public, algorithm, bare->message,
		    bare->signature, &err), &err);
		BENCH_OK(pki_key_sign(bare->key, bare->message, out, &err),
		    &err);
	}
	return NULL;
}

/* Verify and sign by two threads at once: the limit of two cores. */
static double
bare_rate(size_t count)
{
	static const char text[700] = "to be signed";
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	PKI_AUTO(pki_key) key = NULL;
	struct bare bare = {
		.message = pki_bytes_of(text, sizeof(text)),
		.count = count / 2,
	};
	pthread_t threads[2];
	double begin;
	pki_err err;
	int i;

	BENCH_OK(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
	BENCH_OK(pki_key_sign(key, bare.message, signature, &err), &err);
	bare.key = key;
	bare.signature = pki_buf_bytes(signature);
	begin = bench_wall();
	for (i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, run_bare, &bare) != 0)
			bench_fail("thread", NULL);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return (double)count / (bench_wall() - begin);
}

static double
durable_rate(const bench_options *options, const char *name, size_t count)
{
	char state[PKI_PATH_MAX];
	bench_device *devices = bench_devices(count, name);
	double seconds;

	bench_make_ca(options, name, state);
	seconds = bench_issue_all(state, devices, count, IN_FLIGHT, NULL);
	bench_devices_free(devices, count);
	return (double)count / seconds;
}

static void
claim_durable(const bench_options *options, size_t count)
{
	double ours[ROUNDS], bare[ROUNDS], ratio[ROUNDS];
	char note[64], name[16];
	size_t i;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "durable%zu", i);
		bare[i] = bare_rate(count);
		ours[i] = durable_rate(options, name, count);
		ratio[i] = ours[i] / bare[i];
	}
	bench_median(ratio, ROUNDS);
	snprintf(note, sizeof(note), "ratios %.2f .. %.2f", ratio[0],
	    ratio[ROUNDS - 1]);
	bench_report(&(bench_claim){
		"durable issue, two cores, against bare two-thread limit",
		"1/s", bench_median(ours, ROUNDS), bench_median(bare, ROUNDS),
		BENCH_AT_LEAST, 0.55, note,
	});
}

/*
 * The rate of a child of its own, with or without the library that delays
 * every fsync: a preload counts from the start of a process only.
 */
static double
child_rate(const bench_options *options, const char *preload, size_t count)
{
	char text[32], slow[PKI_PATH_MAX + 16], self[PKI_PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *argv[] = {
		self, (char[]){ "--child" }, text, NULL, NULL,
	};
	char *env[] = { slow, NULL };
	int out[2], status;
	pid_t child;
	FILE *reply;
	double rate = 0;

	argv[3] = strdup(options->templates_dir);
	if (len < 0 || argv[3] == NULL || pipe(out) != 0)
		bench_fail("child", NULL);
	self[len] = '\0';
	snprintf(text, sizeof(text), "%zu", count);
	snprintf(slow, sizeof(slow), "LD_PRELOAD=%s",
	    preload == NULL ? "" : preload);
	child = fork();
	if (child == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		execve(self, argv, env);
		_exit(127);
	}
	close(out[1]);
	reply = fdopen(out[0], "r");
	if (child < 0 || reply == NULL || fscanf(reply, "%lf", &rate) != 1 ||
	    waitpid(child, &status, 0) != child || status != 0)
		bench_fail("the child with delayed fsync", NULL);
	fclose(reply);
	free(argv[3]);
	return rate;
}

int
bench_child(const char *count, const char *templates_dir)
{
	char dir[] = "/tmp/pki-bench-child.XXXXXX", remove[64];
	const bench_options options = {
		.templates_dir = templates_dir, .work_dir = dir,
	};

	if (mkdtemp(dir) == NULL)
		bench_fail("mkdtemp", NULL);
	printf("%f\n", durable_rate(&options, "child",
	    strtoul(count, NULL, 10)));
	snprintf(remove, sizeof(remove), "rm -rf '%s'", dir);
	return system(remove);
}

static void
claim_slow_fsync(const bench_options *options, size_t count)
{
	double slow[ROUNDS], fast[ROUNDS];
	size_t i;

	if (options->slow_sync == NULL)
		bench_fail("needs --slow-sync", NULL);
	for (i = 0; i < ROUNDS; i++) {
		fast[i] = child_rate(options, NULL, count);
		slow[i] = child_rate(options, options->slow_sync, count);
	}
	bench_report(&(bench_claim){
		"durable issue, fsync + 5 ms, 1 024 in flight", "1/s",
		bench_median(slow, ROUNDS), bench_median(fast, ROUNDS),
		BENCH_AT_LEAST, 0.80, "against no delay",
	});
}

void
bench_durable(const bench_options *options)
{
	size_t count = options->quick ? 4096 : 16384;

	claim_durable(options, count);
	claim_slow_fsync(options, count);
}
