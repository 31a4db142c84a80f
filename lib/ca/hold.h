#ifndef PKI_CA_HOLD_H
#define PKI_CA_HOLD_H

/*
 * Put a certificate on hold, and release it: the one state that can be undone
 * (RFC 5280, 5.3.1: certificateHold).  While one of its certificates is held,
 * an identity gets no other.
 */

#include "ca/ca.h"

PKI_BEGIN_DECLS

typedef struct pki_hold {
	const char   *ca;               /* the issuing CA's name */
	pki_serial    serial;
	pki_requester who;
} pki_hold;

/*
 * PKI_DENIED: rule "already-revoked", rule "already-held" (hold), rule
 * "not-held" (release), rule "hold-ca": a CA's certificate.  PKI_NOT_FOUND,
 * PKI_BUSY, PKI_STORE.  Publishing is the caller's next step.
 */
PKI_CHECKED pki_code pki_ca_hold(pki_ca *ca, const pki_hold *hold,
    pki_err *err);
PKI_CHECKED pki_code pki_ca_release(pki_ca *ca, const pki_hold *hold,
    pki_err *err);
/* Every check, nothing written. */
PKI_CHECKED pki_code pki_ca_hold_check(pki_ca *ca, const pki_hold *hold,
    pki_err *err);
PKI_CHECKED pki_code pki_ca_release_check(pki_ca *ca, const pki_hold *hold,
    pki_err *err);

PKI_END_DECLS

#endif
