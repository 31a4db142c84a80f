#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "policy/check.h"

TestSuite(policy_check_validity, .timeout = 60);

#define OLD "2000-01-01T00:00:00Z"
#define FAR "9999-12-31T23:59:59Z"

/* G12: 40 cases; end is NULL where rule "validity" refuses. */
static const struct row {
	const char *now, *backdate, *validity;
	int64_t     asked;
	const char *issuer_begin, *issuer_end, *begin, *end;
} rows[] = {
	/* whole lives, both ends included */
	{ "2026-01-01T00:00:00Z", "0s", "1m", 0, OLD, FAR,
	    "2026-01-01T00:00:00Z", "2026-01-01T00:00:59Z" },
	{ "2026-01-01T00:00:00Z", "0s", "1d", 0, OLD, FAR,
	    "2026-01-01T00:00:00Z", "2026-01-01T23:59:59Z" },
	{ "2026-01-01T00:00:00Z", "5m", "90d", 0, OLD, FAR,
	    "2025-12-31T23:55:00Z", "2026-03-31T23:54:59Z" },
	{ "2026-06-30T12:34:56Z", "1h", "30d", 0, OLD, FAR,
	    "2026-06-30T11:34:56Z", "2026-07-30T11:34:55Z" },
	{ "2026-06-30T12:34:56Z", "1d", "2d", 0, OLD, FAR,
	    "2026-06-29T12:34:56Z", "2026-07-01T12:34:55Z" },
	{ "2026-01-01T00:00:00Z", "0s", "10y", 0, OLD, FAR,
	    "2026-01-01T00:00:00Z", "2035-12-29T23:59:59Z" },
	/* leap days */
	{ "2028-02-28T00:00:00Z", "0s", "1d", 0, OLD, FAR,
	    "2028-02-28T00:00:00Z", "2028-02-28T23:59:59Z" },
	{ "2028-02-29T00:00:00Z", "0s", "1d", 0, OLD, FAR,
	    "2028-02-29T00:00:00Z", "2028-02-29T23:59:59Z" },
	{ "2028-02-28T12:00:00Z", "0s", "2d", 0, OLD, FAR,
	    "2028-02-28T12:00:00Z", "2028-03-01T11:59:59Z" },
	{ "2027-02-28T12:00:00Z", "0s", "2d", 0, OLD, FAR,
	    "2027-02-28T12:00:00Z", "2027-03-02T11:59:59Z" },
	{ "2028-02-29T12:00:00Z", "0s", "1y", 0, OLD, FAR,
	    "2028-02-29T12:00:00Z", "2029-02-28T11:59:59Z" },
	{ "2100-02-28T12:00:00Z", "0s", "1d", 0, OLD, FAR,
	    "2100-02-28T12:00:00Z", "2100-03-01T11:59:59Z" },
	{ "2000-02-28T12:00:00Z", "0s", "1d", 0, OLD, FAR,
	    "2000-02-28T12:00:00Z", "2000-02-29T11:59:59Z" },
	/* 2038 */
	{ "2038-01-19T03:14:07Z", "0s", "1m", 0, OLD, FAR,
	    "2038-01-19T03:14:07Z", "2038-01-19T03:15:06Z" },
	{ "2038-01-19T03:14:08Z", "5m", "1d", 0, OLD, FAR,
	    "2038-01-19T03:09:08Z", "2038-01-20T03:09:07Z" },
	/* 2050: the encoding changes, the times do not */
	{ "2049-12-31T23:59:00Z", "0s", "1m", 0, OLD, FAR,
	    "2049-12-31T23:59:00Z", "2049-12-31T23:59:59Z" },
	{ "2049-12-31T23:59:01Z", "0s", "1m", 0, OLD, FAR,
	    "2049-12-31T23:59:01Z", "2050-01-01T00:00:00Z" },
	{ "2049-12-31T23:59:59Z", "0s", "90d", 0, OLD, FAR,
	    "2049-12-31T23:59:59Z", "2050-03-31T23:59:58Z" },
	{ "2050-01-01T00:04:59Z", "5m", "90d", 0, OLD, FAR,
	    "2049-12-31T23:59:59Z", "2050-03-31T23:59:58Z" },
	{ "2050-01-01T00:05:00Z", "5m", "90d", 0, OLD, FAR,
	    "2050-01-01T00:00:00Z", "2050-03-31T23:59:59Z" },
	/* hours that some zones have twice or never */
	{ "2026-03-29T01:30:00Z", "0s", "1d", 0, OLD, FAR,
	    "2026-03-29T01:30:00Z", "2026-03-30T01:29:59Z" },
	{ "2026-10-25T01:00:00Z", "5m", "1h", 0, OLD, FAR,
	    "2026-10-25T00:55:00Z", "2026-10-25T01:54:59Z" },
	/* not before the issuer */
	{ "2026-01-01T00:00:10Z", "5m", "1d", 0, "2026-01-01T00:00:00Z", FAR,
	    "2026-01-01T00:00:00Z", "2026-01-01T23:59:59Z" },
	{ "2026-01-01T00:05:00Z", "5m", "1d", 0, "2026-01-01T00:00:00Z", FAR,
	    "2026-01-01T00:00:00Z", "2026-01-01T23:59:59Z" },
	{ "2026-01-01T00:05:01Z", "5m", "1d", 0, "2026-01-01T00:00:00Z", FAR,
	    "2026-01-01T00:00:01Z", "2026-01-02T00:00:00Z" },
	/* not beyond the issuer */
	{ "2026-01-01T00:00:00Z", "0s", "1d", 0, OLD, "2026-01-01T23:59:59Z",
	    "2026-01-01T00:00:00Z", "2026-01-01T23:59:59Z" },
	{ "2026-01-01T00:00:01Z", "0s", "1d", 0, OLD, "2026-01-01T23:59:59Z",
	    "at most 23h 59m 59s, from 2026-01-01T00:00:01Z to the issuer's "
	    "end at 2026-01-01T23:59:59Z", NULL },
	{ "2026-01-01T00:00:00Z", "0s", "90d", 0, OLD, "2026-01-01T00:59:59Z",
	    "at most 1h, from 2026-01-01T00:00:00Z to the issuer's end at "
	    "2026-01-01T00:59:59Z", NULL },
	{ "2026-01-01T00:00:00Z", "0s", "90d", 3600, OLD,
	    "2026-01-01T00:59:59Z", "2026-01-01T00:00:00Z",
	    "2026-01-01T00:59:59Z" },
	{ "2026-01-01T00:00:00Z", "0s", "90d", 3601, OLD,
	    "2026-01-01T00:59:59Z", "at most 1h, from 2026-01-01T00:00:00Z "
	    "to the issuer's end at 2026-01-01T00:59:59Z", NULL },
	{ "2026-01-01T00:00:00Z", "5m", "90d", 3900, OLD,
	    "2026-01-01T00:59:59Z", "2025-12-31T23:55:00Z",
	    "2026-01-01T00:59:59Z" },
	{ "2026-01-01T00:00:00Z", "0s", "1d", 0, OLD, "2026-01-01T00:00:58Z",
	    "none from 2026-01-01T00:00:00Z, as the issuer ends at "
	    "2026-01-01T00:00:58Z", NULL },
	{ "2026-01-01T00:00:00Z", "0s", "1d", 0, OLD, "2025-12-31T23:59:59Z",
	    "none from 2026-01-01T00:00:00Z, as the issuer ends at "
	    "2025-12-31T23:59:59Z", NULL },
	{ "9999-12-31T00:00:00Z", "0s", "1d", 0, OLD, FAR,
	    "9999-12-31T00:00:00Z", "9999-12-31T23:59:59Z" },
	{ "9999-12-31T00:00:01Z", "0s", "1d", 0, OLD, FAR,
	    "at most 23h 59m 59s, from 9999-12-31T00:00:01Z to the issuer's "
	    "end at 9999-12-31T23:59:59Z", NULL },
	/* asked for */
	{ "2026-01-01T00:00:00Z", "0s", "90d", 60, OLD, FAR,
	    "2026-01-01T00:00:00Z", "2026-01-01T00:00:59Z" },
	{ "2026-01-01T00:00:00Z", "0s", "90d", 59, OLD, FAR,
	    "1m to 90d", NULL },
	{ "2026-01-01T00:00:00Z", "0s", "90d", 90 * PKI_DAY, OLD, FAR,
	    "2026-01-01T00:00:00Z", "2026-03-31T23:59:59Z" },
	{ "2026-01-01T00:00:00Z", "0s", "90d", 90 * PKI_DAY + 1, OLD, FAR,
	    "1m to 90d", NULL },
	{ "2026-01-01T00:00:00Z", "5m", "90d", 300, OLD, FAR,
	    "5m 1s to 90d", NULL },
	{ "2026-01-01T00:00:00Z", "5m", "90d", 301, OLD, FAR,
	    "2025-12-31T23:55:00Z", "2026-01-01T00:00:00Z" },
};

