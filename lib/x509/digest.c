#include "x509/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "x509/openssl.h"
#include "x509/pool.h"

#define SHA256 "SHA2-256"

/* They stay to the end of the process: a new one costs more than a hash. */
static pki_pool contexts;

static bool
hash_all(EVP_MD_CTX *ctx, const pki_bytes *pieces, size_t count,
    pki_digest *out)
{
	if (EVP_DigestInit_ex2(ctx, pki_md(SHA256), NULL) != 1)
		return false;
	for (size_t i = 0; i < count; i++)
		if (EVP_DigestUpdate(ctx, pieces[i].data, pieces[i].len) != 1)
			return false;
	return EVP_DigestFinal_ex(ctx, out->octets, NULL) == 1;
}

pki_code
pki_digest_of(pki_bytes bytes, pki_digest *out, pki_err *err)
{
	return pki_digest_of_all(&bytes, 1, out, err);
}

pki_code
pki_digest_of_all(const pki_bytes *pieces, size_t count, pki_digest *out,
    pki_err *err)
{
	PKI_AUTO(EVP_MD_CTX) ctx = pki_pool_take(&contexts);
	pki_digest digest;

	if (ctx == NULL)
		ctx = EVP_MD_CTX_new();
	if (ctx == NULL)
		return pki_fail_memory(err);
	if (!hash_all(ctx, pieces, count, &digest))
		return pki_fail_openssl(err, "sha-256");
	ctx = pki_pool_give(&contexts, ctx);
	*out = digest;
	return PKI_OK;
}

struct pki_hashing {
	EVP_MD_CTX *ctx;
};

void
pki_hashing_free(pki_hashing *hashing)
{
	if (hashing == NULL)
		return;
	EVP_MD_CTX_free(hashing->ctx);
	free(hashing);
}

pki_code
pki_hashing_new(pki_hashing **out, pki_err *err)
{
	PKI_AUTO(pki_hashing) hashing = calloc(1, sizeof(*hashing));

	if (hashing == NULL)
		return pki_fail_memory(err);
	hashing->ctx = EVP_MD_CTX_new();
	if (hashing->ctx == NULL)
		return pki_fail_memory(err);
	if (EVP_DigestInit_ex(hashing->ctx, EVP_sha256(), NULL) != 1)
		return pki_fail_openssl(err, "sha-256");
	*out = PKI_TAKE(hashing);
	return PKI_OK;
}

pki_code
pki_hashing_add(pki_hashing *hashing, pki_bytes piece, pki_err *err)
{
	if (EVP_DigestUpdate(hashing->ctx, piece.data, piece.len) != 1)
		return pki_fail_openssl(err, "sha-256");
	return PKI_OK;
}

pki_code
pki_hashing_end(pki_hashing *hashing, pki_digest *out, pki_err *err)
{
	if (EVP_DigestFinal_ex(hashing->ctx, out->octets, NULL) != 1)
		return pki_fail_openssl(err, "sha-256");
	return PKI_OK;
}

pki_code
pki_random(void *out, size_t len, pki_err *err)
{
	if (RAND_bytes_ex(NULL, out, len, 0) != 1)
		return pki_fail_openssl(err, "%zu random octets", len);
	return PKI_OK;
}
