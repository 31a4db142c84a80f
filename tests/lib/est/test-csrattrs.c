#include <criterion/criterion.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "est/csrattrs.h"
#include "tests/lib/est/mutate.h"
#include "tests/support/csr-maker.h"

TestSuite(csrattrs, .timeout = 60);

#define PASSWORD "06{2a864886f70d010907}"
#define LINKING "06{2a864886f70d010910023a}"
#define EXTENSION_REQ "06{2a864886f70d01090e}"
#define TEMPLATE "06{2a864886f70d010910023d}"
#define PARTIAL_REQ "06{2a864886f70d010910023e}"
#define EC "06{2a8648ce3d0201}"
#define RSA "06{2a864886f70d010101}"
#define P256 "06{2a8648ce3d030107}"
#define P384 "06{2b81040022}"
#define ECDSA_384 "06{2a8648ce3d040303}"
#define RSA_256 "06{2a864886f70d01010b}"
#define SIGN_AND_AGREE "30{06{551d0f} 0101ff 04{03020388}}"

static pki_csrattrs *
parse(const char *text)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_csrattrs *out = NULL;
	pki_err err = { 0 };

	cr_assert(csr_piece(text, der), "%s", text);
	cr_assert(pki_csrattrs_parse(pki_buf_bytes(der), &out, &err) ==
	    PKI_OK, "%s: %s", text, err.msg);
	return out;
}

static pki_buf *
encode(const pki_csrattrs *wanted, pki_csrattrs_form form)
{
	pki_buf *out = pki_buf_new();
	pki_err err = { 0 };

	cr_assert(pki_csrattrs_encode(wanted, form, out, &err) == PKI_OK,
	    "%s", err.msg);
	return out;
}

static void
expect_encoding(const pki_csrattrs *wanted, pki_csrattrs_form form,
    const char *text)
{
	PKI_AUTO(pki_buf) der = encode(wanted, form);
	PKI_AUTO(pki_buf) expected = pki_buf_new();

	cr_assert(csr_piece(text, expected), "%s", text);
	cr_expect(pki_bytes_equal(pki_buf_bytes(der),
	    pki_buf_bytes(expected)), "%s", text);
}

/* RFC 7030, 4.5.2; its request for extensions holds an OID by mistake. */
Test(csrattrs, of_rfc_7030_are_read)
{
	PKI_AUTO(pki_csrattrs) found = parse("30{" PASSWORD
	    "30{" EC " 31{" P384 "}}"
	    "30{" EXTENSION_REQ " 31{06{2b0601010101 16}}}" ECDSA_384 "}");

	cr_expect(found->challenges == 1 << PKI_CSR_CHALLENGE_PASSWORD);
	cr_expect(found->key_types == 1 << PKI_KEY_P384);
	cr_expect(found->signature == pki_sigalg_for(PKI_KEY_P384));
	cr_expect(found->alt_names == NULL && found->key_usage == 0);
}

/* RFC 9908, 5: a size of RSA, another hash. */
Test(csrattrs, of_a_key_of_some_size)
{
	static const char text[] = "30{30{" RSA " 31{02021000}}" RSA_256 "}";
	pki_csrattrs wanted = { .key_types = 1 << PKI_KEY_RSA4096,
		.signature = pki_sigalg_for(PKI_KEY_RSA4096) };
	PKI_AUTO(pki_csrattrs) found = parse(text);

	cr_expect(found->key_types == wanted.key_types);
	cr_expect(found->signature == wanted.signature);
	expect_encoding(&wanted, PKI_CSRATTRS_PLAIN, text);
}

/* The example of RFC 9908, 3.4, with the OID that it means. */
static const char example[] = "30{30{" TEMPLATE " 31{30{020100 30{"
    "31{30{06{550403}}}"
    "31{30{06{55040b} 0c{'myDept'}}} 31{30{06{55040b} 0c{'myGroup'}}}}"
    "a0{30{" EC P256 "}}"
    "a1{30{" PARTIAL_REQ " 31{30{"
    "30{06{551d11} 04{30{82{'www.myserver.com'} 8700}}}"
    SIGN_AND_AGREE " 30{06{551d25}}}}}}}}}}";