static pki_profile *
make_profile(const struct row *row)
{
	pki_profile *profile = NULL;
	pki_err err = { 0 };
	char text[600];

	snprintf(text, sizeof(text), "name = \"p\"; ca = \"issuing\"; kind = "
	    "\"end-entity\"; validity = \"%s\"; backdate = \"%s\"; key: { "
	    "types = [ \"p256\" ]; usage = [ \"digital-signature\" ]; "
	    "extended-usage = [ \"client-auth\" ]; }; issue: { by = [ "
	    "\"operator\" ]; };", row->validity, row->backdate);
	cr_assert_eq(pki_profile_parse(pki_bytes_text(text), "p", &profile,
	    &err), PKI_OK, "%s", err.msg);
	return profile;
}

static pki_pubkey *
make_key(void)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	pki_pubkey *key = NULL;
	unsigned char *spki = NULL;
	int len = i2d_PUBKEY(pair, &spki);

	cr_assert_eq(pki_pubkey_parse(pki_bytes_of(spki, (size_t)len), &key,
	    NULL), PKI_OK);
	OPENSSL_free(spki);
	EVP_PKEY_free(pair);
	return key;
}

static int64_t
parse_time(const char *text)
{
	int64_t when = 0;

	cr_assert_eq(pki_time_parse(text, &when, NULL), PKI_OK, "%s", text);
	return when;
}

