#include "x509/hkdf.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "base/text.h"
#include "x509/openssl.h"
#include "x509/pool.h"

#define HASH 32
#define LEN_MAX (255 * HASH)            /* RFC 5869, 2.3 */

PKI_OPENSSL_CLEANUP(EVP_MAC_CTX)

/*
 * libcrypto's HKDF looks up the digest, a MAC and a KDF by name each time,
 * which costs many times the hashing.  Contexts of HMAC-SHA-256 are kept
 * instead: see pki_md() and digest.c.
 */
static EVP_MAC *hmac;
static CRYPTO_ONCE hmac_once = CRYPTO_ONCE_STATIC_INIT;
static pki_pool contexts;

static void
fetch_hmac(void)
{
	hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
}

static EVP_MAC_CTX *
make_context(void)
{
	char digest[] = "SHA2-256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
		    0),
		OSSL_PARAM_construct_end(),
	};
	PKI_AUTO(EVP_MAC_CTX) made = NULL;

	if (CRYPTO_THREAD_run_once(&hmac_once, fetch_hmac) == 1 && hmac != NULL)
		made = EVP_MAC_CTX_new(hmac);
	if (made == NULL || EVP_MAC_CTX_set_params(made, params) != 1)
		return NULL;
	return PKI_TAKE(made);
}

static bool
make_mac(EVP_MAC_CTX *ctx, pki_bytes key, const pki_bytes *pieces,
    size_t count, uint8_t out[HASH])
{
	size_t len;

	if (EVP_MAC_init(ctx, key.data, key.len, NULL) != 1)
		return false;
	for (size_t i = 0; i < count; i++)
		if (EVP_MAC_update(ctx, pieces[i].data, pieces[i].len) != 1)
			return false;
	return EVP_MAC_final(ctx, out, &len, HASH) == 1 && len == HASH;
}

/* RFC 5869, 2.3: T(i) = HMAC(PRK, T(i - 1) | info | i), one behind another. */
static bool
expand(EVP_MAC_CTX *ctx, const uint8_t secret[HASH], pki_bytes info,
    uint8_t *out, size_t len)
{
	uint8_t block[HASH], number = 0;
	size_t done, some;
	bool good = true;

	for (done = 0; done < len && good; done += some) {
		const pki_bytes pieces[] = {
			pki_bytes_of(block, done == 0 ? 0 : HASH), info,
			pki_bytes_of(&number, 1),
		};

		number++;
		some = len - done < HASH ? len - done : HASH;
		good = make_mac(ctx, pki_bytes_of(secret, HASH), pieces,
		    PKI_COUNT(pieces), block);
		if (good)
			memcpy(out + done, block, some);
	}
	pki_wipe(block, sizeof(block));
	return good;
}

pki_code
pki_hkdf(pki_bytes key, pki_bytes info, uint8_t *out, size_t len, pki_err *err)
{
	static const uint8_t no_salt[HASH];
	PKI_AUTO(EVP_MAC_CTX) ctx = pki_pool_take(&contexts);
	uint8_t secret[HASH];
	bool good;

	if (len > LEN_MAX)
		return pki_fail(err, PKI_USAGE, "%zu octets of HKDF", len);
	if (ctx == NULL)
		ctx = make_context();
	good = ctx != NULL && make_mac(ctx, pki_bytes_of(no_salt, HASH), &key,
	    1, secret) && expand(ctx, secret, info, out, len);
	pki_wipe(secret, sizeof(secret));
	if (!good)
		return pki_fail_openssl(err, "hkdf-sha-256");
	ctx = pki_pool_give(&contexts, ctx);
	return PKI_OK;
}
