#include "x509/pubkey.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "x509/digest.h"
#include "x509/spki.h"

#define KEY_ID_OCTETS 20

struct pki_pubkey {
	EVP_PKEY    *pkey;
	pki_buf     *spki;
	pki_key_type type;
	pki_digest   digest;
	uint8_t      id[KEY_ID_OCTETS];
};

const pki_choice pki_key_type_names[] = {
	{ "p256", PKI_KEY_P256 },
	{ "p384", PKI_KEY_P384 },
	{ "p521", PKI_KEY_P521 },
	{ "ed25519", PKI_KEY_ED25519 },
	{ "rsa2048", PKI_KEY_RSA2048 },
	{ "rsa3072", PKI_KEY_RSA3072 },
	{ "rsa4096", PKI_KEY_RSA4096 },
	{ "ml-dsa-44", PKI_KEY_ML_DSA_44 },
	{ "ml-dsa-65", PKI_KEY_ML_DSA_65 },
	{ "ml-dsa-87", PKI_KEY_ML_DSA_87 },
	{ NULL, 0 },
};

const char *
pki_key_type_name(pki_key_type type)
{
	return pki_key_type_names[type].name;
}

bool
pki_key_type_available(pki_key_type type)
{
	EVP_KEYMGMT *keymgmt;

	if (type < PKI_KEY_ML_DSA_44)
		return true;
	/* OpenSSL's names are ours in another case; case does not matter. */
	ERR_set_mark();
	keymgmt = EVP_KEYMGMT_fetch(NULL, pki_key_type_name(type), NULL);
	ERR_pop_to_mark();
	EVP_KEYMGMT_free(keymgmt);
	return keymgmt != NULL;
}

pki_code
pki_pubkey_parse(pki_bytes spki, pki_pubkey **out, pki_err *err)
{
	PKI_AUTO(pki_pubkey) key = calloc(1, sizeof(*key));
	pki_digest digest;
	pki_bytes bits;
	pki_code rc;

	if (key == NULL)
		return pki_fail_memory(err);
	key->spki = pki_buf_copy(spki);
	if ((rc = pki_buf_check(key->spki, err)) ||
	    (rc = pki_spki_load(spki, &key->pkey, &key->type, &bits, err)) ||
	    (rc = pki_digest_of(spki, &key->digest, err)) ||
	    (rc = pki_digest_of(bits, &digest, err)))
		return rc;
	memcpy(key->id, digest.octets, sizeof(key->id));
	*out = PKI_TAKE(key);
	return PKI_OK;
}

pki_code
pki_pubkey_copy(const pki_pubkey *key, pki_pubkey **out, pki_err *err)
{
	PKI_AUTO(pki_pubkey) copy = calloc(1, sizeof(*copy));
	pki_code rc;

	if (copy == NULL)
		return pki_fail_memory(err);
	copy->type = key->type;
	copy->digest = key->digest;
	memcpy(copy->id, key->id, sizeof(copy->id));
	copy->spki = pki_buf_copy(pki_buf_bytes(key->spki));
	rc = pki_buf_check(copy->spki, err);
	if (rc != PKI_OK)
		return rc;
	if (EVP_PKEY_up_ref(key->pkey) != 1)
		return pki_fail_openssl(err, "copy of a public key");
	copy->pkey = key->pkey;
	*out = PKI_TAKE(copy);
	return PKI_OK;
}

void
pki_pubkey_free(pki_pubkey *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	pki_buf_free(key->spki);
	free(key);
}

pki_key_type
pki_pubkey_type(const pki_pubkey *key)
{
	return key->type;
}

pki_bytes
pki_pubkey_spki(const pki_pubkey *key)
{
	return pki_buf_bytes(key->spki);
}

const pki_digest *
pki_pubkey_digest(const pki_pubkey *key)
{
	return &key->digest;
}

pki_bytes
pki_pubkey_id(const pki_pubkey *key)
{
	return pki_bytes_of(key->id, sizeof(key->id));
}

