#ifndef PKI_CA_HEALTH_H
#define PKI_CA_HEALTH_H

/* How a CA that serves others is doing: looked at every moment. */

#include "ca/ca.h"

PKI_BEGIN_DECLS

typedef struct pki_ca_health {
	bool    changed;        /* others have written since the last look */
	bool    clock;          /* it can be trusted (G13) */
	bool    log;            /* it is within its limit, the WAL (G7) */
	bool    store;          /* it can be read */
	int64_t floor;          /* the greatest time ever used; 0: not known */
	int64_t epoch;          /* of new serials; 0: not known */
	pki_err why;            /* of the first that does not hold */
} pki_ca_health;

/*
 * Look.  What this handle keeps of the store is dropped when others have
 * written, so that what they revoked is seen.  Nothing is written.
 */
void pki_ca_look(pki_ca *ca, pki_ca_health *out);

PKI_END_DECLS

#endif
