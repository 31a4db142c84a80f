#ifndef PKI_ISSUER_CLIENT_PARTS_H
#define PKI_ISSUER_CLIENT_PARTS_H

/* What client.c (the functions for programs) and its reader share. */

#include "issuer/client.h"

#include <pthread.h>

/*
 * Locks, in this order: link, wait.  An asker holds link (shared) from the
 * look at the link until its packet is sent, so a change of links meets no
 * call that is added but not sent, and no send goes to a descriptor that was
 * closed.  Only the reader changes fd and link, and closes.
 */
struct pki_issuer {
	pki_issuer_options options;
	pthread_t          reader;
	bool               started;
	int                wake_fd;     /* eventfd: look at next_fd, stopping */
	uint8_t           *room;        /* the reader's, of one packet */

	pthread_rwlock_t   link_lock;
	int                fd;          /* -1: no link */
	unsigned           link;        /* grows with each change */

	pthread_mutex_t    wait_lock;   /* all below */
	pki_issuer_call    waiting;     /* head of the ring */
	pki_issuer_call  **table;       /* by id; one call a slot */
	size_t             table_mask;
	uint64_t           last_id;
	int                next_fd;     /* handed in, not used yet; -1 */
	bool               refusing, stopping;
	pki_issuer_counts  counts;
};

/* The reader's thread, of a pki_issuer. */
void *pki_issuer_read(void *issuer);

/* With wait_lock.  Who unlinks a call is the one to end it. */
void pki_issuer_unlink(pki_issuer *issuer, pki_issuer_call *call);
/* With wait_lock.  NULL: ended. */
pki_issuer_call *pki_issuer_find(const pki_issuer *issuer, uint64_t id);

/*
 * Call done of a call that was unlinked; reply NULL: PKI_BUSY.  Without any
 * lock: done may ask again, or wait for a lock of its own.
 */
void pki_issuer_end(pki_issuer *issuer, pki_issuer_call *call,
    const pki_message *reply);

/* Does this call end now, without an answer? */
typedef bool pki_issuer_picks(const pki_issuer *issuer,
    const pki_issuer_call *call, int64_t now);

/* End the calls at the head of the ring that are picked; count them. */
void pki_issuer_end_all(pki_issuer *issuer, pki_issuer_picks *pick,
    uint64_t *count);

#endif
