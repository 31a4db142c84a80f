#ifndef PKI_X509_HKDF_H
#define PKI_X509_HKDF_H

/* Secrets made from a secret, and compared. */

#include "base/buf.h"

PKI_BEGIN_DECLS

/*
 * HKDF-SHA-256 (RFC 5869) without salt: len octets of key material for info.
 * PKI_CRYPTO when the library cannot; PKI_USAGE: more than 8160 octets.  Any
 * number of threads may do so at once.
 */
PKI_CHECKED pki_code pki_hkdf(pki_bytes key, pki_bytes info, uint8_t *out,
    size_t len, pki_err *err);

PKI_END_DECLS

#endif
