#include "x509/spki.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "x509/curve.h"
#include "x509/der.h"
#include "x509/key-quality.h"

#define OCTETS(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/* AlgorithmIdentifiers, whole: RFC 5480, RFC 3279, RFC 8410, RFC 9881. */
#define EC_KEY_OID "\x2a\x86\x48\xce\x3d\x02\x01"
#define EC_KEY "\x06\x07" EC_KEY_OID
#define EC_P256 OCTETS("\x30\x13" EC_KEY "\x06\x08" \
	"\x2a\x86\x48\xce\x3d\x03\x01\x07")
#define EC_P384 OCTETS("\x30\x10" EC_KEY "\x06\x05\x2b\x81\x04\x00\x22")
#define EC_P521 OCTETS("\x30\x10" EC_KEY "\x06\x05\x2b\x81\x04\x00\x23")
#define RSA_KEY OCTETS("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" \
	"\x01\x05\x00")
#define ED25519_KEY OCTETS("\x30\x05\x06\x03\x2b\x65\x70")
#define ML_DSA_KEY(arc) OCTETS("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03" \
	"\x04\x03" arc)

#define CURVES "the named curves P-256, P-384 and P-521"
#define TYPES "EC, Ed25519, RSA (and ML-DSA where OpenSSL knows it)"

/* A key as far as it is read; pkey stays NULL for a point. */
struct loaded {
	EVP_PKEY    *pkey;
	pki_key_type type;
};

struct form;
typedef pki_code load_key(const struct form *form, pki_bytes bits,
    struct loaded *key, pki_err *err);
static load_key load_ec, load_ed25519, load_ml_dsa, load_rsa;

/* What a SubjectPublicKeyInfo may look like. */
static const struct form {
	const char  *name;              /* of the curve or algorithm */
	pki_key_type type;              /* RSA: the smallest */
	size_t       octets;            /* of the BIT STRING; 0: many */
	load_key    *load;
	pki_bytes    identifier;
} forms[] = {
	{ "P-256", PKI_KEY_P256, 65, load_ec, EC_P256 },
	{ "P-384", PKI_KEY_P384, 97, load_ec, EC_P384 },
	{ "P-521", PKI_KEY_P521, 133, load_ec, EC_P521 },
	{ "ED25519", PKI_KEY_ED25519, 32, load_ed25519, ED25519_KEY },
	{ "RSA", PKI_KEY_RSA2048, 0, load_rsa, RSA_KEY },
	{ "ML-DSA-44", PKI_KEY_ML_DSA_44, 1312, load_ml_dsa,
	    ML_DSA_KEY("\x11") },
	{ "ML-DSA-65", PKI_KEY_ML_DSA_65, 1952, load_ml_dsa,
	    ML_DSA_KEY("\x12") },
	{ "ML-DSA-87", PKI_KEY_ML_DSA_87, 2592, load_ml_dsa,
	    ML_DSA_KEY("\x13") },
};

static const struct rsa_size {
	pki_key_type type;
	size_t       bits;
} rsa_sizes[] = {
	{ PKI_KEY_RSA2048, 2048 },
	{ PKI_KEY_RSA3072, 3072 },
	{ PKI_KEY_RSA4096, 4096 },
};

static pki_code
load_ec(const struct form *form, pki_bytes bits, struct loaded *key,
    pki_err *err)
{
	key->type = form->type;
	return pki_curve_check(form->type, bits, err);
}

static pki_code
load_raw(const struct form *form, pki_bytes bits, struct loaded *key,
    pki_err *err)
{
	key->pkey = EVP_PKEY_new_raw_public_key_ex(NULL, form->name, NULL,
	    bits.data, bits.len);
	if (key->pkey == NULL)
		return pki_fail_openssl(err, "%s key", form->name);
	key->type = form->type;
	return PKI_OK;
}

static pki_code
load_ed25519(const struct form *form, pki_bytes bits, struct loaded *key,
    pki_err *err)
{
	pki_code rc = pki_ed25519_point_check(bits, err);

	if (rc != PKI_OK)
		return rc;
	return load_raw(form, bits, key, err);
}

static pki_code
load_ml_dsa(const struct form *form, pki_bytes bits, struct loaded *key,
    pki_err *err)
{
	if (!pki_key_type_available(form->type))
		return pki_refuse(err, PKI_DENIED, "key-type", TYPES, "%s",
		    form->name);
	if (bits.len != form->octets)
		return pki_refuse(err, PKI_DENIED, "key-size",
		    "the length of FIPS 204", "%s key of %zu octets",
		    form->name, bits.len);
	return load_raw(form, bits, key, err);
}

