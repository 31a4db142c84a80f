#include "x509/crl.h"

#include <string.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "sample-crl.h"

TestSuite(reason_parse, .timeout = 30);
TestSuite(crl_build, .timeout = 60);
TestSuite(crl_find, .timeout = 120);
TestSuite(crl_check_issuer, .timeout = 30);

#define SHORT_TIME "\x17\x0d" "260101000000Z"
#define IDP_URL "http://pki.example/crl/issuing/7.crl"

Test(reason_parse, takes_rfc_names_in_either_case_and_with_hyphens)
{
	static const struct {
		const char *text;
		pki_reason  reason;
	} rows[] = {
		{ "unspecified", PKI_REASON_UNSPECIFIED },
		{ "keyCompromise", PKI_REASON_KEY_COMPROMISE },
		{ "key-compromise", PKI_REASON_KEY_COMPROMISE },
		{ "KEYCOMPROMISE", PKI_REASON_KEY_COMPROMISE },
		{ "Key-Compromise", PKI_REASON_KEY_COMPROMISE },
		{ "ca-compromise", PKI_REASON_CA_COMPROMISE },
		{ "affiliation-changed", PKI_REASON_AFFILIATION_CHANGED },
		{ "superseded", PKI_REASON_SUPERSEDED },
		{ "cessation-of-operation",
		    PKI_REASON_CESSATION_OF_OPERATION },
		{ "certificate-hold", PKI_REASON_CERTIFICATE_HOLD },
		{ "remove-from-crl", PKI_REASON_REMOVE_FROM_CRL },
		{ "removeFromCRL", PKI_REASON_REMOVE_FROM_CRL },
		{ "privilegewithdrawn", PKI_REASON_PRIVILEGE_WITHDRAWN },
		{ "aa-compromise", PKI_REASON_AA_COMPROMISE },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		pki_reason reason = PKI_REASON_UNSPECIFIED;
		pki_err err = { 0 };

		cr_expect(pki_reason_parse(rows[i].text, &reason, &err) ==
		    PKI_OK, "%s: %s", rows[i].text, err.msg);
		cr_expect(reason == rows[i].reason, "%s", rows[i].text);
	}
}

Test(reason_parse, refuses_other_names_and_lists_the_right_ones)
{
	static const char *const rows[] = {
		"", "-", "key", "keyCompromise ", "key--compromise",
		"key-compromise-", "-keycompromise", "key_compromise", "1",
		"k-eycompromise",
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		pki_reason reason;
		pki_err err = { 0 };

		cr_expect(pki_reason_parse(rows[i], &reason, &err) ==
		    PKI_BAD_INPUT, "'%s'", rows[i]);
		cr_expect_str_eq(err.rule, "reason");
		cr_expect(strstr(err.accepts, "keyCompromise") != NULL);
	}
}

Test(reason_parse, gives_back_what_reason_name_says)
{
	for (int i = 0; i <= PKI_REASON_AA_COMPROMISE; i++) {
		const char *name = pki_reason_name((pki_reason)i);
		pki_reason reason;

		if (i == 7) {
			cr_expect_str_eq(name, "unknown");
			continue;
		}
		cr_expect(pki_reason_parse(name, &reason, NULL) == PKI_OK &&
		    (int)reason == i, "%s", name);
	}
}

static bool
entry_equal(const pki_crl_entry *a, const pki_crl_entry *b)
{
	return pki_serial_equal(&a->serial, &b->serial) &&
	    a->revoked_at == b->revoked_at && a->reason == b->reason &&
	    a->invalid_since == b->invalid_since;
}

