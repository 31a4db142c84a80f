#ifndef PKI_X509_OPENSSL_H
#define PKI_X509_OPENSSL_H

/* libcrypto's errors in our words, and its types freed by scope. */

#include "base/buf.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/*
 * Record PKI_CRYPTO with the oldest reason in libcrypto's error queue last,
 * and empty the queue.
 */
pki_code pki_fail_openssl(pki_err *err, const char *fmt, ...) PKI_PRINTF(2, 3);

/*
 * A digest by a name in sigalg.c's table ("SHA2-256"), fetched once for the
 * process; NULL when libcrypto has none.
 */
const EVP_MD *pki_md(const char *name);

/* PKI_AUTO(BIO) and friends. */
#define PKI_OPENSSL_CLEANUP(type)                                       \
	static inline void type##_cleanup(type **p) { type##_free(*p); }

PKI_OPENSSL_CLEANUP(ASN1_OBJECT)
PKI_OPENSSL_CLEANUP(BIO)
PKI_OPENSSL_CLEANUP(BN_CTX)
PKI_OPENSSL_CLEANUP(EVP_MD_CTX)
PKI_OPENSSL_CLEANUP(EVP_PKEY)
PKI_OPENSSL_CLEANUP(EVP_PKEY_CTX)
PKI_OPENSSL_CLEANUP(OSSL_PARAM)
PKI_OPENSSL_CLEANUP(OSSL_PARAM_BLD)
PKI_OPENSSL_CLEANUP(PKCS8_PRIV_KEY_INFO)
PKI_OPENSSL_CLEANUP(X509)
PKI_OPENSSL_CLEANUP(X509_ALGOR)
PKI_OPENSSL_CLEANUP(X509_CRL)
PKI_OPENSSL_CLEANUP(X509_EXTENSION)
PKI_OPENSSL_CLEANUP(X509_NAME)
PKI_OPENSSL_CLEANUP(X509_REVOKED)
PKI_OPENSSL_CLEANUP(X509_STORE)

static inline void BIGNUM_cleanup(BIGNUM **p) { BN_free(*p); }

/* libcrypto has a function X509_STORE_CTX_cleanup of its own. */
typedef X509_STORE_CTX pki_store_ctx;
static inline void
pki_store_ctx_cleanup(pki_store_ctx **p) { X509_STORE_CTX_free(*p); }

#endif
