#include "x509/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>

#include "x509/openssl.h"

PKI_OPENSSL_CLEANUP(EVP_KDF_CTX)

/* Fetched once for the process; see pki_md(). */
static EVP_KDF *hkdf;
static CRYPTO_ONCE hkdf_once = CRYPTO_ONCE_STATIC_INIT;

static void
fetch_hkdf(void)
{
	hkdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
}

pki_code
pki_hkdf(pki_bytes key, pki_bytes info, uint8_t *out, size_t len, pki_err *err)
{
	PKI_AUTO(EVP_KDF_CTX) ctx = NULL;
	char digest[] = "SHA2-256";
	/* OpenSSL's parameters are not const, but are only read. */
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
		    0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
		    (void *)(uintptr_t)key.data, key.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
		    (void *)(uintptr_t)info.data, info.len),
		OSSL_PARAM_construct_end(),
	};

	if (CRYPTO_THREAD_run_once(&hkdf_once, fetch_hkdf) == 1 && hkdf != NULL)
		ctx = EVP_KDF_CTX_new(hkdf);
	if (ctx == NULL || EVP_KDF_derive(ctx, out, len, params) != 1)
		return pki_fail_openssl(err, "hkdf-sha-256");
	return PKI_OK;
}
