#include "x509/curve.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "x509/openssl.h"
#include "x509/pool.h"

#define LARGEST_POINT 133

static const struct curve {
	const char *name;
	size_t      octets;     /* of an uncompressed point */
} curves[] = {
	[PKI_KEY_P256] = { "P-256", 65 },
	[PKI_KEY_P384] = { "P-384", 97 },
	[PKI_KEY_P521] = { "P-521", LARGEST_POINT },
};

/* A key that changes its point. */
typedef struct curve_key {
	EVP_PKEY     *pkey;
	EVP_PKEY_CTX *ctx;      /* ready to verify, when it holds a point */
	bool          holds;
	uint8_t       point[LARGEST_POINT];
} curve_key;

/* They stay to the end of the process. */
static pki_pool pools[PKI_COUNT(curves)];

static void
curve_key_free(curve_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_CTX_free(key->ctx);
	EVP_PKEY_free(key->pkey);
	free(key);
}
PKI_DEFINE_CLEANUP(curve_key)

/* A key of the curve without a point. */
static EVP_PKEY *
make_pkey(const struct curve *curve)
{
	PKI_AUTO(EVP_PKEY_CTX) ctx =
	    EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	char group[16];
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_END,
	};

	OPENSSL_strlcpy(group, curve->name, sizeof(group));
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEY_PARAMETERS, params)
	    != 1)
		return NULL;
	return pkey;
}

static pki_code
take_key(pki_key_type type, curve_key **out, pki_err *err)
{
	PKI_AUTO(curve_key) key = pki_pool_take(&pools[type]);

	if (key == NULL) {
		key = calloc(1, sizeof(*key));
		if (key == NULL)
			return pki_fail_memory(err);
		key->pkey = make_pkey(&curves[type]);
		if (key->pkey != NULL)
			key->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey,
			    NULL);
		if (key->ctx == NULL)
			return pki_fail_openssl(err, "curve %s",
			    curves[type].name);
	}
	*out = PKI_TAKE(key);
	return PKI_OK;
}

static void
give_key(pki_key_type type, curve_key *key)
{
	curve_key_free(pki_pool_give(&pools[type], key));
}

/* PKI_DENIED: not on the curve. */
static pki_code
set_point(curve_key *key, const struct curve *curve, pki_bytes point,
    pki_err *err)
{
	if (key->holds && memcmp(key->point, point.data, point.len) == 0)
		return PKI_OK;
	key->holds = false;
	/* Implies the check of the curve's equation. */
	if (EVP_PKEY_set1_encoded_public_key(key->pkey, point.data, point.len)
	    != 1) {
		ERR_clear_error();
		return PKI_DENIED;
	}
	if (EVP_PKEY_verify_init(key->ctx) != 1)
		return pki_fail_openssl(err, "verify by %s", curve->name);
	memcpy(key->point, point.data, point.len);
	key->holds = true;
	return PKI_OK;
}

pki_code
pki_curve_check(pki_key_type type, pki_bytes point, pki_err *err)
{
	static const char accepts[] = "an uncompressed point on the curve";
	const struct curve *curve = &curves[type];
	curve_key *key;
	pki_code rc;

	/* Infinity is a single zero octet. */
	if (point.len != curve->octets || point.data[0] != 0x04)
		return pki_refuse(err, PKI_DENIED, "key-point", accepts,
		    "%s point of %zu octets, form %02x", curve->name,
		    point.len, point.len > 0 ? point.data[0] : 0U);
	rc = take_key(type, &key, err);
	if (rc != PKI_OK)
		return rc;
	rc = set_point(key, curve, point, err);
	give_key(type, key);
	if (rc == PKI_DENIED)
		return pki_refuse(err, PKI_DENIED, "key-point", accepts,
		    "%s point off the curve", curve->name);
	return rc;
}

pki_code
pki_curve_verify(pki_key_type type, pki_bytes point, pki_bytes hash,
    pki_bytes signature, pki_err *err)
{
	curve_key *key;
	pki_code rc;

	rc = take_key(type, &key, err);
	if (rc != PKI_OK)
		return rc;
	rc = set_point(key, &curves[type], point, err);
	if (rc == PKI_OK && EVP_PKEY_verify(key->ctx, signature.data,
	    signature.len, hash.data, hash.len) != 1) {
		ERR_clear_error();
		rc = PKI_DENIED;
	}
	give_key(type, key);
	return rc;
}
