#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

/*
 * What the fault tests share: a child that issues as fast as it can, and the
 * ledger in which it notes each answer.  The ledger is shared memory, so it
 * outlives the child, however that ends.
 */

#include "pki.h"

#include <stdatomic.h>
#include <sys/types.h>

/* One certificate that somebody was given. */
struct answer {
	pki_serial   serial;
	pki_digest   digest;
	_Atomic bool told;              /* the rest is filled in */
	_Atomic bool revoked;           /* and this was confirmed too */
};

#define LEDGER_ROOM ((size_t)1 << 21)

struct ledger {
	_Atomic size_t count;           /* begun; all but a few are told */
	_Atomic size_t busy;            /* requests answered by PKI_BUSY */
	_Atomic long   names;           /* taken so far, by any child */
	struct answer  answers[LEDGER_ROOM];
};

/* In a file, or (NULL) in memory that only children share. */
struct ledger *ledger_open(const char *path);
void ledger_note(struct ledger *ledger, const pki_cert *cert);
/* Answers from..to that the store does not have, octet for octet. */
size_t ledger_lost(const struct ledger *ledger, const char *state,
    size_t from, size_t to);
size_t ledger_twice(const struct ledger *ledger);
/* Would the two above notice?  Adds two answers that were never given. */
bool ledger_control(struct ledger *ledger, const char *state);

struct storm {
	const char    *state;
	struct ledger *ledger;
	size_t         in_flight;
};
/* A child that issues until it is ended; it dies with its parent. */
pid_t storm_start(const struct storm *storm);
/* Wait until the ledger has so many answers; not longer than a minute. */
void storm_await(const struct ledger *ledger, size_t count);

/* SIGKILL and wait.  A child that had ended before fails the test. */
void child_kill(pid_t child);
/* fork(), and in the child PR_SET_PDEATHSIG. */
pid_t child_start(void);

/* One request with a new key, for the profile that needs nothing else. */
struct candidate {
	pki_key          *key;
	pki_issue_request request;
	char              name[32];
};
void candidate_make(struct candidate *candidate, long number);

void make_ca(const char *state, const char *templates);
/* Database, rows and audit log, or the test ends here. */
void check_whole(const char *state);

extern const pki_requester fault_who;
_Noreturn void fail(const char *what, const pki_err *err);
void must(pki_code rc, const char *what, const pki_err *err);
int64_t now_us(void);
void pause_ms(long ms);
/* The n-th argument as a number. */
long number_at(int argc, char **argv, int n, long otherwise);

#endif
