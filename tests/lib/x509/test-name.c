#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/csr-maker.h"
#include "x509/name.h"

TestSuite(name_parse, .timeout = 30);
TestSuite(name_build, .timeout = 30);
TestSuite(name_copy, .timeout = 30);
TestSuite(name_match, .timeout = 30);
TestSuite(name_common_name, .timeout = 30);
TestSuite(name_print, .timeout = 30);

#define RDN(arc, tag, value) "31{30{06{5504" arc "} " tag "{" value "}}}"
#define CN(tag, value) RDN("03", tag, value)
#define TEN "'0123456789'"
#define SIXTY TEN TEN TEN TEN TEN TEN

static pki_name *
parse_text(const char *text, pki_err *err)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_name *name = NULL;

	cr_assert(csr_piece(text, der), "the test's own piece: %s", text);
	if (pki_name_parse(pki_buf_bytes(der), &name, err) != PKI_OK)
		cr_assert(name == NULL);
	return name;
}

static pki_name *
build_cn(const char *value)
{
	pki_name_part part = { PKI_NAME_COMMON_NAME, value };
	pki_name *name = NULL;

	cr_assert(pki_name_build(&part, 1, &name, NULL) == PKI_OK);
	return name;
}

static const struct {
	const char *text, *rule;
} names[] = {
	{ "30{}", NULL },
	{ "30{" CN("0c", "'meter'") "}", NULL },
	{ "30{" CN("13", "'Meter 1'") "}", NULL },
	{ "30{" RDN("06", "13", "'DE'") RDN("08", "0c", "'x'")
	    RDN("07", "0c", "'x'") RDN("0a", "0c", "'x'")
	    RDN("0b", "0c", "'x'") RDN("05", "13", "'1'")
	    CN("0c", "'x'") "}", NULL },
	{ "30{" CN("0c", SIXTY "'1234'") "}", NULL },
	{ "30{" CN("0c", SIXTY "'123' e282ac") "}", NULL },
	{ "30{" CN("0c", SIXTY "'12345'") "}", "name" },
	{ "30{" CN("13", SIXTY "'12345'") "}", "name" },
	{ "30{" CN("0c", "") "}", "name" },
	{ "30{" CN("13", "") "}", "name" },
	{ "30{" CN("0c", "'a' 00 'b'") "}", "name" },
	{ "30{" CN("13", "'a' 00 'b'") "}", "name" },
	{ "30{" CN("0c", "0a") "}", "name" },
	{ "30{" CN("0c", "7f") "}", "name" },
	{ "30{" CN("0c", "c285") "}", "name" },
	{ "30{" CN("0c", "e280ae") "}", "name" },
	{ "30{" CN("0c", "e281a6") "}", "name" },
	{ "30{" CN("0c", "efbbbf") "}", "name" },
	{ "30{" CN("0c", "c080") "}", "name" },
	{ "30{" CN("0c", "c1bf") "}", "name" },
	{ "30{" CN("0c", "e09fbf") "}", "name" },
	{ "30{" CN("0c", "eda080") "}", "name" },
	{ "30{" CN("0c", "f08fbfbf") "}", "name" },
	{ "30{" CN("0c", "f4908080") "}", "name" },
	{ "30{" CN("0c", "f48fbfbf") "}", NULL },
	{ "30{" CN("0c", "80") "}", "name" },
	{ "30{" CN("0c", "c3") "}", "name" },
	{ "30{" CN("0c", "e282") "}", "name" },
	{ "30{" CN("0c", "f888808080") "}", "name" },
	{ "30{" CN("13", "'a*b'") "}", "name" },
	{ "30{" CN("13", "'a@b'") "}", "name" },
	{ "30{" CN("13", "'a_b'") "}", "name" },
	{ "30{" CN("13", "c3bc") "}", "name" },
	{ "30{" CN("14", "'teletex'") "}", "name" },
	{ "30{" CN("1e", "0041") "}", "name" },
	{ "30{" CN("1c", "00000041") "}", "name" },
	{ "30{" CN("16", "'ia5'") "}", "name" },
	{ "30{" CN("04", "'octets'") "}", "name" },
	{ "30{" CN("30", "") "}", "name" },
	{ "30{" RDN("06", "13", "'D'") "}", "name" },
	{ "30{" RDN("06", "13", "'D1'") "}", "name" },
	{ "30{" RDN("06", "0c", "'DE'") "}", "name" },
	{ "30{" RDN("05", "0c", "'1'") "}", "name" },
	{ "30{" RDN("04", "0c", "'surname'") "}", "name" },
	{ "30{31{30{06{2a864886f70d010901} 16{'a@b'}}}}", "name" },
	{ "30{31{30{06{550403} 0c{'a'}} 30{06{55040a} 0c{'b'}}}}",
	    "name" },
	{ "30{31{30{06{55040a} 0c{'b'}} 30{06{550403} 0c{'a'}}}}",
	    "der" },
	{ "30{31{}}", "der" },
	{ "30{31{30{06{550403}}}}", "der" },
	{ "30{31{30{06{550403} 0c{'a'} 0c{'b'}}}}", "der" },
	{ "30!{" CN("0c", "'a'") "}", "der" },
	{ "30~{" CN("0c", "'a'") "}", "der" },
	{ "30{31!{30{06{550403} 0c{'a'}}}}", "der" },
	{ "30{31{30~{06{550403} 0c{'a'}}}}", "der" },
	{ "30{31{30{06!{550403} 0c{'a'}}}}", "der" },
	{ "30{31{30{06{550403} 0c!{'a'}}}}", "der" },
	{ "30{31{30{06{550403} 0c~{'a'}}}}", "der" },
	{ "30{} 00", "der" },
	{ "31{}", "der" },
	{ "", "der" },
};

