/* Signing a message that comes in pieces. */
#include "x509/key.h"

#include <stdlib.h>

#include "x509/digest.h"
#include "x509/key-hash.h"

struct pki_signing {
	EVP_MD_CTX       *ctx;
	const pki_key    *key;
	const pki_sigalg *algorithm;
};

void
pki_signing_free(pki_signing *signing)
{
	if (signing == NULL)
		return;
	EVP_MD_CTX_free(signing->ctx);
	free(signing);
}

pki_code
pki_key_sign_begin(const pki_key *key, pki_signing **out, pki_err *err)
{
	const pki_sigalg *algorithm =
	    pki_sigalg_for(pki_pubkey_type(pki_key_public(key)));
	PKI_AUTO(pki_signing) signing = NULL;

	if (!pki_sigalg_streams(algorithm))
		return pki_fail(err, PKI_USAGE, "%s signs in one piece only",
		    algorithm->name);
	signing = calloc(1, sizeof(*signing));
	if (signing == NULL || (signing->ctx = EVP_MD_CTX_new()) == NULL)
		return pki_fail_memory(err);
	signing->key = key;
	signing->algorithm = algorithm;
	if (EVP_DigestInit_ex(signing->ctx, pki_md(algorithm->digest), NULL)
	    != 1)
		return pki_fail_openssl(err, "sign %s", algorithm->name);
	*out = PKI_TAKE(signing);
	return PKI_OK;
}

pki_code
pki_signing_add(pki_signing *signing, pki_bytes piece, pki_err *err)
{
	if (EVP_DigestUpdate(signing->ctx, piece.data, piece.len) != 1)
		return pki_fail_openssl(err, "sign %s",
		    signing->algorithm->name);
	return PKI_OK;
}

pki_code
pki_signing_end(pki_signing *signing, pki_buf *out, pki_err *err)
{
	const EVP_MD *md = pki_md(signing->algorithm->digest);
	size_t len = pki_pubkey_signature_max(pki_key_public(signing->key));
	uint8_t *at = pki_buf_reserve(out, len);
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned hash_len;

	if (at == NULL)
		return pki_fail_memory(err);
	if (EVP_DigestFinal_ex(signing->ctx, hash, &hash_len) != 1 ||
	    !pki_key_sign_hash(signing->key, md, pki_bytes_of(hash, hash_len),
	    at, &len))
		return pki_fail_openssl(err, "sign %s",
		    signing->algorithm->name);
	out->len += len;
	out->data[out->len] = '\0';
	return PKI_OK;
}
