#ifndef PKI_CA_REFUSAL_H
#define PKI_CA_REFUSAL_H

/*
 * Requests that were refused although it was clear who asked: the audit log
 * keeps them (DESIGN 7).  How often one may fill it is the caller's business.
 */

#include "ca/ca.h"

PKI_BEGIN_DECLS

typedef struct pki_refusal {
	int64_t at;                             /* UTC seconds */
	char    who[PKI_IDENTITY_MAX + 1];      /* token id, serial */
	char    name[PKI_IDENTITY_MAX + 1];     /* the device; "": unknown */
	char    rule[40];
	char    value[128];                     /* what was refused */
	char    request[33];                    /* id of it, as in log lines */
} pki_refusal;

/*
 * Append a row for each, in one transaction.  PKI_STORE, PKI_BUSY...: none
 * was written.
 */
PKI_CHECKED pki_code pki_ca_record_refusals(pki_ca *ca,
    const pki_refusal *refusals, size_t count, pki_err *err);

PKI_END_DECLS

#endif
