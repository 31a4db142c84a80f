#ifndef PKI_CA_LEAVING_H
#define PKI_CA_LEAVING_H

/*
 * Which entries of the published CRL may be missing in the next (G17): the
 * certificate had expired by the time of that CRL, or it was on hold there
 * and was released since, or an operator accepts that it is lost.
 */

#include "ca/audit-releases.h"
#include "ca/publish.h"

typedef enum pki_leaving_damage {
	PKI_DAMAGE_FAILS,       /* a damaged row is an error */
	PKI_DAMAGE_STAYS,       /* its entry stays on the list */
} pki_leaving_damage;

typedef struct pki_leaving {
	pki_ca              *ca;
	const pki_authority *authority;
	int64_t              at;        /* thisUpdate of the published CRL */
	pki_leaving_damage   damage;
	pki_lost            *lost;      /* or NULL */
	pki_releases        *releases;  /* read when first needed */
} pki_leaving;

/* A pki_gate_terms' may_leave; arg is a pki_leaving. */
pki_code pki_leaving_ask(void *arg, const pki_crl_entry *entry, bool *out,
    pki_err *err);
void pki_leaving_clear(pki_leaving *leaving);

#endif
