#include <criterion/criterion.h>
#include <string.h>

#include "est/csrattrs.h"
#include "tests/support/csr-maker.h"

TestSuite(csrattrs_refused, .timeout = 60);

#define EXTENSION_REQ "06{2a864886f70d01090e}"
#define TEMPLATE "06{2a864886f70d010910023d}"
#define PARTIAL_REQ "06{2a864886f70d010910023e}"
#define EC "06{2a8648ce3d0201}"
#define RSA "06{2a864886f70d010101}"
#define P256 "06{2a8648ce3d030107}"
#define SIGN "30{06{551d0f} 0101ff 04{03020780}}"
#define OTHER "30{06{2a03} 0400}"

/* Extensions in a list of one attribute, and a template of these fields. */
#define REQUEST(list) "30{30{" EXTENSION_REQ " 31{30{" list "}}}}"
#define FORM(fields) "30{30{" TEMPLATE " 31{30{" fields "}}}}"
#define PARTIAL(list) FORM("020100 a1{30{" PARTIAL_REQ " 31{30{" list "}}}}")
#define SUBJECT(parts) FORM("020100 30{" parts "} a100")
#define KEY(fields) FORM("020100 a0{" fields "} a100")

static const struct row {
	const char *what;
	pki_code    code;
	const char *rule, *text;
} rows[] = {
	{ "nothing", PKI_BAD_INPUT, "der", "" },
	{ "a SET", PKI_BAD_INPUT, "der", "3100" },
	{ "an octet behind", PKI_BAD_INPUT, "der", "3000 00" },
	{ "indefinite length", PKI_BAD_INPUT, "der", "30~{06{2a03}}" },
	{ "a long length", PKI_BAD_INPUT, "der", "30!{06{2a03}}" },
	{ "a string", PKI_BAD_INPUT, "csrattrs", "30{0c{'CN'}}" },
	{ "an OID of no octets", PKI_BAD_INPUT, "der", "30{0600}" },
	{ "an OID that does not end", PKI_BAD_INPUT, "der", "30{06{2a86}}" },
	{ "an attribute without a set", PKI_BAD_INPUT, "der",
	    "30{30{06{2a03}}}" },
	{ "an attribute without a type", PKI_BAD_INPUT, "der",
	    "30{30{3100}}" },
	{ "something behind the set", PKI_BAD_INPUT, "der",
	    "30{30{06{2a03} 3100 0500}}" },
	{ "two types of key", PKI_BAD_INPUT, "csrattrs",
	    "30{30{" EC " 31{" P256 "}} 30{" RSA " 31{02020800}}}" },
	{ "one type of key twice", PKI_BAD_INPUT, "csrattrs",
	    "30{" EC "30{" EC " 31{" P256 "}}}" },
	{ "two curves", PKI_BAD_INPUT, "csrattrs",
	    "30{30{" EC " 31{" P256 P256 "}}}" },
	{ "a curve that we lack", PKI_DENIED, "csrattrs",
	    "30{30{" EC " 31{06{2b8104000a}}}}" },
	{ "a size that we lack", PKI_DENIED, "csrattrs",
	    "30{30{" RSA " 31{02020400}}}" },
	{ "a size of 0", PKI_DENIED, "csrattrs", "30{30{" RSA
	    " 31{020100}}}" },
	{ "a size of a curve", PKI_DENIED, "csrattrs",
	    "30{30{" EC " 31{02020100}}}" },
	{ "a size as a string", PKI_BAD_INPUT, "der",
	    "30{30{" RSA " 31{0c{'2048'}}}}" },
	{ "two requests for extensions", PKI_BAD_INPUT, "csrattrs",
	    "30{30{" EXTENSION_REQ " 31{30{" SIGN "}}}"
	    "30{" EXTENSION_REQ " 31{30{" OTHER "}}}}" },
	{ "a request of two values", PKI_BAD_INPUT, "csrattrs",
	    "30{30{" EXTENSION_REQ " 31{30{" OTHER "} 30{" SIGN "}}}}" },
	{ "a request of no value", PKI_BAD_INPUT, "der",
	    "30{30{" EXTENSION_REQ " 3100}}" },
	{ "no extension", PKI_BAD_INPUT, "csrattrs", REQUEST("") },
	{ "an extension twice", PKI_BAD_INPUT, "csrattrs",
	    REQUEST(SIGN SIGN) },
	{ "an unknown extension twice", PKI_BAD_INPUT, "csrattrs",
	    REQUEST(OTHER SIGN OTHER) },
	{ "an extension without a value", PKI_BAD_INPUT, "der",
	    REQUEST("30{06{551d0f}}") },
	{ "critical FALSE", PKI_BAD_INPUT, "der",
	    REQUEST("30{06{551d0f} 010100 04{03020780}}") },
	{ "zero bits at the end", PKI_BAD_INPUT, "der",
	    REQUEST("30{06{551d0f} 04{03020080}}") },
	{ "something behind the bits", PKI_BAD_INPUT, "der",
	    REQUEST("30{06{551d0f} 04{03020780 00}}") },
	{ "no purpose", PKI_BAD_INPUT, "extension",
	    REQUEST("30{06{551d25} 04{3000}}") },
	{ "no alternative name", PKI_BAD_INPUT, "alt-name",
	    REQUEST("30{06{551d11} 04{3000}}") },
	{ "a host that is none", PKI_BAD_INPUT, "alt-name",
	    REQUEST("30{06{551d11} 04{30{82{'a b'}}}}") },
	{ "a host to fill in", PKI_BAD_INPUT, "alt-name",
	    REQUEST("30{06{551d11} 04{30{8200}}}") },
	{ "a directory name to fill in", PKI_DENIED, "csrattrs",
	    REQUEST("30{06{551d11} 04{30{a4{3000}}}}") },
	{ "two templates", PKI_BAD_INPUT, "csrattrs",
	    "30{30{" TEMPLATE " 31{30{020100 a100}}}"
	    "30{" TEMPLATE " 31{30{020100 a100}}}}" },
	{ "a template of two values", PKI_BAD_INPUT, "csrattrs",
	    "30{30{" TEMPLATE " 31{30{020100 a100} 30{020100 a100}}}}" },
	{ "a template of no value", PKI_BAD_INPUT, "der",
	    "30{30{" TEMPLATE " 3100}}" },
	{ "a template that is an OID", PKI_BAD_INPUT, "der",
	    "30{30{" TEMPLATE " 31{06{2a03}}}}" },
	{ "a template of version 1", PKI_BAD_INPUT, "csrattrs",
	    FORM("020101 a100") },
	{ "a template without version", PKI_BAD_INPUT, "der", FORM("a100") },
	{ "a template without attributes", PKI_BAD_INPUT, "der",
	    FORM("020100") },
	{ "attributes as [0]", PKI_BAD_INPUT, "der", FORM("020100 a000") },
	{ "attributes before the key", PKI_BAD_INPUT, "der",
	    FORM("020100 a100 a0{30{" EC P256 "}}") },
	{ "something behind the attributes", PKI_BAD_INPUT, "der",
	    FORM("020100 a100 0500") },
	{ "explicit attributes", PKI_BAD_INPUT, "der",
	    FORM("020100 a1{31{30{" PARTIAL_REQ " 3100}}}") },
	{ "an empty subject", PKI_BAD_INPUT, "csrattrs", SUBJECT("") },
	{ "an empty part", PKI_BAD_INPUT, "der", SUBJECT("3100") },
	{ "a part of two attributes", PKI_DENIED, "csrattrs",
	    SUBJECT("31{30{06{550403}} 30{06{55040b}}}") },
	{ "a part of an unknown type", PKI_DENIED, "csrattrs",
	    SUBJECT("31{30{06{0992268993f22c640119}}}") },
	{ "a part of two values", PKI_BAD_INPUT, "der",
	    SUBJECT("31{30{06{550403} 0c{'a'} 0c{'b'}}}") },
	{ "an empty value", PKI_BAD_INPUT, "name",
	    SUBJECT("31{30{06{550403} 0c00}}") },
	{ "a value as a BMPString", PKI_BAD_INPUT, "name",
	    SUBJECT("31{30{06{550403} 1e{0041}}}") },
	{ "11 parts", PKI_BAD_INPUT, "csrattrs", SUBJECT(
	    "31{30{06{55040b}}} 31{30{06{55040b}}} 31{30{06{55040b}}}"
	    "31{30{06{55040b}}} 31{30{06{55040b}}} 31{30{06{55040b}}}"
	    "31{30{06{55040b}}} 31{30{06{55040b}}} 31{30{06{55040b}}}"
	    "31{30{06{55040b}}} 31{30{06{55040b}}}") },
	{ "a key without an algorithm", PKI_BAD_INPUT, "der", KEY("") },
	{ "an unknown algorithm", PKI_DENIED, "csrattrs",
	    KEY("30{06{2a03}}") },
	{ "an unknown curve", PKI_DENIED, "csrattrs",
	    KEY("30{" EC "06{2b8104000a}}") },
	{ "explicit curve parameters", PKI_BAD_INPUT, "der",
	    KEY("30{" EC "3000}") },
	{ "two parameters", PKI_BAD_INPUT, "der", KEY("30{" EC P256
	    P256 "}") },
	{ "a public key on a curve", PKI_BAD_INPUT, "der",
	    KEY("30{" EC P256 "} 03{00 04}") },
	{ "a dummy of 1024 bits", PKI_DENIED, "csrattrs",
	    KEY("30{" RSA " 0500} 03{00 30{02{00 80 01} 020103}}") },
	{ "a dummy that is no RSA key", PKI_BAD_INPUT, "der",
	    KEY("30{" RSA " 0500} 03{00 30{020103}}") },
	{ "an empty public key", PKI_BAD_INPUT, "der",
	    KEY("30{" RSA " 0500} 03{00}") },
	{ "something behind the public key", PKI_BAD_INPUT, "der",
	    KEY("30{" RSA " 0500} 03{00 30{02{00 80 01} 020103}} 0500") },
	{ "two requests in a template", PKI_BAD_INPUT, "csrattrs",
	    FORM("020100 a1{30{" EXTENSION_REQ " 31{30{" SIGN "}}}"
	    "30{" PARTIAL_REQ " 31{30{" OTHER "}}}}") },
	{ "one kind of request twice", PKI_BAD_INPUT, "csrattrs",
	    FORM("020100 a1{30{" PARTIAL_REQ " 31{30{" SIGN "}}}"
	    "30{" PARTIAL_REQ " 31{30{" OTHER "}}}}") },
	{ "a request of two values in a template", PKI_BAD_INPUT, "csrattrs",
	    FORM("020100 a1{30{" PARTIAL_REQ " 31{30{" OTHER "} 30{" SIGN
	    "}}}}") },
	{ "an extension without a value in the usual request",
	    PKI_BAD_INPUT, "der", FORM("020100 a1{30{" EXTENSION_REQ
	    " 31{30{30{06{551d0f}}}}}}") },
	{ "an extension alone, as the text has it", PKI_BAD_INPUT, "der",
	    FORM("020100 a1{30{" PARTIAL_REQ " 31{30{06{551d0f}}}}}") },
	{ "an extension twice, once to fill in", PKI_BAD_INPUT, "csrattrs",
	    PARTIAL(SIGN "30{06{551d0f}}") },
	{ "a value that is no OCTET STRING", PKI_BAD_INPUT, "der",
	    PARTIAL("30{06{551d0f} 03020780}") },
	{ "something behind the value", PKI_BAD_INPUT, "der",
	    PARTIAL("30{06{551d0f} 04{03020780} 0500}") },
};

