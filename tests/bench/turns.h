#ifndef TESTS_BENCH_TURNS_H
#define TESTS_BENCH_TURNS_H

/*
 * Short operations against each other: CPU time of the thread that works, in
 * turn within milliseconds, so that whatever else the machine does hits all
 * alike.
 */

#include <stddef.h>

/* One operation, the i-th; it ends the program on error. */
typedef void bench_turn(void *worker, size_t i);

typedef struct bench_turns {
	bench_turn *const *turns;
	size_t             count;
	void *const       *workers;     /* one for each thread */
	size_t             threads;
	size_t             rounds;      /* at most BENCH_ROUNDS, odd */
	size_t             blocks;      /* in a round, of BENCH_BLOCK each */
} bench_turns;

#define BENCH_BLOCK 64
#define BENCH_ROUNDS 9

/* Microseconds of an operation, in each round. */
typedef struct bench_times {
	double us[BENCH_ROUNDS];
} bench_times;

/* Fill times[0 .. count - 1]. */
void bench_run_turns(const bench_turns *plan, bench_times *times);

#endif
