#ifndef PKI_ESTD_ACCEPT_H
#define PKI_ESTD_ACCEPT_H

/*
 * Accepting: a thread that takes connections, counts them by address and in
 * all, reads the PROXY header where there is one, and hands over to HTTP, all
 * before any TLS.  Who comes too many is closed without a word.
 */

#include "pki-estd/http.h"

typedef struct accept_thread accept_thread;

typedef struct accept_options {
	int     listen_fd;              /* taken in any case */
	size_t  descriptors;            /* room: greater ones are closed */
	size_t  most;                   /* connections in all */
	size_t  most_per_address;
	/* Peers that write a PROXY header; all others must not. */
	const limits_address *proxies;  /* of whole IPv4 or IPv6/64 */
	size_t  n_proxies;
} accept_options;

#define ACCEPT_PROXY_MS 3000            /* for a PROXY header to be there */
#define ACCEPT_PROXY_WAITING 1024       /* connections without one yet */

/* Connections may be released from then on.  PKI_NO_MEMORY, PKI_SYSTEM. */
PKI_CHECKED pki_code accept_new(const accept_options *options,
    accept_thread **out, pki_err *err);
/* Starts the thread.  PKI_SYSTEM. */
PKI_CHECKED pki_code accept_start(accept_thread *acceptor, http_daemon *http,
    pki_err *err);

/*
 * A connection's descriptor is about to be closed: it is not counted any more.
 * For http_options.closed; any thread.
 */
void accept_release(accept_thread *acceptor, int fd);

/* Connections counted now. */
size_t accept_count(accept_thread *acceptor);

/* No more are accepted, and the listening socket is closed.  Once. */
void accept_end(accept_thread *acceptor);
void accept_free(accept_thread *acceptor);

#endif
