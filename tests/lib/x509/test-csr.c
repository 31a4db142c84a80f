#include <criterion/criterion.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "base/file.h"
#include "tests/support/csr-maker.h"
#include "x509/csr.h"
#include "x509/pem.h"
#include "x509/usage.h"

/* What is accepted and kept; test-csr-refused.c has the rest. */

TestSuite(csr_parse, .timeout = 60);
TestSuite(csr_build, .timeout = 60);

static pki_buf *
read_fixture(const char *name)
{
	char path[PKI_PATH_MAX];
	pki_buf *text = NULL;
	pki_err err = { 0 };

	cr_assert(pki_path_join(path, FIXTURES_DIR, name, &err) == PKI_OK);
	cr_assert(pki_file_read(path, PKI_CSR_FILE_MAX, PKI_FILE_ANY, &text,
	    &err) == PKI_OK, "%s", err.msg);
	return text;
}

Test(csr_parse, accepts_the_requests_of_other_programs)
{
	static const struct {
		const char  *file, *subject, *alt_names;
		pki_key_type type;
	} rows[] = {
		{ "openssl-p256.csr", "C=DE,O=Example,CN=meter-0001",
		    "dns:meter-0001.example, ip:10.0.0.1", PKI_KEY_P256 },
		{ "openssl-p384.csr", "CN=meter-0002",
		    "dns:meter-0002.example, ip:2001:db8::2", PKI_KEY_P384 },
		{ "openssl-ed25519.csr", "CN=meter-0003",
		    "dns:meter-0003.example, uri:urn:example:meter:3",
		    PKI_KEY_ED25519 },
		{ "openssl-rsa2048.csr", "CN=meter-0004,OU=Z\xc3\xa4hler",
		    "dns:meter-0004.example, email:meter@example.org",
		    PKI_KEY_RSA2048 },
		{ "openssl-attributes.csr", "CN=meter-0005",
		    "dns:meter-0005.example", PKI_KEY_P256 },
		{ "certtool-p256.csr", "C=DE,O=Example,CN=meter-0007",
		    "dns:meter-0007.example, ip:10.0.0.7", PKI_KEY_P256 },
		{ "certtool-rsa2048.csr", "C=DE,O=Example,CN=meter-0007",
		    "dns:meter-0007.example, ip:10.0.0.7", PKI_KEY_RSA2048 },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) text = read_fixture(rows[i].file);
		PKI_AUTO(pki_buf) subject = pki_buf_new();
		PKI_AUTO(pki_buf) names = pki_buf_new();
		PKI_AUTO(pki_csr) csr = NULL;
		pki_err err = { 0 };

		cr_expect(pki_csr_parse(pki_buf_bytes(text), &csr, &err) ==
		    PKI_OK, "%s: %s", rows[i].file, err.msg);
		if (csr == NULL)
			continue;
		pki_name_print(pki_csr_subject(csr), subject);
		pki_altnames_print(pki_csr_alt_names(csr), names);
		cr_expect_str_eq(pki_buf_text(subject), rows[i].subject);
		cr_expect_str_eq(pki_buf_text(names), rows[i].alt_names);
		cr_expect(pki_pubkey_type(pki_csr_key(csr)) == rows[i].type);
	}
}

#define REQUEST(list) "a0{" CSR_REQUEST(list) "}"

static const struct {
	const char *what;
	struct csr_recipe recipe;
} harmless[] = {
	{ "the usual request", CSR_USUAL },
	{ "no attribute", { .attributes = "a000" } },
	{ "an empty subject", { .subject = "3000" } },
	{ "two common names", { .subject = "30{31{30{06{550403} "
	    "0c{'a'}}} 31{30{06{550403} 0c{'b'}}}}" } },
	{ "basicConstraints without CA", { .attributes = REQUEST(
	    "30{06{551d13} 0101ff 04{3000}}") } },
	{ "other key usage", { .attributes = REQUEST(
	    "30{06{551d0f} 0101ff 04{030205a0}}") } },
	{ "extended key usage", { .attributes = REQUEST(
	    "30{06{551d25} 0101ff 04{30{06{2b06010505070302}}}}") } },
	{ "subject key identifier", { .attributes = REQUEST(
	    "30{06{551d0e} 04{04{'key id'}}}") } },
	{ "a wildcard, which policy decides about",
	    { .attributes = REQUEST(
	    "30{06{551d11} 04{30{82{'*.site.example'}}}}") } },
	{ "a critical alternative name", { .attributes = REQUEST(
	    "30{06{551d11} 0101ff 04{30{82{'a.example'}}}}") } },
	{ "a challengePassword", { .attributes =
	    "a0{30{06{2a864886f70d010907} 31{13{'secret'}}}}" } },
	{ "an unknown attribute", { .attributes =
	    "a0{30{06{2a0304} 31{020100 020101 30{1e{0041}}}}}" } },
	{ "the same unknown attribute twice", { .attributes =
	    "a0{30{06{2a0304} 31{020100}} 30{06{2a0304} 31{020100}}}" }
	},
};