static void
want_example(pki_csrattrs *wanted)
{
	*wanted = (pki_csrattrs){
		.key_types = 1 << PKI_KEY_P256,
		.subject = {
			{ PKI_NAME_COMMON_NAME, "" },
			{ PKI_NAME_ORGANIZATIONAL_UNIT, "myDept" },
			{ PKI_NAME_ORGANIZATIONAL_UNIT, "myGroup" },
		},
		.subject_count = 3,
		.alt_names = pki_altnames_new(), .ip_wanted = true,
		.key_usage = 1 << PKI_KU_DIGITAL_SIGNATURE |
		    1 << PKI_KU_KEY_AGREEMENT,
		.to_fill_in = PKI_CSRATTRS_EXT_USAGE,
	};
	cr_assert(pki_altnames_add_text(wanted->alt_names,
	    "dns:www.myserver.com", NULL) == PKI_OK);
}

static void
expect_same(const pki_csrattrs *a, const pki_csrattrs *b)
{
	cr_expect(a->key_types == b->key_types);
	cr_expect(a->signature == b->signature);
	cr_expect(a->challenges == b->challenges);
	cr_expect(a->key_usage == b->key_usage);
	cr_expect(a->ext_usage == b->ext_usage);
	cr_expect(a->to_fill_in == b->to_fill_in);
	cr_expect(a->ip_wanted == b->ip_wanted);
	cr_expect(pki_altnames_equal(a->alt_names, b->alt_names));
	cr_assert(a->subject_count == b->subject_count);
	for (size_t i = 0; i < a->subject_count; i++) {
		cr_expect(a->subject[i].type == b->subject[i].type);
		cr_expect_str_eq(a->subject[i].value, b->subject[i].value);
	}
}

Test(csrattrs, of_rfc_9908_as_a_template)
{
	PKI_AUTO(pki_csrattrs) found = parse(example);
	pki_csrattrs wanted;

	want_example(&wanted);
	expect_same(found, &wanted);
	expect_encoding(&wanted, PKI_CSRATTRS_TEMPLATE, example);
	pki_altnames_free(wanted.alt_names);
}

Test(csrattrs, of_rfc_9908_with_the_misprinted_oid_are_read_too)
{
	PKI_AUTO(pki_csrattrs) found = parse("30{30{" TEMPLATE " 31{30{020100 "
	    "a1{30{06{2a864886f70d01093e} 31{30{30{06{551d11}}}}}}}}}}");

	cr_expect(found->to_fill_in == PKI_CSRATTRS_ALT_NAMES);
}

Test(csrattrs, are_written_exactly)
{
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	const struct {
		pki_csrattrs      wanted;
		pki_csrattrs_form form;
		const char       *text;
	} rows[] = {
		{ { .key_types = 0 }, PKI_CSRATTRS_PLAIN, "3000" },
		{ { .key_types = 0 }, PKI_CSRATTRS_TEMPLATE,
		    "30{30{" TEMPLATE " 31{30{020100 a100}}}}" },
		{ { .challenges = 1 << PKI_CSR_CHALLENGE_PASSWORD |
		    1 << PKI_CSR_IDENTITY_LINKING }, PKI_CSRATTRS_TEMPLATE,
		    "30{" PASSWORD LINKING
		    "30{" TEMPLATE " 31{30{020100 a100}}}}" },
		{ { .key_types = 1 << PKI_KEY_ED25519,
		    .signature = pki_sigalg_for(PKI_KEY_ED25519) },
		    PKI_CSRATTRS_BOTH, "30{06{2b6570} 30{" TEMPLATE
		    " 31{30{020100 a0{30{06{2b6570}}} a100}}}}" },
		/* There is no way to say "or". */
		{ { .key_types = 1 << PKI_KEY_P256 | 1 << PKI_KEY_P384 },
		    PKI_CSRATTRS_BOTH, "30{30{" TEMPLATE
		    " 31{30{020100 a100}}}}" },
		{ { .key_usage = 1 << PKI_KU_DECIPHER_ONLY, .ext_usage =
		    1 << PKI_EKU_CLIENT_AUTH | 1 << PKI_EKU_CMC_RA },
		    PKI_CSRATTRS_PLAIN, "30{30{" EXTENSION_REQ " 31{30{"
		    "30{06{551d0f} 0101ff 04{0303070080}}"
		    "30{06{551d25} 04{30{06{2b06010505070302}"
		    "06{2b0601050507031c}}}}}}}}" },
		/* All values known: the usual attribute in the template. */
		{ { .key_usage = 1 }, PKI_CSRATTRS_TEMPLATE,
		    "30{30{" TEMPLATE " 31{30{020100 a1{30{" EXTENSION_REQ
		    " 31{30{30{06{551d0f} 0101ff 04{03020780}}}}}}}}}}" },
		/* The plain form leaves out what it cannot say. */
		{ { .to_fill_in = PKI_CSRATTRS_ALT_NAMES, .key_usage = 1,
		    .subject_count = 1 }, PKI_CSRATTRS_PLAIN,
		    "30{30{" EXTENSION_REQ " 31{30{30{06{551d0f} 0101ff "
		    "04{03020780}}}}}}" },
		{ { .ip_wanted = true, .alt_names = names },
		    PKI_CSRATTRS_PLAIN, "3000" },
		{ { .ip_wanted = true }, PKI_CSRATTRS_TEMPLATE,
		    "30{30{" TEMPLATE " 31{30{020100 a1{30{" EXTENSION_REQ
		    " 31{30{30{06{551d11} 04{30{8700}}}}}}}}}}}" },
		{ { .alt_names = names }, PKI_CSRATTRS_PLAIN,
		    "30{30{" EXTENSION_REQ " 31{30{30{06{551d11} "
		    "04{30{82{'a.example'}}}}}}}}" },
	};

	cr_assert(pki_altnames_add_text(names, "dns:a.example", NULL) ==
	    PKI_OK);
	for (size_t i = 0; i < PKI_COUNT(rows); i++)
		expect_encoding(&rows[i].wanted, rows[i].form, rows[i].text);
}