/* The content of an INTEGER as its magnitude. */
static pki_bytes
skip_sign(pki_bytes integer)
{
	if (integer.len > 0 && integer.data[0] == 0)
		return pki_bytes_of(integer.data + 1, integer.len - 1);
	return integer;
}

static size_t
count_bits(pki_bytes magnitude)
{
	size_t bits = magnitude.len * 8;

	if (magnitude.len == 0)
		return 0;
	for (unsigned top = magnitude.data[0]; top < 0x80; top <<= 1)
		bits--;
	return bits;
}

static pki_code
check_exponent(pki_bytes exponent, pki_err *err)
{
	static const uint8_t f4[] = { 1, 0, 1 };
	const char *accepts = "the exponent 65537";
	uint64_t value = 0;

	if (pki_bytes_equal(exponent, pki_bytes_of(f4, sizeof(f4))))
		return PKI_OK;
	if (exponent.len > sizeof(value))
		return pki_refuse(err, PKI_DENIED, "key-exponent", accepts,
		    "RSA exponent of %zu bits", count_bits(exponent));
	for (size_t i = 0; i < exponent.len; i++)
		value = value << 8 | exponent.data[i];
	return pki_refuse(err, PKI_DENIED, "key-exponent", accepts,
	    "RSA exponent %llu", (unsigned long long)value);
}

/* RSAPublicKey, RFC 8017, A.1.1; nothing costly before the size is known. */
static pki_code
read_rsa(pki_bytes bits, pki_bytes *modulus, pki_bytes *exponent,
    pki_key_type *type, pki_err *err)
{
	pki_der outer = pki_der_from(bits, "RSA public key"), inner;
	const struct rsa_size *size = NULL;
	pki_code rc;

	if ((rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &inner, err)) ||
	    (rc = pki_der_finish(&outer, err)) ||
	    (rc = pki_der_read_integer(&inner, modulus, err)) ||
	    (rc = pki_der_read_integer(&inner, exponent, err)) ||
	    (rc = pki_der_finish(&inner, err)))
		return rc;
	*modulus = skip_sign(*modulus);
	*exponent = skip_sign(*exponent);
	for (size_t i = 0; i < PKI_COUNT(rsa_sizes); i++) {
		if (rsa_sizes[i].bits == count_bits(*modulus))
			size = &rsa_sizes[i];
	}
	if (size == NULL)
		return pki_refuse(err, PKI_DENIED, "key-size",
		    "2048, 3072 or 4096 bits", "RSA %zu",
		    count_bits(*modulus));
	rc = check_exponent(*exponent, err);
	if (rc != PKI_OK)
		return rc;
	*type = size->type;
	return pki_rsa_modulus_check(*modulus, err);
}