Test(name_parse, accepts_names_and_refuses_what_is_none)
{
	for (size_t i = 0; i < PKI_COUNT(names); i++) {
		pki_err err = { 0 };
		PKI_AUTO(pki_name) name = parse_text(names[i].text, &err);

		if (names[i].rule == NULL)
			cr_expect(name != NULL, "%s: %s", names[i].text,
			    err.msg);
		else
			cr_expect(name == NULL && err.code == PKI_BAD_INPUT &&
			    strcmp(err.rule, names[i].rule) == 0, "%s: %s",
			    names[i].text, err.msg);
	}
}

Test(name_parse, names_an_unknown_attribute_by_its_dotted_identifier)
{
	pki_err err = { 0 };

	cr_assert(parse_text("30{31{30{06{2a864886f70d010901} 16{'a@b'}}}}",
	    &err) == NULL);
	cr_expect_str_eq(err.value, "attribute 1.2.840.113549.1.9.1");
}

Test(name_parse, takes_ten_parts_and_no_more)
{
	for (size_t count = 9; count <= 11; count++) {
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_name) name = NULL;
		pki_err err = { 0 };

		pki_buf_add_text(text, "30{");
		for (size_t i = 0; i < count; i++)
			pki_buf_add_text(text, RDN("0b", "0c", "'unit'"));
		pki_buf_add_text(text, "}");
		name = parse_text(pki_buf_text(text), &err);
		cr_expect((name != NULL) == (count <= 10), "%zu: %s", count,
		    err.msg);
	}
}

Test(name_build, encodes_what_parse_reads_back)
{
	static const pki_name_part parts[] = {
		{ PKI_NAME_COUNTRY, "DE" },
		{ PKI_NAME_ORGANIZATION, "Z\xc3\xa4hler" },
		{ PKI_NAME_SERIAL_NUMBER, "0042" },
		{ PKI_NAME_COMMON_NAME, "meter-0042" },
	};
	PKI_AUTO(pki_name) built = NULL;
	PKI_AUTO(pki_name) name = NULL;
	PKI_AUTO(pki_buf) der = pki_buf_new();

	cr_assert(pki_name_build(parts, PKI_COUNT(parts), &built, NULL) ==
	    PKI_OK);
	cr_assert(csr_piece("30{" RDN("06", "13", "'DE'")
	    RDN("0a", "0c", "'Z' c3a4 'hler'") RDN("05", "13", "'0042'")
	    CN("0c", "'meter-0042'") "}", der));
	cr_expect(pki_bytes_equal(pki_name_der(built), pki_buf_bytes(der)));
	cr_assert(pki_name_parse(pki_name_der(built), &name, NULL) == PKI_OK);
	cr_assert(pki_name_count(name) == PKI_COUNT(parts));
	for (size_t i = 0; i < PKI_COUNT(parts); i++) {
		cr_expect(pki_name_at(name, i)->type == parts[i].type);
		cr_expect_str_eq(pki_name_at(name, i)->value, parts[i].value);
	}
	cr_expect(pki_name_at(name, PKI_COUNT(parts)) == NULL);
	cr_expect(pki_name_equal(built, name));
}

Test(name_build, refuses_values_that_parse_would_refuse)
{
	static const pki_name_part rows[] = {
		{ PKI_NAME_COUNTRY, "Germany" },
		{ PKI_NAME_COUNTRY, "\xc3\xa4" },
		{ PKI_NAME_SERIAL_NUMBER, "a_b" },
		{ PKI_NAME_COMMON_NAME, "" },
		{ PKI_NAME_COMMON_NAME, "a\nb" },
		{ PKI_NAME_ORGANIZATION, "\xff" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_name) name = NULL;
		pki_err err = { 0 };

		cr_expect(pki_name_build(&rows[i], 1, &name, &err) ==
		    PKI_BAD_INPUT && strcmp(err.rule, "name") == 0, "%s",
		    rows[i].value);
	}
}

