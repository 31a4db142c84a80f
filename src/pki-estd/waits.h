#ifndef PKI_ESTD_WAITS_H
#define PKI_ESTD_WAITS_H

/*
 * Descriptors that wait to become readable, and a thread that says when.
 */

#include <pthread.h>

#include "pki.h"

/* Part of whatever waits; all but fd belongs to the table. */
typedef struct waits_place {
	int                 fd;
	bool                known;      /* to epoll, from an earlier time */
	struct waits_place *next, **link;       /* link NULL: does not wait */
} waits_place;

typedef void waits_hook(waits_place *place);
typedef struct waits_table waits_table;

/* Starts the thread.  PKI_NO_MEMORY, PKI_SYSTEM. */
PKI_CHECKED pki_code waits_start(waits_hook *begin, waits_hook *end,
    waits_table **out, pki_err *err);

/*
 * begin is called at once, and end exactly once: when there is something to
 * read (the other side's end as well), or at waits_stop, in any thread.  The
 * place and its descriptor must live until then; end may be the last that is
 * heard of them.  After waits_stop has begun: neither.
 */
void waits_add(waits_table *waits, waits_place *place);

/* End all waits and the thread; waits_add does nothing from then on. */
void waits_stop(waits_table *waits);
/* After waits_stop, when nobody calls waits_add any more. */
void waits_free(waits_table *waits);

#endif
