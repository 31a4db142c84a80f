#include "x509/pubkey.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "x509/curve.h"
#include "x509/digest.h"
#include "x509/spki.h"

#define KEY_ID_OCTETS 20

struct pki_pubkey {
	EVP_PKEY    *pkey;      /* NULL: curve.h serves it */
	pki_key_type type;
	pki_digest   digest;
	uint8_t      id[KEY_ID_OCTETS];
	size_t       bits;      /* octets of the BIT STRING, the last of spki */
	size_t       len;
	uint8_t      spki[];
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
	PKI_AUTO(pki_pubkey) key = NULL;
	pki_digest digest;
	pki_bytes bits;
	pki_code rc;

	key = calloc(1, sizeof(*key) + spki.len);
	if (key == NULL)
		return pki_fail_memory(err);
	if ((rc = pki_spki_load(spki, &key->pkey, &key->type, &bits, err)) ||
	    (rc = pki_digest_of(spki, &key->digest, err)) ||
	    (rc = pki_digest_of(bits, &digest, err)))
		return rc;
	memcpy(key->id, digest.octets, sizeof(key->id));
	memcpy(key->spki, spki.data, spki.len);
	key->len = spki.len;
	key->bits = bits.len;
	*out = PKI_TAKE(key);
	return PKI_OK;
}

pki_code
pki_pubkey_copy(const pki_pubkey *key, pki_pubkey **out, pki_err *err)
{
	pki_pubkey *copy = malloc(sizeof(*copy) + key->len);

	if (copy == NULL)
		return pki_fail_memory(err);
	memcpy(copy, key, sizeof(*copy) + key->len);
	if (copy->pkey != NULL && EVP_PKEY_up_ref(copy->pkey) != 1) {
		free(copy);
		return pki_fail_openssl(err, "copy of a public key");
	}
	*out = copy;
	return PKI_OK;
}

void
pki_pubkey_free(pki_pubkey *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
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
	return pki_bytes_of(key->spki, key->len);
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
	/* SEQUENCE of two INTEGERs, each as long as the curve's order. */
	static const size_t ecdsa[] = {
		[PKI_KEY_P256] = 72, [PKI_KEY_P384] = 104,
		[PKI_KEY_P521] = 139,
	};

	return key->type <= PKI_KEY_P521 ? ecdsa[key->type] :
	    (size_t)EVP_PKEY_get_size(key->pkey);
}

static bool
set_pss(EVP_PKEY_CTX *ctx, const pki_sigalg *algorithm)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, algorithm->digest, NULL)
	    == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* The BIT STRING's octets are the end of the SubjectPublicKeyInfo. */
static pki_bytes
point_of(const pki_pubkey *key)
{
	return pki_bytes_of(key->spki + key->len - key->bits, key->bits);
}

/* PKI_DENIED without a report: it does not match. */
static pki_code
verify_by_curve(const pki_pubkey *key, const pki_sigalg *algorithm,
    pki_bytes message, pki_bytes signature, pki_err *err)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned len;

	if (EVP_Digest(message.data, message.len, hash, &len,
	    pki_md(algorithm->digest), NULL) != 1)
		return pki_fail_openssl(err, "verify %s", algorithm->name);
	return pki_curve_verify(key->type, point_of(key),
	    pki_bytes_of(hash, len), signature, err);
}

/* The same. */
static pki_code
verify_by_pkey(const pki_pubkey *key, const pki_sigalg *algorithm,
    pki_bytes message, pki_bytes signature, pki_err *err)
{
	PKI_AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options;

	if (ctx == NULL)
		return pki_fail_memory(err);
	if (EVP_DigestVerifyInit_ex(ctx, &options, algorithm->digest, NULL,
	    NULL, key->pkey, NULL) != 1 ||
	    (algorithm->pss && !set_pss(options, algorithm)))
		return pki_fail_openssl(err, "verify %s", algorithm->name);
	if (EVP_DigestVerify(ctx, signature.data, signature.len, message.data,
	    message.len) != 1) {
		ERR_clear_error();
		return PKI_DENIED;
	}
	return PKI_OK;
}

