#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/csr-maker.h"
#include "x509/altname.h"
#include "x509/usage.h"

TestSuite(altnames_add, .timeout = 30);
TestSuite(altnames_parse, .timeout = 30);
TestSuite(altnames_encode, .timeout = 30);
TestSuite(altnames_copy, .timeout = 30);
TestSuite(altnames_equal, .timeout = 30);
TestSuite(usage_print, .timeout = 30);

#define L10 "abcdefghij"
#define L60 L10 L10 L10 L10 L10 L10
#define L63 L60 "abc"

static const struct {
	const char *text, *canonical;
} texts[] = {
	{ "dns:broker.example", "dns:broker.example" },
	{ "dns:Broker.EXAMPLE", "dns:broker.example" },
	{ "dns:localhost", "dns:localhost" },
	{ "dns:1.a", "dns:1.a" },
	{ "dns:xn--zhler-gra.example", "dns:xn--zhler-gra.example" },
	{ "dns:*.site.example", "dns:*.site.example" },
	{ "dns:" L63 ".example", "dns:" L63 ".example" },
	{ "dns:" L63 "." L63 "." L63 "." L60 "a",
	    "dns:" L63 "." L63 "." L63 "." L60 "a" },
	{ "dns:" L63 "." L63 "." L63 "." L60 "ab", NULL },
	{ "dns:" L63 "d.example", NULL },
	{ "dns:", NULL },
	{ "dns:.", NULL },
	{ "dns:a.", NULL },
	{ "dns:.a", NULL },
	{ "dns:a..b", NULL },
	{ "dns:a_b.example", NULL },
	{ "dns:-a.example", NULL },
	{ "dns:a-.example", NULL },
	{ "dns:a b", NULL },
	{ "dns:a/b", NULL },
	{ "dns:a:b", NULL },
	{ "dns:z\xc3\xa4hler.example", NULL },
	{ "dns:10.0.0.1", NULL },
	{ "dns:2130706433", NULL },
	{ "dns:127.1", NULL },
	{ "dns:0x7f000001", NULL },
	{ "dns:0X7F000001", NULL },
	{ "dns:0x7f.0.0.0x1", NULL },
	{ "dns:127.0.0.0x", NULL },
	{ "dns:017700000001", NULL },
	{ "dns:host.0xff", NULL },
	{ "dns:*.10.0x1", NULL },
	{ "dns:0xfg", "dns:0xfg" },
	{ "dns:0x7f.example", "dns:0x7f.example" },
	{ "dns:10.0.0.1a", "dns:10.0.0.1a" },
	{ "dns:a.1", NULL },
	{ "dns:*", NULL },
	{ "dns:*.example", NULL },
	{ "dns:a.*.example", NULL },
	{ "dns:a*.site.example", NULL },
	{ "dns:**.site.example", NULL },
	{ "dns:*.*.site.example", NULL },
	{ "ip:10.0.0.1", "ip:10.0.0.1" },
	{ "ip:2001:DB8:0:0::1", "ip:2001:db8::1" },
	{ "ip:::ffff:10.0.0.1", "ip:::ffff:10.0.0.1" },
	{ "ip:10.0.0", NULL },
	{ "ip:10.0.0.01", NULL },
	{ "ip:10.0.0.256", NULL },
	{ "ip:10.0.0.0/8", NULL },
	{ "ip:fe80::1%eth0", NULL },
	{ "ip:", NULL },
	{ "ip:localhost", NULL },
	{ "uri:urn:example:meter:1", "uri:urn:example:meter:1" },
	{ "uri:https://a.example/x?y#z", "uri:https://a.example/x?y#z" },
	{ "uri:a+b.c-1:x", "uri:a+b.c-1:x" },
	{ "uri:", NULL },
	{ "uri:urn", NULL },
	{ "uri:urn:", NULL },
	{ "uri::x", NULL },
	{ "uri:1a:x", NULL },
	{ "uri:URN:x", NULL },
	{ "uri:urn:a b", NULL },
	{ "uri:urn:a<b", NULL },
	{ "uri:urn:a\\b", NULL },
	{ "uri:urn:a`b", NULL },
	{ "uri:urn:a\x7f", NULL },
	{ "uri:urn:z\xc3\xa4hler", NULL },
	{ "uri:urn:" L60 L60 L60 L60 L10 "a",
	    "uri:urn:" L60 L60 L60 L60 L10 "a" },
	{ "uri:urn:" L60 L60 L60 L60 L10 "ab", NULL },
	{ "email:Meter.1@Mail.Example", "email:Meter.1@mail.example" },
	{ "email:a@b", "email:a@b" },
	{ "email:@b", NULL },
	{ "email:a@", NULL },
	{ "email:a", NULL },
	{ "email:a@b@c", NULL },
	{ "email:a b@c", NULL },
	{ "email:.a@c", NULL },
	{ "email:a.@c", NULL },
	{ "email:a..b@c", NULL },
	{ "email:\"a\"@c", NULL },
	{ "email:a@*.site.example", NULL },
	{ "email:a@10.0.0.1", NULL },
	{ "email:a@0x7f000001", NULL },
	{ "broker.example", NULL },
	{ "DNS:broker.example", NULL },
	{ "other:x", NULL },
	{ "", NULL },
};

