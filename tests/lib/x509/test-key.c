#include "x509/key.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "unhex.h"

TestSuite(key_generate, .timeout = 120);
TestSuite(key_parse, .timeout = 60);
TestSuite(key_encode, .timeout = 60);
TestSuite(key_sign, .timeout = 60);

/* The same key as openssl(1) writes it in its many ways. */
#define FINGERPRINT \
	"f5ef8d4fbc53c1da9ed99c9ba259bbac79234527cebbc6b5afed2ed1f33f2d30"

static const char plain[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgD6IFKE/xJukDUhQ0\n"
    "DDwxZPO7LXbpPNY7SqGmio/oqLGhRANCAAQfYs9IK4eVIei9TLBJy7JFXZwikvtU\n"
    "U+kAtjphxY54BH6cPMlHmA/zsZDLLXJvfKVwLMtBGUX78sktKvBhzrVP\n"
    "-----END PRIVATE KEY-----\n";

static const char plain_compressed[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MGcCAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcETTBLAgEBBCAPogUoT/Em6QNSFDQM\n"
    "PDFk87stduk81jtKoaaKj+iosaEkAyIAAx9iz0grh5Uh6L1MsEnLskVdnCKS+1RT\n"
    "6QC2OmHFjngE\n"
    "-----END PRIVATE KEY-----\n";

static const char traditional[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIA+iBShP8SbpA1IUNAw8MWTzuy126TzWO0qhpoqP6KixoAoGCCqGSM49\n"
    "AwEHoUQDQgAEH2LPSCuHlSHovUywScuyRV2cIpL7VFPpALY6YcWOeAR+nDzJR5gP\n"
    "87GQyy1yb3ylcCzLQRlF+/LJLSrwYc61Tw==\n"
    "-----END EC PRIVATE KEY-----\n";

/* Without its public part. */
static const char traditional_bare[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MDECAQEEIA+iBShP8SbpA1IUNAw8MWTzuy126TzWO0qhpoqP6KixoAoGCCqGSM49\n"
    "AwEH\n"
    "-----END EC PRIVATE KEY-----\n";

/* openssl pkcs8 -topk8, the passphrase "secret": PBKDF2. */
static const char pbkdf2[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjYSBEDc9OcQQICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBtUbC3iO0OI2QnVLaLt9bUEgZBm\n"
    "brynMfaQkSYNiFv1JTTUCrheSd8y0HHwEWXGOOaVbJFKBktVDFdb4Z9HRiovWOI3\n"
    "zjUx9/SED3MAjYwiMf0eMI/mdttZV9fpaJgZJiOEnQ/HNdkR+4c/ACPA9U1taHSp\n"
    "drqKnxmfSa/ywh1t0hvXZCux1671kjZAxTvOEQjxdfqS3JUULh95FaM77/SqtWU=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

/* The same with scrypt. */
static const char scrypt[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAgYWD68Eb/WAQICQAAC\n"
    "AQgCAQEwHQYJYIZIAWUDBAEqBBDOICzbuZFyxW9VgIayXfP3BIGQeA6ti4PTNPBk\n"
    "6BSt6fXM7bils/oDi+HnyJ7yALSXoXlTo8TsMsXffEdd6n8PYsTboX/tLpfEBsnI\n"
    "dXKWFCVUKTpvoEipy5DfLUDddbW8slC6V1JP+ti8LnnGiMG9VNbV2ndKlO5SdhXI\n"
    "OtSk1qq06chgRimA6FPE6k3IQ5rZguXCqITNMQ+0QD2XHKMNWdd4\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

/* PBES1 with a cipher that OpenSSL no longer has by itself. */
static const char rc2[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGxMBwGCiqGSIb3DQEMAQYwDgQIQNffynX4EyECAggABIGQrON8grLCzhoS7pNc\n"
    "3Xodd+dGUquPaapSHpfcgHjShlHaMmrCwtjVCI4+O513xJYd5W8bQHQmSY6WtJ/6\n"
    "Wvcno04otrqWa4kcRWGGazolsPPXF+jpqtReARmdNuEF7SFUlfFNwEiqWPtG7sQU\n"
    "O7fE9LGFEhBTDaJLIJbu5lUbYPQ67wUkaqBdH4vbOAri70wm\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static const char traditional_encrypted[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,9957265DD393981BCFF0E0E3B73F8451\n"
    "\n"
    "QKLxoHPy+fqht/wxTHQVjJyBLpo0JkvuYDaEWPmhmCKbFaBxwq+jkaik4d7dpfSr\n"
    "EuYIdr72VAGoEgug6cGg0XJFrncfXVF4LNFwUVnhV/o4wBg09j7wB5mRklwSU4em\n"
    "qdBTRMbQ89IauFb5xej/uAyq2wRFO02mxpKcyGnSPdA=\n"
    "-----END EC PRIVATE KEY-----\n";

static const char ed25519_hex[] =
    "302e020100300506032b657004220420"
    "32386a299161a33de1b65a41743bc641aaebd3610a865e4f4d9aabd5c0c661b2";

#define EC_PARAMETERS \
	"-----BEGIN EC PARAMETERS-----\n" \
	"BggqhkjOPQMBBw==\n" \
	"-----END EC PARAMETERS-----\n"

static const pki_bytes nothing = { NULL, 0 };

static void
expect_p256(pki_bytes in, pki_bytes passphrase, const char *what)
{
	PKI_AUTO(pki_key) key = NULL;
	char text[PKI_DIGEST_TEXT];
	pki_err err = { 0 };

	cr_expect(pki_key_parse(in, passphrase, &key, &err) == PKI_OK,
	    "%s: %s", what, err.msg);
	if (key == NULL)
		return;
	cr_expect_eq(pki_pubkey_type(pki_key_public(key)), PKI_KEY_P256);
	cr_expect_str_eq(pki_digest_format(
	    pki_pubkey_digest(pki_key_public(key)), text), FINGERPRINT, "%s",
	    what);
}

Test(key_parse, reads_one_key_in_every_form)
{
	static const struct {
		const char *what, *text, *passphrase;
	} rows[] = {
		{ "PKCS #8", plain, NULL },
		{ "PKCS #8, passphrase not needed", plain, "secret" },
		{ "compressed point", plain_compressed, NULL },
		{ "traditional", traditional, NULL },
		{ "no public part", traditional_bare, NULL },
		{ "PBKDF2", pbkdf2, "secret" },
		{ "scrypt", scrypt, "secret" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++)
		expect_p256(pki_bytes_text(rows[i].text),
		    pki_bytes_text(rows[i].passphrase), rows[i].what);
}

Test(key_parse, skips_ec_parameters_before_the_key)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();

	pki_buf_add_text(text, EC_PARAMETERS);
	pki_buf_add_text(text, traditional);
	expect_p256(pki_buf_bytes(text), nothing, "with EC PARAMETERS");
}

/* Its second octet is a printable character. */
Test(key_parse, reads_der)
{
	PKI_AUTO(pki_buf) der = unhex(ed25519_hex);
	PKI_AUTO(pki_key) key = NULL;
	pki_err err = { 0 };

	cr_assert(pki_key_parse(pki_buf_bytes(der), nothing, &key, &err) ==
	    PKI_OK, "%s", err.msg);
	cr_expect_eq(pki_pubkey_type(pki_key_public(key)), PKI_KEY_ED25519);
	cr_expect_not(pki_key_is_encrypted(pki_buf_bytes(der)));
}

static void
expect_refusal(pki_bytes in, const char *passphrase, pki_code code,
    const char *rule)
{
	PKI_AUTO(pki_key) key = NULL;
	pki_err err = { 0 };

	cr_expect_eq(pki_key_parse(in, pki_bytes_text(passphrase), &key,
	    &err), code, "%s", err.msg);
	cr_expect_str_eq(err.rule, rule, "%s", err.msg);
	cr_expect_null(key);
}

Test(key_parse, refuses_a_missing_or_wrong_passphrase)
{
	static const char *const texts[] = { pbkdf2, scrypt };

	for (size_t i = 0; i < PKI_COUNT(texts); i++) {
		pki_bytes in = pki_bytes_text(texts[i]);

		cr_expect(pki_key_is_encrypted(in));
		expect_refusal(in, NULL, PKI_DENIED, "passphrase");
		expect_refusal(in, "Secret", PKI_DENIED, "passphrase");
	}
}

/* Of 600 wrong passphrases some decrypt to what looks padded. */
Test(key_parse, calls_every_wrong_passphrase_wrong)
{
	for (int i = 0; i < 600; i++) {
		char passphrase[32];

		snprintf(passphrase, sizeof(passphrase), "wrong %d", i);
		expect_refusal(pki_bytes_text(pbkdf2), passphrase, PKI_DENIED,
		    "passphrase");
	}
}

Test(key_parse, does_not_blame_the_passphrase_for_an_unknown_cipher)
{
	expect_refusal(pki_bytes_text(rc2), "secret", PKI_BAD_INPUT, "");
}

Test(key_parse, refuses_traditional_encryption_with_advice)
{
	pki_bytes in = pki_bytes_text(traditional_encrypted);
	PKI_AUTO(pki_key) key = NULL;
	pki_err err;

	cr_expect_not(pki_key_is_encrypted(in));
	cr_expect(pki_key_parse(in, pki_bytes_text("x"), &key, &err) ==
	    PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "pem");
	cr_expect(strstr(err.accepts, "pkcs8 -topk8") != NULL);
}

static const char public_only[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n";

Test(key_parse, refuses_what_is_no_key)
{
	static const char *const texts[] = {
		"", "0", "hello", public_only,
		"-----BEGIN PRIVATE KEY-----\n"
		"AAAA\n"
		"-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n"
		"MAA=\n"
		"-----END PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MAA=\n"
		"-----END EC PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\n"
		"MAA=\n"
		"-----END RSA PRIVATE KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
		"MAA=\n"
		"-----END ENCRYPTED PRIVATE KEY-----\n",
	};

	for (size_t i = 0; i < PKI_COUNT(texts); i++) {
		PKI_AUTO(pki_key) key = NULL;
		pki_err err = { 0 };

		cr_expect(pki_key_parse(pki_bytes_text(texts[i]),
		    pki_bytes_text("x"), &key, &err) == PKI_BAD_INPUT,
		    "%s: %s", texts[i], err.msg);
		cr_expect(strlen(err.msg) > 0);
	}
}

Test(key_parse, refuses_a_file_that_is_too_large)
{
	static char spaces[PKI_KEY_FILE_MAX + 1];

	memset(spaces, ' ', sizeof(spaces));
	expect_refusal(pki_bytes_of(spaces, sizeof(spaces)), NULL,
	    PKI_BAD_INPUT, "");
}

/* PKCS #8 whose public point is of another key. */
static const char two_halves[] =
    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02"
    "01010420c0b143a00a06082a8648ce3d030107a1440342000428d71e4fbd56da"
    "9d2ad4e0a144034200041f62cf482b879521e8bd4cb049cbb2455d9c2292fb54"
    "53e900b63a61c58e78047e9c3cc947980ff3b190cb2d726f7ca5702ccb411945"
    "fbf2c92d2af061ceb54f";

Test(key_parse, refuses_halves_of_two_keys)
{
	PKI_AUTO(pki_buf) der = unhex(two_halves);

	expect_refusal(pki_buf_bytes(der), NULL, PKI_BAD_INPUT, "");
}

/* A public key on secp256k1 breaks the rules of certification. */
static const char secp256k1[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgVQHw9n8J8MQ8Pd/1fvFj\n"
    "qGWy9Y1qzVt7gtSAPIFjABqhRANCAASMLTpV9z50DmICEdevemgqzdGShFYAgboH\n"
    "YFuvj0bjweDIx3oWhLut691lKFRYb5aibZ2/0nu1ILdbVSejRPmg\n"
    "-----END PRIVATE KEY-----\n";

static const char rsa1024[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBANVKfHFChMnrIvOE\n"
    "K+eBisGghGWU3ULgvykvPWYpm4sAIUpIHVcp8rSVA+U2ErqhY3qpqEmU+/pYkkfN\n"
    "JRJBurTPFoJpK58H7566fUhNATD7rKU1H2ewCSr41TXCRRKNytkXb/6uTrGZteR+\n"
    "KnCbAxwnJSydlR4aeOGXEK/w9rpRAgMBAAECgYByI5Uqiv1CjMk8ZYuVLNaTPZH8\n"
    "RkiNpHXH1VbXGAb7wIsQFD1XSsRt7JyUCXbGVt1EZAwBrG+XjdRiBh8DgRcm9daL\n"
    "KHshPfRqbrdMu51txwGGWVwLq6nL71/cSqsdPrMz2wQ+vb/Y3itv61jaWWC/Gb02\n"
    "y2SR85pZ3xYYHTNsTQJBAP/mPWzmUXrO42i44T4UW+h5E0NS0gzhVcXhB/Pujt7/\n"
    "/jM3rfNTJ2TEDwBU77sY5cQIyyIzRQoN2CLSMCZiK8sCQQDVX/T9gnAmctc5bsTk\n"
    "ypZtfmi3yY4VoUFYy7pH1bVbahxq1DRsTfQqeZim5wvZBgM+U5U1fK+BxtxkJidq\n"
    "FabTAkEA+NT6n90qF9/7k8ZLCCGl6V1qVMnBBNNMo3kZUaKEfOWyWj1nQbd3E+3t\n"
    "pGXzIxynt8LRO/VcydUCeYGnXnuRlwJAAz77diPW2u7iUVBbFHP0h+Plae5aCAA1\n"
    "A0nOIqugn6xklEd4KLGi5kaFSPy41Gtf/0G8Ql0MOngxACEIdnev2wJADMIiQxZS\n"
    "Zi9c5r5kYmRYozXyA1xGTMGc9XCXRRtZ2aneX/EeEi6QIqR7dsHvMKIdUKSr3Pa+\n"
    "rN15T+DViLFzuw==\n"
    "-----END PRIVATE KEY-----\n";

Test(key_parse, refuses_keys_that_could_not_be_certified)
{
	expect_refusal(pki_bytes_text(secp256k1), NULL, PKI_DENIED,
	    "key-curve");
	expect_refusal(pki_bytes_text(rsa1024), NULL, PKI_DENIED, "key-size");
}

Test(key_generate, makes_every_type_that_is_available)
{
	static const pki_key_type types[] = {
		PKI_KEY_P256, PKI_KEY_P384, PKI_KEY_P521, PKI_KEY_ED25519,
		PKI_KEY_RSA2048, PKI_KEY_RSA3072, PKI_KEY_ML_DSA_44,
		PKI_KEY_ML_DSA_65, PKI_KEY_ML_DSA_87,
	};

	for (size_t i = 0; i < PKI_COUNT(types); i++) {
		PKI_AUTO(pki_key) key = NULL;
		pki_err err = { 0 };
		pki_code rc = pki_key_generate(types[i], &key, &err);

		if (!pki_key_type_available(types[i])) {
			cr_expect_eq(rc, PKI_DENIED);
			cr_expect_str_eq(err.rule, "key-type");
			continue;
		}
		cr_assert_eq(rc, PKI_OK, "%s", err.msg);
		cr_expect_eq(pki_pubkey_type(pki_key_public(key)), types[i]);
	}
}

static pki_key *
make_key(pki_key_type type)
{
	pki_key *key = NULL;
	pki_err err;

	cr_assert(pki_key_generate(type, &key, &err) == PKI_OK, "%s", err.msg);
	return key;
}

static const pki_key_type some_types[] = {
	PKI_KEY_P256, PKI_KEY_P384, PKI_KEY_P521, PKI_KEY_ED25519,
	PKI_KEY_RSA2048,
};

static void
expect_round_trip(pki_key_type type, pki_bytes passphrase, const char *begin)
{
	PKI_AUTO(pki_key) key = make_key(type);
	PKI_AUTO(pki_key) again = NULL;
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_bytes in;
	pki_err err = { 0 };

	cr_assert(pki_key_encode(key, passphrase, text, &err) == PKI_OK, "%s",
	    err.msg);
	in = pki_buf_bytes(text);
	cr_expect(strncmp(pki_buf_text(text), begin, strlen(begin)) == 0);
	cr_expect_eq(pki_key_is_encrypted(in), passphrase.len > 0);
	cr_assert(pki_key_parse(in, passphrase, &again, &err) == PKI_OK, "%s",
	    err.msg);
	cr_expect(pki_bytes_equal(pki_pubkey_spki(pki_key_public(key)),
	    pki_pubkey_spki(pki_key_public(again))));
	if (passphrase.len > 0) {
		expect_refusal(in, NULL, PKI_DENIED, "passphrase");
		expect_refusal(in, "wrong", PKI_DENIED, "passphrase");
	}
}

Test(key_encode, is_read_back)
{
	for (size_t i = 0; i < PKI_COUNT(some_types); i++)
		expect_round_trip(some_types[i], nothing,
		    "-----BEGIN PRIVATE KEY-----\n");
}

Test(key_encode, is_read_back_with_the_passphrase_only)
{
	for (size_t i = 0; i < PKI_COUNT(some_types); i++)
		expect_round_trip(some_types[i], pki_bytes_text("p\xc3\xa4 s"),
		    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
}

Test(key_encode, appends)
{
	PKI_AUTO(pki_key) key = make_key(PKI_KEY_ED25519);
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_err err;

	pki_buf_add_text(text, "# key\n");
	cr_assert(pki_key_encode(key, nothing, text, &err) == PKI_OK);
	cr_expect(strncmp(pki_buf_text(text), "# key\n-----BEGIN", 16) == 0);
}

Test(key_sign, makes_what_the_public_key_accepts)
{
	pki_bytes message = pki_bytes_text("to whom it may concern");

	for (size_t i = 0; i < PKI_COUNT(some_types); i++) {
		PKI_AUTO(pki_key) key = make_key(some_types[i]);
		PKI_AUTO(pki_buf) out = pki_buf_new();
		pki_bytes all;
		pki_err err = { 0 };

		pki_buf_add_text(out, "front");
		cr_assert(pki_key_sign(key, message, out, &err) == PKI_OK,
		    "%s", err.msg);
		all = pki_buf_bytes(out);
		cr_assert(all.len > 5 && memcmp(all.data, "front", 5) == 0);
		cr_expect_eq(all.data[all.len], 0);
		cr_expect(pki_pubkey_verify(pki_key_public(key),
		    pki_sigalg_for(some_types[i]), message,
		    pki_bytes_of(all.data + 5, all.len - 5), &err) == PKI_OK,
		    "%s", err.msg);
	}
}
