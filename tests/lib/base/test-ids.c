#include "base/ids.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(serial_from_bytes, .timeout = 30);
TestSuite(serial_parse, .timeout = 30);
TestSuite(serial, .timeout = 30);
TestSuite(digest, .timeout = 30);
TestSuite(identity_check, .timeout = 30);
TestSuite(ca_name_check, .timeout = 30);
TestSuite(profile_name_check, .timeout = 30);
TestSuite(pattern_match, .timeout = 30);

#define TWENTY "\x7f\x01\x02\x03\x04\x05\x06\x07\x08\x09" \
	"\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13"

Test(serial_from_bytes, takes_positive_minimal_numbers)
{
	static const struct good {
		pki_bytes   in;
		const char *text;
	} rows[] = {
		{ PKI_BYTES_TEXT("\x01"), "01" },
		{ PKI_BYTES_TEXT("\x7f"), "7f" },
		{ PKI_BYTES_TEXT("\x00\x80"), "0080" },
		{ PKI_BYTES_TEXT("\x01\x00"), "0100" },
		{ PKI_BYTES_TEXT(TWENTY),
		    "7f0102030405060708090a0b0c0d0e0f10111213" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		char text[PKI_SERIAL_TEXT];
		pki_serial serial;
		pki_err err;

		cr_expect_eq(pki_serial_from_bytes(rows[i].in, &serial, &err),
		    PKI_OK, "row %zu", i);
		cr_expect_str_eq(pki_serial_format(&serial, text),
		    rows[i].text);
		cr_expect(pki_bytes_equal(pki_serial_bytes(&serial),
		    rows[i].in));
	}
}

Test(serial_from_bytes, refuses_the_others_by_the_rule_serial)
{
	static const pki_bytes bad[] = {
		{ NULL, 0 }, PKI_BYTES_TEXT("\x00"), PKI_BYTES_TEXT("\x80"),
		PKI_BYTES_TEXT("\xff\xff"), PKI_BYTES_TEXT("\x00\x7f"),
		PKI_BYTES_TEXT("\x00\x00\x80"), PKI_BYTES_TEXT(TWENTY "\x01"),
		PKI_BYTES_TEXT("\x00" TWENTY),
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		pki_serial serial;
		pki_err err;

		cr_expect_eq(pki_serial_from_bytes(bad[i], &serial, &err),
		    PKI_BAD_INPUT, "row %zu", i);
		cr_expect_str_eq(err.rule, "serial");
	}
}

Test(serial_parse, reads_hex_of_either_case)
{
	pki_serial serial, same;
	pki_err err;

	cr_assert_eq(pki_serial_parse("01AbCd", &serial, &err), PKI_OK);
	cr_assert_eq(pki_serial_parse("01aBcD", &same, &err), PKI_OK);
	cr_assert(pki_serial_equal(&serial, &same));
	cr_assert_eq(serial.len, 3);
}

Test(serial_parse, refuses_other_text)
{
	static const char *const bad[] = {
		"", "1", "0x01", "01 02", "01:02", "00", "80", "0001", "xy",
		"7f0102030405060708090a0b0c0d0e0f1011121314",
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		pki_serial serial;
		pki_err err;

		cr_expect_eq(pki_serial_parse(bad[i], &serial, &err),
		    PKI_BAD_INPUT, "'%s'", bad[i]);
		cr_expect_not_null(strstr(err.msg, bad[i]));
	}
}

Test(serial, orders_by_its_value)
{
	static const char *const ascending[] = {
		"01", "7f", "0080", "00ff", "0100", "7fff", "008000", "010000",
	};
	pki_serial a, b;
	pki_err err;

	for (size_t i = 0; i < PKI_COUNT(ascending); i++)
		for (size_t k = 0; k < PKI_COUNT(ascending); k++) {
			int order, want = i < k ? -1 : i > k;

			cr_assert_eq(pki_serial_parse(ascending[i], &a, &err),
			    PKI_OK);
			cr_assert_eq(pki_serial_parse(ascending[k], &b, &err),
			    PKI_OK);
			order = pki_serial_compare(&a, &b);
			cr_expect_eq(order < 0 ? -1 : order > 0, want,
			    "%s and %s", ascending[i], ascending[k]);
			cr_expect_eq(pki_serial_equal(&a, &b), i == k);
		}
}

Test(digest, prints_sixty_four_lower_case_digits)
{
	char text[PKI_DIGEST_TEXT];
	pki_digest digest, other;

	for (size_t i = 0; i < sizeof(digest.octets); i++)
		digest.octets[i] = (uint8_t)(i + 0xe0);
	cr_assert_str_eq(pki_digest_format(&digest, text),
	    "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
	other = digest;
	cr_assert(pki_digest_equal(&digest, &other));
	other.octets[31] ^= 1;
	cr_assert_not(pki_digest_equal(&digest, &other));
	cr_assert_eq(pki_digest_bytes(&digest).len, 32);
}

#define SIXTY "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWX"

Test(identity_check, takes_letters_digits_and_three_marks)
{
	static const char *const good[] = {
		"a", "Z", "0", "meter-0042", "a.b_c-d", "A-", "9.", "x__",
		SIXTY "yz.-",
	};

	for (size_t i = 0; i < PKI_COUNT(good); i++) {
		pki_err err;

		cr_expect_eq(pki_identity_check(pki_bytes_text(good[i]), &err),
		    PKI_OK, "'%s'", good[i]);
	}
}

Test(identity_check, refuses_every_other_octet_wherever_it_stands)
{
	for (int c = 0; c < 256; c++) {
		char text[] = { 'a', (char)c, 'b' };
		bool plain = c < 128 && c != 0 &&
		    strchr(SIXTY "YZyz._-", c) != NULL;
		bool first = plain && strchr("._-", c) == NULL;
		pki_err err = { 0 };

		cr_expect_eq(pki_identity_check(pki_bytes_of(text, 3), &err),
		    plain ? PKI_OK : PKI_DENIED, "octet %d inside", c);
		cr_expect_str_eq(err.rule, plain ? "" : "identity");
		cr_expect_eq(pki_identity_check(pki_bytes_of(text + 1, 2),
		    &err), first ? PKI_OK : PKI_DENIED, "octet %d first", c);
		cr_expect_eq(pki_identity_check(pki_bytes_of(text, 2), &err),
		    plain ? PKI_OK : PKI_DENIED, "octet %d last", c);
	}
}

Test(identity_check, says_which_name_and_what_would_do)
{
	static const struct bad {
		pki_bytes   name;
		const char *shown;
	} rows[] = {
		{ { NULL, 0 }, "" },
		{ PKI_BYTES_TEXT("a/b"), "a/b" },
		{ PKI_BYTES_TEXT("a+"), "a+" },
		{ PKI_BYTES_TEXT("#"), "#" },
		{ PKI_BYTES_TEXT("$SYS"), "$SYS" },
		{ PKI_BYTES_TEXT("%c"), "%c" },
		{ PKI_BYTES_TEXT("a:b"), "a:b" },
		{ PKI_BYTES_TEXT("a b"), "a b" },
		{ PKI_BYTES_TEXT("a\0b"), "a\\x00b" },
		{ PKI_BYTES_TEXT("a\n"), "a\\x0a" },
		{ PKI_BYTES_TEXT("m\xc3\xa4"), "m\\xc3\\xa4" },
		{ PKI_BYTES_TEXT(".a"), ".a" },
		{ PKI_BYTES_TEXT(SIXTY "12345"), SIXTY "12345" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		pki_err err;

		cr_expect_eq(pki_identity_check(rows[i].name, &err),
		    PKI_DENIED, "row %zu", i);
		cr_expect_str_eq(err.value, rows[i].shown);
		cr_expect_str_eq(err.accepts, PKI_IDENTITY_RULE);
	}
}

static const struct short_name {
	const char *text;
	bool        good;
} short_names[] = {
	{ "a", true }, { "root", true }, { "issuing-2", true }, { "0", true },
	{ "a--", true }, { "abcdefghijklmnopqrstuvwxyz012345", true },
	{ "abcdefghijklmnopqrstuvwxyz0123456", false }, { "", false },
	{ "-a", false }, { "Root", false }, { "a.b", false }, { "a_b", false },
	{ "a/b", false }, { "../a", false }, { "a ", false }, { "a\n", false },
	{ "\xc3\xa4", false },
};

Test(ca_name_check, takes_what_is_safe_in_urls_and_file_names)
{
	for (size_t i = 0; i < PKI_COUNT(short_names); i++) {
		pki_err err = { 0 };

		cr_expect_eq(pki_ca_name_check(short_names[i].text, &err),
		    short_names[i].good ? PKI_OK : PKI_DENIED, "'%s'",
		    short_names[i].text);
		cr_expect_str_eq(err.rule, short_names[i].good ? "" :
		    "ca-name");
	}
}

Test(ca_name_check, refuses_the_names_of_other_files_in_keys)
{
	static const struct row {
		const char *name;
		bool        good;
	} rows[] = {
		{ "token", false }, { "est-server", false },
		{ "tokens", true }, { "toke", true }, { "est-server-2", true },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		pki_err err = { 0 };

		cr_expect_eq(pki_ca_name_check(rows[i].name, &err),
		    rows[i].good ? PKI_OK : PKI_DENIED, "%s", rows[i].name);
		cr_expect_str_eq(err.value, rows[i].good ? "" : rows[i].name);
		cr_expect_eq(pki_profile_name_check(rows[i].name, NULL),
		    PKI_OK);
	}
}

Test(profile_name_check, takes_the_same)
{
	for (size_t i = 0; i < PKI_COUNT(short_names); i++) {
		pki_err err = { 0 };

		cr_expect_eq(pki_profile_name_check(short_names[i].text, &err),
		    short_names[i].good ? PKI_OK : PKI_DENIED, "'%s'",
		    short_names[i].text);
		cr_expect_str_eq(err.rule, short_names[i].good ? "" :
		    "profile-name");
	}
}

Test(pattern_match, lets_a_star_stand_for_anything)
{
	static const struct match {
		const char *pattern, *text;
		bool        fits;
	} rows[] = {
		{ "", "", true }, { "", "a", false }, { "a", "", false },
		{ "*", "", true }, { "*", "anything", true },
		{ "**", "x", true }, { "meter-*", "meter-1", true },
		{ "meter-*", "meter-", true }, { "meter-*", "meter", false },
		{ "METER-*", "meter-1", true }, { "meter-*", "METER-1", true },
		{ "*-1", "meter-1", true }, { "*-1", "meter-11", false },
		{ "*-1", "meter-1-1", true }, { "a*b*c", "abc", true },
		{ "a*b*c", "aXbYc", true }, { "a*b*c", "acb", false },
		{ "a*b*c", "abcbc", true }, { "*a*", "bab", true },
		{ "*a*", "bbb", false }, { "broker", "brokers", false },
		{ "b.oker", "broker", false }, { "b?oker", "broker", false },
		{ "*aaab", "aaaaaaaaaaaaaaaaaaaaaaaaab", true },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++)
		cr_expect_eq(pki_pattern_match(rows[i].pattern, rows[i].text),
		    rows[i].fits, "'%s' and '%s'", rows[i].pattern,
		    rows[i].text);
}

Test(pattern_match, takes_no_exponential_time)
{
	char text[4096];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_assert_not(pki_pattern_match("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}
