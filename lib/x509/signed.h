#ifndef PKI_X509_SIGNED_H
#define PKI_X509_SIGNED_H

/*
 * The frame that certificates and CRLs have in common:
 * SEQUENCE { tbs, AlgorithmIdentifier, BIT STRING }.
 */

#include "x509/cert.h"
#include "x509/der.h"

/* All borrowed from the DER that was read. */
typedef struct pki_signed {
	pki_bytes tbs;          /* whole element: what is signed */
	pki_bytes algorithm;    /* whole AlgorithmIdentifier */
	pki_bytes signature;    /* the BIT STRING's octets */
} pki_signed;

/* Take der, all of it, apart.  PKI_BAD_INPUT, rule "der". */
PKI_CHECKED pki_code pki_signed_read(pki_bytes der, const char *what,
    pki_signed *out, pki_err *err);

/*
 * Read the AlgorithmIdentifier inside the TBS, which must repeat the outer
 * one (RFC 5280, 4.1.1.2 and 5.1.1.2).  PKI_BAD_INPUT, rule given.
 */
PKI_CHECKED pki_code pki_signed_read_inner(const pki_signed *frame,
    pki_der *tbs, const char *rule, pki_err *err);

/* Only issuer's name and key id.  PKI_DENIED, rule "issuer". */
PKI_CHECKED pki_code pki_signed_check_names(const pki_name *issuer_name,
    pki_bytes authority_key_id, const pki_cert *issuer, pki_err *err);

/* The algorithm.  PKI_DENIED, rule "signature-algorithm": an unknown one. */
PKI_CHECKED pki_code pki_signed_algorithm(const pki_signed *frame,
    const pki_sigalg **out, pki_err *err);

/*
 * Was it signed by issuer's key, under issuer's name and, when both state
 * one, key id?  PKI_DENIED, rules "issuer", "signature-algorithm",
 * "signature".
 */
PKI_CHECKED pki_code pki_signed_check(const pki_signed *frame,
    const pki_name *issuer_name, pki_bytes authority_key_id,
    const pki_cert *issuer, pki_err *err);

#endif