/* May this key have signed so? */
static pki_code
check_algorithm(const pki_pubkey *key, const pki_sigalg *algorithm,
    pki_err *err)
{
	if (algorithm->refused != NULL)
		return pki_refuse(err, PKI_DENIED, "signature-algorithm",
		    "SHA-256, SHA-384 or SHA-512 with RSA or ECDSA; Ed25519",
		    "%s: %s", algorithm->name, algorithm->refused);
	if ((algorithm->key_types & 1U << key->type) == 0)
		return pki_refuse(err, PKI_DENIED, "signature-algorithm",
		    pki_sigalg_for(key->type)->name, "%s by a %s key",
		    algorithm->name, pki_key_type_name(key->type));
	return PKI_OK;
}

static pki_code
refuse_signature(const pki_sigalg *algorithm, pki_err *err)
{
	return pki_refuse(err, PKI_DENIED, "signature",
	    "a signature that this key made", "%s", algorithm->name);
}

pki_code
pki_pubkey_verify(const pki_pubkey *key, const pki_sigalg *algorithm,
    pki_bytes message, pki_bytes signature, pki_err *err)
{
	pki_code rc = check_algorithm(key, algorithm, err);

	if (rc != PKI_OK)
		return rc;
	rc = key->pkey == NULL ?
	    verify_by_curve(key, algorithm, message, signature, err) :
	    verify_by_pkey(key, algorithm, message, signature, err);
	return rc == PKI_DENIED ? refuse_signature(algorithm, err) : rc;
}

/* Verifying in pieces. */
struct pki_verifying {
	EVP_MD_CTX       *ctx;          /* without a pkey: of the hash only */
	const pki_pubkey *key;
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

static bool
start(pki_verifying *verifying)
{
	const pki_sigalg *algorithm = verifying->algorithm;
	EVP_PKEY *pkey = verifying->key->pkey;
	EVP_PKEY_CTX *options;

	if (pkey == NULL)
		return EVP_DigestInit_ex(verifying->ctx,
		    pki_md(algorithm->digest), NULL) == 1;
	return EVP_DigestVerifyInit_ex(verifying->ctx, &options,
	    algorithm->digest, NULL, NULL, pkey, NULL) == 1 &&
	    (!algorithm->pss || set_pss(options, algorithm));
}

pki_code
pki_pubkey_verify_begin(const pki_pubkey *key, const pki_sigalg *algorithm,
    pki_verifying **out, pki_err *err)
{
	PKI_AUTO(pki_verifying) verifying = calloc(1, sizeof(*verifying));
	pki_code rc = check_algorithm(key, algorithm, err);

	if (rc != PKI_OK)
		return rc;
	if (!pki_sigalg_streams(algorithm))
		return pki_fail(err, PKI_USAGE, "%s verifies in one piece only",
		    algorithm->name);
	if (verifying == NULL || (verifying->ctx = EVP_MD_CTX_new()) == NULL)
		return pki_fail_memory(err);
	verifying->key = key;
	verifying->algorithm = algorithm;
	if (!start(verifying))
		return pki_fail_openssl(err, "verify %s", algorithm->name);
	*out = PKI_TAKE(verifying);
	return PKI_OK;
}

pki_code
pki_verifying_add(pki_verifying *verifying, pki_bytes piece, pki_err *err)
{
	int done = verifying->key->pkey == NULL ?
	    EVP_DigestUpdate(verifying->ctx, piece.data, piece.len) :
	    EVP_DigestVerifyUpdate(verifying->ctx, piece.data, piece.len);

	if (done != 1)
		return pki_fail_openssl(err, "verify %s",
		    verifying->algorithm->name);
	return PKI_OK;
}

static pki_code
end_by_curve(pki_verifying *verifying, pki_bytes signature, pki_err *err)
{
	const pki_pubkey *key = verifying->key;
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned len;

	if (EVP_DigestFinal_ex(verifying->ctx, hash, &len) != 1)
		return pki_fail_openssl(err, "verify %s",
		    verifying->algorithm->name);
	return pki_curve_verify(key->type, point_of(key),
	    pki_bytes_of(hash, len), signature, err);
}

pki_code
pki_verifying_end(pki_verifying *verifying, pki_bytes signature, pki_err *err)
{
	pki_code rc = PKI_OK;

	if (verifying->key->pkey == NULL)
		rc = end_by_curve(verifying, signature, err);
	else if (EVP_DigestVerifyFinal(verifying->ctx, signature.data,
	    signature.len) != 1)
		rc = PKI_DENIED;
	ERR_clear_error();
	return rc == PKI_DENIED ?
	    refuse_signature(verifying->algorithm, err) : rc;
}
