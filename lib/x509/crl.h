#ifndef PKI_X509_CRL_H
#define PKI_X509_CRL_H

/* Certificate revocation lists, version 2 (RFC 5280, section 5). */

#include "x509/cert.h"

PKI_BEGIN_DECLS

/* Reason codes, RFC 5280, 5.3.1.  7 is not used there. */
typedef enum pki_reason {
	PKI_REASON_UNSPECIFIED = 0,
	PKI_REASON_KEY_COMPROMISE = 1,
	PKI_REASON_CA_COMPROMISE = 2,
	PKI_REASON_AFFILIATION_CHANGED = 3,
	PKI_REASON_SUPERSEDED = 4,
	PKI_REASON_CESSATION_OF_OPERATION = 5,
	PKI_REASON_CERTIFICATE_HOLD = 6,
	PKI_REASON_REMOVE_FROM_CRL = 8,
	PKI_REASON_PRIVILEGE_WITHDRAWN = 9,
	PKI_REASON_AA_COMPROMISE = 10,
} pki_reason;

/* By RFC 5280's names: "keyCompromise", "cessationOfOperation"... */
extern const pki_choice pki_reason_names[];
const char *pki_reason_name(pki_reason reason);
/* Either case; also "key-compromise".  PKI_BAD_INPUT lists the names. */
PKI_CHECKED pki_code pki_reason_parse(const char *text, pki_reason *out,
    pki_err *err);

typedef struct pki_crl_entry {
	pki_serial serial;
	int64_t    revoked_at;
	pki_reason reason;              /* unspecified: no extension */
	int64_t    invalid_since;       /* 0: no invalidityDate */
} pki_crl_entry;

/* A CRL as read. */
typedef struct pki_crl pki_crl;

/*
 * PEM or DER.  Refused: version 1, no cRLNumber, delta CRLs, a critical
 * extension other than IDP, indirect CRLs and those of a scope limited in
 * other ways than by a URI, no nextUpdate, a serial twice, removeFromCRL,
 * entries out of shape.  PKI_BAD_INPUT (rules "der", "pem", "crl", "name",
 * "serial"), PKI_CRYPTO, PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_crl_parse(pki_bytes in, size_t max_bytes,
    pki_crl **out, pki_err *err);
void pki_crl_free(pki_crl *crl);
PKI_DEFINE_CLEANUP(pki_crl)

pki_bytes pki_crl_der(const pki_crl *crl);
const pki_name *pki_crl_issuer(const pki_crl *crl);
pki_bytes pki_crl_authority_key_id(const pki_crl *crl);
int64_t pki_crl_this_update(const pki_crl *crl);
int64_t pki_crl_next_update(const pki_crl *crl);
int64_t pki_crl_number(const pki_crl *crl);
const char *pki_crl_idp_url(const pki_crl *crl);        /* or NULL */
size_t pki_crl_count(const pki_crl *crl);
/* Entry i in ascending serial order, whatever the file's; NULL beyond. */
const pki_crl_entry *pki_crl_at(const pki_crl *crl, size_t i);
/* NULL when the serial is not listed. */
const pki_crl_entry *pki_crl_find(const pki_crl *crl,
    const pki_serial *serial);

/* Issuer name, key id and signature.  PKI_DENIED, rules as for a cert. */
PKI_CHECKED pki_code pki_crl_check_issuer(const pki_crl *crl,
    const pki_cert *issuer, pki_err *err);

PKI_END_DECLS

#endif