size_t
pki_pubkey_signature_max(const pki_pubkey *key)
{
	return (size_t)EVP_PKEY_get_size(key->pkey);
}

static bool
set_pss(EVP_PKEY_CTX *ctx, const pki_sigalg *algorithm)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, algorithm->digest, NULL)
	    == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* May this key have signed so?  A context that is ready to verify it. */
static pki_code
start_verify(const pki_pubkey *key, const pki_sigalg *algorithm,
    EVP_MD_CTX **out, pki_err *err)
{
	PKI_AUTO(EVP_MD_CTX) ctx = NULL;
	EVP_PKEY_CTX *options;

	if (algorithm->refused != NULL)
		return pki_refuse(err, PKI_DENIED, "signature-algorithm",
		    "SHA-256, SHA-384 or SHA-512 with RSA or ECDSA; Ed25519",
		    "%s: %s", algorithm->name, algorithm->refused);
	if ((algorithm->key_types & 1U << key->type) == 0)
		return pki_refuse(err, PKI_DENIED, "signature-algorithm",
		    pki_sigalg_for(key->type)->name, "%s by a %s key",
		    algorithm->name, pki_key_type_name(key->type));
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL)
		return pki_fail_memory(err);
	if (EVP_DigestVerifyInit_ex(ctx, &options, algorithm->digest, NULL,
	    NULL, key->pkey, NULL) != 1 ||
	    (algorithm->pss && !set_pss(options, algorithm)))
		return pki_fail_openssl(err, "verify %s", algorithm->name);
	*out = PKI_TAKE(ctx);
	return PKI_OK;
}

static pki_code
refuse_signature(const pki_sigalg *algorithm, pki_err *err)
{
	ERR_clear_error();
	return pki_refuse(err, PKI_DENIED, "signature",
	    "a signature that this key made", "%s", algorithm->name);
}

pki_code
pki_pubkey_verify(const pki_pubkey *key, const pki_sigalg *algorithm,
    pki_bytes message, pki_bytes signature, pki_err *err)
{
	PKI_AUTO(EVP_MD_CTX) ctx = NULL;
	pki_code rc = start_verify(key, algorithm, &ctx, err);

	if (rc != PKI_OK)
		return rc;
	if (EVP_DigestVerify(ctx, signature.data, signature.len, message.data,
	    message.len) != 1)
		return refuse_signature(algorithm, err);
	return PKI_OK;
}

/* Verifying in pieces. */
struct pki_verifying {
	EVP_MD_CTX       *ctx;
	const pki_sigalg *algorithm;
};

void
pki_verifying_free(pki_verifying *verifying)
{
	if (verifying == NULL)
		return;
	EVP_MD_CTX_free(verifying->ctx);
	free(verifying);
}

pki_code
pki_pubkey_verify_begin(const pki_pubkey *key, const pki_sigalg *algorithm,
    pki_verifying **out, pki_err *err)
{
	PKI_AUTO(pki_verifying) verifying = calloc(1, sizeof(*verifying));
	pki_code rc;

	if (verifying == NULL)
		return pki_fail_memory(err);
	if (!pki_sigalg_streams(algorithm))
		return pki_fail(err, PKI_USAGE, "%s verifies in one piece only",
		    algorithm->name);
	verifying->algorithm = algorithm;
	rc = start_verify(key, algorithm, &verifying->ctx, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(verifying);
	return rc;
}

pki_code
pki_verifying_add(pki_verifying *verifying, pki_bytes piece, pki_err *err)
{
	if (EVP_DigestVerifyUpdate(verifying->ctx, piece.data, piece.len) != 1)
		return pki_fail_openssl(err, "verify %s",
		    verifying->algorithm->name);
	return PKI_OK;
}

pki_code
pki_verifying_end(pki_verifying *verifying, pki_bytes signature, pki_err *err)
{
	if (EVP_DigestVerifyFinal(verifying->ctx, signature.data,
	    signature.len) != 1)
		return refuse_signature(verifying->algorithm, err);
	return PKI_OK;
}
