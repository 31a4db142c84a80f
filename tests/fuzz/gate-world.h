#ifndef TESTS_FUZZ_GATE_WORLD_H
#define TESTS_FUZZ_GATE_WORLD_H

/*
 * A published CRL, the one that shall follow it, and what the store knows of
 * their certificates, all as the octets of an input say it: eight of a
 * header, then eight for each certificate.  Times are counted in steps from
 * a common beginning.
 */

#include "ca/leaving.h"
#include "tests/fuzz/fuzz.h"

#define WORLD_BEGIN INT64_C(1767225600)         /* 2026-01-01T00:00:00Z */
#define WORLD_STEP 5                            /* seconds */
#define WORLD_CERTS_MAX 200

enum {
	WORLD_BEFORE = 1,               /* on the published CRL */
	WORLD_AFTER = 2,                /* on the next one */
	WORLD_STORED = 4,
	WORLD_DAMAGED = 8,              /* its row's hash does not fit */
	WORLD_RELEASED = 16,            /* the audit log has its release */
	WORLD_LOST = 32,                /* an operator accepts that it is */
};

typedef struct world_cert {
	unsigned      flags;
	int           status;           /* pki_cert_status */
	pki_crl_entry before, after;
	int64_t       not_after, released_at;
} world_cert;

typedef struct world_list {
	int64_t number, this_update, next_update;
} world_list;

typedef struct world {
	world_list         before, after;
	int64_t            now;
	bool               first;       /* nothing was published */
	bool               sorted;      /* entries ascend, each serial once */
	pki_leaving_damage damage;
	world_cert         certs[WORLD_CERTS_MAX];
	size_t             count;
} world;

/* False: too short. */
bool world_read(pki_bytes in, world *out);

/*
 * The store of the world, in memory, inside a transaction; close takes back
 * all that was written.  The same store serves every world.
 */
pki_ca *world_open(const world *w, const pki_authority **authority);
void world_close(pki_ca *ca);

/* One of the two CRLs as DER, by an encoder that refuses nothing. */
void world_write(const world *w, const world_list *list, pki_buf *out);

#endif
