/*
 * G1: kill -9 at random in an issuing storm.
 *
 *   storm STATE-DIR TEMPLATES-DIR [ROUNDS [ANSWERS]]
 *
 * Each round a child opens the state directory and issues as fast as it can,
 * and notes each answer.  The parent kills it after a random time, then looks
 * for every answer in the store.  Passes when none is lost, no serial was
 * given twice, and log and database are whole.  A slow machine gets more
 * rounds, until there are enough answers.
 */
#include "tests/faults/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 100
#define ANSWERS 20000
#define IN_FLIGHT 64
/* Kill so soon after the first answer, at random. */
#define KILL_MIN_MS 10
#define KILL_MAX_MS 350
/* G1: a restart that takes longer than this is an outage... */
#define RESTART_MAX_US 1000000
/* ... but for one in so many, which a busy machine is forgiven. */
#define FORGIVEN 20

/* One round; how long the child took to its first answer. */
static int64_t
run_round(const struct storm *storm, long kill_after_ms)
{
	size_t before = storm->ledger->count;
	int64_t began = now_us(), restart;
	pid_t child = storm_start(storm);

	storm_await(storm->ledger, before + 1);
	restart = now_us() - began;
	pause_ms(kill_after_ms);
	child_kill(child);
	return restart;
}

int
main(int argc, char **argv)
{
	long rounds = number_at(argc, argv, 3, ROUNDS), i;
	size_t wanted = (size_t)number_at(argc, argv, 4, ANSWERS);
	struct storm storm = { .in_flight = IN_FLIGHT };
	unsigned seed = (unsigned)time(NULL);
	size_t lost = 0, twice, count;
	int64_t restart, slowest = 0;
	long late = 0;
	bool noticed, passed;

	if (argc < 3)
		fail("usage: storm STATE-DIR TEMPLATES-DIR [ROUNDS [ANSWERS]]",
		    NULL);
	storm.state = argv[1];
	storm.ledger = ledger_open(NULL);
	make_ca(argv[1], argv[2]);
	for (i = 0; i < rounds || storm.ledger->count < wanted; i++) {
		size_t from = storm.ledger->count;

		restart = run_round(&storm, KILL_MIN_MS +
		    rand_r(&seed) % (KILL_MAX_MS - KILL_MIN_MS));
		slowest = restart > slowest ? restart : slowest;
		late += restart > RESTART_MAX_US;
		lost += ledger_lost(storm.ledger, argv[1], from,
		    storm.ledger->count);
	}
	check_whole(argv[1]);
	count = storm.ledger->count;
	lost += ledger_lost(storm.ledger, argv[1], 0, count);
	twice = ledger_twice(storm.ledger);
	noticed = ledger_control(storm.ledger, argv[1]);
	passed = lost == 0 && twice == 0 && noticed &&
	    late * FORGIVEN <= i;
	printf("guarantee=G1 n=%zu lost=%zu dup=%zu rounds=%ld restart-ms=%lld "
	    "late=%ld control=%s result=%s\n", count, lost, twice, i,
	    (long long)slowest / 1000, late, noticed ? "noticed" : "MISSED",
	    passed ? "PASS" : "FAIL");
	return passed ? 0 : 1;
}
