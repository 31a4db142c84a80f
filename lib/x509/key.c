#include "x509/key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>

#include "x509/key-hash.h"
#include "x509/key-read.h"
#include "x509/openssl.h"
#include "x509/pem.h"
#include "x509/pool.h"

/*
 * RFC 7914.  OpenSSL reads no more than 32 MiB of scrypt, which N = 2^15
 * passes by a little; p makes up for it in time.
 */
#define SCRYPT_N (1U << 14)
#define SCRYPT_R 8
#define SCRYPT_P 5
#define SCRYPT_SALT_OCTETS 16

PKI_OPENSSL_CLEANUP(X509_SIG)

struct pki_key {
	EVP_PKEY   *pkey;
	pki_pubkey *public;
	pki_pool   *contexts;   /* EVP_PKEY_CTX, ready to sign a hash */
};

/* How OpenSSL is asked for a key of each type. */
static const struct recipe {
	const char *algorithm;
	const char *group;
	size_t      bits;
} recipes[] = {
	[PKI_KEY_P256] = { "EC", "P-256", 0 },
	[PKI_KEY_P384] = { "EC", "P-384", 0 },
	[PKI_KEY_P521] = { "EC", "P-521", 0 },
	[PKI_KEY_ED25519] = { "ED25519", NULL, 0 },
	[PKI_KEY_RSA2048] = { "RSA", NULL, 2048 },
	[PKI_KEY_RSA3072] = { "RSA", NULL, 3072 },
	[PKI_KEY_RSA4096] = { "RSA", NULL, 4096 },
	[PKI_KEY_ML_DSA_44] = { "ML-DSA-44", NULL, 0 },
	[PKI_KEY_ML_DSA_65] = { "ML-DSA-65", NULL, 0 },
	[PKI_KEY_ML_DSA_87] = { "ML-DSA-87", NULL, 0 },
};

