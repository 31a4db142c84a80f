#ifndef PKI_CA_CREDENTIAL_H
#define PKI_CA_CREDENTIAL_H

/*
 * Who asks, proved by a certificate of ours.  What TLS has shown is only that
 * somebody holds its key; whether it counts is decided here, on every request.
 */

#include "ca/ca.h"

PKI_BEGIN_DECLS

typedef enum pki_credential_use {
	PKI_CREDENTIAL_PROVES,  /* who asks: it must be in force */
	PKI_CREDENTIAL_RENEWS,  /* it is to be renewed: it may have expired
	                           within its profile's grace */
} pki_credential_use;

typedef struct pki_credential {
	pki_cert           *cert;
	pki_credential_use  use;
	char                ca[PKI_CA_NAME_MAX + 1];
	char                identity[PKI_IDENTITY_MAX + 1];
	char                profile[PKI_PROFILE_NAME_MAX + 1];
	int64_t             id;         /* of its row */
	int64_t             identity_id;
	bool                in_grace;   /* it has expired */
} pki_credential;
void pki_credential_free(pki_credential *credential);
PKI_DEFINE_CLEANUP(pki_credential)

/*
 * Decide about a client's certificate, as it came: der, and nothing around
 * it.  In this order, each refusal with its rule:
 *
 *   what pki_cert_parse() refuses; PEM, or more than the certificate ("der")
 *   "credential-issuer"   no CA here signed it, whatever name it states
 *   "credential-purpose"  not clientAuth, or a CA's
 *   "ca-state"            its CA, or one above, is revoked or has expired
 *   "credential-record"   not on record under this CA and serial, or not
 *                         these octets
 *   "credential-revoked", "credential-held"
 *   "credential-early"    before notBefore, which no grace excuses
 *   "credential-expired"  after notAfter, and the grace if it counts
 *   "identity-state"      its holder is held or retired
 *   "key-blocked"         its key was compromised
 *
 * PKI_BAD_INPUT (the first line), PKI_DENIED, PKI_CLOCK, PKI_DAMAGED,
 * PKI_STORE, PKI_NO_MEMORY.  G21, G22, G25; it reads what is on record now.
 */
PKI_CHECKED pki_code pki_ca_check_credential(pki_ca *ca, pki_bytes der,
    pki_credential_use use, pki_credential **out, pki_err *err);

PKI_END_DECLS

#endif
