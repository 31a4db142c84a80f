#ifndef PKI_ESTD_HTTP_H
#define PKI_ESTD_HTTP_H

/*
 * HTTP by libmicrohttpd, which nobody else sees.  Connections are handed in,
 * so it listens on nothing.  A request goes through two hooks:
 *
 *   gate   the head is there: go on, or refuse
 *   run    head and body are there: answer now, or park and be woken
 *
 * and is told once at its end (done).  Its fields belong to the thread that
 * runs its connection; between http_park and http_wake to who will wake it.
 */

#include "pki-estd/answer.h"
#include "pki-estd/auth.h"
#include "pki-estd/gate.h"
#include "pki-estd/limits.h"
#include "pki-estd/reaper.h"
#include "pki-estd/routes.h"

typedef struct http_daemon http_daemon;

#define HTTP_ID_TEXT 17
#define HTTP_PEER_TEXT 48       /* an address without its port */

typedef struct http_connection http_connection;

typedef struct http_request {
	char              id[HTTP_ID_TEXT];
	char              peer[HTTP_PEER_TEXT];
	limits_address    address;
	gate_head         head;          /* headers: within gate only */
	gate_facts        facts;
	const routes_row *route;
	pki_bytes         label;         /* empty: none */
	auth_token        token;         /* text empty: none; wiped later */
	pki_buf          *body;          /* wiped when freed */
	size_t            max_body;      /* set by gate */
	bool              broken;        /* set by gate: framing not trusted */
	http_answer       answer;
	http_connection  *where;
	/* The handler's own, freed after done. */
	void             *state;
	void            (*free_state)(void *state);
} http_request;

typedef enum http_next {
	HTTP_GO_ON,             /* gate: the body is wanted, then run */
	HTTP_ANSWERED,          /* by http_answer_set */
	HTTP_PARKED,            /* run: http_park was called */
} http_next;

typedef http_next http_hook(void *arg, http_request *request);

typedef struct http_options {
	enum { HTTP_TLS, HTTP_PLAIN } wire;
	unsigned    threads;            /* from 1 */
	unsigned    idle_s;             /* silence at any moment */
	unsigned    head_s;             /* handshake and head */
	unsigned    body_s;             /* from the head to the body's end */
	unsigned    reply_s;            /* to read the answer */
	reaper_table     *reaper;
	const char *priorities;         /* HTTP_TLS: of GnuTLS */
	void      (*certificate)(void); /* HTTP_TLS: tls_no_certificate() */
	http_hook  *gate, *run;
	/* The answer's status is 0 when there was none. */
	void      (*done)(void *arg, const http_request *request);
	/* A new TLS session: what to keep for closed, or NULL to refuse. */
	void     *(*started)(void *arg, void *session);
	/* kept is NULL for HTTP_PLAIN.  Before the descriptor is closed. */
	void      (*closed)(void *arg, void *kept, int fd, bool silent);
	void       *arg;
} http_options;

/* PKI_SYSTEM: the library says no (it logs why); PKI_NO_MEMORY; PKI_CRYPTO. */
PKI_CHECKED pki_code http_start(const http_options *options, http_daemon **out,
    pki_err *err);

/*
 * Hand a connection over; the descriptor is taken and closed in any case.
 * PKI_SYSTEM: refused, closed will not be called.
 */
PKI_CHECKED pki_code http_add(http_daemon *http, int take_fd,
    const struct sockaddr *from, socklen_t len, pki_err *err);

/* Give the answer; body and all is taken.  An earlier one is freed. */
void http_answer_set(http_request *request, const http_answer *take);
/* A refusal: status, code. */
void http_refuse(http_request *request, unsigned status, const char *rule);

/*
 * Park within run: suspends, so from the next instant on another thread may
 * wake the request.  Wake exactly once, after http_answer_set; the request is
 * not the waker's any more when it returns.
 */
void http_park(http_request *request);
void http_wake(http_request *request);

/* The session of TLS, for tls.h; NULL for HTTP_PLAIN. */
void *http_session(const http_request *request);

typedef struct http_counts {
	unsigned open;          /* connections */
	unsigned fresh;         /* of them without a finished request */
	unsigned active;        /* requests begun and not ended */
	unsigned parked;        /* of them parked, or woken and not yet back */
} http_counts;

/* From now on every answer ends its connection. */
void http_drain(http_daemon *http);
http_counts http_count(const http_daemon *http);

/* Close all connections and free.  None may be parked: wake them first. */
void http_stop(http_daemon *http);

#endif
