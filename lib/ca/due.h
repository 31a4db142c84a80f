#ifndef PKI_CA_DUE_H
#define PKI_CA_DUE_H

/* Does a published CRL still say what it should? */

#include "ca/ca.h"

PKI_BEGIN_DECLS

/*
 * Is it time for new CRLs of this CA: is one missing or damaged, or half of
 * its life over (or pki.conf's crl.refresh, but for a root), or something
 * recorded that it does not say, or one of its files (PEM twins and chain.pem
 * too) not what was recorded?
 */
PKI_CHECKED pki_code pki_ca_crl_is_due(pki_ca *ca, const char *name, bool *out,
    pki_err *err);

/*
 * How much of the record of a CA its published CRLs do not say: who is
 * revoked or held and missing, listed for another reason, or listed and
 * released; and how many of its published files are not what was recorded.
 * A revocation was cut off before it was published, or while.
 * PKI_NOT_FOUND: none is published; PKI_DAMAGED: it is no CRL of this CA.
 */
PKI_CHECKED pki_code pki_ca_unpublished(pki_ca *ca, const char *name,
    int64_t *out, pki_err *err);

/*
 * Do the published CRLs of this CA, the complete one and each certificate's
 * own partition, list all of these?  One that had expired need not be there.
 * To be asked after a revocation was published: what is recorded and on no
 * list still opens doors.  PKI_DENIED, rule "not-published"; PKI_NOT_FOUND
 * (no such certificate on record, no CRL), PKI_DAMAGED, PKI_STORE.
 */
PKI_CHECKED pki_code pki_ca_check_listed(pki_ca *ca, const char *name,
    const pki_serial *serials, size_t count, pki_err *err);

/*
 * For a CA whose key is not at hand: make PEM twins and chains anew where they
 * are not of the CRLs that lie there.  PKI_BUSY, PKI_STORE, PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_ca_crl_repair(pki_ca *ca, const char *name,
    pki_err *err);

PKI_END_DECLS

#endif
