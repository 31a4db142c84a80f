#include "x509/pubkey.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "key-fixtures.h"
#include "unhex.h"
#include "x509/der.h"

TestSuite(pubkey_parse, .timeout = 60);
TestSuite(pubkey_copy, .timeout = 30);
TestSuite(key_type, .timeout = 30);

static const struct known {
	const char  *spki, *digest, *id;
	pki_key_type type;
} known[] = {
	{ p256_spki, p256_digest, p256_id, PKI_KEY_P256 },
	{ p384_spki, p384_digest, p384_id, PKI_KEY_P384 },
	{ p521_spki, p521_digest, p521_id, PKI_KEY_P521 },
	{ ed25519_spki, ed25519_digest, ed25519_id, PKI_KEY_ED25519 },
	{ rsa2048_spki, rsa2048_digest, rsa2048_id, PKI_KEY_RSA2048 },
	{ rsa3072_spki, rsa3072_digest, rsa3072_id, PKI_KEY_RSA3072 },
	{ rsa4096_spki, rsa4096_digest, rsa4096_id, PKI_KEY_RSA4096 },
};

static void
expect_known(const pki_pubkey *key, const struct known *row, pki_bytes spki)
{
	char digest[PKI_DIGEST_TEXT], id[41];

	cr_expect_eq(pki_pubkey_type(key), row->type);
	cr_expect(pki_bytes_equal(pki_pubkey_spki(key), spki));
	cr_expect_str_eq(pki_digest_format(pki_pubkey_digest(key), digest),
	    row->digest);
	cr_assert_eq(pki_pubkey_id(key).len, 20);
	cr_expect_str_eq(pki_hex_format(pki_pubkey_id(key), id), row->id);
}

Test(pubkey_parse, reads_every_type_that_openssl_makes)
{
	for (size_t i = 0; i < PKI_COUNT(known); i++) {
		PKI_AUTO(pki_buf) spki = unhex(known[i].spki);
		PKI_AUTO(pki_pubkey) key = NULL;
		pki_err err = { 0 };

		cr_expect(pki_pubkey_parse(pki_buf_bytes(spki), &key, &err) ==
		    PKI_OK, "%s", err.msg);
		if (key != NULL)
			expect_known(key, &known[i], pki_buf_bytes(spki));
	}
}

Test(pubkey_copy, outlives_the_original)
{
	for (size_t i = 0; i < PKI_COUNT(known); i++) {
		PKI_AUTO(pki_buf) spki = unhex(known[i].spki);
		PKI_AUTO(pki_pubkey) copy = NULL;
		pki_pubkey *key = NULL;
		pki_err err;

		cr_assert(pki_pubkey_parse(pki_buf_bytes(spki), &key, &err) ==
		    PKI_OK);
		cr_assert(pki_pubkey_copy(key, &copy, &err) == PKI_OK);
		pki_pubkey_free(key);
		expect_known(copy, &known[i], pki_buf_bytes(spki));
	}
}

static void
expect_refusal(pki_bytes spki, pki_code code, const char *rule,
    const char *what)
{
	PKI_AUTO(pki_pubkey) key = NULL;
	pki_err err = { 0 };

	cr_expect(pki_pubkey_parse(spki, &key, &err) == code, "%s: %s", what,
	    err.msg);
	cr_expect_str_eq(err.rule, rule, "%s: %s", what, err.msg);
	cr_expect(strlen(err.accepts) > 0, "%s", what);
	cr_expect_null(key);
}

/* Cut short at every octet, and one octet more. */
Test(pubkey_parse, wants_every_octet_and_no_more)
{
	for (size_t i = 0; i < PKI_COUNT(known); i++) {
		PKI_AUTO(pki_buf) spki = unhex(known[i].spki);
		PKI_AUTO(pki_pubkey) key = NULL;
		size_t len = spki->len;
		pki_err err;

		for (size_t cut = 0; cut < len; cut++)
			cr_expect(pki_pubkey_parse(pki_bytes_of(spki->data,
			    cut), &key, &err) == PKI_BAD_INPUT);
		pki_buf_add_byte(spki, 0);
		expect_refusal(pki_buf_bytes(spki), PKI_BAD_INPUT, "der",
		    "an octet more");
	}
}