Test(csr_parse, accepts_what_does_not_matter)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	for (size_t i = 0; i < PKI_COUNT(harmless); i++) {
		struct csr_recipe recipe = harmless[i].recipe;
		PKI_AUTO(pki_buf) der = pki_buf_new();
		PKI_AUTO(pki_csr) csr = NULL;
		pki_err err = { 0 };

		recipe.signer = key;
		cr_assert(csr_make(&recipe, der), "%s", harmless[i].what);
		cr_expect(pki_csr_parse(pki_buf_bytes(der), &csr, &err) ==
		    PKI_OK, "%s: %s", harmless[i].what, err.msg);
	}
	EVP_PKEY_free(key);
}

Test(csr_parse, gives_no_common_name_when_there_are_two)
{
	struct csr_recipe recipe = {
		.signer = EVP_EC_gen("P-256"),
		.subject = "30{31{30{06{550403} 0c{'a'}}} "
		    "31{30{06{550403} 0c{'b'}}}}",
	};
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_csr) csr = NULL;

	cr_assert(csr_make(&recipe, der));
	cr_assert(pki_csr_parse(pki_buf_bytes(der), &csr, NULL) == PKI_OK);
	cr_expect(pki_name_count(pki_csr_subject(csr)) == 2);
	cr_expect(pki_name_common_name(pki_csr_subject(csr)) == NULL);
	EVP_PKEY_free(recipe.signer);
}

Test(csr_parse, keeps_the_octets_and_has_no_names_when_none_were_asked)
{
	struct csr_recipe recipe = {
		.signer = EVP_EC_gen("P-256"), .attributes = "a000",
	};
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_csr) csr = NULL;

	cr_assert(csr_make(&recipe, der));
	cr_assert(pki_csr_parse(pki_buf_bytes(der), &csr, NULL) == PKI_OK);
	cr_expect(pki_bytes_equal(pki_csr_der(csr), pki_buf_bytes(der)));
	cr_expect(pki_csr_alt_names(csr) == NULL);
	EVP_PKEY_free(recipe.signer);
}

Test(csr_parse, accepts_pss_with_sha_256)
{
	struct csr_recipe recipe = {
		.signer = EVP_RSA_gen(2048), .pss = true,
		.algorithm = "30{06{2a864886f70d01010a} 30{"
		    "a0{30{06{608648016503040201} 0500}}"
		    "a1{30{06{2a864886f70d010108} "
		    "30{06{608648016503040201} 0500}}} a2{020120}}}",
	};
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_csr) csr = NULL;
	pki_err err = { 0 };

	cr_assert(csr_make(&recipe, der));
	cr_expect(pki_csr_parse(pki_buf_bytes(der), &csr, &err) == PKI_OK,
	    "%s", err.msg);
	EVP_PKEY_free(recipe.signer);
}

Test(csr_build, makes_requests_that_parse_accepts)
{
	static const pki_key_type types[] = {
		PKI_KEY_P256, PKI_KEY_P384, PKI_KEY_P521, PKI_KEY_ED25519,
		PKI_KEY_RSA2048,
	};
	static const pki_name_part part = { PKI_NAME_COMMON_NAME, "meter" };
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	PKI_AUTO(pki_name) subject = NULL;

	cr_assert(pki_name_build(&part, 1, &subject, NULL) == PKI_OK);
	cr_assert(pki_altnames_add_text(names, "dns:a.example", NULL) ==
	    PKI_OK);
	for (size_t i = 0; i < PKI_COUNT(types); i++) {
		PKI_AUTO(pki_key) key = NULL;
		PKI_AUTO(pki_buf) der = pki_buf_new();
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_csr) csr = NULL;
		pki_err err = { 0 };

		cr_assert(pki_key_generate(types[i], &key, &err) == PKI_OK);
		cr_expect(pki_csr_build(key, subject, names, der, &err) ==
		    PKI_OK, "%s", err.msg);
		pki_pem_add(text, PKI_PEM_CSR, pki_buf_bytes(der));
		cr_expect(pki_csr_parse(pki_buf_bytes(text), &csr, &err) ==
		    PKI_OK, "%s", err.msg);
		cr_assert(csr != NULL);
		cr_expect(pki_name_equal(pki_csr_subject(csr), subject));
		cr_expect(pki_altnames_equal(pki_csr_alt_names(csr), names));
		cr_expect(pki_pubkey_type(pki_csr_key(csr)) == types[i]);
	}
}

