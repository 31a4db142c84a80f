#ifndef PKI_ISSUER_CLIENT_H
#define PKI_ISSUER_CLIENT_H

/*
 * The worker's side of the link: ask the issuer, wait, be called.  Knows no
 * HTTP.  One reader thread takes answers and notices, ends what waits too
 * long, and changes links when the parent hands over that of a new issuer.
 *
 * The one promise: of each call that pki_issuer_ask() took, done is called
 * exactly once, whatever happens: an answer, a link lost, a full socket, too
 * long a wait, the stop.  Answers that come later are counted and dropped.
 */

#include "base/clock.h"
#include "issuer/wire.h"

PKI_BEGIN_DECLS

typedef struct pki_issuer pki_issuer;

/*
 * One question on its way: embed it in the request, zeroed.  It is the
 * issuer's from pki_issuer_ask() to done, and may be asked with again then.
 */
typedef struct pki_issuer_call {
	struct pki_issuer_call *next, *prev;    /* waiting, oldest first */
	uint64_t                id;
	int64_t                 deadline_ms;
	unsigned                link;
	pki_message_type        type;
} pki_issuer_call;

/*
 * The end of a call: why is PKI_OK and reply the answer, of a type that may
 * answer the question, borrowed for the time of the call; or reply is NULL
 * and why PKI_BUSY: try again later.  Runs in the reader's thread, or in that
 * of pki_issuer_ask(), pki_issuer_refuse() or pki_issuer_free(), under no
 * lock of the client's, and must not block.  May call pki_issuer_ask(), and
 * free what call is part of.
 */
typedef void pki_issuer_done(pki_issuer_call *call, const pki_message *reply,
    pki_code why);

/*
 * A notice (TLS, STATE...), borrowed for the time of the call and wiped
 * after it.  Runs in the reader's thread, in the order sent.
 */
typedef void pki_issuer_told(void *arg, const pki_message *message);

/*
 * The issuer said what no issuer of this build says: its link is closed and
 * its calls are ended; the process should end.  In the reader's thread.
 */
typedef void pki_issuer_broken(void *arg, const pki_err *err);

/*
 * Stop whoever asks from going on (MHD_suspend_connection).  Called from
 * pki_issuer_ask() once it is sure that done will be called, and before it
 * can be.  Under a lock of the client's: call nothing of it.
 */
typedef void pki_issuer_park(pki_issuer_call *call);

typedef struct pki_issuer_options {
	unsigned            wait_ms;            /* 0: 30 s */
	unsigned            most_waiting;       /* 0: 4096; at most 65536 */
	pki_issuer_done    *done;
	pki_issuer_told    *told;               /* NULL: notices are dropped */
	pki_issuer_broken  *broken;             /* may be NULL */
	void               *arg;                /* of told and broken */
	const pki_clock    *clock;              /* NULL: the monotonic one */
} pki_issuer_options;

/*
 * Make the client, without a link, and start its reader, in which all
 * signals are blocked.  PKI_USAGE: no done, or most_waiting is too large.
 * PKI_NO_MEMORY, PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_issuer_open(const pki_issuer_options *options,
    pki_issuer **out, pki_err *err);

/*
 * Use a new link, of which take_fd is our end, from the moment that the
 * reader comes round to it.  What the old link still holds is read before;
 * its calls that have no answer then end with PKI_BUSY.  take_fd is closed
 * by the client, also on failure.  PKI_USAGE: not a descriptor.
 */
PKI_CHECKED pki_code pki_issuer_link(pki_issuer *issuer, int take_fd,
    pki_err *err);

/*
 * Send a request; its id is given here.  PKI_OK: parked (park may be NULL),
 * and done will be called, or was already: call may be gone.  Else neither:
 * PKI_BUSY (no link, too many waiting, refusing), PKI_USAGE (not a request),
 * and what pki_wire_encode() returns.  Never waits.  From any thread.
 */
PKI_CHECKED pki_code pki_issuer_ask(pki_issuer *issuer, pki_issuer_call *call,
    const pki_message *message, pki_issuer_park *park, pki_err *err);

/*
 * For the stop: from now on each question is PKI_BUSY, and all that wait end
 * so before this returns, but for those whose done another thread is in.
 */
void pki_issuer_refuse(pki_issuer *issuer);

/* Calls whose done was not called or did not return yet. */
size_t pki_issuer_waiting(pki_issuer *issuer);

/* For metrics and the watchdog; counted since the start. */
typedef struct pki_issuer_counts {
	bool     linked;
	size_t   waiting;
	uint64_t links;         /* that were used */
	uint64_t asked;         /* taken: the sum of the next five, at rest */
	uint64_t answered;
	uint64_t timed_out;
	uint64_t full;          /* the socket could take no more */
	uint64_t lost;          /* with the link */
	uint64_t stopped;       /* by refuse */
	uint64_t turned_away;   /* not taken */
	uint64_t late;          /* answers without a call */
	int64_t  looked_ms;     /* when the reader last came round */
} pki_issuer_counts;

void pki_issuer_count(pki_issuer *issuer, pki_issuer_counts *out);

/* The clock of deadlines and looked_ms, in milliseconds. */
int64_t pki_issuer_now(const pki_issuer *issuer);

/*
 * Refuse, end the reader, close the link.  No other thread may be in a
 * function of this client, nor come any more.
 */
void pki_issuer_free(pki_issuer *issuer);
PKI_DEFINE_CLEANUP(pki_issuer)

PKI_END_DECLS

#endif
