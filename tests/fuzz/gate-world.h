#ifndef TESTS_FUZZ_GATE_WORLD_H
#define TESTS_FUZZ_GATE_WORLD_H

/*
 * A published CRL, the one that shall follow it, and what the store knows of
 * their certificates, all as the octets of an input say it: eight of a
 * header, then eight for each certificate.  Times are counted in steps from
 * a common beginning.
 *
 *   header       number and thisUpdate before; number, thisUpdate and
 *                nextUpdate after; now; first (1), not sorted (2), damaged
 *                rows stay (4); clock accepted (1), number before (2) and
 *                after (4) counted from WORLD_NUMBER_HIGH
 *   certificate  flags, status << 6; serial; revoked before, after; notAfter;
 *                released; reasons, after * 4 + before; kind, its row has
 *                another notAfter (4)
 */

#include "ca/leaving.h"
#include "tests/fuzz/fuzz.h"

#define WORLD_BEGIN INT64_C(1767225600)         /* 2026-01-01T00:00:00Z */
#define WORLD_STEP 5                            /* seconds */
#define WORLD_CERTS_MAX 200
#define WORLD_NUMBER_HIGH ((INT64_C(1) << 62) - 128)

enum {
	WORLD_BEFORE = 1,               /* on the published CRL */
	WORLD_AFTER = 2,                /* on the next one */
	WORLD_STORED = 4,
	WORLD_DAMAGED = 8,              /* its row's hash does not fit */
	WORLD_RELEASED = 16,            /* the audit log has its release */
	WORLD_LOST = 32,                /* an operator accepts that it is */
};

/* What the row has as its certificate. */
typedef enum world_kind {
	WORLD_CERT_OWN,
	WORLD_CERT_FOREIGN,             /* under this name, by another key */
	WORLD_CERT_SERIAL,              /* with another serial */
	WORLD_CERT_NONE,                /* DER that is no certificate */
} world_kind;

typedef struct world_cert {
	unsigned      flags;
	world_kind    kind;
	uint8_t       octet;            /* the serial's */
	int           status;           /* pki_cert_status */
	pki_crl_entry before, after;
	int64_t       not_after;        /* of the certificate */
	int64_t       row_not_after;
	int64_t       released_at;
} world_cert;

typedef struct world_list {
	int64_t number, this_update, next_update;
} world_list;

typedef struct world {
	world_list         before, after;
	int64_t            now;
	bool               first;       /* nothing was published */
	pki_publish_ahead  ahead;
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
