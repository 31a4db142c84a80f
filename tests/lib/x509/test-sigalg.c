#include "x509/pubkey.h"

#include <criterion/criterion.h>

#include "key-fixtures.h"
#include "unhex.h"

TestSuite(sigalg_find, .timeout = 30);
TestSuite(sigalg_for, .timeout = 30);
TestSuite(pubkey_verify, .timeout = 30);

static const char message[] = "libpki";

/* As openssl req and certtool --generate-request write them. */
#define PSS_OPENSSL(hash, salt) \
	"304106092a864886f70d01010a3034a00f300d060960864801650304020" hash \
	"0500a11c301a06092a864886f70d010108300d060960864801650304020" hash \
	"0500a2030201" salt
#define PSS_GNUTLS(hash, salt) \
	"303d06092a864886f70d01010a3030a00d300b060960864801650304020" hash \
	"a11a301806092a864886f70d010108300b060960864801650304020" hash \
	"a2030201" salt

static const struct row {
	const char *hex, *name;
	bool        refused;
} found[] = {
	{ "300a06082a8648ce3d040302", "ecdsa-with-sha256", false },
	{ "300a06082a8648ce3d040303", "ecdsa-with-sha384", false },
	{ "300a06082a8648ce3d040304", "ecdsa-with-sha512", false },
	{ "300d06092a864886f70d01010b0500", "rsa-with-sha256", false },
	{ "300d06092a864886f70d01010c0500", "rsa-with-sha384", false },
	{ "300d06092a864886f70d01010d0500", "rsa-with-sha512", false },
	{ PSS_OPENSSL("1", "20"), "rsa-pss-with-sha256", false },
	{ PSS_OPENSSL("2", "30"), "rsa-pss-with-sha384", false },
	{ PSS_OPENSSL("3", "40"), "rsa-pss-with-sha512", false },
	{ PSS_GNUTLS("1", "20"), "rsa-pss-with-sha256", false },
	{ PSS_GNUTLS("2", "30"), "rsa-pss-with-sha384", false },
	{ PSS_GNUTLS("3", "40"), "rsa-pss-with-sha512", false },
	{ "300506032b6570", "ed25519", false },
	{ "300b0609608648016503040311", "ml-dsa-44", false },
	{ "300b0609608648016503040312", "ml-dsa-65", false },
	{ "300b0609608648016503040313", "ml-dsa-87", false },
	{ "300d06092a864886f70d0101040500", "rsa-with-md5", true },
	{ "300d06092a864886f70d0101050500", "rsa-with-sha1", true },
	{ "300d06092a864886f70d01010e0500", "rsa-with-sha224", true },
	{ "300d06092a864886f70d01010a3000", "rsa-pss-with-sha1", true },
	{ "300906072a8648ce3d0401", "ecdsa-with-sha1", true },
	{ "300a06082a8648ce3d040301", "ecdsa-with-sha224", true },
	{ "300906072a8648ce380403", "dsa-with-sha1", true },
	{ "300b0609608648016503040301", "dsa-with-sha224", true },
	{ "300b0609608648016503040302", "dsa-with-sha256", true },
};

Test(sigalg_find, knows_the_exact_octets)
{
	for (size_t i = 0; i < PKI_COUNT(found); i++) {
		PKI_AUTO(pki_buf) der = unhex(found[i].hex);
		const pki_sigalg *algorithm =
		    pki_sigalg_find(pki_buf_bytes(der));

		cr_expect(algorithm != NULL, "%s", found[i].name);
		if (algorithm == NULL)
			continue;
		cr_expect_str_eq(algorithm->name, found[i].name);
		cr_expect((algorithm->refused != NULL) == found[i].refused,
		    "%s", found[i].name);
		cr_expect((algorithm->key_types == 0) == found[i].refused,
		    "%s", found[i].name);
	}
}

