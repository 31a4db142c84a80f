#include <criterion/criterion.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "est/certs-only.h"
#include "tests/lib/est/mutate.h"
#include "tests/lib/x509/sample.h"
#include "tests/support/csr-maker.h"
#include "x509/der.h"

/* Libcrypto's CMS and PKCS #7 are the reference in both directions. */

TestSuite(certs_only, .timeout = 60);

static pki_buf *
encode(const pki_bytes *certs, size_t count)
{
	pki_buf *out = pki_buf_new();
	pki_err err = { 0 };

	cr_assert(pki_certs_only_encode(certs, count, out, &err) == PKI_OK,
	    "%s", err.msg);
	return out;
}

/* The octets of "30{...}" notation. */
static pki_buf *
piece(const char *text)
{
	pki_buf *out = pki_buf_new();

	cr_assert(csr_piece(text, out), "%s", text);
	return out;
}

static void
expect_same(STACK_OF(X509) *theirs, const sample *samples, size_t count)
{
	cr_assert(sk_X509_num(theirs) == (int)count);
	for (size_t i = 0; i < count; i++) {
		pki_bytes der = pki_cert_der(samples[i].cert);
		X509 *ours = sample_x509(der);
		bool found = false;

		for (int k = 0; k < sk_X509_num(theirs); k++)
			found |= X509_cmp(sk_X509_value(theirs, k), ours) == 0;
		cr_expect(found);
		X509_free(ours);
	}
}

Test(certs_only, is_read_by_libcrypto_both_ways)
{
	sample samples[3];
	pki_bytes certs[3];

	for (size_t i = 0; i < 3; i++) {
		sample_make(&samples[i], "meter", NULL, NULL);
		certs[i] = pki_cert_der(samples[i].cert);
	}
	for (size_t count = 1; count <= 3; count++) {
		PKI_AUTO(pki_buf) der = encode(certs, count);
		const unsigned char *at = der->data;
		PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)der->len);
		STACK_OF(X509) *list;
		CMS_ContentInfo *cms;

		cr_assert(p7 != NULL && at == der->data + der->len);
		cr_assert(PKCS7_type_is_signed(p7));
		expect_same(p7->d.sign->cert, samples, count);
		cr_expect(ASN1_INTEGER_get(p7->d.sign->version) == 1);
		cr_expect(p7->d.sign->crl == NULL);
		PKCS7_free(p7);
		at = der->data;
		cms = d2i_CMS_ContentInfo(NULL, &at, (long)der->len);
		cr_assert(cms != NULL && at == der->data + der->len);
		list = CMS_get1_certs(cms);
		expect_same(list, samples, count);
		sk_X509_pop_free(list, X509_free);
		cr_expect(sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) <=
		    0);
		CMS_ContentInfo_free(cms);
	}
	for (size_t i = 0; i < 3; i++)
		sample_free(&samples[i]);
}

/* libcrypto's CMS sorts, as DER wants: octet for octet what we write. */
Test(certs_only, is_what_libcrypto_writes)
{
	SAMPLE a = { 0 }, b = { 0 };
	pki_bytes certs[2];
	PKI_AUTO(pki_buf) der = NULL;
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL,
	    CMS_PARTIAL | CMS_DETACHED);
	unsigned char *theirs = NULL;
	X509 *x;
	int len;

	sample_make(&a, "a", NULL, NULL);
	sample_make(&b, "b", NULL, NULL);
	certs[0] = pki_cert_der(b.cert);
	certs[1] = pki_cert_der(a.cert);
	der = encode(certs, 2);
	cr_assert(cms != NULL);
	for (int i = 0; i < 2; i++) {
		x = sample_x509(certs[i]);
		cr_assert(CMS_add0_cert(cms, x) == 1);
	}
	len = i2d_CMS_ContentInfo(cms, &theirs);
	cr_assert(len > 0);
	cr_expect(pki_bytes_equal(pki_buf_bytes(der),
	    pki_bytes_of(theirs, (size_t)len)));
	OPENSSL_free(theirs);
	CMS_ContentInfo_free(cms);
}