#define P256 "301306072a8648ce3d020106082a8648ce3d030107"
#define P256_X \
	"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define P256_Y \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define P256_Y_OFF \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f6"
#define ZERO32 \
	"0000000000000000000000000000000000000000000000000000000000000000"
#define FF32 \
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ED25519 "302a300506032b6570032100"

static const struct refused {
	const char *what, *spki, *rule;
} refused[] = {
	{ "off the curve", "3059" P256 "034200" "04" P256_X P256_Y_OFF,
	    "key-point" },
	{ "zero", "3059" P256 "034200" "04" ZERO32 ZERO32, "key-point" },
	{ "coordinates above the prime",
	    "3059" P256 "034200" "04" FF32 FF32, "key-point" },
	{ "compressed", "3039" P256 "032200" "03" P256_X, "key-point" },
	{ "hybrid", "3059" P256 "034200" "07" P256_X P256_Y, "key-point" },
	{ "infinity", "3019" P256 "030200" "00", "key-point" },
	{ "no point", "3018" P256 "030100", "key-point" },
	{ "infinity in 65 octets", "3059" P256 "034200" "00" ZERO32 ZERO32,
	    "key-point" },
	{ "a P-256 point that claims P-384",
	    "3056" "301006072a8648ce3d020106052b81040022" "034200"
	    "04" P256_X P256_Y, "key-point" },
	{ "secp256k1", "3056301006072a8648ce3d020106052b8104000a034200040f37"
	    "49794afabaee1b92090e74b04da3a6e003d99384d93fe3b4006820beca772c2e"
	    "b4f5064875cbf7f07d01ecbb64f40d647cbea67daaf467c27e80d8e7a5d3",
	    "key-curve" },
	{ "P-192", "3049301306072a8648ce3d020106082a8648ce3d0301010332000479"
	    "36bd1dcc94e42fa9be351c38877e6fdb8284457720d3cc774d28380268030543"
	    "aff1c540e2a4b90deee5c8f2e84d45", "key-curve" },
	{ "explicit P-256", "3082014b3082010306072a8648ce3d02013081f7020101"
	    "302c06072a8648ce3d0101022100ffffffff0000000100000000000000000000"
	    "0000ffffffffffffffffffffffff305b0420ffffffff00000001000000000000"
	    "000000000000fffffffffffffffffffffffc04205ac635d8aa3a93e7b3ebbd55"
	    "769886bc651d06b0cc53b0f63bce3c3e27d2604b031500c49d360886e704936a"
	    "6678e1139d26b7819f7e900441046b17d1f2e12c4247f8bce6e563a440f27703"
	    "7d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce"
	    "33576b315ececbb6406837bf51f5022100ffffffff00000000ffffffffffffff"
	    "ffbce6faada7179e84f3b9cac2fc632551020101034200"
	    "04" P256_X P256_Y, "key-curve" },
	{ "EC without a curve", "304f" "300906072a8648ce3d0201" "034200"
	    "04" P256_X P256_Y, "key-curve" },
	{ "EC with NULL", "3051" "300b06072a8648ce3d02010500" "034200"
	    "04" P256_X P256_Y, "key-curve" },
	{ "X25519", "302a300506032b656e032100" P256_X, "key-type" },
	{ "Ed448", "3043300506032b6571033a00" P256_X
	    "11111111111111111111111111111111111111111111111111", "key-type" },
	{ "Ed25519 with NULL", "302c300706032b65700500032100" P256_X,
	    "key-type" },
	{ "DSA", "300e300906072a8648ce380401" "03" "0100", "key-type" },
	{ "ML-DSA-44, short", "3010300b0609608648016503040311" "030100",
	    NULL },
	{ "Ed25519 of 31 octets", "3029300506032b6570032000"
	    "1111111111111111111111111111111111111111111111111111111111111"
	    "1", "key-point" },
	{ "Ed25519, y = p", ED25519 "edffffffffffffffffffffffffffffffff"
	    "ffffffffffffffffffffffffffff7f", "key-point" },
	{ "Ed25519, no such x", ED25519 "0200000000000000000000000000000000"
	    "000000000000000000000000000000", "key-point" },
	{ "Ed25519, neutral", ED25519 "01" "0000000000000000000000000000000000"
	    "0000000000000000000000000000", "key-weak" },
	{ "Ed25519, order 2", ED25519 "ecffffffffffffffffffffffffffffffff"
	    "ffffffffffffffffffffffffffff7f", "key-weak" },
	{ "Ed25519, order 4", ED25519 ZERO32, "key-weak" },
	{ "Ed25519, order 8", ED25519 "26e8958fc2b227b045c3f489f2ef98f0d5"
	    "dfac05d3c63339b13802886d53fc85", "key-weak" },
	{ "Ed25519, order 8", ED25519 "c7176a703d4dd84fba3c0b760d10670f2a"
	    "2053fa2c39ccc64ec7fd7792ac037a", "key-weak" },
};

