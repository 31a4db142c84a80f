#include <string.h>

#include <criterion/criterion.h>

#include "random-tbs.h"
#include "tests/support/tbs-reference.h"
#include "x509/cert-make.h"
#include "x509/tbs-parts.h"

/* Our writer against libcrypto's. */

#define REQUESTS 10000
#define SEED UINT64_C(0x5eed0003)

TestSuite(tbs_reference, .timeout = 600);

static pki_buf *
encode_reference(const pki_tbs *tbs)
{
	pki_buf *out = pki_buf_new();
	pki_err err = { 0 };

	cr_assert(tbs_reference_encode(tbs, out, &err) == PKI_OK, "%s",
	    err.msg);
	return out;
}

static pki_tbs_template *
make_template(const pki_tbs *tbs)
{
	pki_tbs_template *template = NULL;
	pki_err err = { 0 };

	cr_assert(pki_tbs_template_new(tbs, &template, &err) == PKI_OK, "%s",
	    err.msg);
	return template;
}

/* Does the writer, by template (NULL: without), make these octets of tbs? */
static bool
makes(const pki_tbs_template *template, const pki_tbs *tbs, pki_bytes wanted)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	pki_code rc;

	rc = template != NULL ? pki_tbs_fill(template, tbs, out, NULL) :
	    pki_tbs_encode(tbs, out, NULL);
	return rc == PKI_OK && pki_bytes_equal(pki_buf_bytes(out), wanted);
}

Test(tbs_reference, agrees_on_ten_thousand_random_requests)
{
	static random_source source;
	random_tbs made = { 0 };

	random_open(&source, SEED);
	for (size_t i = 0; i < REQUESTS; i++) {
		PKI_AUTO(pki_buf) reference = NULL;
		PKI_AUTO(pki_tbs_template) template = NULL;

		random_tbs_make(&source, &made);
		reference = encode_reference(&made.tbs);
		template = make_template(&made.tbs);
		cr_assert(makes(template, &made.tbs,
		    pki_buf_bytes(reference)), "request %zu, %s", i,
		    made.profile->name);
		cr_assert(makes(NULL, &made.tbs, pki_buf_bytes(reference)));
		random_tbs_clear(&made);
	}
	random_close(&source);
}

/* Times, serial, subject, key, names and CRL are each certificate's own. */
Test(tbs_reference, agrees_when_one_template_fills_many)
{
	static random_source source;
	random_tbs first = { 0 }, next = { 0 };
	PKI_AUTO(pki_tbs_template) template = NULL;

	random_open(&source, SEED + 1);
	do {
		random_tbs_clear(&first);
		random_tbs_make(&source, &first);
	} while (first.tbs.authority_key_id.len == 0);
	template = make_template(&first.tbs);
	for (size_t i = 0; i < 500; i++) {
		PKI_AUTO(pki_buf) reference = NULL;
		pki_tbs tbs = first.tbs;

		random_tbs_make(&source, &next);
		tbs.serial = next.tbs.serial;
		tbs.not_before = next.tbs.not_before;
		tbs.not_after = next.tbs.not_after;
		tbs.subject = next.tbs.subject;
		tbs.key = next.tbs.key;
		tbs.alt_names = next.tbs.alt_names;
		tbs.crl_url = next.tbs.crl_url;
		reference = encode_reference(&tbs);
		cr_assert(makes(template, &tbs, pki_buf_bytes(reference)),
		    "request %zu", i);
		random_tbs_clear(&next);
	}
	random_tbs_clear(&first);
	random_close(&source);
}

/* The comparison bites: one bit anywhere in what the writer starts from. */
Test(tbs_reference, finds_each_single_bit_that_is_wrong_in_a_template)
{
	static random_source source;

	random_open(&source, SEED + 2);
	for (size_t i = 0; i < 20; i++) {
		PKI_AUTO(pki_buf) reference = NULL;
		PKI_AUTO(pki_tbs_template) template = NULL;
		random_tbs made = { 0 };

		random_tbs_make(&source, &made);
		reference = encode_reference(&made.tbs);
		template = make_template(&made.tbs);
		for (size_t bit = 0; bit < template->octets->len * 8; bit++) {
			uint8_t *octet = &template->octets->data[bit / 8];

			*octet ^= (uint8_t)(1 << bit % 8);
			cr_expect(!makes(template, &made.tbs,
			    pki_buf_bytes(reference)), "bit %zu", bit);
			*octet ^= (uint8_t)(1 << bit % 8);
		}
		cr_expect(makes(template, &made.tbs,
		    pki_buf_bytes(reference)));
		random_tbs_clear(&made);
	}
	random_close(&source);
}

