#ifndef PKI_X509_DIGEST_H
#define PKI_X509_DIGEST_H

/* SHA-256 and random octets. */

#include "base/ids.h"

PKI_BEGIN_DECLS

/* PKI_CRYPTO when the library cannot. */
PKI_CHECKED pki_code pki_digest_of(pki_bytes bytes, pki_digest *out,
    pki_err *err);

/* SHA-256 over the concatenation of count pieces. */
PKI_CHECKED pki_code pki_digest_of_all(const pki_bytes *pieces, size_t count,
    pki_digest *out, pki_err *err);

/* SHA-256 of what comes in pieces. */
typedef struct pki_hashing pki_hashing;
PKI_CHECKED pki_code pki_hashing_new(pki_hashing **out, pki_err *err);
PKI_CHECKED pki_code pki_hashing_add(pki_hashing *hashing, pki_bytes piece,
    pki_err *err);
PKI_CHECKED pki_code pki_hashing_end(pki_hashing *hashing, pki_digest *out,
    pki_err *err);
void pki_hashing_free(pki_hashing *hashing);
PKI_DEFINE_CLEANUP(pki_hashing)

/* From the operating system's generator, through libcrypto.  PKI_CRYPTO. */
PKI_CHECKED pki_code pki_random(void *out, size_t len, pki_err *err);

PKI_END_DECLS

#endif
