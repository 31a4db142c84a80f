/*
 * pki-estd by the clock: a slow disk, one client alone, and ten thousand that
 * say nothing.
 */
#include "tests/bench/bench-est.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMIT_MAX ((size_t)1 << 20)
#define WARM 20
#define IDLE_DESCRIPTORS 16384

/* ---- a disk that takes 5 ms longer ---- */

struct side {
	bench_estd  *estd;
	bench_fleet *fleet;
	bench_load  *load;
};

static void
open_side(const bench_options *options, const char *name, const char *preload,
    size_t devices, size_t clients, struct side *side)
{
	char state[PKI_PATH_MAX];

	bench_make_checking_ca(options, name, state);
	side->fleet = bench_fleet_new(state, name, devices);
	side->estd = bench_estd_start(options, state, preload);
	side->load = bench_load_new(&(bench_load_options){
		bench_estd_port(side->estd), BENCH_TLS, BENCH_KEPT, clients,
	});
}

static void
close_side(struct side *side)
{
	bench_load_free(side->load);
	bench_estd_stop(side->estd);
	bench_fleet_free(side->fleet);
}

static double
rate_of(struct side *side, size_t count)
{
	return (double)count / bench_load_run(side->load,
	    bench_fleet_take(side->fleet, count), count);
}

void
est_claim_slow_fsync(const bench_options *options)
{
	static const char name[] = "enroll, fsync + 5 ms, against no delay";
	size_t count = options->quick ? 1000 : 4000;
	size_t rounds = options->quick ? 3 : EST_ROUNDS;
	struct side fast, slow;
	est_pair pair;

	open_side(options, "fast", NULL, (rounds + 1) * count, EST_CLIENTS,
	    &fast);
	open_side(options, "slow", options->slow_sync, (rounds + 1) * count,
	    EST_CLIENTS, &slow);
	if (bench_estd_is_preloaded(slow.estd)) {
		(void)rate_of(&fast, count);
		(void)rate_of(&slow, count);
		for (size_t i = 0; i < rounds; i++) {
			pair.yardstick[i] = rate_of(&fast, count);
			pair.ours[i] = rate_of(&slow, count);
		}
		est_report(&(bench_claim){
			.name = name, .unit = "1/s", .better = BENCH_AT_LEAST,
			.target = 0.7, .note = "200 clients, wall",
		}, &pair, rounds);
	} else
		bench_report_missing(name,
		    "needs configure --enable-fault-tests");
	close_side(&fast);
	close_side(&slow);
}

/* ---- one client alone ---- */

/* Octets that one enrollment adds to the write-ahead log. */
static size_t
commit_octets(struct side *side, const char *state)
{
	char path[PKI_PATH_MAX];
	struct stat before, after;
	pki_err err;

	BENCH_OK(pki_path_join(path, state, "ca.db-wal", &err), &err);
	(void)bench_load_run(side->load, bench_fleet_take(side->fleet, 1), 1);
	if (stat(path, &before) != 0)
		bench_fail(path, NULL);
	for (int i = 0; i < WARM; i++)
		(void)bench_load_run(side->load,
		    bench_fleet_take(side->fleet, 1), 1);
	if (stat(path, &after) != 0 || after.st_size <= before.st_size)
		bench_fail(path, NULL);
	return (size_t)(after.st_size - before.st_size) / WARM;
}

/* What the disk itself takes until so much more in a file is there. */
static double
sync_ms(int fd, size_t octets)
{
	static const char block[COMMIT_MAX];
	double begin;

	if (octets > COMMIT_MAX ||
	    write(fd, block, octets) != (ssize_t)octets)
		bench_fail("write", NULL);
	begin = bench_wall();
	if (fdatasync(fd) != 0)
		bench_fail("fdatasync", NULL);
	return (bench_wall() - begin) * 1000;
}

/* In turn; all three sorted afterwards. */
struct alone {
	double *enroll, *get, *sync;
	size_t  count, octets;
};

