#ifndef PKI_CA_REVOKE_H
#define PKI_CA_REVOKE_H

/* Revoke: durable, monotone, audited in the same transaction (G21). */

#include "ca/ca.h"
#include "x509/crl.h"

PKI_BEGIN_DECLS

typedef struct pki_revocation {
	const char   *ca;               /* the issuing CA's name */
	pki_serial    serial;
	pki_reason    reason;
	int64_t       invalid_since;    /* UTC seconds, or 0 */
	pki_requester who;
} pki_revocation;

/*
 * keyCompromise blocks the key for ever on every path and revokes every
 * other certificate with it (G22).  A CA certificate takes all certificates
 * of that CA with it, as cACompromise.  A revoked certificate stays as it is,
 * except that its reason may become keyCompromise; the date stays.
 *
 * PKI_DENIED: rule "reason" (certificateHold, removeFromCRL and aACompromise
 * are not for this call; cACompromise only for a CA), rule "already-revoked",
 * rule "invalidity-date" (in the future).  PKI_NOT_FOUND, PKI_BUSY,
 * PKI_STORE.  A clock that is not believed is no reason to leave a thief in:
 * the date is then the greatest time that is known (floor.h), and the CRL
 * follows when the clock is right.  *out_count: certificates revoked.
 * Publishing is the caller's next step: pki_ca_publish() for each CA touched.
 */
PKI_CHECKED pki_code pki_ca_revoke(pki_ca *ca, const pki_revocation *revocation,
    size_t *out_count, pki_err *err);
/*
 * Every check, nothing written.  *out_others (NULL: not wanted): certificates
 * in force that would end with it, of the same key or by the same CA.
 */
PKI_CHECKED pki_code pki_ca_revoke_check(pki_ca *ca,
    const pki_revocation *revocation, size_t *out_others, pki_err *err);

PKI_END_DECLS

#endif