Test(csrattrs, with_a_template_are_those_of_the_template_only)
{
	PKI_AUTO(pki_csrattrs) found = parse("30{" PASSWORD
	    "30{" EC " 31{" P384 "}}" ECDSA_384
	    "30{" EXTENSION_REQ " 31{30{" SIGN_AND_AGREE
	    "30{06{551d11} 04{30{82{'a.example'}}}}}}}"
	    "30{" TEMPLATE " 31{30{020100 a100}}}}");

	cr_expect(found->key_types == 0 && found->key_usage == 0);
	cr_expect(found->alt_names == NULL);
	/* These have no other place. */
	cr_expect(found->challenges == 1 << PKI_CSR_CHALLENGE_PASSWORD);
	cr_expect(found->signature == pki_sigalg_for(PKI_KEY_P384));
}

Test(csrattrs, that_are_unknown_are_ignored)
{
	PKI_AUTO(pki_csrattrs) found = parse("30{06{2a03} 06{550405}"
	    "30{06{2a04} 3100} 30{06{2a05} 31{020101 0500}}"
	    /* SHA-1: nothing that we would sign with. */
	    "06{2a864886f70d010105}"
	    "30{" EXTENSION_REQ " 31{30{30{06{2a06} 04{'any'}}}}}}");
	pki_csrattrs nothing = { .key_types = 0 };

	expect_same(found, &nothing);
}

Test(csrattrs, may_leave_the_curve_or_size_open)
{
	static const uint32_t rsa = 1 << PKI_KEY_RSA2048 |
	    1 << PKI_KEY_RSA3072 | 1 << PKI_KEY_RSA4096;
	static const uint32_t ec = 1 << PKI_KEY_P256 | 1 << PKI_KEY_P384 |
	    1 << PKI_KEY_P521;
	static const struct {
		const char *text;
		uint32_t    types;
	} rows[] = {
		{ "30{" RSA "}", rsa },
		{ "30{30{" RSA " 3100}}", rsa },
		{ "30{" EC "}", ec },
		{ "30{30{" EC " 3100}}", ec },
		{ "30{30{06{2b6570} 3100}}", 1 << PKI_KEY_ED25519 },
		{ "30{30{" TEMPLATE " 31{30{020100 a0{30{" RSA " 0500}} "
		    "a100}}}}", rsa },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_csrattrs) found = parse(rows[i].text);

		cr_expect(found->key_types == rows[i].types, "%s",
		    rows[i].text);
	}
}

Test(csrattrs, of_each_type_of_key_are_read_as_written)
{
	for (unsigned i = PKI_KEY_P256; i <= PKI_KEY_ML_DSA_87; i++)
		for (unsigned form = 1; form <= 3; form++) {
			pki_csrattrs wanted = {
				.key_types = UINT32_C(1) << i,
				.signature = pki_sigalg_for(i),
			};
			PKI_AUTO(pki_buf) der = encode(&wanted, form);
			PKI_AUTO(pki_csrattrs) found = NULL;
			pki_err err = { 0 };

			cr_assert(pki_csrattrs_parse(pki_buf_bytes(der),
			    &found, &err) == PKI_OK, "%u: %s", i, err.msg);
			expect_same(found, &wanted);
		}
}