Test(csr_build, asks_for_no_names_when_there_are_none)
{
	static const pki_name_part part = { PKI_NAME_COMMON_NAME, "meter" };
	PKI_AUTO(pki_altnames) empty = pki_altnames_new();
	const pki_altnames *const rows[] = { NULL, empty };
	PKI_AUTO(pki_name) subject = NULL;
	PKI_AUTO(pki_key) key = NULL;

	cr_assert(pki_name_build(&part, 1, &subject, NULL) == PKI_OK);
	cr_assert(pki_key_generate(PKI_KEY_P256, &key, NULL) == PKI_OK);
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) der = pki_buf_new();
		PKI_AUTO(pki_csr) csr = NULL;

		cr_assert(pki_csr_build(key, subject, rows[i], der, NULL) ==
		    PKI_OK);
		cr_assert(pki_csr_parse(pki_buf_bytes(der), &csr, NULL) ==
		    PKI_OK);
		cr_expect(pki_csr_alt_names(csr) == NULL);
	}
}

Test(csr_build, says_all_that_a_plan_has)
{
	static const pki_name_part part = { PKI_NAME_COMMON_NAME, "meter" };
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	PKI_AUTO(pki_name) subject = NULL;
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_csr) csr = NULL;
	pki_csr_plan plan = {
		.alt_names = names,
		.key_usage = 1u << PKI_KU_DIGITAL_SIGNATURE |
		    1u << PKI_KU_DECIPHER_ONLY,
		.ext_usage = 1u << PKI_EKU_CLIENT_AUTH |
		    1u << PKI_EKU_SERVER_AUTH,
		.challenges = {
			[PKI_CSR_CHALLENGE_PASSWORD] = PKI_BYTES_TEXT("a+/="),
			[PKI_CSR_OTP_CHALLENGE] = PKI_BYTES_TEXT("b_*@"),
			[PKI_CSR_IDENTITY_LINKING] = PKI_BYTES_TEXT("cc"),
		},
	};
	pki_err err = { 0 };

	cr_assert(pki_name_build(&part, 1, &subject, NULL) == PKI_OK);
	cr_assert(pki_altnames_add_text(names, "ip:192.0.2.1", NULL) ==
	    PKI_OK);
	cr_assert(pki_key_generate(PKI_KEY_P256, &key, NULL) == PKI_OK);
	plan.subject = subject;
	cr_assert(pki_csr_make(key, &plan, der, &err) == PKI_OK, "%s",
	    err.msg);
	cr_assert(pki_csr_parse(pki_buf_bytes(der), &csr, &err) == PKI_OK,
	    "%s", err.msg);
	cr_expect(pki_altnames_equal(pki_csr_alt_names(csr), names));
	cr_expect_eq(pki_csr_key_usage(csr), plan.key_usage);
	cr_expect_eq(pki_csr_ext_usage(csr), plan.ext_usage);
	for (int i = 0; i < PKI_CSR_CHALLENGES; i++)
		cr_expect(pki_bytes_equal(pki_csr_challenge_text(csr,
		    (pki_csr_challenge)i), plan.challenges[i]));
}

Test(csr_build, refuses_a_challenge_that_no_string_holds)
{
	static const pki_name_part part = { PKI_NAME_COMMON_NAME, "meter" };
	PKI_AUTO(pki_name) subject = NULL;
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_csr_plan plan = {
		.challenges[PKI_CSR_OTP_CHALLENGE] = PKI_BYTES_TEXT("a\nb"),
	};
	pki_err err = { 0 };

	cr_assert(pki_name_build(&part, 1, &subject, NULL) == PKI_OK);
	cr_assert(pki_key_generate(PKI_KEY_P256, &key, NULL) == PKI_OK);
	plan.subject = subject;
	cr_expect(pki_csr_make(key, &plan, der, &err) == PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "attribute");
	cr_expect_eq(der->len, 0);
}
