#ifndef PKI_CA_FIND_H
#define PKI_CA_FIND_H

/* Certificates on record: walk them, or find some by what people write. */

#include "ca/ca.h"

PKI_BEGIN_DECLS

/*
 * Walk as pki_store_each_cert does; ca_name (NULL: any) fills filter->ca_id.
 * Each row's hash is verified first: PKI_DAMAGED names the row.
 */
PKI_CHECKED pki_code pki_ca_each_cert(pki_ca *ca, const char *ca_name,
    const pki_cert_filter *filter, pki_cert_visitor *visit, void *arg,
    pki_err *err);

/*
 * Call visit for every certificate that id may mean:
 *   name:meter-0042      every certificate of that identity
 *   serial:0102...       whole, or its last 8 or more hex digits
 *   sha256:...           of the whole certificate; 64 hex digits
 *   without a prefix     each of these that has the right shape
 * A sha256 walks the whole store.  PKI_NOT_FOUND when there is none;
 * PKI_BAD_INPUT, rule "certificate-id", when id has no such shape.
 */
PKI_CHECKED pki_code pki_ca_find(pki_ca *ca, const char *id,
    pki_cert_visitor *visit, void *arg, pki_err *err);

/* "good", "expired", "held", "revoked": the state at a time.  Static. */
const char *pki_cert_state(const pki_cert_row *row, int64_t now);

PKI_END_DECLS

#endif