Test(csrattrs_refused, in_every_other_shape)
{
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) der = pki_buf_new();
		PKI_AUTO(pki_csrattrs) found = NULL;
		pki_err err = { 0 };

		cr_assert(csr_piece(rows[i].text, der), "%s", rows[i].what);
		cr_expect(pki_csrattrs_parse(pki_buf_bytes(der), &found, &err)
		    == rows[i].code, "%s: %s", rows[i].what, err.msg);
		cr_expect(strcmp(err.rule, rows[i].rule) == 0, "%s: %s",
		    rows[i].what, err.msg);
		cr_expect(found == NULL, "%s", rows[i].what);
	}
}

/* How often piece is repeated between begin and end. */
static pki_code
parse_many(const char *begin, const char *format, size_t count,
    const char *end, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_csrattrs) found = NULL;

	pki_buf_add_text(text, begin);
	for (size_t i = 0; i < count; i++)
		pki_buf_add_format(text, "%s{2a%02zx}%s", format, i,
		    format[0] == '0' ? "" : "0400}");
	pki_buf_add_text(text, end);
	cr_assert(csr_piece(pki_buf_text(text), der));
	return pki_csrattrs_parse(pki_buf_bytes(der), &found, err);
}

Test(csrattrs_refused, above_the_limits)
{
	pki_err err = { 0 };
	PKI_AUTO(pki_buf) huge = pki_buf_new();
	PKI_AUTO(pki_csrattrs) found = NULL;

	cr_expect(parse_many("30{", "06", 64, "}", &err) == PKI_OK, "%s",
	    err.msg);
	cr_expect(parse_many("30{", "06", 65, "}", &err) == PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "csrattrs");
	cr_expect(parse_many("30{30{" EXTENSION_REQ " 31{30{", "30{06", 32,
	    "}}}}", &err) == PKI_OK, "%s", err.msg);
	cr_expect(parse_many("30{30{" EXTENSION_REQ " 31{30{", "30{06", 33,
	    "}}}}", &err) == PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "csrattrs");
	while (huge->len <= PKI_CSRATTRS_MAX)
		pki_buf_add_byte(huge, 0x30);
	cr_expect(pki_csrattrs_parse(pki_buf_bytes(huge), &found, &err) ==
	    PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "size");
}