Test(altnames_add, makes_names_canonical_or_refuses_them)
{
	for (size_t i = 0; i < PKI_COUNT(texts); i++) {
		PKI_AUTO(pki_altnames) names = pki_altnames_new();
		PKI_AUTO(pki_buf) text = pki_buf_new();
		pki_err err = { 0 };
		pki_code rc;

		rc = pki_altnames_add_text(names, texts[i].text, &err);
		pki_altnames_print(names, text);
		if (texts[i].canonical == NULL)
			cr_expect(rc == PKI_BAD_INPUT && text->len == 0 &&
			    strcmp(err.rule, "alt-name") == 0, "%s: %s",
			    texts[i].text, err.msg);
		else
			cr_expect(rc == PKI_OK && strcmp(pki_buf_text(text),
			    texts[i].canonical) == 0, "%s: %s %s",
			    texts[i].text, pki_buf_text(text), err.msg);
	}
}

Test(altnames_add, does_not_repeat_a_name)
{
	PKI_AUTO(pki_altnames) names = pki_altnames_new();

	cr_expect(pki_altnames_add(names, PKI_ALT_DNS, "a.example", NULL) ==
	    PKI_OK);
	cr_expect(pki_altnames_add(names, PKI_ALT_DNS, "A.example", NULL) ==
	    PKI_OK);
	cr_expect(pki_altnames_count(names) == 1);
	cr_expect(pki_altnames_at(names, 1) == NULL);
}

Test(altnames_parse, reads_four_kinds_and_refuses_the_rest)
{
	static const struct {
		const char *text, *printed, *rule;
	} rows[] = {
		{ "30{82{'a.example'} 87{0a000001} 86{'urn:x'} 81{'a@b'}}",
		    "dns:a.example, ip:10.0.0.1, uri:urn:x, email:a@b", "" },
		{ "30{87{20010db8000000000000000000000001}}",
		    "ip:2001:db8::1", "" },
		{ "30{82{'A.Example'} 82{'a.example'}}", "dns:a.example", "" },
		{ "30{}", NULL, "alt-name" },
		{ "30{82{'a.example' 00 '.evil'}}", NULL, "alt-name" },
		{ "30{82{'a.example' 00}}", NULL, "alt-name" },
		{ "30{81{'a@b' 00}}", NULL, "alt-name" },
		{ "30{86{'urn:x' 00}}", NULL, "alt-name" },
		{ "30{82{}}", NULL, "alt-name" },
		{ "30{87{}}", NULL, "alt-name" },
		{ "30{87{0a0000}}", NULL, "alt-name" },
		{ "30{87{0a000001ffffff00}}", NULL, "alt-name" },
		{ "30{a0{06{2a0304} a0{0c{'other'}}}}", NULL, "alt-name" },
		{ "30{a4{30{}}}", NULL, "alt-name" },
		{ "30{88{2a0304}}", NULL, "alt-name" },
		{ "30{a2{16{'a.example'}}}", NULL, "alt-name" },
		{ "30{16{'a.example'}}", NULL, "alt-name" },
		{ "30{82!{'a.example'}}", NULL, "der" },
		{ "30!{82{'a.example'}}", NULL, "der" },
		{ "30~{82{'a.example'}}", NULL, "der" },
		{ "30{82{'a.example'}} 00", NULL, "der" },
		{ "31{82{'a.example'}}", NULL, "der" },
		{ "", NULL, "der" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) der = pki_buf_new();
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_altnames) names = NULL;
		pki_err err = { 0 };
		pki_code rc;

		cr_assert(csr_piece(rows[i].text, der), "%s", rows[i].text);
		rc = pki_altnames_parse(pki_buf_bytes(der), &names, &err);
		pki_altnames_print(names, text);
		if (rows[i].printed != NULL)
			cr_expect(rc == PKI_OK && strcmp(pki_buf_text(text),
			    rows[i].printed) == 0, "%s: %s", rows[i].text,
			    pki_buf_text(text));
		else
			cr_expect(rc == PKI_BAD_INPUT && names == NULL &&
			    strcmp(err.rule, rows[i].rule) == 0, "%s: %s",
			    rows[i].text, err.msg);
	}
}

