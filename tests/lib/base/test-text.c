#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(hex_parse, .timeout = 30);
TestSuite(hex_add, .timeout = 30);
TestSuite(base64_add, .timeout = 30);
TestSuite(base64_parse, .timeout = 30);
TestSuite(text_escape, .timeout = 30);
TestSuite(text, .timeout = 30);
TestSuite(text_format, .timeout = 30);
TestSuite(number_parse, .timeout = 30);

Test(hex_add, writes_two_lower_case_digits_an_octet)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	char text[11];

	pki_hex_add(out, PKI_BYTES_TEXT("\x00\x0f\xf0\xab\xff"));
	cr_assert_str_eq(pki_buf_text(out), "000ff0abff");
	cr_assert_str_eq(pki_hex_format(PKI_BYTES_TEXT("\x00\x0f\xf0\xab\xff"),
	    text), "000ff0abff");
	cr_assert_str_eq(pki_hex_format(pki_bytes_of(NULL, 0), text), "");
}

Test(hex_parse, reads_either_case_up_to_the_limit)
{
	PKI_AUTO(pki_buf) out = NULL;
	PKI_AUTO(pki_buf) none = NULL;
	pki_err err;

	cr_assert_eq(pki_hex_parse("00aBCdEf", 4, &out, &err), PKI_OK);
	cr_assert(pki_bytes_equal(pki_buf_bytes(out),
	    PKI_BYTES_TEXT("\x00\xab\xcd\xef")));
	cr_assert_eq(pki_hex_parse("", 4, &none, &err), PKI_OK);
	cr_assert_eq(none->len, 0);
}

Test(hex_parse, refuses_whatever_is_not_pairs_of_digits)
{
	static const char *const bad[] = {
		"0", "000", "0g", "g0", "0x00", "00 00", " 00", "00\n",
		"00:00", "-1", "\xc3\xa4", "0102030405", "@0", "0`", "/0", ":0",
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		pki_buf *out = NULL;
		pki_err err;

		cr_expect_eq(pki_hex_parse(bad[i], 4, &out, &err),
		    PKI_BAD_INPUT, "'%s'", bad[i]);
		cr_expect_null(out);
	}
}

/* RFC 4648, section 10. */
static const struct vector {
	const char *plain, *coded;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "+/+/" },
};

Test(base64_add, gives_the_vectors_of_rfc_4648)
{
	for (size_t i = 0; i < PKI_COUNT(vectors); i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();

		pki_base64_add(out, pki_bytes_text(vectors[i].plain), 0);
		cr_expect_str_eq(pki_buf_text(out), vectors[i].coded);
	}
}

Test(base64_add, ends_every_line_when_it_makes_lines)
{
	static const struct wrapped {
		size_t      octets;
		const char *coded;
	} rows[] = {
		{ 0, "" },
		{ 3, "AAAA\n" },
		{ 6, "AAAAAAAA\n" },
		{ 7, "AAAAAAAA\nAA==\n" },
		{ 12, "AAAAAAAA\nAAAAAAAA\n" },
	};
	static const uint8_t zeros[12];

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();

		pki_base64_add(out, pki_bytes_of(zeros, rows[i].octets), 8);
		cr_expect_str_eq(pki_buf_text(out), rows[i].coded);
	}
}

Test(base64_parse, reads_the_vectors_of_rfc_4648)
{
	for (size_t i = 0; i < PKI_COUNT(vectors); i++) {
		PKI_AUTO(pki_buf) out = NULL;
		pki_err err;

		cr_expect_eq(pki_base64_parse(pki_bytes_text(vectors[i].coded),
		    6, &out, &err), PKI_OK, "'%s'", vectors[i].coded);
		cr_expect_str_eq(pki_buf_text(out), vectors[i].plain);
	}
}

Test(base64_parse, skips_line_ends_and_blanks_only)
{
	static const char text[] = " Zm\n9v\r\nYm\tFy \n";
	PKI_AUTO(pki_buf) out = NULL;
	pki_err err;

	cr_assert_eq(pki_base64_parse(PKI_BYTES_TEXT(text), 6, &out, &err),
	    PKI_OK);
	cr_assert_str_eq(pki_buf_text(out), "foobar");
}

Test(base64_parse, refuses_whatever_is_not_canonical)
{
	static const pki_bytes bad[] = {
		PKI_BYTES_TEXT("Z"), PKI_BYTES_TEXT("Zg"),
		PKI_BYTES_TEXT("Zg="), PKI_BYTES_TEXT("Zg==="),
		PKI_BYTES_TEXT("Zg==Zg=="), PKI_BYTES_TEXT("Z==="),
		PKI_BYTES_TEXT("===="), PKI_BYTES_TEXT("="),
		PKI_BYTES_TEXT("Zm9="), PKI_BYTES_TEXT("Zh=="),
		PKI_BYTES_TEXT("Zm8=x"), PKI_BYTES_TEXT("Zm=8"),
		PKI_BYTES_TEXT("Zm9v\r"), PKI_BYTES_TEXT("Zm\r9v"),
		PKI_BYTES_TEXT("Zm9v\0"), PKI_BYTES_TEXT("Zm\0v"),
		PKI_BYTES_TEXT("Zm-_"), PKI_BYTES_TEXT("Zm9*"),
		PKI_BYTES_TEXT("Zm9\xff"), PKI_BYTES_TEXT("Zm9v\v"),
		PKI_BYTES_TEXT("Zm9vYmFyZg=="),
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		pki_buf *out = NULL;
		pki_err err;

		cr_expect_eq(pki_base64_parse(bad[i], 6, &out, &err),
		    PKI_BAD_INPUT, "row %zu", i);
		cr_expect_null(out);
	}
}

