#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/csr-maker.h"
#include "x509/der.h"

TestSuite(der_check, .timeout = 30);
TestSuite(der_read, .timeout = 30);
TestSuite(der_add, .timeout = 30);
TestSuite(der_format_oid, .timeout = 30);

static void
make_piece(const char *text, pki_buf *out)
{
	cr_assert(csr_piece(text, out), "the test's own piece: %s", text);
}

static const struct {
	const char *text;
	bool        good;
} elements[] = {
	{ "30{}", true },
	{ "30{020100 0101ff 010100 0500 06{550403}}", true },
	{ "31{020100 020101 020101}", true },
	{ "31{020101 020100}", false },
	{ "30{31{020101 020100}}", false },
	{ "a0{80{'any'} a1{}}", true },
	{ "", false },
	{ "30", false },
	{ "3003 0201", false },
	{ "30{} 00", false },
	{ "30{0000}", false },
	{ "30!{020100}", false },
	{ "30~{020100}", false },
	{ "30{30!{020100}}", false },
	{ "30{a0~{020100}}", false },
	{ "30{04~{'string'}}", false },
	{ "24{04{'string'}}", false },
	{ "10{}", false },
	{ "11{}", false },
	{ "3f10{}", false },
	{ "9f1f{}", false },
	{ "30{30 85 0000000001 00}", false },
	{ "30 84 ffffffff 00", false },
	{ "30 82 0001 00", false },
	{ "30{0200}", false },
	{ "30{02020001}", false },
	{ "30{0202ff80}", false },
	{ "30{02020080 0202ff7f}", true },
	{ "30{0a020001}", false },
	{ "30{010101}", false },
	{ "30{0102ffff}", false },
	{ "30{050100}", false },
	{ "30{0600}", false },
	{ "30{06{558003}}", false },
	{ "30{06{5584}}", false },
	{ "30{0300}", false },
	{ "30{030100}", true },
	{ "30{030101}", false },
	{ "30{03020880}", false },
	{ "30{03020780}", true },
	{ "30{030207c0}", false },
	/* Characters of two and of four octets. */
	{ "30{1e020041}", true },
	{ "30{1e0141}", false },
	{ "30{1c0400000041}", true },
	{ "30{1c020041}", false },
};

Test(der_check, accepts_strict_der_and_nothing_else)
{
	for (size_t i = 0; i < PKI_COUNT(elements); i++) {
		PKI_AUTO(pki_buf) der = pki_buf_new();
		pki_err err = { 0 };
		pki_code rc;

		make_piece(elements[i].text, der);
		rc = pki_der_check(pki_buf_bytes(der), "test", &err);
		cr_expect(rc == (elements[i].good ? PKI_OK : PKI_BAD_INPUT),
		    "%s: %s", elements[i].text, err.msg);
		cr_expect(elements[i].good || strcmp(err.rule, "der") == 0,
		    "%s: rule '%s'", elements[i].text, err.rule);
	}
}

Test(der_check, allows_32_levels_and_no_more)
{
	for (size_t depth = 31; depth <= 34; depth++) {
		uint8_t octets[80];
		pki_err err = { 0 };
		pki_code rc;

		for (size_t i = 0; i < depth; i++) {
			octets[2 * i] = PKI_DER_SEQUENCE;
			octets[2 * i + 1] = (uint8_t)(2 * (depth - i - 1));
		}
		rc = pki_der_check(pki_bytes_of(octets, 2 * depth), "test",
		    &err);
		cr_expect((rc == PKI_OK) == (depth <= 32), "%zu levels: %s",
		    depth, err.msg);
	}
}

Test(der_read, names_the_object_and_the_problem)
{
	pki_der der = pki_der_from(PKI_BYTES_TEXT("\x02\x01\x05"), "thing");
	pki_bytes out;
	pki_err err = { 0 };

	cr_assert(pki_der_read(&der, PKI_DER_SEQUENCE, &out, &err) ==
	    PKI_BAD_INPUT);
	cr_expect_str_eq(err.value, "thing: tag 0x02 where 0x30 belongs");
}

Test(der_read, leaves_the_reader_alone_when_it_refuses)
{
	pki_der der = pki_der_from(PKI_BYTES_TEXT("\x02\x02\x05"), "thing");
	pki_bytes out;

	cr_assert(pki_der_read(&der, PKI_DER_INTEGER, &out, NULL) ==
	    PKI_BAD_INPUT);
	cr_expect(der.rest.len == 3);
}

