/*
 * How many certificates a second a batch issues durably.
 *
 *   throughput STATE-DIR TEMPLATES-DIR IN-FLIGHT SECONDS
 *
 * Makes the CA, and prints the rate.
 */
#include "tests/faults/fault.h"

#include <stdio.h>

/* What is left of starting up is not counted. */
#define SETTLE_MS 300

int
main(int argc, char **argv)
{
	struct storm storm = { .ledger = ledger_open(NULL) };
	int64_t began, took;
	size_t before, count;
	pid_t child;

	if (argc != 5)
		fail("usage: throughput STATE-DIR TEMPLATES-DIR IN-FLIGHT "
		    "SECONDS", NULL);
	storm.state = argv[1];
	storm.in_flight = (size_t)number_at(argc, argv, 3, 0);
	make_ca(argv[1], argv[2]);
	child = storm_start(&storm);
	storm_await(storm.ledger, 1);
	pause_ms(SETTLE_MS);
	before = storm.ledger->count;
	began = now_us();
	pause_ms(number_at(argc, argv, 4, 0) * 1000);
	count = storm.ledger->count - before;
	took = now_us() - began;
	child_kill(child);
	printf("%lld\n", (long long)count * 1000000 / (long long)took);
	return 0;
}
