#ifndef PKI_X509_SPKI_H
#define PKI_X509_SPKI_H

/* SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) as a key of libcrypto. */

#include "x509/openssl.h"
#include "x509/pubkey.h"

/*
 * pki_pubkey_parse's work: the key and its type; the BIT STRING's octets, the
 * last of spki, go to bits, borrowed from it.  *pkey is NULL for keys that
 * curve.h serves.  Codes and rules are pki_pubkey_parse's.
 */
PKI_CHECKED pki_code pki_spki_load(pki_bytes spki, EVP_PKEY **pkey,
    pki_key_type *type, pki_bytes *bits, pki_err *err);

/* One of the named curves. */
typedef struct pki_spki_curve {
	const char *name;
	size_t      octets;     /* of an uncompressed point */
	pki_bytes   identifier; /* its AlgorithmIdentifier, whole */
} pki_spki_curve;

/* The curve of an AlgorithmIdentifier; false when it is none that we take. */
bool pki_spki_find_curve(pki_bytes identifier, pki_spki_curve *out);

#endif