Test(crl_build, gives_back_every_field_and_entry)
{
	static const uint32_t counts[] = { 0, 1, 3, 10000 };
	SAMPLE ca = { 0 };
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	for (size_t row = 0; row < PKI_COUNT(counts); row++) {
		PKI_AUTO(pki_buf) der = sample_crl(&ca, &fields, counts[row]);
		PKI_AUTO(pki_crl) crl = sample_parse_crl(pki_buf_bytes(der));
		size_t wrong = 0;

		cr_expect(pki_name_equal(pki_crl_issuer(crl), ca.name));
		cr_expect(pki_bytes_equal(pki_crl_authority_key_id(crl),
		    fields.authority_key_id));
		cr_expect(pki_crl_this_update(crl) == fields.this_update);
		cr_expect(pki_crl_next_update(crl) == fields.next_update);
		cr_expect(pki_crl_number(crl) == 1055);
		cr_expect(pki_crl_idp_url(crl) == NULL);
		cr_expect(pki_bytes_equal(pki_crl_der(crl),
		    pki_buf_bytes(der)));
		cr_assert(pki_crl_count(crl) == counts[row]);
		for (uint32_t i = 0; i < counts[row]; i++) {
			pki_crl_entry entry = sample_crl_entry(i);

			if (!entry_equal(pki_crl_at(crl, i), &entry))
				wrong++;
		}
		cr_expect(wrong == 0, "%zu of %u differ", wrong, counts[row]);
		cr_expect(pki_crl_at(crl, counts[row]) == NULL);
		cr_expect(pki_crl_check_issuer(crl, ca.cert, NULL) == PKI_OK);
	}
}

static X509_CRL *
read_by_libcrypto(pki_bytes der)
{
	const uint8_t *p = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);

	cr_assert(crl != NULL);
	return crl;
}

Test(crl_build, makes_what_libcrypto_reads_alike)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(X509_CRL) crl = NULL;
	PKI_AUTO(EVP_PKEY) key = NULL;
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	fields.idp_url = IDP_URL;
	der = sample_crl(&ca, &fields, 3);
	crl = read_by_libcrypto(pki_buf_bytes(der));
	key = sample_evp(pki_key_public(ca.key));
	cr_expect(X509_CRL_verify(crl, key) == 1);
	cr_expect(X509_CRL_get_version(crl) == X509_CRL_VERSION_2);
	cr_expect(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) == 3);
	cr_assert(X509_CRL_get_ext_count(crl) == 3);
	cr_expect(X509_CRL_get_ext_by_NID(crl, NID_authority_key_identifier,
	    -1) == 0);
	cr_expect(X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1) == 1);
	cr_expect(X509_CRL_get_ext_by_NID(crl,
	    NID_issuing_distribution_point, -1) == 2);
	cr_expect(X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, 0)) != 1);
	cr_expect(X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, 1)) != 1);
	cr_expect(X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, 2)) == 1);
}

Test(crl_build, has_no_list_when_nothing_is_revoked)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(X509_CRL) crl = NULL;
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	der = sample_crl(&ca, &fields, 0);
	crl = read_by_libcrypto(pki_buf_bytes(der));
	cr_expect(X509_CRL_get_REVOKED(crl) == NULL);
}

Test(crl_build, says_its_scope_by_the_url)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_crl) crl = NULL;
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	fields.idp_url = IDP_URL;
	der = sample_crl(&ca, &fields, 1);
	crl = sample_parse_crl(pki_buf_bytes(der));
	cr_assert(pki_crl_idp_url(crl) != NULL);
	cr_expect_str_eq(pki_crl_idp_url(crl), IDP_URL);
}

Test(crl_build, leaves_unspecified_out_and_writes_dates_of_invalidity)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(X509_CRL) crl = NULL;
	const X509_REVOKED *first, *second;
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	der = sample_crl(&ca, &fields, 2);
	crl = read_by_libcrypto(pki_buf_bytes(der));
	/* Entry 0: unspecified, with a date; entry 1: a reason alone. */
	first = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 0);
	second = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 1);
	cr_expect(X509_REVOKED_get_ext_count(first) == 1);
	cr_expect(X509_REVOKED_get_ext_by_NID(first, NID_invalidity_date, -1)
	    == 0);
	cr_expect(X509_REVOKED_get_ext_count(second) == 1);
	cr_expect(X509_REVOKED_get_ext_by_NID(second, NID_crl_reason, -1)
	    == 0);
}

Test(crl_build, switches_to_generalized_time_in_2050)
{
	static const int64_t times[] = {
		INT64_C(2524607999), INT64_C(2524608000), PKI_TIME_MAX,
	};
	SAMPLE ca = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	for (size_t i = 0; i < PKI_COUNT(times); i++) {
		pki_crl_fields fields = sample_crl_fields(&ca);
		PKI_AUTO(pki_buf) der = NULL;
		PKI_AUTO(pki_crl) crl = NULL;
		PKI_AUTO(X509_CRL) theirs = NULL;

		fields.next_update = times[i];
		der = sample_crl(&ca, &fields, 0);
		crl = sample_parse_crl(pki_buf_bytes(der));
		theirs = read_by_libcrypto(pki_buf_bytes(der));
		cr_expect(pki_crl_next_update(crl) == times[i]);
		cr_expect(X509_CRL_get0_nextUpdate(theirs)->type ==
		    (i == 0 ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME));
	}
}