Test(der_read, takes_small_integers_that_are_minimal_and_not_negative)
{
	static const struct {
		const char *text;
		pki_code    code;
		int64_t     value;
	} rows[] = {
		{ "020100", PKI_OK, 0 },
		{ "02017f", PKI_OK, 127 },
		{ "02020080", PKI_OK, 128 },
		{ "02087fffffffffffffff", PKI_OK, INT64_MAX },
		{ "0209008000000000000000", PKI_BAD_INPUT, 0 },
		{ "0201ff", PKI_BAD_INPUT, 0 },
		{ "02020001", PKI_BAD_INPUT, 0 },
		{ "0200", PKI_BAD_INPUT, 0 },
		{ "0101ff", PKI_BAD_INPUT, 0 },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) piece = pki_buf_new();
		int64_t value = 0;
		pki_der der;

		make_piece(rows[i].text, piece);
		der = pki_der_from(pki_buf_bytes(piece), "test");
		cr_expect(pki_der_read_small(&der, &value, NULL) ==
		    rows[i].code && value == rows[i].value, "%s",
		    rows[i].text);
	}
}

Test(der_read, takes_named_bits_without_zero_bits_at_the_end)
{
	static const struct {
		const char *text;
		pki_code    code;
		uint32_t    set;
	} rows[] = {
		{ "03020780", PKI_OK, 0x01 },
		{ "030205a0", PKI_OK, 0x05 },
		{ "0303070080", PKI_OK, 0x100 },
		{ "030100", PKI_OK, 0 },
		{ "03020680", PKI_BAD_INPUT, 0 },
		{ "03020000", PKI_BAD_INPUT, 0 },
		{ "0303008000", PKI_BAD_INPUT, 0 },
		{ "0306000000000001", PKI_BAD_INPUT, 0 },
		{ "0300", PKI_BAD_INPUT, 0 },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) piece = pki_buf_new();
		uint32_t set = 0;
		pki_der der;

		make_piece(rows[i].text, piece);
		der = pki_der_from(pki_buf_bytes(piece), "test");
		cr_expect(pki_der_read_named_bits(&der, &set, NULL) ==
		    rows[i].code && set == rows[i].set, "%s", rows[i].text);
	}
}

Test(der_read, takes_bit_strings_of_whole_octets_only)
{
	pki_der good = pki_der_from(PKI_BYTES_TEXT("\3\2\0\x81"), "test");
	pki_der bad = pki_der_from(PKI_BYTES_TEXT("\3\2\1\x80"), "test");
	pki_bytes out = { NULL, 0 };

	cr_expect(pki_der_read_bits(&good, &out, NULL) == PKI_OK);
	cr_expect(pki_bytes_equal(out, PKI_BYTES_TEXT("\x81")));
	cr_expect(pki_der_read_bits(&bad, &out, NULL) == PKI_BAD_INPUT);
}

Test(der_read, takes_times_as_rfc_5280_writes_them)
{
	static const struct {
		const char *text;
		pki_code    code;
		int64_t     value;
	} rows[] = {
		{ "17{'700101000000Z'}", PKI_OK, 0 },
		{ "17{'491231235959Z'}", PKI_OK, 2524607999 },
		{ "17{'500101000000Z'}", PKI_OK, -631152000 },
		{ "18{'20500101000000Z'}", PKI_OK, 2524608000 },
		{ "18{'99991231235959Z'}", PKI_OK, INT64_C(253402300799) },
		{ "18{'20491231235959Z'}", PKI_BAD_INPUT, 0 },
		{ "17{'7001010000Z'}", PKI_BAD_INPUT, 0 },
		{ "17{'700101000000'}", PKI_BAD_INPUT, 0 },
		{ "17{'700101000000+0000'}", PKI_BAD_INPUT, 0 },
		{ "17{'700230000000Z'}", PKI_BAD_INPUT, 0 },
		{ "17{'701301000000Z'}", PKI_BAD_INPUT, 0 },
		{ "17{'70010100000xZ'}", PKI_BAD_INPUT, 0 },
		{ "18{'20500101000000.5Z'}", PKI_BAD_INPUT, 0 },
		{ "0c{'700101000000Z'}", PKI_BAD_INPUT, 0 },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) piece = pki_buf_new();
		int64_t value = 0;
		pki_der der;

		make_piece(rows[i].text, piece);
		der = pki_der_from(pki_buf_bytes(piece), "test");
		cr_expect(pki_der_read_time(&der, &value, NULL) ==
		    rows[i].code && value == rows[i].value, "%s: %lld",
		    rows[i].text, (long long)value);
	}
}

