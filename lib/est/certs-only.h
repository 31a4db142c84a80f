#ifndef PKI_EST_CERTS_ONLY_H
#define PKI_EST_CERTS_ONLY_H

/*
 * Certificates without a signature over them: the degenerate SignedData of
 * RFC 5652, 5, that RFC 7030 answers with (4.1.3, 4.2.3).
 */

#include "base/buf.h"

PKI_BEGIN_DECLS

#define PKI_CERTS_ONLY_COUNT 32
#define PKI_CERTS_ONLY_MAX (60 * 1024)  /* octets of DER */

typedef struct pki_certs_only {
	pki_bytes certs[PKI_CERTS_ONLY_COUNT];  /* borrowed from the DER */
	size_t    count;
} pki_certs_only;

/*
 * Append the DER around 1 to 32 certificates of at most 8192 octets each.
 * They are sorted, as DER sorts a SET OF, and one given twice is there once.
 * What is inside of a certificate is not looked at, beyond strict DER.
 * PKI_BAD_INPUT, rules "certs-only", "der", "size"; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_certs_only_encode(const pki_bytes *certs,
    size_t count, pki_buf *out, pki_err *err);

/*
 * Find the certificates.  Refused: a content, signers, digest algorithms,
 * CRLs, other kinds of certificates, no or more than 32 certificates, one
 * above 8192 octets, BER.  Their order means nothing (RFC 5272, 4.1), and is
 * not checked: libcrypto's PKCS #7 does not sort.  That one is there says
 * nothing of trust.  PKI_BAD_INPUT, rules "certs-only", "der", "size".
 */
PKI_CHECKED pki_code pki_certs_only_parse(pki_bytes der, pki_certs_only *out,
    pki_err *err);

PKI_END_DECLS

#endif