static EVP_PKEY *
generate_pkey(const struct recipe *recipe)
{
	const char *algorithm = recipe->algorithm;

	if (recipe->group != NULL)
		return EVP_PKEY_Q_keygen(NULL, NULL, algorithm, recipe->group);
	if (recipe->bits != 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, algorithm, recipe->bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
}

/* Append what an i2d function writes. */
#define ADD_DER(i2d, object, out)                                       \
	({                                                              \
		int size_ = i2d(object, NULL);                          \
		uint8_t *at_ = size_ <= 0 ? NULL :                      \
		    pki_buf_reserve(out, (size_t)size_);                \
		bool done_ = at_ != NULL && i2d(object, &at_) == size_; \
		if (done_) {                                            \
			(out)->len += (size_t)size_;                    \
			*at_ = '\0';                                    \
		}                                                       \
		done_;                                                  \
	})

/* The SubjectPublicKeyInfo. */
static bool
add_spki(EVP_PKEY *pkey, pki_buf *out)
{
	/* A file may hold the point compressed; a certificate never does. */
	if (EVP_PKEY_is_a(pkey, "EC") && EVP_PKEY_set_utf8_string_param(pkey,
	    OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
	    OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1)
		return false;
	return ADD_DER(i2d_PUBKEY, pkey, out);
}

/*
 * A key from what was read or made; pkey is taken, spki is filled when it is
 * empty.
 */
static pki_code
make_key(EVP_PKEY *pkey, pki_buf *spki, pki_key **out, pki_err *err)
{
	PKI_AUTO(pki_key) key = calloc(1, sizeof(*key));
	pki_code rc;

	if (key != NULL)
		key->contexts = calloc(1, sizeof(*key->contexts));
	if (key == NULL || key->contexts == NULL || spki == NULL) {
		EVP_PKEY_free(pkey);
		return pki_fail_memory(err);
	}
	key->pkey = pkey;
	if (spki->len == 0 && !add_spki(pkey, spki))
		return pki_fail_openssl(err, "public part of a private key");
	rc = pki_pubkey_parse(pki_buf_bytes(spki), &key->public, err);
	if (rc != PKI_OK)
		return rc;
	*out = PKI_TAKE(key);
	return PKI_OK;
}

pki_code
pki_key_generate(pki_key_type type, pki_key **out, pki_err *err)
{
	PKI_AUTO(pki_buf) spki = pki_buf_new();
	EVP_PKEY *pkey;

	if (!pki_key_type_available(type))
		return pki_refuse(err, PKI_DENIED, "key-type",
		    "a type that the installed OpenSSL knows", "%s",
		    pki_key_type_name(type));
	pkey = generate_pkey(&recipes[type]);
	if (pkey == NULL)
		return pki_fail_openssl(err, "generate a %s key",
		    pki_key_type_name(type));
	return make_key(pkey, spki, out, err);
}

/* Files mix up halves; find out before a CA signs with one. */
static pki_code
check_pair(const pki_key *key, pki_err *err)
{
	const pki_bytes probe = PKI_BYTES_TEXT("pairwise check");
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	pki_code rc;

	rc = pki_key_sign(key, probe, signature, err);
	if (rc == PKI_OK)
		rc = pki_pubkey_verify(key->public,
		    pki_sigalg_for(pki_pubkey_type(key->public)), probe,
		    pki_buf_bytes(signature), err);
	if (rc == PKI_OK || rc == PKI_NO_MEMORY)
		return rc;
	return pki_fail(err, PKI_BAD_INPUT,
	    "the private key does not belong to its public key");
}

pki_code
pki_key_parse(pki_bytes in, pki_bytes passphrase, pki_key **out, pki_err *err)
{
	PKI_AUTO(pki_buf) spki = pki_buf_new();
	PKI_AUTO(pki_key) key = NULL;
	EVP_PKEY *pkey = NULL;
	pki_code rc;

	if ((rc = pki_buf_check(spki, err)) ||
	    (rc = pki_key_read(in, passphrase, &pkey, spki, err)) ||
	    (rc = make_key(pkey, spki, &key, err)) ||
	    (rc = check_pair(key, err)))
		return rc;
	*out = PKI_TAKE(key);
	return PKI_OK;
}

static pki_code
encrypt_info(PKCS8_PRIV_KEY_INFO *info, pki_bytes passphrase, pki_buf *out,
    pki_err *err)
{
	PKI_AUTO(X509_ALGOR) algorithm = NULL;
	PKI_AUTO(X509_SIG) sealed = NULL;

	algorithm = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL,
	    SCRYPT_SALT_OCTETS, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	if (algorithm == NULL)
		return pki_fail_openssl(err, "scrypt");
	sealed = PKCS8_set0_pbe((const char *)passphrase.data,
	    (int)passphrase.len, info, algorithm);
	if (sealed == NULL)
		return pki_fail_openssl(err, "encrypt a private key");
	algorithm = NULL;
	if (!ADD_DER(i2d_X509_SIG, sealed, out))
		return pki_fail_openssl(err, "encode a private key");
	return PKI_OK;
}

pki_code
pki_key_encode(const pki_key *key, pki_bytes passphrase, pki_buf *out,
    pki_err *err)
{
	PKI_AUTO(PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8(key->pkey);
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_code rc;

	if (info == NULL)
		return pki_fail_openssl(err, "encode a private key");
	if (passphrase.len > 0) {
		rc = encrypt_info(info, passphrase, der, err);
		if (rc != PKI_OK)
			return rc;
		pki_pem_add(out, PKI_PEM_ENCRYPTED_KEY, pki_buf_bytes(der));
		return pki_buf_check(out, err);
	}
	if (!ADD_DER(i2d_PKCS8_PRIV_KEY_INFO, info, der))
		return pki_fail_openssl(err, "encode a private key");
	pki_pem_add(out, PKI_PEM_KEY, pki_buf_bytes(der));
	return pki_buf_check(out, err);
}

void
pki_key_free(pki_key *key)
{
	EVP_PKEY_CTX *ctx;

	if (key == NULL)
		return;
	while (key->contexts != NULL &&
	    (ctx = pki_pool_take(key->contexts)) != NULL)
		EVP_PKEY_CTX_free(ctx);
	free(key->contexts);
	EVP_PKEY_free(key->pkey);
	pki_pubkey_free(key->public);
	free(key);
}

const pki_pubkey *
pki_key_public(const pki_key *key)
{
	return key->public;
}

/* NULL: libcrypto's queue has the reason. */
static EVP_PKEY_CTX *
take_context(const pki_key *key, const EVP_MD *md)
{
	PKI_AUTO(EVP_PKEY_CTX) ctx = pki_pool_take(key->contexts);

	if (ctx != NULL)
		return PKI_TAKE(ctx);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	if (md == NULL || ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) != 1)
		return NULL;
	return PKI_TAKE(ctx);
}

/* ECDSA and RSA (PKCS #1 v1.5 is what a new context does). */
bool
pki_key_sign_hash(const pki_key *key, const EVP_MD *md, pki_bytes hash,
    uint8_t *out, size_t *len)
{
	PKI_AUTO(EVP_PKEY_CTX) ctx = take_context(key, md);

	if (ctx == NULL ||
	    EVP_PKEY_sign(ctx, out, len, hash.data, hash.len) != 1)
		return false;
	ctx = pki_pool_give(key->contexts, ctx);
	return true;
}

static bool
sign_hash(const pki_key *key, const EVP_MD *md, pki_bytes message,
    uint8_t *out, size_t *len)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned hash_len;

	return EVP_Digest(message.data, message.len, hash, &hash_len, md,
	    NULL) == 1 &&
	    pki_key_sign_hash(key, md, pki_bytes_of(hash, hash_len), out, len);
}

/* Algorithms that hash by themselves. */
static bool
sign_message(const pki_key *key, pki_bytes message, uint8_t *out, size_t *len)
{
	PKI_AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

	return ctx != NULL && EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL,
	    NULL, key->pkey, NULL) == 1 &&
	    EVP_DigestSign(ctx, out, len, message.data, message.len) == 1;
}

pki_code
pki_key_sign(const pki_key *key, pki_bytes message, pki_buf *out, pki_err *err)
{
	const pki_sigalg *algorithm =
	    pki_sigalg_for(pki_pubkey_type(key->public));
	size_t len = (size_t)EVP_PKEY_get_size(key->pkey);
	uint8_t *at = pki_buf_reserve(out, len);
	bool done;

	if (at == NULL)
		return pki_fail_memory(err);
	done = algorithm->digest != NULL ? sign_hash(key,
	    pki_md(algorithm->digest), message, at, &len) :
	    sign_message(key, message, at, &len);
	if (!done)
		return pki_fail_openssl(err, "sign %s", algorithm->name);
	out->len += len;
	out->data[out->len] = '\0';
	return PKI_OK;
}
