/*
 * G2: the power is cut.  powercut.sh has the disks; this program issues onto
 * one, takes pictures of it, and looks at what is on a picture.
 *
 *   powercut storm STATE-DIR TEMPLATES-DIR LEDGER DISK PICTURES
 *   powercut look STATE-DIR LEDGER ANSWERS
 *
 * storm copies DISK, a file with reflinks below it, to DISK.1 and so on, and
 * prints for each how many answers had been given before the copy began.
 * look prints how many of so many answers are lost.
 */
#include "tests/faults/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Few at a time: many small commits, and a log that grows slowly. */
#define IN_FLIGHT 8
#define PAUSE_MIN_MS 60
#define PAUSE_MAX_MS 240

/* A moment of the disk, as it would be found after a cut. */
static void
take_picture(const char *disk, long number)
{
	char picture[PKI_PATH_MAX + 24];
	int status = 0;
	pid_t child;

	snprintf(picture, sizeof(picture), "%s.%ld", disk, number);
	child = child_start();
	if (child == 0) {
		execlp("cp", "cp", "--reflink=always", disk, picture, NULL);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		fail("cp --reflink=always", NULL);
}

static int
take_pictures(char **argv)
{
	struct storm storm = {
		.state = argv[2], .ledger = ledger_open(argv[4]),
		.in_flight = IN_FLIGHT,
	};
	long count = strtol(argv[6], NULL, 10), i;
	unsigned seed = (unsigned)time(NULL);
	pid_t child;

	make_ca(argv[2], argv[3]);
	child = storm_start(&storm);
	storm_await(storm.ledger, 1);
	for (i = 1; i <= count; i++) {
		size_t answers;

		pause_ms(PAUSE_MIN_MS +
		    rand_r(&seed) % (PAUSE_MAX_MS - PAUSE_MIN_MS));
		answers = storm.ledger->count;
		take_picture(argv[5], i);
		printf("%zu\n", answers);
	}
	child_kill(child);
	return 0;
}

/* What lies there must be whole; what is missing is only counted. */
static int
look(char **argv)
{
	size_t count = strtoul(argv[4], NULL, 10);

	check_whole(argv[2]);
	printf("%zu\n", ledger_lost(ledger_open(argv[3]), argv[2], 0, count));
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 7 && strcmp(argv[1], "storm") == 0)
		return take_pictures(argv);
	if (argc == 5 && strcmp(argv[1], "look") == 0)
		return look(argv);
	fail("usage: see the source", NULL);
}
