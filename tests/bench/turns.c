#include "tests/bench/turns.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/bench.h"

/* A thread of a plan, and what it measured. */
struct lane {
	const bench_turns *plan;
	void              *worker;
	pthread_barrier_t *start;
	bench_times       *times;
};

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* All threads do the same at the same time. */
static double
run_block(const struct lane *lane, bench_turn *turn, size_t block)
{
	double begin;
	size_t i;

	pthread_barrier_wait(lane->start);
	begin = now_us();
	for (i = 0; i < BENCH_BLOCK; i++)
		turn(lane->worker, block * BENCH_BLOCK + i);
	return now_us() - begin;
}

static void
run_round(const struct lane *lane, size_t round)
{
	const bench_turns *plan = lane->plan;
	size_t block, i;

	for (block = 0; block < plan->blocks; block++)
		for (i = 0; i < plan->count; i++)
			lane->times[i].us[round] += run_block(lane,
			    plan->turns[i], block) /
			    (double)(plan->blocks * BENCH_BLOCK);
}

static void *
run_lane(void *arg)
{
	const struct lane *lane = arg;
	size_t i;

	/* Once without looking: caches, contexts, page faults. */
	for (i = 0; i < lane->plan->count; i++)
		run_block(lane, lane->plan->turns[i], 0);
	for (i = 0; i < lane->plan->rounds; i++)
		run_round(lane, i);
	return NULL;
}

static void
add_times(const struct lane *lane, bench_times *times)
{
	const bench_turns *plan = lane->plan;
	size_t i, round;

	for (i = 0; i < plan->count; i++)
		for (round = 0; round < plan->rounds; round++)
			times[i].us[round] += lane->times[i].us[round] /
			    (double)plan->threads;
}

void
bench_run_turns(const bench_turns *plan, bench_times *times)
{
	pthread_t *threads = calloc(plan->threads, sizeof(*threads));
	struct lane *lanes = calloc(plan->threads, sizeof(*lanes));
	pthread_barrier_t start;
	size_t i;

	if (threads == NULL || lanes == NULL ||
	    pthread_barrier_init(&start, NULL, (unsigned)plan->threads) != 0)
		bench_fail("threads", NULL);
	memset(times, 0, plan->count * sizeof(*times));
	for (i = 0; i < plan->threads; i++) {
		lanes[i] = (struct lane){ plan, plan->workers[i], &start,
		    calloc(plan->count, sizeof(*times)) };
		if (lanes[i].times == NULL || pthread_create(&threads[i],
		    NULL, run_lane, &lanes[i]) != 0)
			bench_fail("threads", NULL);
	}
	for (i = 0; i < plan->threads; i++) {
		pthread_join(threads[i], NULL);
		add_times(&lanes[i], times);
		free(lanes[i].times);
	}
	pthread_barrier_destroy(&start);
	free(lanes);
	free(threads);
}