Test(base64_parse, reads_back_what_add_wrote_at_every_length)
{
	uint8_t octets[200];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 37 + 11);
	for (size_t len = 0; len <= sizeof(octets); len++) {
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_buf) out = NULL;
		pki_err err;

		pki_base64_add(text, pki_bytes_of(octets, len), 64);
		cr_assert_eq(pki_base64_parse(pki_buf_bytes(text), len, &out,
		    &err), PKI_OK, "%zu octets", len);
		cr_assert(pki_bytes_equal(pki_buf_bytes(out),
		    pki_bytes_of(octets, len)));
	}
}

Test(text_escape, shows_printable_ascii_and_escapes_the_rest)
{
	static const struct escaped {
		pki_bytes   in;
		size_t      room;
		const char *out;
	} rows[] = {
		{ PKI_BYTES_TEXT("meter-1 ~"), 32, "meter-1 ~" },
		{ PKI_BYTES_TEXT("a\\b"), 32, "a\\\\b" },
		{ PKI_BYTES_TEXT("a\nb\0c\x7f\xc3"), 32,
		    "a\\x0ab\\x00c\\x7f\\xc3" },
		{ PKI_BYTES_TEXT("abcdef"), 7, "abcdef" },
		{ PKI_BYTES_TEXT("abcdefg"), 7, "abc..." },
		{ PKI_BYTES_TEXT("abcdef\n"), 10, "abcdef..." },
		{ PKI_BYTES_TEXT("abc\ndef"), 8, "abc..." },
		{ PKI_BYTES_TEXT("abcdef"), 4, "..." },
		{ PKI_BYTES_TEXT("abcdef"), 3, "" },
		{ PKI_BYTES_TEXT("abcdef"), 1, "" },
		{ PKI_BYTES_TEXT("ab"), 3, "ab" },
		{ PKI_BYTES_TEXT("a"), 2, "a" },
		{ { NULL, 0 }, 1, "" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		char out[32];

		memset(out, '#', sizeof(out));
		cr_expect_str_eq(pki_text_escape(rows[i].in, out,
		    rows[i].room), rows[i].out, "row %zu: '%s'", i, out);
		for (size_t k = rows[i].room; k < sizeof(out); k++)
			cr_expect_eq(out[k], '#', "row %zu wrote beyond", i);
	}
}

Test(text, is_printable_from_space_to_tilde)
{
	for (int c = 0; c < 256; c++) {
		uint8_t octet = (uint8_t)c;

		cr_expect_eq(pki_text_is_printable(pki_bytes_of(&octet, 1)),
		    c >= 0x20 && c <= 0x7e, "octet %d", c);
	}
}

Test(text, has_a_case_in_ascii_letters_only)
{
	for (int c = 0; c < 256; c++)
		cr_expect_eq((uint8_t)pki_text_lower((char)c),
		    c >= 'A' && c <= 'Z' ? c + 32 : c, "octet %d", c);
	cr_expect(pki_text_equal_nocase("Meter-A", "mETER-a"));
	cr_expect(pki_text_equal_nocase("", ""));
	cr_expect_not(pki_text_equal_nocase("meter", "meter-1"));
	cr_expect_not(pki_text_equal_nocase("meter-1", "meter"));
	cr_expect_not(pki_text_equal_nocase("\xc3\x84", "\xc3\xa4"));
	cr_expect_not(pki_text_equal_nocase("[", "{"));
}

Test(text, is_folded_into_what_room_there_is)
{
	char out[8];

	cr_expect_str_eq(pki_text_fold("MeTeR", out, sizeof(out)), "meter");
	cr_expect_str_eq(pki_text_fold("ABCDEFGHIJ", out, sizeof(out)),
	    "abcdefg");
}

Test(text_format, says_when_the_room_is_short)
{
	char out[6];
	pki_err err;

	cr_expect_eq(pki_text_format(out, sizeof(out), &err, "%s", "12345"),
	    PKI_OK);
	cr_expect_str_eq(out, "12345");
	cr_expect_eq(pki_text_format(out, sizeof(out), &err, "%s", "123456"),
	    PKI_BAD_INPUT);
	cr_expect_eq(err.code, PKI_BAD_INPUT);
}

Test(number_parse, reads_whole_decimals_within_the_limits)
{
	static const struct number {
		const char *text;
		int64_t     min, max, value;
	} rows[] = {
		{ "0", 0, 10, 0 },
		{ "10", 0, 10, 10 },
		{ "-5", -5, 10, -5 },
		{ "007", 0, 10, 7 },
		{ "9223372036854775807", 0, INT64_MAX, INT64_MAX },
		{ "-9223372036854775808", INT64_MIN, 0, INT64_MIN },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		int64_t value = 99;
		pki_err err;

		cr_expect_eq(pki_number_parse(rows[i].text, rows[i].min,
		    rows[i].max, &value, &err), PKI_OK, "%s", rows[i].text);
		cr_expect_eq(value, rows[i].value, "%s", rows[i].text);
	}
}

Test(number_parse, refuses_everything_else_and_leaves_the_value)
{
	static const char *const bad[] = {
		"", "-", "+5", " 5", "5 ", "5x", "0x5", "5.0", "1e1", "--5",
		"11", "-1", "9223372036854775808", "99999999999999999999",
		"-9223372036854775809", "five",
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		int64_t value = 99;
		pki_err err;

		cr_expect_eq(pki_number_parse(bad[i], 0, 10, &value, &err),
		    PKI_BAD_INPUT, "'%s'", bad[i]);
		cr_expect_eq(value, 99);
	}
}

Test(text, is_copied_for_the_caller_to_free)
{
	char *copy = pki_text_copy("abc");

	cr_assert_str_eq(copy, "abc");
	free(copy);
}
