#include "x509/key-ec.h"

#include <openssl/core_names.h>

#include "x509/der.h"
#include "x509/spki.h"

/* What a file says. */
struct parts {
	pki_spki_curve curve;
	pki_bytes      scalar;
	pki_bytes      point;
};

/* ECPrivateKey: version 1, the scalar, no parameters, the point. */
static pki_code
read_inner(pki_bytes bytes, struct parts *out)
{
	pki_der outer = pki_der_from(bytes, "EC private key"), inner, tagged;
	int64_t version;
	pki_code rc;

	if ((rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &inner, NULL)) ||
	    (rc = pki_der_finish(&outer, NULL)) ||
	    (rc = pki_der_read_small(&inner, &version, NULL)) ||
	    (rc = pki_der_read(&inner, PKI_DER_OCTET_STRING, &out->scalar,
	    NULL)) ||
	    (rc = pki_der_enter(&inner, PKI_DER_CONTEXT(1), &tagged, NULL)) ||
	    (rc = pki_der_finish(&inner, NULL)) ||
	    (rc = pki_der_read_bits(&tagged, &out->point, NULL)) ||
	    (rc = pki_der_finish(&tagged, NULL)))
		return rc;
	return version == 1 && out->point.len == out->curve.octets &&
	    out->point.data[0] == 0x04 &&
	    out->scalar.len == out->curve.octets / 2 ? PKI_OK : PKI_BAD_INPUT;
}

/* PrivateKeyInfo: version 0, the curve, the key, no attributes. */
static pki_code
read_parts(pki_bytes der, struct parts *out)
{
	pki_der outer = pki_der_from(der, "private key"), inner;
	pki_bytes identifier, key;
	int64_t version;
	pki_code rc;

	if ((rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &inner, NULL)) ||
	    (rc = pki_der_finish(&outer, NULL)) ||
	    (rc = pki_der_read_small(&inner, &version, NULL)) ||
	    (rc = pki_der_read_any(&inner, NULL, NULL, &identifier, NULL)) ||
	    (rc = pki_der_read(&inner, PKI_DER_OCTET_STRING, &key, NULL)) ||
	    (rc = pki_der_finish(&inner, NULL)))
		return rc;
	if (version != 0 || !pki_spki_find_curve(identifier, &out->curve))
		return PKI_BAD_INPUT;
	return read_inner(key, out);
}

static EVP_PKEY *
make_pkey(const struct parts *parts)
{
	PKI_AUTO(EVP_PKEY_CTX) ctx =
	    EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	PKI_AUTO(OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new();
	PKI_AUTO(OSSL_PARAM) params = NULL;
	/* Secure: what it is copied to is wiped too. */
	PKI_AUTO(BIGNUM) scalar = BN_secure_new();
	EVP_PKEY *pkey = NULL;

	if (ctx == NULL || builder == NULL || scalar == NULL ||
	    BN_bin2bn(parts->scalar.data, (int)parts->scalar.len, scalar) ==
	    NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(builder,
	    OSSL_PKEY_PARAM_GROUP_NAME, parts->curve.name, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY,
	    parts->point.data, parts->point.len) != 1 ||
	    OSSL_PARAM_BLD_push_BN_pad(builder, OSSL_PKEY_PARAM_PRIV_KEY,
	    scalar, parts->scalar.len) != 1)
		return NULL;
	params = OSSL_PARAM_BLD_to_param(builder);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		return NULL;
	return pkey;
}

/* RFC 5280, 4.1.2.7. */
static void
add_spki(pki_buf *out, const struct parts *parts)
{
	pki_bytes identifier = parts->curve.identifier;

	pki_der_add_header(out, PKI_DER_SEQUENCE, identifier.len +
	    pki_der_size(1 + parts->point.len));
	pki_buf_add(out, identifier);
	pki_der_add_bits(out, parts->point);
}

pki_code
pki_ec_key_read(pki_bytes der, EVP_PKEY **out, pki_buf *spki, pki_err *err)
{
	struct parts parts;
	pki_code rc;

	if (read_parts(der, &parts) != PKI_OK)
		return PKI_NOT_FOUND;
	add_spki(spki, &parts);
	rc = pki_buf_check(spki, err);
	if (rc != PKI_OK)
		return rc;
	*out = make_pkey(&parts);
	if (*out != NULL)
		return PKI_OK;
	pki_fail_openssl(err, "private key");
	return pki_wrap(err, PKI_BAD_INPUT, "not a usable key");
}