Test(certs_only, reads_what_libcrypto_wrote_unsorted)
{
	SAMPLE a = { 0 }, b = { 0 };
	PKCS7 *p7 = PKCS7_new();
	unsigned char *theirs = NULL;
	pki_certs_only found;
	pki_err err = { 0 };
	X509 *x[2];
	int len;

	sample_make(&a, "a", NULL, NULL);
	sample_make(&b, "b", NULL, NULL);
	x[0] = sample_x509(pki_cert_der(a.cert));
	x[1] = sample_x509(pki_cert_der(b.cert));
	cr_assert(PKCS7_set_type(p7, NID_pkcs7_signed) == 1 &&
	    PKCS7_content_new(p7, NID_pkcs7_data) == 1);
	ASN1_OCTET_STRING_free(p7->d.sign->contents->d.data);
	p7->d.sign->contents->d.data = NULL;
	for (int order = 0; order < 2; order++) {
		sk_X509_pop_free(p7->d.sign->cert, X509_free);
		p7->d.sign->cert = NULL;
		for (int i = 0; i < 2; i++)
			cr_assert(PKCS7_add_certificate(p7, x[i ^ order]) ==
			    1);
		len = i2d_PKCS7(p7, &theirs);
		cr_assert(len > 0);
		cr_expect(pki_certs_only_parse(pki_bytes_of(theirs,
		    (size_t)len), &found, &err) == PKI_OK, "%s", err.msg);
		cr_expect(found.count == 2);
		cr_expect(pki_bytes_equal(found.certs[order],
		    pki_cert_der(a.cert)));
		OPENSSL_free(theirs);
		theirs = NULL;
	}
	X509_free(x[0]);
	X509_free(x[1]);
	PKCS7_free(p7);
}

Test(certs_only, is_sorted_and_holds_each_once)
{
	PKI_AUTO(pki_buf) a = piece("30{020102}");
	PKI_AUTO(pki_buf) b = piece("30{020101}");
	PKI_AUTO(pki_buf) c = piece("30{0101ff}");
	const pki_bytes given[] = { pki_buf_bytes(a), pki_buf_bytes(b),
		pki_buf_bytes(a), pki_buf_bytes(c), pki_buf_bytes(b) };
	PKI_AUTO(pki_buf) der = encode(given, PKI_COUNT(given));
	PKI_AUTO(pki_buf) wanted = piece("30{06{2a864886f70d010702} a0{30{"
	    "020101 3100 30{06{2a864886f70d010701}}"
	    "a0{30{0101ff} 30{020101} 30{020102}} 3100}}}");

	cr_expect(pki_bytes_equal(pki_buf_bytes(der), pki_buf_bytes(wanted)));
}

#define SIGNED "06{2a864886f70d010702}"
#define DATA "30{06{2a864886f70d010701}}"
#define CERT "30{020101}"