static EVP_PKEY *
make_rsa(const BIGNUM *n, const BIGNUM *e)
{
	PKI_AUTO(EVP_PKEY_CTX) ctx =
	    EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	PKI_AUTO(OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new();
	PKI_AUTO(OSSL_PARAM) params = NULL;
	EVP_PKEY *pkey = NULL;

	if (ctx == NULL || builder == NULL || n == NULL || e == NULL ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return NULL;
	params = OSSL_PARAM_BLD_to_param(builder);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return pkey;
}

static pki_code
load_rsa(const struct form *form, pki_bytes bits, struct loaded *key,
    pki_err *err)
{
	PKI_AUTO(BIGNUM) n = NULL;
	PKI_AUTO(BIGNUM) e = NULL;
	pki_bytes modulus, exponent;
	pki_code rc;

	rc = read_rsa(bits, &modulus, &exponent, &key->type, err);
	if (rc != PKI_OK)
		return rc;
	n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	e = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
	key->pkey = make_rsa(n, e);
	if (key->pkey == NULL)
		return pki_fail_openssl(err, "%s key", form->name);
	return PKI_OK;
}

/* What an OBJECT IDENTIFIER is called, or "another" one. */
static const char *
name_oid(pki_bytes whole, char *out, size_t room)
{
	const unsigned char *p = whole.data;
	PKI_AUTO(ASN1_OBJECT) object = NULL;

	/* Dotted form of a long one takes time (CVE-2023-2650). */
	if (whole.len <= 32)
		object = d2i_ASN1_OBJECT(NULL, &p, (long)whole.len);
	if (object == NULL || OBJ_obj2txt(out, (int)room, object, 0) <= 0)
		OPENSSL_strlcpy(out, "another", room);
	ERR_clear_error();
	return out;
}

/* Say what is wrong with an AlgorithmIdentifier that is not in the table. */
static pki_code
refuse_algorithm(pki_bytes content, pki_err *err)
{
	pki_der der = pki_der_from(content, "public key algorithm");
	pki_bytes oid, oid_whole, parameters = { NULL, 0 };
	char name[64];
	uint8_t tag = 0;
	pki_code rc;

	if (!pki_der_next_is(&der, PKI_DER_OID))
		return pki_der_read(&der, PKI_DER_OID, &oid, err);
	if ((rc = pki_der_read_any(&der, NULL, &oid, &oid_whole, err)))
		return rc;
	if (!pki_der_at_end(&der) &&
	    ((rc = pki_der_read_any(&der, &tag, NULL, &parameters, err)) ||
	    (rc = pki_der_finish(&der, err))))
		return rc;
	if (pki_bytes_equal(oid, PKI_BYTES_TEXT(EC_KEY_OID))) {
		if (tag != PKI_DER_OID)
			return pki_refuse(err, PKI_DENIED, "key-curve",
			    CURVES, "explicit or no curve parameters");
		return pki_refuse(err, PKI_DENIED, "key-curve", CURVES,
		    "curve %s", name_oid(parameters, name, sizeof(name)));
	}
	name_oid(oid_whole, name, sizeof(name));
	for (size_t i = 0; i < PKI_COUNT(forms); i++) {
		pki_bytes known = forms[i].identifier;

		if (known.len - 2 >= oid_whole.len && memcmp(known.data + 2,
		    oid_whole.data, oid_whole.len) == 0)
			return pki_refuse(err, PKI_DENIED, "key-type", TYPES,
			    "%s with unusual parameters", name);
	}
	return pki_refuse(err, PKI_DENIED, "key-type", TYPES, "%s", name);
}

static const struct form *
find_form(pki_bytes identifier)
{
	for (size_t i = 0; i < PKI_COUNT(forms); i++)
		if (pki_bytes_equal(forms[i].identifier, identifier))
			return &forms[i];
	return NULL;
}

/* Take a SubjectPublicKeyInfo apart and find its row: RFC 5280, 4.1.2.7. */
static pki_code
read_spki(pki_bytes spki, const struct form **out, pki_bytes *bits,
    pki_err *err)
{
	pki_der outer = pki_der_from(spki, "public key"), inner;
	pki_bytes content, identifier;
	uint8_t tag;
	pki_code rc;

	if ((rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &inner, err)) ||
	    (rc = pki_der_finish(&outer, err)) ||
	    (rc = pki_der_read_any(&inner, &tag, &content, &identifier,
	    err)) ||
	    (rc = pki_der_read_bits(&inner, bits, err)) ||
	    (rc = pki_der_finish(&inner, err)))
		return rc;
	*out = find_form(identifier);
	if (*out != NULL)
		return PKI_OK;
	if (tag != PKI_DER_SEQUENCE)
		return pki_refuse(err, PKI_BAD_INPUT, "der",
		    "an AlgorithmIdentifier", "public key algorithm of tag "
		    "%02x", tag);
	return refuse_algorithm(content, err);
}

pki_code
pki_spki_load(pki_bytes spki, EVP_PKEY **pkey, pki_key_type *type,
    pki_bytes *bits, pki_err *err)
{
	struct loaded key = { NULL, PKI_KEY_P256 };
	const struct form *form = NULL;
	pki_code rc;

	rc = read_spki(spki, &form, bits, err);
	if (rc != PKI_OK)
		return rc;
	rc = form->load(form, *bits, &key, err);
	if (rc != PKI_OK) {
		EVP_PKEY_free(key.pkey);
		return rc;
	}
	*pkey = key.pkey;
	*type = key.type;
	return PKI_OK;
}

bool
pki_spki_find_curve(pki_bytes identifier, pki_spki_curve *out)
{
	const struct form *form = find_form(identifier);

	if (form == NULL || form->load != load_ec)
		return false;
	*out = (pki_spki_curve){ form->name, form->octets, form->identifier };
	return true;
}
