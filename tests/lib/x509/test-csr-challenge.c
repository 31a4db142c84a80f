#include <criterion/criterion.h>
#include <string.h>

#include <openssl/ec.h>

#include "base/text.h"
#include "tests/support/csr-maker.h"
#include "x509/csr.h"

/* The attributes that hold a challenge: at most once, one string each. */

TestSuite(csr_challenge, .timeout = 60);

#define PASSWORD "06{2a864886f70d010907}"
#define OTP "06{2a864886f70d0109100238}"
#define REVOCATION "06{2a864886f70d0109100239}"
#define LINKING "06{2a864886f70d010910023a}"
#define ATTRIBUTE(oid, value) "30{" oid " 31{" value "}}"

static EVP_PKEY *signer;

static void
make_signer(void)
{
	signer = EVP_EC_gen("P-256");
}

static void
free_signer(void)
{
	EVP_PKEY_free(signer);
}

static pki_code
parse(const char *attributes, pki_csr **out, pki_err *err)
{
	struct csr_recipe recipe = { .signer = signer,
		.attributes = attributes };
	PKI_AUTO(pki_buf) der = pki_buf_new();

	cr_assert(csr_make(&recipe, der), "%s", attributes);
	return pki_csr_parse(pki_buf_bytes(der), out, err);
}

Test(csr_challenge, is_given_out_as_it_stands, .init = make_signer,
    .fini = free_signer)
{
	static const struct {
		const char *attributes;
		const char *text[PKI_CSR_CHALLENGES];
	} rows[] = {
		{ "a000", { NULL } },
		{ "a0{" ATTRIBUTE(PASSWORD, "13{'abc='}") "}", { "abc=" } },
		{ "a0{" ATTRIBUTE(PASSWORD, "0c{'abc'}") "}", { "abc" } },
		{ "a0{" ATTRIBUTE(PASSWORD, "14{'abc'}") "}", { "abc" } },
		{ "a0{" ATTRIBUTE(PASSWORD, "16{'abc'}") "}", { "abc" } },
		{ "a0{" ATTRIBUTE(OTP, "0c{'otp'}") "}", { NULL, "otp" } },
		{ "a0{" ATTRIBUTE(REVOCATION, "13{'later'}") "}",
		    { NULL, NULL, "later" } },
		{ "a0{" ATTRIBUTE(LINKING, "13{'link'}") "}",
		    { NULL, NULL, NULL, "link" } },
		{ "a0{" ATTRIBUTE(PASSWORD, "13{'a'}")
		    ATTRIBUTE(OTP, "0c{'b'}") ATTRIBUTE(REVOCATION, "0c{'c'}")
		    ATTRIBUTE(LINKING, "0c{'d'}") "}",
		    { "a", "b", "c", "d" } },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_csr) csr = NULL;
		pki_err err = { 0 };

		cr_assert(parse(rows[i].attributes, &csr, &err) == PKI_OK,
		    "row %zu: %s", i, err.msg);
		for (unsigned k = 0; k < PKI_CSR_CHALLENGES; k++) {
			pki_bytes text = pki_csr_challenge_text(csr, k);

			cr_expect(pki_bytes_equal(text,
			    pki_bytes_text(rows[i].text[k])) &&
			    (text.data == NULL) == (rows[i].text[k] == NULL),
			    "row %zu, %u", i, k);
		}
	}
}

/* One attribute of that many octets, of a string type. */
static pki_code
parse_long(const char *oid, const char *tag, size_t len, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	PKI_AUTO(pki_csr) csr = NULL;

	pki_buf_add_format(text, "a0{30{%s 31{%s{'", oid, tag);
	for (size_t i = 0; i < len; i++)
		pki_buf_add_byte(text, 'x');
	pki_buf_add_text(text, "'}}}}");
	return parse(pki_buf_text(text), &csr, err);
}

Test(csr_challenge, has_255_characters_at_most, .init = make_signer,
    .fini = free_signer)
{
	static const char *const oids[] = { PASSWORD, OTP, REVOCATION,
		LINKING };
	static const struct {
		const char *tag;
		size_t      max, unit;  /* octets of all and of one */
	} types[] = {
		{ "13", 255, 1 }, { "14", 255, 1 }, { "16", 255, 1 },
		{ "0c", 1020, 1 }, { "1e", 510, 2 }, { "1c", 1020, 4 },
	};

	for (size_t i = 0; i < PKI_COUNT(oids); i++)
		for (size_t k = 0; k < PKI_COUNT(types); k++) {
			pki_err err = { 0 };

			cr_expect(parse_long(oids[i], types[k].tag,
			    types[k].max, &err) == PKI_OK, "%s", err.msg);
			cr_expect(parse_long(oids[i], types[k].tag,
			    types[k].max + types[k].unit, &err) ==
			    PKI_BAD_INPUT);
			cr_expect_str_eq(err.rule, "attribute");
		}
}

Test(csr_challenge, is_refused_in_any_other_shape, .init = make_signer,
    .fini = free_signer)
{
	static const char *const oids[] = { PASSWORD, OTP, REVOCATION,
		LINKING };
	static const struct {
		const char *what, *format;      /* of one or two %s */
	} shapes[] = {
		{ "no value", "a0{30{%s 3100}}" },
		{ "an empty string", "a0{30{%s 31{1300}}}" },
		{ "two values", "a0{30{%s 31{0c{'a'} 0c{'b'}}}}" },
		{ "an OCTET STRING", "a0{30{%s 31{04{'a'}}}}" },
		{ "an INTEGER", "a0{30{%s 31{020101}}}" },
		{ "a SEQUENCE", "a0{30{%s 31{30{0c{'a'}}}}}" },
		{ "twice", "a0{30{%s 31{0c{'a'}}} 30{%s 31{0c{'b'}}}}" },
		{ "the same twice", "a0{30{%s 31{0c{'a'}}} "
		    "30{%s 31{0c{'a'}}}}" },
	};

	for (size_t i = 0; i < PKI_COUNT(oids) * PKI_COUNT(shapes); i++) {
		const char *oid = oids[i % PKI_COUNT(oids)];
		const char *at = shapes[i / PKI_COUNT(oids)].format, *mark;
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_csr) csr = NULL;
		pki_err err = { 0 };

		for (; (mark = strstr(at, "%s")) != NULL; at = mark + 2) {
			pki_buf_add(text, pki_bytes_of(at,
			    (size_t)(mark - at)));
			pki_buf_add_text(text, oid);
		}
		pki_buf_add_text(text, at);
		cr_expect(parse(pki_buf_text(text), &csr, &err) ==
		    PKI_BAD_INPUT, "%s", pki_buf_text(text));
		cr_expect(strcmp(err.rule, "attribute") == 0, "%s: %s",
		    pki_buf_text(text), err.msg);
	}
}

Test(csr_challenge, has_the_types_of_pkcs_9_and_rfc_7894)
{
	static const char *const wanted[] = {
		"2a864886f70d010907", "2a864886f70d0109100238",
		"2a864886f70d0109100239", "2a864886f70d010910023a",
	};

	for (unsigned i = 0; i < PKI_CSR_CHALLENGES; i++) {
		pki_bytes oid = pki_csr_challenge_oid(i);
		char hex[64];

		cr_assert(oid.len < 32);
		cr_expect_str_eq(pki_hex_format(oid, hex), wanted[i]);
	}
}