Test(csrattrs_refused, when_the_writer_is_asked_for_nonsense)
{
	static const struct {
		pki_csrattrs      wanted;
		pki_csrattrs_form form;
		pki_code          code;
	} calls[] = {
		{ { .key_types = 0 }, 0, PKI_USAGE },
		{ { .key_types = 0 }, 4, PKI_USAGE },
		{ { .challenges = 1 << PKI_CSR_CHALLENGES },
		    PKI_CSRATTRS_PLAIN, PKI_USAGE },
		{ { .key_usage = 1 << 9 }, PKI_CSRATTRS_PLAIN, PKI_USAGE },
		{ { .ext_usage = PKI_EKU_OTHER }, PKI_CSRATTRS_PLAIN,
		    PKI_USAGE },
		{ { .to_fill_in = 8 }, PKI_CSRATTRS_TEMPLATE, PKI_USAGE },
		{ { .subject_count = 11 }, PKI_CSRATTRS_PLAIN, PKI_USAGE },
		{ { .subject = { { PKI_NAME_COUNTRY, "Germany" } },
		    .subject_count = 1 }, PKI_CSRATTRS_TEMPLATE,
		    PKI_BAD_INPUT },
	};

	for (size_t i = 0; i < PKI_COUNT(calls); i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();
		pki_err err = { 0 };

		cr_expect(pki_csrattrs_encode(&calls[i].wanted,
		    calls[i].form, out, &err) == calls[i].code, "row %zu", i);
		cr_expect(out->len == 0 && err.msg[0] != '\0');
	}
}