Test(altnames_encode, writes_what_parse_reads_in_the_list_s_order)
{
	static const char *const listed[] = {
		"ip:2001:db8::1", "dns:b.example", "dns:a.example",
		"uri:urn:x", "email:a@b", "ip:10.0.0.1",
	};
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	PKI_AUTO(pki_altnames) again = NULL;
	PKI_AUTO(pki_buf) der = pki_buf_new();

	for (size_t i = 0; i < PKI_COUNT(listed); i++)
		cr_assert(pki_altnames_add_text(names, listed[i], NULL) ==
		    PKI_OK);
	cr_assert(pki_altnames_encode(names, der, NULL) == PKI_OK);
	cr_assert(pki_altnames_parse(pki_buf_bytes(der), &again, NULL) ==
	    PKI_OK);
	cr_assert(pki_altnames_count(again) == PKI_COUNT(listed));
	for (size_t i = 0; i < PKI_COUNT(listed); i++)
		cr_expect_str_eq(pki_altnames_at(names, i)->text,
		    pki_altnames_at(again, i)->text);
}

Test(altnames_copy, outlives_what_it_was_copied_from)
{
	pki_altnames *names = pki_altnames_new();
	PKI_AUTO(pki_altnames) copy = NULL;

	cr_assert(pki_altnames_add_text(names, "dns:a.example", NULL) ==
	    PKI_OK);
	cr_assert(pki_altnames_add_text(names, "ip:10.0.0.1", NULL) ==
	    PKI_OK);
	cr_assert(pki_altnames_copy(names, &copy, NULL) == PKI_OK);
	pki_altnames_free(names);
	cr_expect(pki_altnames_count(copy) == 2);
	cr_expect_str_eq(pki_altnames_at(copy, 0)->text, "a.example");
	cr_expect_str_eq(pki_altnames_at(copy, 1)->text, "10.0.0.1");
}

Test(altnames_equal, compares_sets)
{
	PKI_AUTO(pki_altnames) a = pki_altnames_new();
	PKI_AUTO(pki_altnames) b = pki_altnames_new();

	cr_expect(pki_altnames_equal(a, NULL));
	cr_assert(pki_altnames_add_text(a, "dns:x.example", NULL) == PKI_OK);
	cr_assert(pki_altnames_add_text(a, "ip:10.0.0.1", NULL) == PKI_OK);
	cr_assert(pki_altnames_add_text(b, "ip:10.0.0.1", NULL) == PKI_OK);
	cr_expect(!pki_altnames_equal(a, b));
	cr_assert(pki_altnames_add_text(b, "dns:x.example", NULL) == PKI_OK);
	cr_expect(pki_altnames_equal(a, b));
	cr_expect(!pki_altnames_equal(a, NULL));
}

Test(usage_print, lists_the_names_of_a_set)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();

	pki_usage_print(pki_key_usage_names, 1u << PKI_KU_DECIPHER_ONLY |
	    1u << PKI_KU_DIGITAL_SIGNATURE, text);
	cr_expect_str_eq(pki_buf_text(text),
	    "digital-signature, decipher-only");
	pki_buf_cut(text, 0);
	pki_usage_print(pki_ext_usage_names, 1u << PKI_EKU_CLIENT_AUTH |
	    1u << PKI_EKU_SERVER_AUTH | 1u << PKI_EKU_CMC_RA, text);
	cr_expect_str_eq(pki_buf_text(text),
	    "server-auth, client-auth, cmc-ra");
	pki_buf_cut(text, 0);
	pki_usage_print(pki_ext_usage_names, 0, text);
	cr_expect_str_eq(pki_buf_text(text), "");
}