static const struct {
	const char *what, *rule, *text;
} malformed[] = {
	{ "another content type", "certs-only",
	    "30{06{2a864886f70d010701} a0{30{020101 3100 " DATA
	    " a0{" CERT "} 3100}}}" },
	{ "no content", "der", "30{" SIGNED "}" },
	{ "content without [0]", "der", "30{" SIGNED "30{020101 3100 " DATA
	    " a0{" CERT "} 3100}}" },
	{ "something behind [0]", "der", "30{" SIGNED "a0{30{020101 3100 "
	    DATA " a0{" CERT "} 3100}} 0500}" },
	{ "two contents", "der", "30{" SIGNED "a0{30{020101 3100 " DATA
	    " a0{" CERT "} 3100} 3000}}" },
	{ "something behind all", "der", "30{" SIGNED "a0{30{020101 3100 "
	    DATA " a0{" CERT "} 3100}}} 0500" },
	{ "version 3", "certs-only", "30{" SIGNED "a0{30{020103 3100 " DATA
	    " a0{" CERT "} 3100}}}" },
	{ "no version", "der", "30{" SIGNED "a0{30{3100 " DATA
	    " a0{" CERT "} 3100}}}" },
	{ "a digest algorithm", "certs-only", "30{" SIGNED "a0{30{020101 "
	    "31{30{06{608648016503040201}}} " DATA " a0{" CERT "} 3100}}}" },
	{ "an inner content", "certs-only", "30{" SIGNED "a0{30{020101 3100 "
	    "30{06{2a864886f70d010701} a0{04{'x'}}} a0{" CERT "} 3100}}}" },
	{ "an empty inner content", "certs-only", "30{" SIGNED "a0{30{020101 "
	    "3100 30{06{2a864886f70d010701} a0{0400}} a0{" CERT
	    "} 3100}}}" },
	{ "inner content of another type", "certs-only", "30{" SIGNED
	    "a0{30{020101 3100 30{06{2a864886f70d010705}} a0{" CERT
	    "} 3100}}}" },
	{ "no certificates", "certs-only", "30{" SIGNED "a0{30{020101 3100 "
	    DATA " 3100}}}" },
	{ "an empty list", "certs-only", "30{" SIGNED "a0{30{020101 3100 "
	    DATA " a000 3100}}}" },
	{ "another kind of certificate", "certs-only", "30{" SIGNED "a0{30{"
	    "020101 3100 " DATA " a0{" CERT " a1{020101}} 3100}}}" },
	{ "a certificate that is none", "certs-only", "30{" SIGNED "a0{30{"
	    "020101 3100 " DATA " a0{0500} 3100}}}" },
	{ "CRLs", "certs-only", "30{" SIGNED "a0{30{020101 3100 " DATA
	    " a0{" CERT "} a1{30{020101}} 3100}}}" },
	{ "no list of signers", "der", "30{" SIGNED "a0{30{020101 3100 " DATA
	    " a0{" CERT "}}}}" },
	{ "a signer", "certs-only", "30{" SIGNED "a0{30{020101 3100 " DATA
	    " a0{" CERT "} 31{30{020101}}}}}" },
	{ "something behind the signers", "der", "30{" SIGNED "a0{30{020101 "
	    "3100 " DATA " a0{" CERT "} 3100 0500}}}" },
	{ "indefinite length", "der", "30~{" SIGNED "a0~{30~{020101 3100 "
	    DATA " a0{" CERT "} 3100}}}" },
	{ "a length that is too long", "der", "30{" SIGNED "a0{30{020101 "
	    "3100 " DATA " a0!{" CERT "} 3100}}}" },
	{ "BER inside of a certificate", "der", "30{" SIGNED "a0{30{020101 "
	    "3100 " DATA " a0{30{04!{'x'}}} 3100}}}" },
	{ "nothing", "der", "" },
};

Test(certs_only, refuses_anything_else)
{
	for (size_t i = 0; i < PKI_COUNT(malformed); i++) {
		PKI_AUTO(pki_buf) der = piece(malformed[i].text);
		pki_certs_only found = { .count = 77 };
		pki_err err = { 0 };

		cr_expect(pki_certs_only_parse(pki_buf_bytes(der), &found,
		    &err) == PKI_BAD_INPUT, "%s", malformed[i].what);
		cr_expect(strcmp(err.rule, malformed[i].rule) == 0, "%s: %s",
		    malformed[i].what, err.msg);
		cr_expect(found.count == 77, "%s", malformed[i].what);
	}
}

/* An OCTET STRING in a SEQUENCE of len octets in all, 300 or more. */
static pki_buf *
make_cert(size_t len)
{
	PKI_AUTO(pki_buf) inner = pki_buf_new();
	PKI_AUTO(pki_buf) string = pki_buf_new();
	pki_buf *out = pki_buf_new();

	while (inner->len < len - 8)
		pki_buf_add_byte(inner, 'x');
	pki_der_add(string, PKI_DER_OCTET_STRING, pki_buf_bytes(inner));
	pki_der_add(out, PKI_DER_SEQUENCE, pki_buf_bytes(string));
	cr_assert(out->len == len);
	return out;
}

