#ifndef TESTS_BENCH_BENCH_EST_H
#define TESTS_BENCH_BENCH_EST_H

/* What the claims about pki-estd share. */

#include "tests/bench/estd.h"

#define EST_ROUNDS 9
#define EST_CLIENTS 200         /* connections in flight */

/* Ours and yardstick, round by round. */
typedef struct est_pair {
	double ours[EST_ROUNDS], yardstick[EST_ROUNDS];
} est_pair;
/* Medians of both; the note says how far the ratios were apart, and more. */
void est_report(const bench_claim *claim, est_pair *pair, size_t rounds);

/* Microseconds of CPU that the daemon spends on each of the requests. */
double est_cpu_us(const bench_estd *estd, bench_load *load,
    bench_request *requests, size_t count);

/*
 * Microseconds of CPU of "cfssl serve" for a certificate; each call is a
 * round.  NULL: it is not installed.
 */
typedef struct est_cfssl est_cfssl;
est_cfssl *est_cfssl_start(const bench_options *options,
    const bench_device *devices, size_t count);
double est_cfssl_us(est_cfssl *cfssl);
void est_cfssl_stop(est_cfssl *cfssl);

/* Claims of each file. */
void est_claim_cpu(const bench_options *options);
void est_claim_slow_fsync(const bench_options *options);
void est_claim_latency(const bench_options *options);
void est_claim_idle(const bench_options *options);

#endif
