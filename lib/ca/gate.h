#ifndef PKI_CA_GATE_H
#define PKI_CA_GATE_H

/* What may follow a published CRL (G16, G17), decided by one merge of both. */

#include "ca/crl-list.h"
#include "ca/publish.h"

#define PKI_GATE_RULE "crl-gate"

/* No greater number is published, so that there is always a next one. */
#define PKI_CRL_NUMBER_MAX (INT64_C(1) << 62)
/* How far thisUpdate may be ahead of our clock. */
#define PKI_CRL_AHEAD_MAX 5

typedef struct pki_gate_terms {
	pki_crl_list *previous;         /* NULL: none */
	pki_crl_list *next;             /* its signature was verified */
	int64_t       now;
	pki_publish_ahead ahead;        /* of previous */
	/* May this entry of previous be missing in next?  NULL: none may. */
	pki_code    (*may_leave)(void *arg, const pki_crl_entry *entry,
	                bool *out, pki_err *err);
	void         *arg;
	/* Called for each that is missing and may not; or NULL. */
	void        (*missing)(void *arg, const pki_crl_entry *entry);
	void         *missing_arg;
} pki_gate_terms;

/*
 * May an entry stand where before stood?  The date of a revocation never
 * moves (but for one that is not yet), and its reason only to keyCompromise; a
 * hold may become anything.
 */
bool pki_gate_may_follow(const pki_crl_entry *before,
    const pki_crl_entry *after, int64_t now);

/* PKI_DENIED, rule "crl-gate"; what the lists and may_leave return. */
pki_code pki_gate_merge(const pki_gate_terms *terms, pki_err *err);

#endif