Test(der_add, writes_what_the_reader_reads_at_every_length)
{
	static const size_t lengths[] = {
		0, 1, 127, 128, 255, 256, 65535, 65536, 70000,
	};
	static const uint8_t zeros[70000];

	for (size_t i = 0; i < PKI_COUNT(lengths); i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();
		pki_bytes content = pki_bytes_of(zeros, lengths[i]);
		pki_bytes octets, bits;
		pki_der der;

		pki_der_add(out, PKI_DER_OCTET_STRING, content);
		pki_der_add_bits(out, content);
		der = pki_der_from(pki_buf_bytes(out), "test");
		cr_expect(pki_der_read(&der, PKI_DER_OCTET_STRING, &octets,
		    NULL) == PKI_OK && octets.len == lengths[i]);
		cr_expect(pki_der_read_bits(&der, &bits, NULL) == PKI_OK &&
		    bits.len == lengths[i]);
		cr_expect(pki_der_finish(&der, NULL) == PKI_OK);
	}
}

Test(der_add, knows_lengths_before_it_writes)
{
	static const size_t lengths[] = {
		0, 1, 127, 128, 255, 256, 65535, 65536, 70000,
	};
	static const uint8_t zeros[70000];

	for (size_t i = 0; i < PKI_COUNT(lengths); i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();

		pki_der_add(out, PKI_DER_SEQUENCE,
		    pki_bytes_of(zeros, lengths[i]));
		cr_expect(out->len == pki_der_size(lengths[i]));
		pki_buf_cut(out, out->len - lengths[i]);
		pki_der_add_header(out, PKI_DER_SEQUENCE, lengths[i]);
		cr_expect(memcmp(out->data, out->data + out->len / 2,
		    out->len / 2) == 0, "length %zu", lengths[i]);
	}
}

Test(der_add, writes_minimal_integers)
{
	static const struct {
		int64_t     value;
		const char *octets;
		size_t      len;
	} rows[] = {
		{ 0, "\x02\x01\x00", 3 },
		{ 127, "\x02\x01\x7f", 3 },
		{ 128, "\x02\x02\x00\x80", 4 },
		{ 255, "\x02\x02\x00\xff", 4 },
		{ 256, "\x02\x02\x01\x00", 4 },
		{ 32768, "\x02\x03\x00\x80\x00", 5 },
		{ INT64_MAX, "\x02\x08\x7f\xff\xff\xff\xff\xff\xff\xff", 10 },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();

		pki_der_add_integer(out, rows[i].value);
		cr_expect(pki_bytes_equal(pki_buf_bytes(out),
		    pki_bytes_of(rows[i].octets, rows[i].len)), "row %zu", i);
		cr_expect(out->len == pki_der_size(pki_der_integer_len(
		    rows[i].value)), "row %zu", i);
	}
}

Test(der_add, writes_times_that_the_reader_reads)
{
	static const int64_t times[] = {
		0, INT64_C(946684799), INT64_C(951782400),
		INT64_C(2524607999), INT64_C(2524608000),
		INT64_C(253402300799),
	};

	for (size_t i = 0; i < PKI_COUNT(times); i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();
		int64_t when = -1;
		pki_der der;

		pki_der_add_time(out, times[i]);
		cr_expect(out->len == pki_der_size(pki_der_time_len(
		    times[i])));
		der = pki_der_from(pki_buf_bytes(out), "test");
		cr_expect(pki_der_read_time(&der, &when, NULL) == PKI_OK &&
		    when == times[i], "row %zu", i);
	}
}

Test(der_format_oid, writes_dotted_arcs_and_cuts_what_does_not_fit)
{
	char text[40], shorter[8];

	cr_expect_str_eq(pki_der_format_oid(
	    PKI_BYTES_TEXT("\x55\x1d\x13"), text, sizeof(text)), "2.5.29.19");
	cr_expect_str_eq(pki_der_format_oid(
	    PKI_BYTES_TEXT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"), text,
	    sizeof(text)), "1.2.840.113549.1.9.14");
	cr_expect_str_eq(pki_der_format_oid(PKI_BYTES_TEXT("\x88\x37\x03"),
	    text, sizeof(text)), "2.999.3");
	pki_der_format_oid(PKI_BYTES_TEXT("\x2a\x86\x48\x86\xf7\x0d\x01"),
	    shorter, sizeof(shorter));
	cr_expect(strlen(shorter) < sizeof(shorter));
}
