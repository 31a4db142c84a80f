#ifndef PKI_X509_KEY_HASH_H
#define PKI_X509_KEY_HASH_H

#include "x509/key.h"
#include "x509/openssl.h"

/*
 * Sign a hash made with md.  *len: room in out, then octets written.  false:
 * the reason is in libcrypto's error queue.
 */
bool pki_key_sign_hash(const pki_key *key, const EVP_MD *md, pki_bytes hash,
    uint8_t *out, size_t *len);

#endif
