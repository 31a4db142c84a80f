#ifndef PKI_X509_KEY_EC_H
#define PKI_X509_KEY_EC_H

/*
 * Private keys on P-256, P-384 and P-521 in the one form that libcrypto and
 * this library write: PKCS #8 (RFC 5958) around an ECPrivateKey (RFC 5915)
 * with its point and without parameters.  Finding libcrypto's decoder and
 * encoder for one costs more than to issue a certificate.
 */

#include "x509/openssl.h"

/*
 * The key goes to *out (caller frees), its SubjectPublicKeyInfo is appended
 * to spki.  That the point belongs to the key is not checked.  PKI_NOT_FOUND
 * without a report: another form, for libcrypto to read; PKI_BAD_INPUT: a
 * point off the curve; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_ec_key_read(pki_bytes der, EVP_PKEY **out,
    pki_buf *spki, pki_err *err);

#endif