static void
try_row(size_t i, const pki_pubkey *key)
{
	const struct row *row = &rows[i];
	PKI_AUTO(pki_profile) profile = make_profile(row);
	PKI_AUTO(pki_grant) grant = NULL;
	pki_request request = {
		.identity = "m", .key = key, .validity = row->asked,
	};
	pki_policy_facts facts = {
		.now = parse_time(row->now),
		.issuer_not_before = parse_time(row->issuer_begin),
		.issuer_not_after = parse_time(row->issuer_end),
	};
	char text[PKI_TIME_TEXT];
	pki_err err = { 0 };
	pki_code rc;

	rc = pki_policy_check(profile, &request, &facts, &grant, &err);
	if (row->end == NULL) {
		cr_expect_eq(rc, PKI_DENIED, "row %zu", i);
		cr_expect_str_eq(err.rule, "validity", "row %zu", i);
		cr_expect_str_eq(err.accepts, row->begin, "row %zu: %s", i,
		    err.accepts);
		return;
	}
	cr_assert_eq(rc, PKI_OK, "row %zu: %s", i, err.msg);
	cr_expect_str_eq(pki_time_format(grant->not_before, text), row->begin,
	    "row %zu: %s", i, text);
	cr_expect_str_eq(pki_time_format(grant->not_after, text), row->end,
	    "row %zu: %s", i, text);
	if (row->asked != 0)
		cr_expect_eq(grant->not_after - grant->not_before + 1,
		    row->asked, "row %zu", i);
}

Test(policy_check_validity, is_exact_in_every_time_zone)
{
	static const char *const zones[] = {
		"UTC", "Europe/Berlin", "America/St_Johns", ":nonsense",
		"XYZ-14:30",
	};
	PKI_AUTO(pki_pubkey) key = make_key();
	size_t i, zone;

	for (zone = 0; zone < PKI_COUNT(zones); zone++) {
		setenv("TZ", zones[zone], 1);
		tzset();
		for (i = 0; i < PKI_COUNT(rows); i++)
			try_row(i, key);
	}
	cr_expect_geq(PKI_COUNT(rows), 40u);
}

Test(policy_check_validity, refuses_a_clock_outside_the_calendar)
{
	static const int64_t bad[] = {
		INT64_MIN, -1, PKI_TIME_MAX + 1, INT64_MAX,
	};
	PKI_AUTO(pki_profile) profile = make_profile(&rows[0]);
	PKI_AUTO(pki_pubkey) key = make_key();
	size_t i;

	for (i = 0; i < PKI_COUNT(bad); i++) {
		PKI_AUTO(pki_grant) grant = NULL;
		pki_request request = { .identity = "m", .key = key };
		pki_policy_facts facts = { .now = bad[i],
		    .issuer_not_after = PKI_TIME_MAX };
		pki_err err = { 0 };

		cr_expect_eq(pki_policy_check(profile, &request, &facts,
		    &grant, &err), PKI_BAD_INPUT, "row %zu", i);
		cr_expect_str_eq(err.rule, "validity", "row %zu", i);
	}
}