Test(pubkey_parse, refuses_other_curves_points_and_types)
{
	for (size_t i = 0; i < PKI_COUNT(refused); i++) {
		PKI_AUTO(pki_buf) spki = unhex(refused[i].spki);
		const char *rule = refused[i].rule;

		if (rule == NULL)
			rule = pki_key_type_available(PKI_KEY_ML_DSA_44) ?
			    "key-size" : "key-type";
		expect_refusal(pki_buf_bytes(spki), PKI_DENIED, rule,
		    refused[i].what);
	}
}

Test(pubkey_parse, takes_a_point_that_only_sounds_like_the_refused_ones)
{
	PKI_AUTO(pki_buf) spki = unhex("3059" P256 "034200" "04" P256_X P256_Y);
	PKI_AUTO(pki_pubkey) key = NULL;
	pki_err err = { 0 };

	cr_expect(pki_pubkey_parse(pki_buf_bytes(spki), &key, &err) == PKI_OK,
	    "%s", err.msg);
}

/* A SubjectPublicKeyInfo of an RSA key, with NULL parameters. */
static pki_buf *
make_rsa(const char *modulus, const char *exponent)
{
	PKI_AUTO(pki_buf) n = unhex(modulus);
	PKI_AUTO(pki_buf) e = unhex(exponent);
	PKI_AUTO(pki_buf) list = pki_buf_new();
	PKI_AUTO(pki_buf) key = pki_buf_new();
	PKI_AUTO(pki_buf) spki = unhex("300d06092a864886f70d0101010500");
	pki_buf *out = pki_buf_new();

	pki_der_add(list, PKI_DER_INTEGER, pki_buf_bytes(n));
	pki_der_add(list, PKI_DER_INTEGER, pki_buf_bytes(e));
	pki_der_add(key, PKI_DER_SEQUENCE, pki_buf_bytes(list));
	pki_der_add_bits(spki, pki_buf_bytes(key));
	pki_der_add(out, PKI_DER_SEQUENCE, pki_buf_bytes(spki));
	return out;
}

#define F4 "010001"

static const struct weak {
	const char *what, *modulus, *exponent, *rule, *value;
} weak[] = {
	{ "two primes in a row", near_primes, F4, "key-weak", "near primes" },
	{ "a square", squared_prime, F4, "key-weak", "near primes" },
	{ "a factor", small_factor, F4, "key-weak", "factor 751" },
	{ "ROCA", roca_modulus, F4, "key-weak", "ROCA" },
	{ "e = 3", roca_modulus, "03", "key-exponent", "3" },
	{ "e = 1", roca_modulus, "01", "key-exponent", "1" },
	{ "e = 0", roca_modulus, "00", "key-exponent", "0" },
	{ "e = 2^64 + 1", roca_modulus, "010000000000000001", "key-exponent",
	    "65 bits" },
};