static void
run_alone(struct side *side, int disk, const struct alone *out)
{
	bench_request *get = bench_gets_new(1);

	for (size_t i = 0; i < out->count; i++) {
		bench_request *post = bench_fleet_take(side->fleet, 1);

		(void)bench_load_run(side->load, post, 1);
		out->enroll[i] = post->ms;
		(void)bench_load_run(side->load, get, 1);
		out->get[i] = get->ms;
		out->sync[i] = sync_ms(disk, out->octets);
	}
	bench_requests_free(get, 1);
}

void
est_claim_latency(const bench_options *options)
{
	size_t count = options->quick ? 100 : 1000;
	double *values = calloc(count, 3 * sizeof(*values));
	struct alone all = {
		values, values + count, values + 2 * count, count, 0,
	};
	double enroll, sync;
	struct side side;
	char path[PKI_PATH_MAX], state[PKI_PATH_MAX], note[96];
	pki_err err;
	int disk;

	BENCH_OK(pki_path_join(path, options->work_dir, "disk", &err), &err);
	disk = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (values == NULL || disk < 0)
		bench_fail("a file to write", NULL);
	open_side(options, "alone", NULL, count + WARM + 1, 1, &side);
	BENCH_OK(pki_path_join(state, options->work_dir, "alone", &err), &err);
	all.octets = commit_octets(&side, state);
	run_alone(&side, disk, &all);
	enroll = bench_median(all.enroll, count);
	sync = bench_median(all.sync, count);
	snprintf(note, sizeof(note), "wall: p50 %.3f ms, of it fdatasync of "
	    "%zu octets %.3f", enroll, all.octets, sync);
	bench_report(&(bench_claim){
		"enroll, one client, less a sync, against GET", "ms",
		enroll - sync, bench_median(all.get, count), BENCH_AT_MOST, 3,
		note,
	});
	close_side(&side);
	close(disk);
	free(values);
}

/* ---- many that are connected ---- */

static void
allow_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		bench_fail("getrlimit", NULL);
	if (files.rlim_max < IDLE_DESCRIPTORS)
		files.rlim_max = IDLE_DESCRIPTORS;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		bench_fail("needs 'ulimit -n 16384'", NULL);
}

/* One after the other, each by a new connection; the 99th percentile. */
static double
good_client_ms(struct side *side, size_t count)
{
	double *ms = calloc(count, sizeof(*ms)), p99;
	bench_load *load = bench_load_new(&(bench_load_options){
		bench_estd_port(side->estd), BENCH_TLS, BENCH_FRESH, 1,
	});

	if (ms == NULL)
		bench_fail("memory", NULL);
	for (size_t i = 0; i < count; i++) {
		bench_request *post = bench_fleet_take(side->fleet, 1);

		(void)bench_load_run(load, post, 1);
		ms[i] = post->ms;
	}
	(void)bench_median(ms, count);
	p99 = bench_quantile(ms, count, 0.99);
	bench_load_free(load);
	free(ms);
	return p99;
}

void
est_claim_idle(const bench_options *options)
{
	size_t idle = options->quick ? 1000 : 10000;
	size_t good = options->quick ? 100 : 1000;
	bench_request *gets = bench_gets_new(idle);
	struct side side;
	bench_load *load;
	double before, after, p99;

	allow_descriptors();
	open_side(options, "idle", NULL, 2 * good, 1, &side);
	(void)good_client_ms(&side, good);
	before = bench_estd_kib(side.estd);
	load = bench_load_new(&(bench_load_options){
		bench_estd_port(side.estd), BENCH_TLS, BENCH_KEPT, idle,
	});
	/* Idle is who has asked, and may ask again. */
	(void)bench_load_run(load, gets, idle);
	bench_load_rest(load);
	p99 = good_client_ms(&side, good);
	after = bench_estd_kib(side.estd);
	bench_report(&(bench_claim){
		options->quick ? "memory of each of 1 000 idle connections" :
		"memory of each of 10 000 idle connections", "KiB",
		(after - before) / (double)idle, 48, BENCH_AT_MOST, 1,
		"PSS, against 48 KiB",
	});
	bench_report(&(bench_claim){
		"a good client's p99 beside them, against 250 ms", "ms", p99,
		250, BENCH_AT_MOST, 1, "enroll, new connections",
	});
	bench_load_free(load);
	bench_requests_free(gets, idle);
	close_side(&side);
}
