#include "ca/publish.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/ca/ca-sample.h"

#define FULL "crl/issuing/full.crl"

/*
 * Two publishers whose clocks jump and who are killed at any moment, and a
 * reader who opens the file all the while.
 */
#define CRLS 500
#define READINGS 10000
#define ENTRIES 40
#define KILL_EVERY_MS 20

/* What the processes share. */
struct board {
	volatile int64_t readings, torn, seen, failed;
	volatile bool    stop;
};

static struct test_ca t;
static struct board *board;
static int64_t real_begin;              /* ms */

static void
set_up(void)
{
	char name[32];

	fresh_ca(&t);
	for (int i = 0; i < ENTRIES; i++) {
		PKI_AUTO(pki_cert) cert = NULL;

		snprintf(name, sizeof(name), "meter-%d", i);
		cert = issue_meter(&t, name);
		revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	}
	publish(&t, "issuing");
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(board, MAP_FAILED);
}

static void
tear_down(void)
{
	munmap(board, sizeof(*board));
	drop_ca(&t);
}

TestSuite(crl_storm, .init = set_up, .fini = tear_down, .timeout = 240);

/* Ten seconds go by in a hundredth. */
static int64_t
fast_ms(void)
{
	return TEST_BEGIN * 1000 +
	    (pki_clock_monotonic_ms() - real_begin) * 1000;
}

static pid_t
start(void (*run)(int number), int number)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run(number);
	_exit(0);
}

#define JUMP_MAX INT64_C(240)

static void
run_publisher(int number)
{
	pki_ca *ca = reopen_ca(&t);
	pki_err err;
	pki_code rc;

	srandom((unsigned)(getpid() + number));
	while (!board->stop) {
		t.clock.now_ms = fast_ms() +
		    (random() % (2 * JUMP_MAX) - JUMP_MAX) * 1000;
		rc = pki_ca_publish(ca, "issuing", &test_requester, NULL, NULL,
		    &err);
		/* A clock that is not believed is none of the failures. */
		if (rc != PKI_OK && rc != PKI_CLOCK && rc != PKI_BUSY)
			board->failed++;
	}
}

static void
read_once(const pki_cert *issuer, int64_t last[2])
{
	PKI_AUTO(pki_buf) text = get_file(&t, "public/" FULL);
	PKI_AUTO(pki_crl) crl = NULL;

	board->readings++;
	if (pki_crl_parse(pki_buf_bytes(text), 1 << 20, &crl, NULL) != PKI_OK ||
	    pki_crl_count(crl) != ENTRIES ||
	    pki_crl_number(crl) < last[0] ||
	    (pki_crl_number(crl) == last[0]) !=
	    (pki_crl_this_update(crl) == last[1]) ||
	    pki_crl_this_update(crl) < last[1] ||
	    pki_crl_this_update(crl) > fast_ms() / 1000 + JUMP_MAX + 5) {
		board->torn++;
		return;
	}
	if (pki_crl_number(crl) == last[0])
		return;
	board->seen++;
	if (pki_crl_check_issuer(crl, issuer, NULL) != PKI_OK)
		board->torn++;
	last[0] = pki_crl_number(crl);
	last[1] = pki_crl_this_update(crl);
}

static void
run_reader(int number)
{
	PKI_AUTO(pki_cert) issuer = get_ca_cert(&t, "issuing");
	int64_t last[2] = { 0, 0 };

	(void)number;
	while (!board->stop)
		read_once(issuer, last);
}

static int64_t
count_crls(void)
{
	return ask_sql(&t, "SELECT count(*) FROM crl WHERE ca_id ="
	    " (SELECT id FROM ca WHERE name = 'issuing')");
}

/* Kill one and start it anew, in turn, until enough was done. */
static void
storm(pid_t publishers[2])
{
	const struct timespec pause = { 0, KILL_EVERY_MS * 1000000 };
	int64_t crls = 0;

	for (int i = 0; crls < CRLS || board->readings < READINGS; i++) {
		int which = i % 2;

		nanosleep(&pause, NULL);
		if (i % 10 < 2) {
			kill(publishers[which], SIGKILL);
			waitpid(publishers[which], NULL, 0);
			publishers[which] = start(run_publisher, i);
		}
		if (i % 10 == 9)
			crls = count_crls();
	}
}

Test(crl_storm, numbers_and_times_rise_and_no_reader_sees_half_a_list)
{
	pid_t publishers[2], reader;
	pki_audit_head head;

	real_begin = pki_clock_monotonic_ms();
	for (int i = 0; i < 2; i++)
		publishers[i] = start(run_publisher, i);
	reader = start(run_reader, 0);
	storm(publishers);
	board->stop = true;
	for (int i = 0; i < 2; i++)
		waitpid(publishers[i], NULL, 0);
	waitpid(reader, NULL, 0);
	cr_expect_eq(board->torn, 0, "%lld of %lld torn",
	    (long long)board->torn, (long long)board->readings);
	cr_expect_eq(board->failed, 0);
	cr_expect_geq(board->readings, READINGS);
	cr_expect_gt(board->seen, 0);
	cr_expect_geq(count_crls(), CRLS);
	/* In the order of numbers, times rise within the one scope. */
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM (SELECT this_update -"
	    " lag(this_update, 1, 0) OVER (ORDER BY number) AS step FROM crl"
	    " WHERE ca_id = (SELECT id FROM ca WHERE name = 'issuing'))"
	    " WHERE step <= 0"), 0);
	assert_ok(pki_audit_verify(t.ca, NULL, &head, NULL, NULL, &t.err),
	    &t.err);
}