Test(certs_only, holds_1_to_32_different_ones)
{
	PKI_AUTO(pki_buf) octets = pki_buf_new();
	pki_bytes certs[33];
	pki_certs_only found;
	pki_err err = { 0 };

	for (uint8_t i = 0; i < 33; i++) {
		const uint8_t one[] = { 0x30, 3, 2, 1, i };

		pki_buf_add(octets, pki_bytes_of(one, sizeof(one)));
	}
	for (size_t i = 0; i < 33; i++)
		certs[i] = pki_bytes_of(octets->data + 5 * i, 5);
	for (size_t count = 0; count <= 33; count++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();
		bool fits = count > 0 && count < 33;
		pki_code rc = pki_certs_only_encode(certs, count, out, &err);

		cr_expect(rc == (fits ? PKI_OK : PKI_BAD_INPUT), "%zu",
		    count);
		if (!fits) {
			cr_expect_str_eq(err.rule, "certs-only");
			cr_expect(out->len == 0);
			continue;
		}
		cr_expect(pki_certs_only_parse(pki_buf_bytes(out), &found,
		    NULL) == PKI_OK);
		cr_expect(found.count == count);
	}
}

Test(certs_only, refuses_33_when_reading)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	PKI_AUTO(pki_buf) der = NULL;
	pki_certs_only found;
	pki_err err = { 0 };

	pki_buf_add_text(text, "30{" SIGNED "a0{30{020101 3100 " DATA " a0{");
	for (int i = 0; i < 33; i++)
		pki_buf_add_format(text, "30{0201%02x}", i);
	pki_buf_add_text(text, "} 3100}}}");
	der = piece(pki_buf_text(text));
	cr_expect(pki_certs_only_parse(pki_buf_bytes(der), &found, &err) ==
	    PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "certs-only");
}

Test(certs_only, refuses_what_is_too_long)
{
	PKI_AUTO(pki_buf) most = make_cert(8192);
	PKI_AUTO(pki_buf) more = make_cert(8193);
	PKI_AUTO(pki_buf) out = pki_buf_new();
	PKI_AUTO(pki_buf) many = pki_buf_new();
	PKI_AUTO(pki_buf) all = make_cert(PKI_CERTS_ONLY_MAX + 1);
	pki_bytes one = pki_buf_bytes(most), list[8];
	pki_buf *copies[8];
	pki_certs_only found;
	pki_err err = { 0 };

	cr_expect(pki_certs_only_encode(&one, 1, out, &err) == PKI_OK);
	cr_expect(pki_certs_only_parse(pki_buf_bytes(out), &found, &err) ==
	    PKI_OK);
	one = pki_buf_bytes(more);
	cr_expect(pki_certs_only_encode(&one, 1, many, &err) ==
	    PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "size");
	cr_expect(pki_certs_only_parse(pki_buf_bytes(all), &found, &err) ==
	    PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "size");
	for (size_t i = 0; i < 8; i++) {
		copies[i] = pki_buf_copy(pki_buf_bytes(most));
		copies[i]->data[10] = (uint8_t)('a' + i);
		list[i] = pki_buf_bytes(copies[i]);
	}
	cr_expect(pki_certs_only_encode(list, 8, many, &err) ==
	    PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "size");
	for (size_t i = 0; i < 8; i++)
		pki_buf_free(copies[i]);
}

Test(certs_only, writes_no_certificate_that_is_not_strict_der)
{
	static const char *const rows[] = { "", "0500", "30!{020101}",
		"30{020101} 00", "30{02020001}00", "30~{020101}", "30" };

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) cert = piece(rows[i]);
		PKI_AUTO(pki_buf) out = pki_buf_new();
		pki_bytes bytes = pki_buf_bytes(cert);
		pki_err err = { 0 };

		cr_expect(pki_certs_only_encode(&bytes, 1, out, &err) ==
		    PKI_BAD_INPUT, "%s", rows[i]);
		cr_expect(err.rule[0] != '\0' && out->len == 0);
	}
}

static bool
try_message(pki_bytes in)
{
	pki_certs_only found;
	pki_err err;
	pki_code rc = pki_certs_only_parse(in, &found, &err);

	cr_assert(rc == PKI_OK || rc == PKI_BAD_INPUT);
	for (size_t i = 0; rc == PKI_OK && i < found.count; i++)
		cr_assert(found.certs[i].data >= in.data &&
		    found.certs[i].data + found.certs[i].len <=
		    in.data + in.len);
	return rc == PKI_OK;
}

Test(certs_only, survives_mutation)
{
	SAMPLE a = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	pki_bytes cert;

	sample_make(&a, "meter", NULL, NULL);
	cert = pki_cert_der(a.cert);
	der = encode(&cert, 1);
	mutate(pki_buf_bytes(der), try_message);
}
