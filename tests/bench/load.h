#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

/*
 * An HTTP client that costs little: requests written beforehand, one thread,
 * many connections at once.  Every request must be answered with 200, or the
 * program ends.
 */

#include "pki.h"

#include <openssl/types.h>

typedef struct bench_request {
	pki_buf  *text;                 /* head and body */
	pki_buf  *answer;               /* the body goes here, unless NULL */
	/* What a connection made for it shows of itself; NULL: nothing. */
	X509     *cert;
	EVP_PKEY *key;
	double    ms;                   /* out: from asked to answered */
} bench_request;

/* Add a request to text: body may be empty, extra are lines of the head. */
void bench_request_write(pki_buf *text, const char *method, const char *path,
    const char *extra, pki_bytes body);

enum bench_wire { BENCH_TLS, BENCH_PLAIN };
/* One connection for many requests, or for each its own, TLS 1.3 in full. */
enum bench_keeping { BENCH_KEPT, BENCH_FRESH };

typedef struct bench_load_options {
	uint16_t           port;        /* of 127.0.0.1 */
	enum bench_wire    wire;
	enum bench_keeping keeping;
	size_t             connections; /* at once */
} bench_load_options;

typedef struct bench_load bench_load;
/* BENCH_KEPT: all are connected when it returns. */
bench_load *bench_load_new(const bench_load_options *options);
void bench_load_free(bench_load *load);

/* Wall seconds until all are answered. */
double bench_load_run(bench_load *load, bench_request *requests,
    size_t count);
/* Forget what TLS knows here; the connections stay, as idle ones. */
void bench_load_rest(bench_load *load);

#endif