static void
check_by_libcrypto(X509_EXTENSIONS *list)
{
	ASN1_BIT_STRING *usage = X509V3_get_d2i(list, NID_key_usage, NULL,
	    NULL);
	EXTENDED_KEY_USAGE *purposes = X509V3_get_d2i(list,
	    NID_ext_key_usage, NULL, NULL);
	GENERAL_NAMES *names = X509V3_get_d2i(list, NID_subject_alt_name,
	    NULL, NULL);

	cr_assert(usage != NULL && purposes != NULL && names != NULL);
	cr_expect(ASN1_BIT_STRING_get_bit(usage, 0) == 1);
	cr_expect(ASN1_BIT_STRING_get_bit(usage, 2) == 1);
	cr_expect(ASN1_BIT_STRING_get_bit(usage, 1) == 0);
	cr_expect(sk_ASN1_OBJECT_num(purposes) == 2);
	cr_expect(OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, 0)) ==
	    NID_server_auth);
	cr_expect(sk_GENERAL_NAME_num(names) == 1);
	ASN1_BIT_STRING_free(usage);
	EXTENDED_KEY_USAGE_free(purposes);
	GENERAL_NAMES_free(names);
}

/* libcrypto has no CsrAttrs, but knows what they are made of. */
Test(csrattrs, in_plain_form_are_read_by_libcrypto)
{
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	pki_csrattrs wanted = {
		.challenges = 1 << PKI_CSR_CHALLENGE_PASSWORD,
		.key_types = 1 << PKI_KEY_P256, .alt_names = names,
		.key_usage = 1 << PKI_KU_DIGITAL_SIGNATURE |
		    1 << PKI_KU_KEY_ENCIPHERMENT,
		.ext_usage = 1 << PKI_EKU_SERVER_AUTH |
		    1 << PKI_EKU_CLIENT_AUTH,
		.signature = pki_sigalg_for(PKI_KEY_P256),
	};
	static const int nids[] = { NID_pkcs9_challengePassword,
		NID_X9_62_id_ecPublicKey, NID_ext_req,
		NID_ecdsa_with_SHA256 };
	PKI_AUTO(pki_buf) der = NULL;
	ASN1_SEQUENCE_ANY *list;
	const unsigned char *at;

	cr_assert(pki_altnames_add_text(names, "dns:a.example", NULL) ==
	    PKI_OK);
	der = encode(&wanted, PKI_CSRATTRS_PLAIN);
	at = der->data;
	list = d2i_ASN1_SEQUENCE_ANY(NULL, &at, (long)der->len);
	cr_assert(list != NULL && at == der->data + der->len);
	cr_assert(sk_ASN1_TYPE_num(list) == 4);
	for (int i = 0; i < 4; i++) {
		ASN1_TYPE *element = sk_ASN1_TYPE_value(list, i);
		X509_ATTRIBUTE *attribute;
		X509_EXTENSIONS *inner;
		ASN1_STRING *value;

		if (element->type == V_ASN1_OBJECT) {
			cr_expect(OBJ_obj2nid(element->value.object) ==
			    nids[i]);
			continue;
		}
		cr_assert(element->type == V_ASN1_SEQUENCE);
		at = element->value.sequence->data;
		attribute = d2i_X509_ATTRIBUTE(NULL, &at,
		    element->value.sequence->length);
		cr_assert(attribute != NULL);
		cr_expect(OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute))
		    == nids[i]);
		cr_expect(X509_ATTRIBUTE_count(attribute) == 1);
		if (nids[i] == NID_ext_req) {
			value = X509_ATTRIBUTE_get0_data(attribute, 0,
			    V_ASN1_SEQUENCE, NULL);
			at = value->data;
			inner = d2i_X509_EXTENSIONS(NULL, &at,
			    value->length);
			cr_assert(inner != NULL);
			check_by_libcrypto(inner);
			sk_X509_EXTENSION_pop_free(inner,
			    X509_EXTENSION_free);
		}
		X509_ATTRIBUTE_free(attribute);
	}
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
}

static bool
try_attrs(pki_bytes in)
{
	PKI_AUTO(pki_csrattrs) found = NULL;

	return pki_csrattrs_parse(in, &found, NULL) == PKI_OK;
}

Test(csrattrs, survive_mutation)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();

	cr_assert(csr_piece(example, der));
	mutate(pki_buf_bytes(der), try_attrs);
}