Test(name_copy, outlives_what_it_was_copied_from)
{
	static const pki_name_part parts[] = {
		{ PKI_NAME_COUNTRY, "DE" },
		{ PKI_NAME_ORGANIZATION, "Z\xc3\xa4hler" },
		{ PKI_NAME_COMMON_NAME, "meter-0042" },
	};
	pki_name *name = NULL;
	PKI_AUTO(pki_name) same = NULL;
	PKI_AUTO(pki_name) copy = NULL;

	cr_assert(pki_name_build(parts, 3, &name, NULL) == PKI_OK);
	cr_assert(pki_name_build(parts, 3, &same, NULL) == PKI_OK);
	cr_assert(pki_name_copy(name, &copy, NULL) == PKI_OK);
	pki_name_free(name);
	cr_expect(pki_name_equal(copy, same) && pki_name_match(copy, same));
	for (size_t i = 0; i < PKI_COUNT(parts); i++)
		cr_expect_str_eq(pki_name_at(copy, i)->value, parts[i].value);
}

Test(name_common_name, is_the_only_one_or_none)
{
	pki_err err = { 0 };
	PKI_AUTO(pki_name) one = parse_text("30{" RDN("0a", "0c", "'O'")
	    CN("0c", "'a'") "}", &err);
	PKI_AUTO(pki_name) two = parse_text("30{" CN("0c", "'a'")
	    CN("0c", "'b'") "}", &err);
	PKI_AUTO(pki_name) none = parse_text("30{}", &err);

	cr_expect_str_eq(pki_name_common_name(one), "a");
	cr_expect(pki_name_common_name(two) == NULL);
	cr_expect(pki_name_common_name(none) == NULL);
}

Test(name_match, folds_ascii_case_and_white_space_only)
{
	static const struct {
		const char *a, *b;
		bool        match;
	} rows[] = {
		{ "Example CA", "example ca", true },
		{ "Example CA", "  Example   CA ", true },
		{ "Example CA", "ExampleCA", false },
		{ "Example CA", "Example CB", false },
		{ "Example", "Example 1", false },
		{ " ", "   ", true },
		{ " ", "a", false },
		{ "\xc3\xa4", "\xc3\x84", false },
		{ "\xc3\xa4 B", "\xc3\xa4  b", true },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_name) a = build_cn(rows[i].a);
		PKI_AUTO(pki_name) b = build_cn(rows[i].b);

		cr_expect(pki_name_match(a, b) == rows[i].match, "'%s' '%s'",
		    rows[i].a, rows[i].b);
		cr_expect(pki_name_match(b, a) == rows[i].match, "'%s' '%s'",
		    rows[i].b, rows[i].a);
	}
}

Test(name_match, looks_through_string_types_but_not_order_or_attribute)
{
	pki_err err = { 0 };
	PKI_AUTO(pki_name) utf8 = parse_text("30{" CN("0c", "'A'")
	    RDN("0a", "0c", "'B'") "}", &err);
	PKI_AUTO(pki_name) printable = parse_text("30{" CN("13", "'a'")
	    RDN("0a", "13", "'b'") "}", &err);
	PKI_AUTO(pki_name) turned = parse_text("30{" RDN("0a", "0c", "'B'")
	    CN("0c", "'A'") "}", &err);
	PKI_AUTO(pki_name) shorter = parse_text("30{" CN("0c", "'A'") "}",
	    &err);

	cr_expect(pki_name_match(utf8, printable));
	cr_expect(!pki_name_equal(utf8, printable));
	cr_expect(!pki_name_match(utf8, turned));
	cr_expect(!pki_name_match(utf8, shorter));
}

Test(name_print, escapes_what_rfc_4514_wants_escaped)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	PKI_AUTO(pki_name) name = NULL;
	pki_name_part parts[] = {
		{ PKI_NAME_COMMON_NAME, " a,b+c\"d\\e<f>g;h=i " },
		{ PKI_NAME_ORGANIZATION, "#1 x" },
		{ PKI_NAME_SERIAL_NUMBER, "7" },
	};

	cr_assert(pki_name_build(parts, 3, &name, NULL) == PKI_OK);
	pki_name_print(name, text);
	cr_expect_str_eq(pki_buf_text(text), "CN=\\ a\\,b\\+c\\\"d\\\\e\\<f\\>"
	    "g\\;h=i\\ ,O=\\#1 x,serialNumber=7");
}
