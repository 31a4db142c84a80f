#ifndef PKI_ESTD_WORKER_PARTS_H
#define PKI_ESTD_WORKER_PARTS_H

/* What worker.c (the process) and worker-doors.c (its doors) share. */

#include <stdatomic.h>

#include "pki-estd/front.h"
#include "pki-estd/handlers.h"
#include "pki-estd/sockets.h"
#include "pki-estd/worker.h"

typedef struct worker {
	const estd_options *options;
	estd_config        *config;
	pki_sandbox         sandbox;
	size_t              descriptors;

	reaper_table       *reaper;
	limits_table       *limits;
	tls_store          *tls;
	offers_table       *offers;
	health_table       *health;
	pki_issuer         *issuer;
	handler_desk        desk;

	estd_sockets        sockets;    /* -1 as well once a door has it */
	front_door          front[SOCKETS_COUNT];       /* by routes_door */
	http_daemon        *http[SOCKETS_COUNT];

	int                 wake_fd;    /* eventfd: look at the rest */
	atomic_bool         broken;     /* the issuer is not ours */
	pki_issuer_call     ping;
	atomic_bool         pinging;
	atomic_int_fast64_t ponged;     /* monotonic: of the last pong */
} worker;

/* Open a door whose socket is there.  What http_start() returns. */
PKI_CHECKED pki_code worker_open_door(worker *w, routes_door door,
    pki_err *err);

/*
 * Close all doors in order: accept no more, answer what was sent for a while,
 * refuse the rest, and end the threads.  No request that was accepted goes
 * without an answer.  G41.
 */
void worker_close_doors(worker *w);

#endif
