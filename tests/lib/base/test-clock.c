#include "base/clock.h"

#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "base/auto.h"

TestSuite(clock_now, .timeout = 30);
TestSuite(time_format, .timeout = 30);
TestSuite(time_parse, .timeout = 30);
TestSuite(duration_parse, .timeout = 30);
TestSuite(duration_format, .timeout = 30);
TestSuite(duration_rough, .timeout = 30);
TestSuite(date, .timeout = 30);

static int64_t
fixed(void *arg)
{
	return *(const int64_t *)arg;
}

Test(clock_now, comes_from_the_clock_given)
{
	int64_t ms = 1767225600999;
	const pki_clock clock = { fixed, &ms };

	cr_assert_eq(pki_clock_now_ms(&clock), 1767225600999);
	cr_assert_eq(pki_clock_now(&clock), 1767225600);
}

Test(clock_now, is_the_systems_without_one)
{
	time_t before = time(NULL);
	int64_t now = pki_clock_now(NULL), ms = pki_clock_now_ms(NULL);

	/* time(2) may lag behind by a tick. */
	cr_assert(now >= before && now <= time(NULL) + 1);
	cr_assert(ms / 1000 >= now && ms / 1000 <= time(NULL) + 1);
}

static const struct moment {
	int64_t     when;
	const char *text;
} moments[] = {
	{ 0, "1970-01-01T00:00:00Z" },
	{ -1, "1969-12-31T23:59:59Z" },
	{ 951782399, "2000-02-28T23:59:59Z" },
	{ 951782400, "2000-02-29T00:00:00Z" },
	{ 951868800, "2000-03-01T00:00:00Z" },
	{ 1709164800, "2024-02-29T00:00:00Z" },
	{ 1798761599, "2026-12-31T23:59:59Z" },
	{ 2147483647, "2038-01-19T03:14:07Z" },
	{ 2147483648, "2038-01-19T03:14:08Z" },
	{ 2524607999, "2049-12-31T23:59:59Z" },
	{ 2524608000, "2050-01-01T00:00:00Z" },
	{ 4107542400, "2100-03-01T00:00:00Z" },
	{ 4107456000, "2100-02-28T00:00:00Z" },
	{ -2203891200, "1900-03-01T00:00:00Z" },
	{ PKI_TIME_MAX, "9999-12-31T23:59:59Z" },
	{ -62167219200, "0000-01-01T00:00:00Z" },
	{ -62162035201, "0000-02-29T23:59:59Z" },
};

Test(time_format, shows_utc_in_the_form_of_rfc_3339)
{
	for (size_t i = 0; i < PKI_COUNT(moments); i++) {
		char text[PKI_TIME_TEXT];

		cr_expect_str_eq(pki_time_format(moments[i].when, text),
		    moments[i].text);
	}
}

Test(time_format, shows_a_dash_for_what_has_no_four_digit_year)
{
	static const int64_t outside[] = {
		-62167219201, PKI_TIME_MAX + 1, INT64_MIN, INT64_MAX,
	};

	for (size_t i = 0; i < PKI_COUNT(outside); i++) {
		char text[PKI_TIME_TEXT];

		cr_expect_str_eq(pki_time_format(outside[i], text), "-");
	}
}

Test(time_parse, reads_what_format_wrote)
{
	for (size_t i = 0; i < PKI_COUNT(moments); i++) {
		int64_t when = 99;
		pki_err err;

		cr_expect_eq(pki_time_parse(moments[i].text, &when, &err),
		    PKI_OK, "%s", moments[i].text);
		cr_expect_eq(when, moments[i].when, "%s", moments[i].text);
	}
}

