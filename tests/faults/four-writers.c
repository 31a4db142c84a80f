/*
 * G6: several processes on one state directory.
 *
 *   four-writers STATE-DIR TEMPLATES-DIR [SECONDS [WAIT-MAX-MS]]
 *
 * One issues, one revokes what was issued, one publishes, one checks the
 * whole; each as often as it can.  Passes when nothing is damaged, lost or
 * given twice, and no one waits too long for the write lock, which whoever
 * makes a checkpoint holds meanwhile.
 */
#include "tests/faults/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 60
#define WAIT_MAX_MS 250
#define IN_FLIGHT 64
#define WAITS_ROOM 1000000
/* thisUpdate takes a second for each CRL, and starts a minute behind. */
#define PUBLISH_EVERY_MS 500

/* What the processes share. */
struct four {
	const char    *state;
	struct ledger *ledger;
	int64_t        until_us;
	struct four_shared {
		_Atomic size_t revoked, published, checked;
		_Atomic size_t wait_count;
		int32_t        wait_us[WAITS_ROOM];
	} *shared;
};

static pki_ca *
open_ca(const struct four *four)
{
	const pki_ca_options options = { .state_dir = four->state };
	pki_ca *ca;
	pki_err err;

	must(pki_ca_open(&options, &ca, &err), "open", &err);
	return ca;
}

/* How long does one wait to write now? */
static void
time_a_wait(const struct four *four, pki_store *store)
{
	int64_t began = now_us(), waited;
	pki_err err;

	must(pki_store_begin(store, &err), "begin", &err);
	waited = now_us() - began;
	pki_store_rollback(store);
	if (four->shared->wait_count < WAITS_ROOM)
		four->shared->wait_us[four->shared->wait_count++] =
		    (int32_t)waited;
}

static void
revoke_some(struct four *four)
{
	PKI_AUTO(pki_ca) ca = open_ca(four);
	PKI_AUTO(pki_store) store = NULL;
	char url[PKI_PATH_MAX + 8];
	unsigned seed = (unsigned)getpid();
	pki_err err;

	snprintf(url, sizeof(url), "sqlite:%s", four->state);
	must(pki_store_open(url, &store, &err), "open", &err);
	while (now_us() < four->until_us) {
		struct answer *answer = &four->ledger->answers[
		    (size_t)rand_r(&seed) % four->ledger->count];
		const pki_revocation revocation = {
			.ca = "issuing", .serial = answer->serial,
			.reason = PKI_REASON_SUPERSEDED, .who = fault_who,
		};

		time_a_wait(four, store);
		if (!answer->told || answer->revoked)
			continue;
		must(pki_ca_revoke(ca, &revocation, NULL, &err), "revoke",
		    &err);
		answer->revoked = true;
		four->shared->revoked++;
	}
}

static void
publish_often(struct four *four)
{
	PKI_AUTO(pki_ca) ca = open_ca(four);
	pki_err err;

	while (now_us() < four->until_us) {
		must(pki_ca_publish(ca, "issuing", &fault_who, NULL, NULL,
		    &err), "publish", &err);
		four->shared->published++;
		pause_ms(PUBLISH_EVERY_MS);
	}
}

static void
check_often(struct four *four)
{
	while (now_us() < four->until_us) {
		check_whole(four->state);
		four->shared->checked++;
	}
}

static pid_t
start(struct four *four, void (*work)(struct four *four))
{
	pid_t child = child_start();

	if (child == 0) {
		work(four);
		_exit(0);
	}
	return child;
}

/* How many ended badly, each having said why. */
static size_t
run_four(struct four *four, long seconds)
{
	static void (*const works[])(struct four *four) = {
		revoke_some, publish_often, check_often,
	};
	const struct storm storm = {
		.state = four->state, .ledger = four->ledger,
		.in_flight = IN_FLIGHT,
	};
	pid_t writer = storm_start(&storm), others[PKI_COUNT(works)];
	size_t failed = 0, i;
	int status;

	storm_await(four->ledger, 10);
	four->until_us = now_us() + seconds * 1000000;
	for (i = 0; i < PKI_COUNT(works); i++)
		others[i] = start(four, works[i]);
	for (i = 0; i < PKI_COUNT(works); i++)
		failed += waitpid(others[i], &status, 0) != others[i] ||
		    status != 0;
	child_kill(writer);
	return failed;
}

static int
compare_waits(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
main(int argc, char **argv)
{
	struct four four = { .ledger = ledger_open(NULL) };
	int64_t limit_us = number_at(argc, argv, 4, WAIT_MAX_MS) * 1000;
	size_t failed, lost, twice, count;
	const int32_t *waits;
	bool passed;

	if (argc < 3)
		fail("usage: four-writers STATE-DIR TEMPLATES-DIR [SECONDS "
		    "[WAIT-MAX-MS]]", NULL);
	four.state = argv[1];
	four.shared = mmap(NULL, sizeof(*four.shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (four.shared == MAP_FAILED)
		fail("memory", NULL);
	make_ca(argv[1], argv[2]);
	failed = run_four(&four, number_at(argc, argv, 3, SECONDS));
	check_whole(argv[1]);
	lost = ledger_lost(four.ledger, argv[1], 0, four.ledger->count);
	twice = ledger_twice(four.ledger);
	count = four.shared->wait_count;
	waits = four.shared->wait_us;
	qsort(four.shared->wait_us, count, sizeof(*waits), compare_waits);
	passed = failed == 0 && lost == 0 && twice == 0 && count > 0 &&
	    waits[count - 1] <= limit_us && four.shared->revoked > 0 &&
	    four.shared->published > 0 && four.shared->checked > 0;
	printf("guarantee=G6 n=%zu lost=%zu dup=%zu failed=%zu revoked=%zu "
	    "published=%zu checked=%zu waits=%zu wait-median-ms=%.1f "
	    "wait-p99-ms=%.1f wait-max-ms=%.1f result=%s\n",
	    four.ledger->count, lost, twice, failed, four.shared->revoked,
	    four.shared->published, four.shared->checked, count,
	    count == 0 ? 0 : waits[count / 2] / 1000.0,
	    count == 0 ? 0 : waits[count * 99 / 100] / 1000.0,
	    count == 0 ? 0 : waits[count - 1] / 1000.0,
	    passed ? "PASS" : "FAIL");
	return passed ? 0 : 1;
}
