#ifndef PKI_X509_KEY_READ_H
#define PKI_X509_KEY_READ_H

/* The forms a file may hold a private key in. */

#include "x509/openssl.h"

/* PEM labels of PKCS #8 (RFC 7468, 10 and 11). */
#define PKI_PEM_KEY "PRIVATE KEY"
#define PKI_PEM_ENCRYPTED_KEY "ENCRYPTED PRIVATE KEY"

/*
 * pki_key_parse's work: the key goes to *out (caller frees), and its
 * SubjectPublicKeyInfo is appended to spki where it is at hand.  That both
 * halves belong together is not checked.  Codes and rules are
 * pki_key_parse's.
 */
PKI_CHECKED pki_code pki_key_read(pki_bytes in, pki_bytes passphrase,
    EVP_PKEY **out, pki_buf *spki, pki_err *err);

#endif