Test(time_parse, refuses_every_other_form)
{
	static const char *const bad[] = {
		"", "now", "2026", "2026-11-24", "2026-11-24T08:00:00",
		"2026-11-24T08:00Z", "2026-11-24 08:00:00Z",
		"2026-11-24t08:00:00Z", "2026-11-24T08:00:00z",
		"2026-11-24T08:00:00+00:00", "2026-11-24T08:00:00.0Z",
		"2026-11-24T08:00:00Zx", " 2026-11-24T08:00:00Z",
		"26-11-24T08:00:00Z", "2026-1-24T08:00:00Z",
		"2026-00-24T08:00:00Z", "2026-13-24T08:00:00Z",
		"2026-11-00T08:00:00Z", "2026-11-31T08:00:00Z",
		"2026-02-29T08:00:00Z", "2100-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
		"2026-11-24T24:00:00Z", "2026-11-24T08:60:00Z",
		"2026-11-24T08:00:60Z", "-026-11-24T08:00:00Z",
		"2026-11-24T-8:00:00Z", "2026-11-24T+8:00:00Z",
		"20261124T080000Z", "12026-11-24T08:00:00Z",
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		int64_t when = 99;
		pki_err err;

		cr_expect_eq(pki_time_parse(bad[i], &when, &err),
		    PKI_BAD_INPUT, "'%s'", bad[i]);
		cr_expect_eq(err.code, PKI_BAD_INPUT);
		cr_expect_eq(when, 99, "'%s' wrote", bad[i]);
	}
}

Test(duration_parse, reads_one_number_and_one_unit)
{
	static const struct duration {
		const char *text;
		int64_t     seconds;
	} rows[] = {
		{ "0s", 0 }, { "1s", 1 }, { "90s", 90 }, { "5m", 300 },
		{ "24h", 86400 }, { "90d", 7776000 }, { "2w", 1209600 },
		{ "1y", 31536000 }, { "1000y", 1000 * PKI_YEAR },
		{ "31536000000s", 1000 * PKI_YEAR }, { "007d", 7 * PKI_DAY },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		int64_t seconds = -1;
		pki_err err;

		cr_expect_eq(pki_duration_parse(rows[i].text, &seconds, &err),
		    PKI_OK, "%s", rows[i].text);
		cr_expect_eq(seconds, rows[i].seconds, "%s", rows[i].text);
	}
}

Test(duration_parse, refuses_everything_else)
{
	static const char *const bad[] = {
		"", "d", "90", "90 d", " 90d", "90d ", "-1d", "+1d", "1.5h",
		"1h30m", "90D", "90days", "1001y", "31536000001s", "0x5d",
		"99999999999999999999999999s", "9223372036854775807y",
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		int64_t seconds = -1;
		pki_err err;

		cr_expect_eq(pki_duration_parse(bad[i], &seconds, &err),
		    PKI_BAD_INPUT, "'%s'", bad[i]);
		cr_expect_eq(seconds, -1, "'%s'", bad[i]);
	}
}