Test(pubkey_parse, refuses_weak_rsa_keys)
{
	for (size_t i = 0; i < PKI_COUNT(weak); i++) {
		char modulus[600];
		PKI_AUTO(pki_buf) spki = NULL;
		PKI_AUTO(pki_pubkey) key = NULL;
		pki_err err = { 0 };

		snprintf(modulus, sizeof(modulus), "00%s", weak[i].modulus);
		spki = make_rsa(modulus, weak[i].exponent);
		cr_expect(pki_pubkey_parse(pki_buf_bytes(spki), &key, &err) ==
		    PKI_DENIED, "%s: %s", weak[i].what, err.msg);
		cr_expect_str_eq(err.rule, weak[i].rule, "%s: %s",
		    weak[i].what, err.msg);
		cr_expect(strstr(err.value, weak[i].value) != NULL, "%s: %s",
		    weak[i].what, err.value);
	}
}

Test(pubkey_parse, refuses_an_even_modulus)
{
	char modulus[600];
	PKI_AUTO(pki_buf) spki = NULL;

	snprintf(modulus, sizeof(modulus), "00%s", near_primes);
	modulus[strlen(modulus) - 1] = '0';
	spki = make_rsa(modulus, F4);
	expect_refusal(pki_buf_bytes(spki), PKI_DENIED, "key-weak", "even");
}

/* A modulus of this many bits, all set; never looked at further. */
static void
expect_size_refused(size_t bits)
{
	static char modulus[2 * 2050 + 1];
	size_t octets = bits / 8 + 1;   /* with room for the sign */
	PKI_AUTO(pki_buf) spki = NULL;

	memset(modulus, 'f', 2 * octets);
	modulus[2 * octets] = '\0';
	snprintf(modulus, 3, "%02x", (1U << bits % 8) - 1);
	modulus[2] = 'f';
	spki = make_rsa(modulus, F4);
	expect_refusal(pki_buf_bytes(spki), PKI_DENIED, "key-size", "bits");
}

Test(pubkey_parse, refuses_rsa_of_other_sizes)
{
	static const size_t sizes[] = {
		512, 1024, 2047, 2049, 2056, 3071, 4095, 4097, 16384,
	};

	for (size_t i = 0; i < PKI_COUNT(sizes); i++)
		expect_size_refused(sizes[i]);
}

Test(pubkey_parse, wants_rsa_integers_in_der)
{
	static const struct {
		const char *what, *modulus, *exponent;
	} rows[] = {
		{ "negative modulus", "80000001", F4 },
		{ "padded modulus", "0000ffff", F4 },
		{ "empty modulus", "", F4 },
		{ "negative exponent", "00ffff", "80" },
		{ "padded exponent", "00ffff", "00010001" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) spki = make_rsa(rows[i].modulus,
		    rows[i].exponent);

		expect_refusal(pki_buf_bytes(spki), PKI_BAD_INPUT, "der",
		    rows[i].what);
	}
}

Test(key_type, names_stand_in_the_order_of_the_types)
{
	size_t i;

	for (i = 0; pki_key_type_names[i].name != NULL; i++) {
		cr_expect_eq(pki_key_type_names[i].code, (int)i);
		cr_expect_str_eq(pki_key_type_name((pki_key_type)i),
		    pki_key_type_names[i].name);
		if (i < PKI_KEY_ML_DSA_44)
			cr_expect(pki_key_type_available((pki_key_type)i));
	}
	cr_expect_eq(i, PKI_KEY_ML_DSA_87 + 1);
}
