#ifndef TESTS_BENCH_ESTD_H
#define TESTS_BENCH_ESTD_H

/*
 * A daemon of ours as systemd would start it, with sockets on free ports of
 * loopback, and what its processes cost.
 */

#include "tests/bench/bench.h"
#include "tests/bench/load.h"

/* A socket that listens at a free port of loopback. */
int bench_listen(uint16_t *port);

typedef struct bench_estd bench_estd;
/* At state, whose pki-estd.conf is written; preload: a library, or NULL. */
bench_estd *bench_estd_start(const bench_options *options, const char *state,
    const char *preload);
/* In order; it ends the program when the daemon does not end well. */
void bench_estd_stop(bench_estd *estd);

uint16_t bench_estd_port(const bench_estd *estd);
/* CPU seconds, and memory (PSS) in KiB, of its three processes. */
double bench_estd_cpu(const bench_estd *estd);
double bench_estd_kib(const bench_estd *estd);
/* Is the library in the issuer?  Only builds for fault tests let it in. */
bool bench_estd_is_preloaded(const bench_estd *estd);

/* CPU seconds of a process, its threads and those that have ended. */
double bench_process_cpu(pid_t pid);

/* New devices of a CA, each with a token and its request. */
typedef struct bench_fleet {
	bench_device  *devices;
	bench_request *requests;
	size_t         count, used;
} bench_fleet;
/* prefix: of their names. */
bench_fleet *bench_fleet_new(const char *state, const char *prefix,
    size_t count);
void bench_fleet_free(bench_fleet *fleet);
/* Add to out what a device asks of an operation of EST. */
void bench_fleet_write(const bench_device *device, const char *operation,
    const char *extra, pki_buf *out);
/* The next requests that were not used. */
bench_request *bench_fleet_take(bench_fleet *fleet, size_t count);

/* So many times the same GET of the CA's certificates. */
bench_request *bench_gets_new(size_t count);
void bench_requests_free(bench_request *requests, size_t count);

#define BENCH_EST "/.well-known/est/"

#endif