Test(sigalg_find, knows_nothing_that_is_written_otherwise)
{
	static const char *const unknown[] = {
		"",
		"300b06092a864886f70d01010b",           /* no NULL */
		"300c06082a8648ce3d0403020500",         /* a NULL */
		"300706032b65700500",
		"300506032b6571",                       /* Ed448 */
		PSS_OPENSSL("1", "14"),                 /* salt of 20 octets */
		PSS_GNUTLS("1", "30"),
	};

	for (size_t i = 0; i < PKI_COUNT(unknown); i++) {
		PKI_AUTO(pki_buf) der = unhex(unknown[i]);

		cr_expect_null(pki_sigalg_find(pki_buf_bytes(der)), "%s",
		    unknown[i]);
	}
}

Test(sigalg_for, gives_each_type_an_algorithm_of_its_own)
{
	static const char *const names[] = {
		"ecdsa-with-sha256", "ecdsa-with-sha384", "ecdsa-with-sha512",
		"ed25519", "rsa-with-sha256", "rsa-with-sha256",
		"rsa-with-sha256", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87",
	};

	for (size_t i = 0; pki_key_type_names[i].name != NULL; i++) {
		pki_key_type type = (pki_key_type)pki_key_type_names[i].code;
		const pki_sigalg *algorithm = pki_sigalg_for(type);

		cr_expect_eq((size_t)type, i);
		cr_expect_str_eq(algorithm->name, names[i]);
		cr_expect(algorithm->key_types & 1U << type);
		cr_expect_null(algorithm->refused);
	}
}

static pki_pubkey *
parse_key(const char *hex)
{
	PKI_AUTO(pki_buf) spki = unhex(hex);
	pki_pubkey *key = NULL;
	pki_err err;

	cr_assert(pki_pubkey_parse(pki_buf_bytes(spki), &key, &err) == PKI_OK,
	    "%s", err.msg);
	return key;
}

static const pki_sigalg *
find_algorithm(const char *hex)
{
	PKI_AUTO(pki_buf) der = unhex(hex);
	const pki_sigalg *algorithm = pki_sigalg_find(pki_buf_bytes(der));

	cr_assert_not_null(algorithm, "%s", hex);
	return algorithm;
}

#define ED25519 "300506032b6570"
#define ECDSA_SHA256 "300a06082a8648ce3d040302"
#define ECDSA_SHA384 "300a06082a8648ce3d040303"
#define ECDSA_SHA512 "300a06082a8648ce3d040304"
#define RSA_SHA256 "300d06092a864886f70d01010b0500"

static const struct signed_by {
	const char *key, *algorithm, *signature;
} good[] = {
	{ p256_spki, ECDSA_SHA256, p256_signature },
	{ p384_spki, ECDSA_SHA384, p384_signature },
	{ p521_spki, ECDSA_SHA512, p521_signature },
	{ ed25519_spki, ED25519, ed25519_signature },
	{ rsa2048_spki, RSA_SHA256, rsa2048_signature },
	{ rsa3072_spki, RSA_SHA256, rsa3072_signature },
	{ rsa4096_spki, RSA_SHA256, rsa4096_signature },
	{ rsa2048_spki, PSS_OPENSSL("1", "20"), rsa2048_pss_sha256 },
	{ rsa2048_spki, PSS_OPENSSL("2", "30"), rsa2048_pss_sha384 },
	{ rsa2048_spki, PSS_OPENSSL("3", "40"), rsa2048_pss_sha512 },
	{ rsa2048_spki, PSS_GNUTLS("1", "20"), rsa2048_pss_sha256 },
};

Test(pubkey_verify, accepts_what_openssl_signed)
{
	for (size_t i = 0; i < PKI_COUNT(good); i++) {
		PKI_AUTO(pki_pubkey) key = parse_key(good[i].key);
		PKI_AUTO(pki_buf) signature = unhex(good[i].signature);
		const pki_sigalg *algorithm =
		    find_algorithm(good[i].algorithm);
		pki_err err = { 0 };

		cr_expect(pki_pubkey_verify(key, algorithm,
		    pki_bytes_text(message), pki_buf_bytes(signature), &err)
		    == PKI_OK, "%s: %s", algorithm->name, err.msg);
	}
}

