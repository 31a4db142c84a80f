/*
 * G7: a reader that was stopped keeps its snapshot, and the log grows.
 *
 *   stopped-reader STATE-DIR TEMPLATES-DIR SECONDS ALARM-MIB STOP-MIB
 *
 * A storm issues meanwhile.  The status must warn from ALARM-MIB on; at
 * STOP-MIB issuing must be refused as busy, and nothing else; and when the
 * reader has gone, the log must shrink and issuing go on.
 */
#include "tests/faults/fault.h"

#include <sqlite3.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((int64_t)1 << 20)
#define IN_FLIGHT 16
/* A last group, and what is revoked and published while issuing waits. */
#define SLACK (32 * MIB)
#define BACK (32 * MIB)
#define BACK_WITHIN_US 10000000
#define LOOK_MS 200
/* A slow machine takes longer to fill the log. */
#define PATIENCE 10

struct watch {
	const char    *state;
	struct ledger *ledger;
	pki_ca        *ca;
	int64_t        alarm, stop;     /* octets */
	int64_t        longest;         /* the log's greatest length */
	int64_t        slowest_us;      /* revoking and publishing */
	size_t         revoked, wrong_warnings;
	bool           warned;
};

static int64_t
log_length(const struct watch *w)
{
	char path[PKI_PATH_MAX + 16];
	struct stat st;

	snprintf(path, sizeof(path), "%s/ca.db-wal", w->state);
	return stat(path, &st) == 0 ? st.st_size : 0;
}

/* A child stopped in the middle of a read. */
static pid_t
start_reader(const char *state)
{
	char path[PKI_PATH_MAX + 16];
	sqlite3 *db;
	int status = 0;
	pid_t child;

	snprintf(path, sizeof(path), "%s/ca.db", state);
	child = child_start();
	if (child == 0) {
		if (sqlite3_open(path, &db) != SQLITE_OK ||
		    sqlite3_exec(db, "BEGIN; SELECT count(*) FROM cert", NULL,
		    NULL, NULL) != SQLITE_OK)
			fail("reader", NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status))
		fail("the reader does not stop", NULL);
	return child;
}

static void
ignore_ca(void *arg, const pki_status_ca *line)
{
	(void)arg;
	(void)line;
}

static void
note_warning(void *arg, const char *sentence)
{
	struct watch *w = arg;

	if (strstr(sentence, "write-ahead log") != NULL)
		w->warned = true;
}

/* It warns when the log that it reports is too long, and only then. */
static void
ask_status(struct watch *w)
{
	pki_status status = {
		.ca = ignore_ca, .warning = note_warning, .arg = w,
	};
	bool before = w->warned;
	pki_err err;

	w->warned = false;
	must(pki_ca_status(w->ca, &status, &err), "status", &err);
	w->wrong_warnings += w->warned != (status.wal_bytes > w->alarm);
	w->warned = w->warned || before;
}

static void
revoke_and_publish(struct watch *w)
{
	struct answer *answer = &w->ledger->answers[w->revoked];
	const pki_revocation revocation = {
		.ca = "issuing", .serial = answer->serial,
		.reason = PKI_REASON_SUPERSEDED, .who = fault_who,
	};
	int64_t began = now_us(), took;
	pki_err err;

	must(pki_ca_revoke(w->ca, &revocation, NULL, &err), "revoke", &err);
	answer->revoked = true;
	w->revoked++;
	must(pki_ca_publish(w->ca, "issuing", &fault_who, NULL, NULL, &err),
	    "publish", &err);
	took = now_us() - began;
	if (took > w->slowest_us)
		w->slowest_us = took;
}

static void
look(struct watch *w)
{
	int64_t length = log_length(w);

	if (length > w->longest)
		w->longest = length;
	ask_status(w);
}

/* Until the time is over and the log was full. */
static void
watch_growth(struct watch *w, long seconds)
{
	int64_t began = now_us(), until = began + seconds * 1000000;
	int64_t next = began;

	while ((now_us() < until || w->ledger->busy == 0) &&
	    now_us() < began + seconds * 1000000 * PATIENCE &&
	    w->longest <= w->stop + SLACK) {
		look(w);
		/* Not faster: thisUpdate takes one second for each CRL. */
		if (now_us() >= next) {
			revoke_and_publish(w);
			next = now_us() + 1000000;
		}
		pause_ms(LOOK_MS);
	}
	revoke_and_publish(w);
	look(w);
}

/* One certificate, without the batch. */
static pki_code
issue_alone(struct watch *w)
{
	struct candidate candidate = { 0 };
	PKI_AUTO(pki_issued) issued = NULL;
	pki_code rc;
	pki_err err;

	candidate_make(&candidate, w->ledger->names++);
	rc = pki_ca_issue(w->ca, &candidate.request, &issued, &err);
	pki_key_free(candidate.key);
	return rc;
}

/* How long it takes to be as before; beyond the limit it is given up. */
static int64_t
watch_return(const struct watch *w)
{
	int64_t began = now_us(), took = 0;
	size_t answers = w->ledger->count;

	while ((log_length(w) > BACK || w->ledger->count <= answers + 100) &&
	    took <= BACK_WITHIN_US) {
		pause_ms(10);
		took = now_us() - began;
	}
	return now_us() - began;
}

int
main(int argc, char **argv)
{
	struct storm storm = { .in_flight = IN_FLIGHT };
	struct watch w = { .ledger = ledger_open(NULL) };
	pid_t reader, writer;
	int64_t back;
	size_t lost;
	bool passed, alone_refused;
	pki_err err;

	if (argc != 6)
		fail("usage: see the source", NULL);
	w.state = storm.state = argv[1];
	storm.ledger = w.ledger;
	w.alarm = number_at(argc, argv, 4, 0) * MIB;
	w.stop = number_at(argc, argv, 5, 0) * MIB;
	make_ca(argv[1], argv[2]);
	must(pki_ca_open(&(pki_ca_options){ .state_dir = argv[1] }, &w.ca,
	    &err), "open", &err);
	reader = start_reader(argv[1]);
	writer = storm_start(&storm);
	storm_await(w.ledger, 100);
	watch_growth(&w, number_at(argc, argv, 3, 60));
	alone_refused = issue_alone(&w) == PKI_BUSY;
	child_kill(reader);
	back = watch_return(&w);
	child_kill(writer);
	check_whole(argv[1]);
	lost = ledger_lost(w.ledger, argv[1], 0, w.ledger->count);
	passed = w.longest <= w.stop + SLACK && w.ledger->busy > 0 &&
	    alone_refused && w.warned && w.wrong_warnings == 0 &&
	    back <= BACK_WITHIN_US && lost == 0;
	printf("guarantee=G7 n=%zu lost=%zu dup=%zu log-mib=%lld busy=%zu "
	    "revoked=%zu slowest-ms=%lld back-ms=%lld result=%s\n",
	    w.ledger->count, lost, ledger_twice(w.ledger),
	    (long long)(w.longest / MIB), w.ledger->busy, w.revoked,
	    (long long)w.slowest_us / 1000, (long long)back / 1000,
	    passed ? "PASS" : "FAIL");
	pki_ca_free(w.ca);
	return passed ? 0 : 1;
}
