#ifndef PKI_ESTD_LIMITS_H
#define PKI_ESTD_LIMITS_H

/*
 * Token buckets: how often may an address, a token's id, or everybody try?
 *
 * Memory is fixed at the start.  A bucket that has filled up again says
 * nothing and gives its place first; when all places of a row are in use the
 * fullest goes.  So a flood of addresses can only make a limit per address
 * milder, and the limit in all stands before it.
 */

#include "pki.h"

#include <sys/socket.h>

typedef struct limits_table limits_table;

/* What is counted.  Each kind has its rate. */
typedef enum limits_kind {
	LIMITS_ALL,             /* one bucket; the key is not looked at */
	LIMITS_ADDRESS,
	LIMITS_TOKEN,
	LIMITS_KINDS,
} limits_kind;

/* burst at once, then one each every_ms.  burst 0: no limit. */
typedef struct limits_rate {
	unsigned burst;         /* 0 to 1000000 */
	unsigned every_ms;      /* from 1 */
} limits_rate;

typedef struct limits_options {
	limits_rate rate[LIMITS_KINDS];
	size_t      places;     /* buckets in all, rounded up to a power of 2 */
} limits_options;

/* PKI_NO_MEMORY, PKI_CRYPTO (no random octets). */
PKI_CHECKED pki_code limits_new(const limits_options *options,
    limits_table **out, pki_err *err);
void limits_free(limits_table *limits);

/*
 * Take one from the bucket of key.  0: there was one.  Otherwise seconds (at
 * least 1) until there is one again; nothing is taken.  Any thread.
 */
unsigned limits_take(limits_table *limits, limits_kind kind, pki_bytes key,
    int64_t now);

/* A peer's address as a key: IPv4 as it is, of IPv6 the first 64 bits. */
typedef struct limits_address {
	uint8_t octets[9];      /* family, then address or prefix */
} limits_address;

/* IPv4 within IPv6 is IPv4.  Unknown families all share one key. */
limits_address limits_address_of(const struct sockaddr *from, socklen_t len);
pki_bytes limits_address_key(const limits_address *address);

#endif