/* One bit at a time of what each certificate has for itself. */
Test(tbs_reference, finds_a_bit_that_is_wrong_in_serial_or_times)
{
	static random_source source;
	PKI_AUTO(pki_buf) reference = NULL;
	random_tbs made = { 0 };
	pki_tbs wrong;

	random_open(&source, SEED + 3);
	random_tbs_make(&source, &made);
	reference = encode_reference(&made.tbs);
	for (size_t bit = 0; bit < made.tbs.serial.len * 8u; bit++) {
		wrong = made.tbs;
		wrong.serial.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_expect(!makes(NULL, &wrong, pki_buf_bytes(reference)));
	}
	for (int bit = 0; bit < 38; bit++) {
		wrong = made.tbs;
		wrong.not_before ^= INT64_C(1) << bit;
		cr_expect(!makes(NULL, &wrong, pki_buf_bytes(reference)));
		wrong = made.tbs;
		wrong.not_after ^= INT64_C(1) << bit;
		cr_expect(!makes(NULL, &wrong, pki_buf_bytes(reference)));
	}
	random_tbs_clear(&made);
	random_close(&source);
}

static bool
same_alt_names(const pki_altnames *a, const pki_altnames *b)
{
	return (a == NULL) == (b == NULL) && pki_altnames_equal(a, b);
}

static bool
same_url(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
expect_same(const pki_cert *a, const pki_cert *b)
{
	cr_expect(pki_bytes_equal(pki_cert_der(a), pki_cert_der(b)));
	cr_expect(pki_bytes_equal(pki_cert_tbs(a), pki_cert_tbs(b)));
	cr_expect(pki_digest_equal(pki_cert_digest(a), pki_cert_digest(b)));
	cr_expect(pki_serial_equal(pki_cert_serial(a), pki_cert_serial(b)));
	cr_expect(pki_name_equal(pki_cert_subject(a), pki_cert_subject(b)));
	cr_expect(pki_name_match(pki_cert_subject(a), pki_cert_subject(b)));
	cr_expect(pki_name_equal(pki_cert_issuer(a), pki_cert_issuer(b)));
	cr_expect(pki_name_match(pki_cert_issuer(a), pki_cert_issuer(b)));
	cr_expect(pki_digest_equal(pki_pubkey_digest(pki_cert_key(a)),
	    pki_pubkey_digest(pki_cert_key(b))));
	cr_expect(pki_bytes_equal(pki_pubkey_spki(pki_cert_key(a)),
	    pki_pubkey_spki(pki_cert_key(b))));
	cr_expect(pki_cert_not_before(a) == pki_cert_not_before(b));
	cr_expect(pki_cert_not_after(a) == pki_cert_not_after(b));
	cr_expect(pki_cert_is_ca(a) == pki_cert_is_ca(b));
	cr_expect(pki_cert_path_len(a) == pki_cert_path_len(b));
	cr_expect(pki_cert_key_usage(a) == pki_cert_key_usage(b));
	cr_expect(pki_cert_ext_usage(a) == pki_cert_ext_usage(b));
	cr_expect(same_alt_names(pki_cert_alt_names(a),
	    pki_cert_alt_names(b)));
	cr_expect(pki_bytes_equal(pki_cert_subject_key_id(a),
	    pki_cert_subject_key_id(b)));
	cr_expect(pki_bytes_equal(pki_cert_authority_key_id(a),
	    pki_cert_authority_key_id(b)));
	cr_expect(same_url(pki_cert_crl_url(a), pki_cert_crl_url(b)));
}

Test(tbs_reference, a_certificate_that_we_made_is_what_a_reader_finds)
{
	static random_source source;
	random_tbs made = { 0 };
	pki_err err = { 0 };

	random_open(&source, SEED + 4);
	for (size_t i = 0; i < 1000; i++) {
		PKI_AUTO(pki_buf) body = pki_buf_new();
		PKI_AUTO(pki_cert) read = NULL;
		PKI_AUTO(pki_cert) cert = NULL;
		pki_buf *der = pki_buf_new();

		random_tbs_make(&source, &made);
		if (made.tbs.not_after < made.tbs.not_before)
			made.tbs.not_after = made.tbs.not_before;
		cr_assert(pki_tbs_encode(&made.tbs, body, &err) == PKI_OK);
		pki_signed_add(der, pki_buf_bytes(body), made.tbs.algorithm,
		    PKI_BYTES_TEXT("signature"));
		cr_assert(pki_cert_parse(pki_buf_bytes(der), &read, &err) ==
		    PKI_OK, "%s", err.msg);
		cr_assert(pki_cert_make(&made.tbs, der, &cert, &err) ==
		    PKI_OK, "%s", err.msg);
		/* What it was made from may go. */
		random_tbs_clear(&made);
		expect_same(cert, read);
	}
	random_close(&source);
}