/* RFC 8032, 7.1, test 1: the empty message. */
Test(pubkey_verify, accepts_the_ed25519_vector)
{
	PKI_AUTO(pki_pubkey) key = parse_key("302a300506032b6570032100"
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
	PKI_AUTO(pki_buf) signature = unhex(
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
	pki_err err = { 0 };

	cr_expect(pki_pubkey_verify(key, find_algorithm(ED25519),
	    pki_bytes_text(""), pki_buf_bytes(signature), &err) == PKI_OK,
	    "%s", err.msg);
}

static void
expect_refusal(const pki_pubkey *key, const pki_sigalg *algorithm,
    pki_bytes text, pki_bytes signature, const char *rule)
{
	pki_err err = { 0 };

	cr_expect(pki_pubkey_verify(key, algorithm, text, signature, &err) ==
	    PKI_DENIED, "%s", algorithm->name);
	cr_expect_str_eq(err.rule, rule, "%s: %s", algorithm->name, err.msg);
}

Test(pubkey_verify, refuses_another_message_and_changed_signatures)
{
	for (size_t i = 0; i < PKI_COUNT(good); i++) {
		PKI_AUTO(pki_pubkey) key = parse_key(good[i].key);
		PKI_AUTO(pki_buf) signature = unhex(good[i].signature);
		const pki_sigalg *algorithm =
		    find_algorithm(good[i].algorithm);
		pki_bytes text = pki_bytes_text(message);
		pki_bytes whole = pki_buf_bytes(signature);

		expect_refusal(key, algorithm, pki_bytes_text("libpkj"),
		    whole, "signature");
		expect_refusal(key, algorithm, text, pki_bytes_of(NULL, 0),
		    "signature");
		expect_refusal(key, algorithm, text,
		    pki_bytes_of(whole.data, whole.len - 1), "signature");
		signature->data[whole.len / 2] ^= 1;
		expect_refusal(key, algorithm, text, whole, "signature");
		signature->data[whole.len / 2] ^= 1;
		pki_buf_add_byte(signature, 0);
		expect_refusal(key, algorithm, text, pki_buf_bytes(signature),
		    "signature");
	}
}

Test(pubkey_verify, refuses_a_salt_of_another_length)
{
	PKI_AUTO(pki_pubkey) key = parse_key(rsa2048_spki);
	PKI_AUTO(pki_buf) signature = unhex(rsa2048_pss_short_salt);

	expect_refusal(key, find_algorithm(PSS_OPENSSL("1", "20")),
	    pki_bytes_text(message), pki_buf_bytes(signature), "signature");
}

Test(pubkey_verify, refuses_an_algorithm_for_other_keys)
{
	static const struct {
		const char *key, *algorithm;
	} rows[] = {
		{ p256_spki, RSA_SHA256 },
		{ p256_spki, ED25519 },
		{ rsa2048_spki, ECDSA_SHA256 },
		{ rsa2048_spki, ED25519 },
		{ ed25519_spki, ECDSA_SHA512 },
		{ ed25519_spki, PSS_OPENSSL("1", "20") },
		{ ed25519_spki, "300b0609608648016503040311" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_pubkey) key = parse_key(rows[i].key);

		expect_refusal(key, find_algorithm(rows[i].algorithm),
		    pki_bytes_text(message), pki_bytes_text("x"),
		    "signature-algorithm");
	}
}

Test(pubkey_verify, refuses_retired_algorithms_with_the_reason)
{
	PKI_AUTO(pki_pubkey) key = parse_key(rsa2048_spki);

	for (size_t i = 0; i < PKI_COUNT(found); i++) {
		const pki_sigalg *algorithm = find_algorithm(found[i].hex);
		pki_err err = { 0 };

		if (!found[i].refused)
			continue;
		cr_expect(pki_pubkey_verify(key, algorithm,
		    pki_bytes_text(message), pki_bytes_text("x"), &err) ==
		    PKI_DENIED);
		cr_expect_str_eq(err.rule, "signature-algorithm");
		cr_expect(strstr(err.value, algorithm->refused) != NULL, "%s",
		    err.value);
	}
}