/* Entries of serials 3, 1 and 2, in this order. */
Test(crl_find, finds_among_entries_in_any_order)
{
	static const pki_bytes list = PKI_BYTES_TEXT("\x30\x3c"
	    "\x30\x12\x02\x01\x03" SHORT_TIME
	    "\x30\x12\x02\x01\x01" SHORT_TIME
	    "\x30\x12\x02\x01\x02" SHORT_TIME);
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_crl) crl = NULL;
	pki_crl_fields fields;
	pki_serial serial = { 1, "\x01" };

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	der = sample_replace_crl(&fields, CRL_REVOKED, list);
	crl = sample_parse_crl(pki_buf_bytes(der));
	cr_assert(pki_crl_count(crl) == 3);
	for (uint8_t i = 1; i <= 3; i++) {
		serial.octets[0] = i;
		cr_expect(pki_crl_find(crl, &serial) == pki_crl_at(crl, i - 1),
		    "serial %u", i);
		cr_expect(pki_crl_at(crl, i - 1)->serial.octets[0] == i);
	}
	serial.octets[0] = 4;
	cr_expect(pki_crl_find(crl, &serial) == NULL);
}

Test(crl_find, finds_every_entry_and_no_other_among_10000)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_crl) crl = NULL;
	pki_crl_fields fields;
	size_t wrong = 0;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	der = sample_crl(&ca, &fields, 10000);
	crl = sample_parse_crl(pki_buf_bytes(der));
	for (uint32_t i = 0; i < 10000; i++) {
		pki_crl_entry entry = sample_crl_entry(i);

		if (pki_crl_find(crl, &entry.serial) != pki_crl_at(crl, i))
			wrong++;
		entry.serial.octets[19] = 1;
		if (pki_crl_find(crl, &entry.serial) != NULL)
			wrong++;
	}
	cr_expect(wrong == 0, "%zu answers wrong", wrong);
}

Test(crl_find, finds_nothing_in_an_empty_list)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_crl) crl = NULL;
	pki_crl_entry entry = sample_crl_entry(0);
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	der = sample_crl(&ca, &fields, 0);
	crl = sample_parse_crl(pki_buf_bytes(der));
	cr_expect(pki_crl_find(crl, &entry.serial) == NULL);
}

static void
expect_issuer(const char *name, const pki_crl *crl, const pki_cert *issuer,
    const char *rule)
{
	pki_err err = { 0 };
	pki_code rc = pki_crl_check_issuer(crl, issuer, &err);

	cr_expect(rc == PKI_DENIED, "%s: %s", name, pki_code_name(rc));
	cr_expect(strcmp(err.rule, rule) == 0, "%s: rule '%s': %s", name,
	    err.rule, err.msg);
}

Test(crl_check_issuer, refuses_a_foreign_issuer_and_a_flipped_bit)
{
	SAMPLE ca = { 0 }, other = { 0 }, twin = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_crl) crl = NULL;
	PKI_AUTO(pki_crl) flipped = NULL;
	PKI_AUTO(pki_crl) forged = NULL;
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	sample_make(&other, "Other CA", NULL, sample_ca);
	sample_make(&twin, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	der = sample_crl(&ca, &fields, 3);
	crl = sample_parse_crl(pki_buf_bytes(der));
	cr_expect(pki_crl_check_issuer(crl, ca.cert, NULL) == PKI_OK);
	expect_issuer("another name", crl, other.cert, "issuer");
	expect_issuer("another key", crl, twin.cert, "issuer");
	der->data[der->len - 1] ^= 1;
	flipped = sample_parse_crl(pki_buf_bytes(der));
	expect_issuer("one bit", flipped, ca.cert, "signature");
	pki_buf_free(der);
	der = sample_crl(&twin, &fields, 3);
	forged = sample_parse_crl(pki_buf_bytes(der));
	expect_issuer("signed by another key", forged, ca.cert, "signature");
}
