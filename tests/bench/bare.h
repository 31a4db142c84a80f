#ifndef TESTS_BENCH_BARE_H
#define TESTS_BENCH_BARE_H

/*
 * The cryptography of P-256 alone, as the yardstick of what issues: keys in
 * contexts that are ready, hashes known, nothing else.  One thread's.
 */

#include <stddef.h>

typedef struct bench_bare bench_bare;

/* Keys of so many requesters, each its own, and one of an issuer. */
bench_bare *bench_bare_new(size_t requesters);
void bench_bare_free(bench_bare *bare);

/* Each ends the program on error; i counts requests. */
void bench_bare_verify(const bench_bare *bare, size_t i);
void bench_bare_sign(const bench_bare *bare);
void bench_bare_verify_issuer(const bench_bare *bare);

#endif
