#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

/*
 * Claims about speed and size, each a ratio of ours to a yardstick measured
 * in the same run.  "make bench" prints a line for each; see bench.c for the
 * list of suites.
 */

#include "pki.h"

#include "ca/job.h"

enum bench_better { BENCH_AT_LEAST, BENCH_AT_MOST };

typedef struct bench_claim {
	const char       *name;
	const char       *unit;         /* of ours and yardstick */
	double            ours, yardstick;
	enum bench_better better;
	double            target;       /* of the ratio; 0: printed only */
	const char       *note;         /* or NULL */
} bench_claim;

typedef struct bench_options {
	bool        quick;              /* small sizes: two minutes */
	const char *templates_dir;
	const char *work_dir;           /* empty, removed afterwards */
	const char *pki_ctl;            /* the program */
	const char *pki_estd;           /* the daemon */
	const char *slow_sync;          /* LD_PRELOAD: 5 ms for each fsync */
} bench_options;

/* Print a claim's line and remember it for JSON and the exit code. */
void bench_report(const bench_claim *claim);
/* The same for a claim whose yardstick is not here; it is no PASS. */
void bench_report_missing(const char *name, const char *why);
/* A point of the plot: rate and latency against store size. */
void bench_point(double certificates, double per_second, double p99_ms);

double bench_wall(void);                /* seconds */
double bench_cpu(void);                 /* of the process and its threads */
double bench_median(double *values, size_t count);      /* sorts them */
/* Values at a part of the sorted order: 0.99 for p99. */
double bench_quantile(const double *sorted, size_t count, double part);

/* Stop the whole run with a sentence. */
void bench_fail(const char *what, const pki_err *err)
    __attribute__((noreturn));
#define BENCH_OK(rc, err) \
	do { if ((rc) != PKI_OK) bench_fail(#rc, err); } while (0)

/*
 * A new CA below work_dir; its state directory goes to out.  The first one
 * verifies each signature that it made, as is the default.
 */
void bench_make_checking_ca(const bench_options *options, const char *name,
    char out[PKI_PATH_MAX]);
void bench_make_ca(const bench_options *options, const char *name,
    char out[PKI_PATH_MAX]);

/* Devices with their CSRs, made before the clock starts. */
typedef struct bench_device {
	char              name[24];
	pki_key          *key;
	pki_buf          *csr;          /* DER */
	pki_issue_request request;
} bench_device;
bench_device *bench_devices(size_t count, const char *prefix);
/* Requests that are decoded already: whoever signs verifies himself. */
void bench_devices_decode(bench_device *devices, size_t count);
void bench_devices_free(bench_device *devices, size_t count);

/*
 * Issue each of count requests by a batch with at most in_flight inside;
 * wall seconds, and (when not NULL) each one's latency in ms.
 */
double bench_issue_all(const char *state, bench_device *devices, size_t count,
    size_t in_flight, double *latencies);
/* The same with another way to sign. */
double bench_issue_signing(const char *state, bench_device *devices,
    size_t count, size_t in_flight, double *latencies, pki_batch_sign *sign);

/*
 * Grow a store, in which some devices have enrolled, to so many certificates
 * of these devices, straight into the database.
 */
void bench_grow(const char *state, int64_t certificates);

/* What "bench --child COUNT TEMPLATES" does: see bench-durable.c. */
int bench_child(const char *count, const char *templates_dir);

/* What "bench --publish DIR" does, in a process of its own: bench-crl.c. */
int bench_publish(const char *dir);

/* Suites. */
void bench_issue(const bench_options *options);
void bench_durable(const bench_options *options);
void bench_store(const bench_options *options);
void bench_crl(const bench_options *options);
void bench_command(const bench_options *options);
void bench_est(const bench_options *options);

#endif
