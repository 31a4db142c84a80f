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

#endif