Test(duration_format, uses_the_largest_unit_that_divides)
{
	static const struct duration {
		int64_t     seconds;
		const char *text;
	} rows[] = {
		{ 0, "0s" }, { 1, "1s" }, { 59, "59s" }, { 60, "1m" },
		{ 61, "61s" }, { 3600, "1h" }, { 5400, "90m" },
		{ PKI_DAY, "1d" }, { 7 * PKI_DAY, "7d" },
		{ 90 * PKI_DAY, "90d" }, { PKI_YEAR, "1y" },
		{ 20 * PKI_YEAR, "20y" }, { PKI_YEAR - 1, "31535999s" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		char text[PKI_DURATION_TEXT];
		int64_t back = -1;
		pki_err err;

		cr_expect_str_eq(pki_duration_format(rows[i].seconds, text),
		    rows[i].text);
		cr_expect_eq(pki_duration_parse(text, &back, &err), PKI_OK);
		cr_expect_eq(back, rows[i].seconds);
	}
}

Test(duration_rough, uses_two_units_at_most)
{
	static const struct duration {
		int64_t     seconds;
		const char *text;
	} rows[] = {
		{ 0, "0 s" }, { 59, "59 s" }, { 60, "1 min" },
		{ 12 * 60 + 5, "12 min" }, { PKI_HOUR, "1 h" },
		{ PKI_HOUR + 120, "1 h 2 min" }, { PKI_DAY, "1 d" },
		{ 89 * PKI_DAY + 4 * PKI_HOUR + 7, "89 d 4 h" },
		{ 90 * PKI_DAY + 59, "90 d" }, { PKI_YEAR, "1 y" },
		{ 20 * PKI_YEAR + 5 * PKI_DAY, "20 y 5 d" },
		{ -90, "-1 min" }, { -2 * PKI_DAY, "-2 d" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		char text[PKI_DURATION_TEXT];

		cr_expect_str_eq(pki_duration_rough(rows[i].seconds, text),
		    rows[i].text);
	}
}

Test(date, agrees_with_timegm_over_ten_thousand_dates)
{
	/* A step without common factors walks through all fields. */
	const int64_t step = INT64_C(31556952) * 997 % 31557600 + 25252525;
	int64_t when = -62167219200;

	for (int i = 0; i < 10000 && when <= PKI_TIME_MAX; i++, when += step) {
		pki_date date = pki_date_of(when);
		struct tm tm = {
			.tm_year = date.year - 1900, .tm_mon = date.month - 1,
			.tm_mday = date.day, .tm_hour = date.hour,
			.tm_min = date.minute, .tm_sec = date.second,
		};
		int64_t back = 0;
		pki_err err;

		cr_assert_eq(timegm(&tm), when, "%lld", (long long)when);
		cr_assert_eq(pki_date_seconds(&date, &back, &err), PKI_OK);
		cr_assert_eq(back, when, "%lld", (long long)when);
	}
}

Test(date, is_right_on_every_day_of_four_centuries)
{
	for (int64_t day = 0; day < 146097; day++) {
		pki_date date = pki_date_of(day * PKI_DAY);
		int64_t back = 0;
		pki_err err;

		cr_assert_eq(pki_date_seconds(&date, &back, &err), PKI_OK);
		cr_assert_eq(back, day * PKI_DAY);
		cr_assert(date.hour == 0 && date.minute == 0 &&
		    date.second == 0);
	}
}

Test(date, refuses_a_field_out_of_range)
{
	static const pki_date bad[] = {
		{ -1, 1, 1, 0, 0, 0 }, { 10000, 1, 1, 0, 0, 0 },
		{ 2026, 0, 1, 0, 0, 0 }, { 2026, 13, 1, 0, 0, 0 },
		{ 2026, 1, 0, 0, 0, 0 }, { 2026, 1, 32, 0, 0, 0 },
		{ 2026, 2, 29, 0, 0, 0 }, { 2026, 4, 31, 0, 0, 0 },
		{ 2026, 1, 1, 24, 0, 0 }, { 2026, 1, 1, -1, 0, 0 },
		{ 2026, 1, 1, 0, 60, 0 }, { 2026, 1, 1, 0, -1, 0 },
		{ 2026, 1, 1, 0, 0, 60 }, { 2026, 1, 1, 0, 0, -1 },
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		int64_t when = 99;
		pki_err err;

		cr_expect_eq(pki_date_seconds(&bad[i], &when, &err),
		    PKI_BAD_INPUT, "row %zu", i);
		cr_expect_eq(when, 99);
	}
}

TestSuite(duration_exact, .timeout = 30);

Test(duration_exact, names_every_unit_that_counts)
{
	static const struct {
		int64_t     seconds;
		const char *text;
	} rows[] = {
		{ 0, "0s" }, { 59, "59s" }, { 60, "1m" }, { 301, "5m 1s" },
		{ 3660, "1h 1m" }, { 90 * PKI_DAY, "90d" },
		{ PKI_YEAR + 35 * PKI_DAY + 1, "1y 35d 1s" },
		{ INT64_MAX, "292471208677y 195d 15h 30m 7s" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		char text[PKI_DURATION_TEXT];

		cr_expect_str_eq(pki_duration_exact(rows[i].seconds, text),
		    rows[i].text, "%s", text);
	}
}
