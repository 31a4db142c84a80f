#include "x509/crl.h"

#include <string.h>

#include <criterion/criterion.h>

#include "sample-crl.h"
#include "x509/pem.h"

TestSuite(crl_parse, .timeout = 60);

#define IDP_URL "http://pki.example/crl/issuing/7.crl"

/* rule NULL: accepted. */
static void
expect_parse(const char *name, pki_bytes der, const char *rule)
{
	PKI_AUTO(pki_crl) crl = NULL;
	pki_err err = { 0 };
	pki_code rc;

	rc = pki_crl_parse(der, SAMPLE_CRL_MAX, &crl, &err);
	if (rule == NULL) {
		cr_expect(rc == PKI_OK, "%s: %s", name, err.msg);
		return;
	}
	cr_expect(rc == PKI_BAD_INPUT, "%s: %s", name, pki_code_name(rc));
	cr_expect(strcmp(err.rule, rule) == 0, "%s: rule '%s': %s", name,
	    err.rule, err.msg);
	cr_expect(crl == NULL, "%s", name);
}

struct row {
	const char *name;
	int         part;
	pki_bytes   with;
	const char *rule;
};

static void
expect_rows(const struct row *rows, size_t count)
{
	SAMPLE ca = { 0 };
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	for (size_t i = 0; i < count; i++) {
		PKI_AUTO(pki_buf) der = sample_replace_crl(&fields,
		    rows[i].part, rows[i].with);

		expect_parse(rows[i].name, pki_buf_bytes(der), rows[i].rule);
	}
}

Test(crl_parse, refuses_parts_out_of_shape)
{
	static const struct row rows[] = {
		{ "version 1", CRL_VERSION, { NULL, 0 }, "crl" },
		{ "version 1, written", CRL_VERSION,
		    PKI_BYTES_TEXT("\x02\x01\x00"), "crl" },
		{ "version 3", CRL_VERSION, PKI_BYTES_TEXT("\x02\x01\x02"),
		    "crl" },
		{ "another inner algorithm", CRL_ALGORITHM,
		    PKI_BYTES_TEXT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d"
		    "\x04\x03\x03"), "crl" },
		{ "empty issuer", CRL_ISSUER, PKI_BYTES_TEXT("\x30\x00"),
		    "name" },
		{ "BER in the issuer", CRL_ISSUER,
		    PKI_BYTES_TEXT("\x30\x0d\x31\x81\x0a\x30\x08\x06\x03"
		    "\x55\x04\x03\x0c\x01x"), "der" },
		{ "no nextUpdate", CRL_NEXT_UPDATE, { NULL, 0 }, "crl" },
		{ "nextUpdate first", CRL_NEXT_UPDATE,
		    PKI_BYTES_TEXT("\x17\x0d" "250101000000Z"), "crl" },
		{ "GeneralizedTime before 2050", CRL_NEXT_UPDATE,
		    PKI_BYTES_TEXT("\x18\x0f" "20270101000000Z"), "der" },
		{ "no entries", CRL_REVOKED, { NULL, 0 }, NULL },
		{ "an empty list", CRL_REVOKED, PKI_BYTES_TEXT("\x30\x00"),
		    "crl" },
		{ "no extensions", CRL_EXTENSIONS, { NULL, 0 }, "crl" },
		{ "no extension in the list", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x02\x30\x00"), "crl" },
		{ "an element too many", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x0e\x30\x0c\x30\x0a\x06\x03\x55\x1d"
		    "\x14\x04\x03\x02\x01\x01\x05\x00"), "der" },
	};

	expect_rows(rows, PKI_COUNT(rows));
}

#define SHORT_TIME "\x17\x0d" "260101000000Z"
/* One entry of serial 1 with len octets of Extensions after its date. */
#define ENTRY(list_len, entry_len, rest) PKI_BYTES_TEXT("\x30" list_len \
	"\x30" entry_len "\x02\x01\x01" SHORT_TIME rest)

Test(crl_parse, judges_entries)
{
	static const struct row rows[] = {
		{ "plain", CRL_REVOKED, ENTRY("\x14", "\x12", ""), NULL },
		{ "negative serial", CRL_REVOKED, PKI_BYTES_TEXT("\x30\x14\x30"
		    "\x12\x02\x01\x80" SHORT_TIME), "der" },
		{ "serial zero", CRL_REVOKED, PKI_BYTES_TEXT("\x30\x14\x30"
		    "\x12\x02\x01\x00" SHORT_TIME), "serial" },
		{ "no date", CRL_REVOKED, PKI_BYTES_TEXT("\x30\x05\x30\x03\x02"
		    "\x01\x01"), "der" },
		{ "a date that is not", CRL_REVOKED, PKI_BYTES_TEXT("\x30\x14"
		    "\x30\x12\x02\x01\x01\x17\x0d" "260230000000Z"), "der" },
		{ "reason 1", CRL_REVOKED, ENTRY("\x22", "\x20", "\x30\x0c\x30"
		    "\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x01"), NULL },
		{ "reason 7", CRL_REVOKED, ENTRY("\x22", "\x20", "\x30\x0c\x30"
		    "\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x07"), "crl" },
		{ "reason 8, of deltas", CRL_REVOKED, ENTRY("\x22", "\x20",
		    "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01"
		    "\x08"), "crl" },
		{ "reason 11", CRL_REVOKED, ENTRY("\x22", "\x20", "\x30\x0c\x30"
		    "\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x0b"), "crl" },
		{ "a reason as INTEGER", CRL_REVOKED, ENTRY("\x22", "\x20",
		    "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x02\x01"
		    "\x01"), "der" },
		{ "invalidityDate", CRL_REVOKED, ENTRY("\x30", "\x2e",
		    "\x30\x1a\x30\x18\x06\x03\x55\x1d\x18\x04\x11\x18\x0f"
		    "20260101000000Z"), NULL },
		{ "invalidityDate as UTCTime", CRL_REVOKED, ENTRY("\x2e",
		    "\x2c", "\x30\x18\x30\x16\x06\x03\x55\x1d\x18\x04\x0f"
		    "\x17\x0d" "260101000000Z"), "der" },
		{ "invalidityDate with a letter", CRL_REVOKED, ENTRY("\x30",
		    "\x2e", "\x30\x1a\x30\x18\x06\x03\x55\x1d\x18\x04\x11"
		    "\x18\x0f" "2026010100000xZ"), "der" },
		{ "invalidityDate in month 13", CRL_REVOKED, ENTRY("\x30",
		    "\x2e", "\x30\x1a\x30\x18\x06\x03\x55\x1d\x18\x04\x11"
		    "\x18\x0f" "20261301000000Z"), "der" },
		{ "unknown extension", CRL_REVOKED, ENTRY("\x20", "\x1e",
		    "\x30\x0a\x30\x08\x06\x02\x2a\x03\x04\x02\x30\x00"),
		    NULL },
		{ "unknown critical extension", CRL_REVOKED, ENTRY("\x23",
		    "\x21", "\x30\x0d\x30\x0b\x06\x02\x2a\x03\x01\x01\xff"
		    "\x04\x02\x30\x00"), "crl" },
		{ "certificateIssuer, of indirect CRLs", CRL_REVOKED,
		    ENTRY("\x24", "\x22", "\x30\x0e\x30\x0c\x06\x03\x55\x1d"
		    "\x1d\x01\x01\xff\x04\x02\x30\x00"), "crl" },
		{ "no extension in the list", CRL_REVOKED, ENTRY("\x16", "\x14",
		    "\x30\x00"), "crl" },
		{ "a serial twice", CRL_REVOKED, PKI_BYTES_TEXT("\x30\x28"
		    "\x30\x12\x02\x01\x01" SHORT_TIME
		    "\x30\x12\x02\x01\x01" SHORT_TIME), "crl" },
	};

	expect_rows(rows, PKI_COUNT(rows));
}

/* cRLNumber 1 and one more extension, of len octets after its OID. */
#define NUMBER "\x30\x0a\x06\x03\x55\x1d\x14\x04\x03\x02\x01\x01"

Test(crl_parse, judges_extensions)
{
	static const struct row rows[] = {
		{ "a number alone", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x0e\x30\x0c" NUMBER), NULL },
		{ "two numbers", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x1a\x30\x18" NUMBER NUMBER), "crl" },
		{ "a negative number", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x0e\x30\x0c\x30\x0a\x06\x03\x55\x1d"
		    "\x14\x04\x03\x02\x01\x80"), "der" },
		{ "a number of 64 bits", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x16\x30\x14\x30\x12\x06\x03\x55\x1d"
		    "\x14\x04\x0b\x02\x09\x00\x80\x00\x00\x00\x00\x00\x00"
		    "\x00"), "der" },
		{ "unknown", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x18\x30\x16" NUMBER "\x30\x08\x06"
		    "\x02\x2a\x03\x04\x02\x30\x00"), NULL },
		{ "unknown, critical", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x1b\x30\x19" NUMBER "\x30\x0b\x06"
		    "\x02\x2a\x03\x01\x01\xff\x04\x02\x30\x00"), "crl" },
		{ "delta", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x1d\x30\x1b" NUMBER "\x30\x0d\x06"
		    "\x03\x55\x1d\x1b\x01\x01\xff\x04\x03\x02\x01\x01"),
		    "crl" },
		{ "scope: a URI", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x25\x30\x23" NUMBER "\x30\x15\x06"
		    "\x03\x55\x1d\x1c\x01\x01\xff\x04\x0b\x30\x09\xa0\x07"
		    "\xa0\x05\x86\x03" "a:b"), NULL },
		{ "scope: nothing", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x1c\x30\x1a" NUMBER "\x30\x0c\x06"
		    "\x03\x55\x1d\x1c\x01\x01\xff\x04\x02\x30\x00"), "crl" },
		{ "scope: user certificates", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x1f\x30\x1d" NUMBER "\x30\x0f\x06"
		    "\x03\x55\x1d\x1c\x01\x01\xff\x04\x05\x30\x03\x81\x01"
		    "\xff"), "crl" },
		{ "scope: some reasons", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x20\x30\x1e" NUMBER "\x30\x10\x06"
		    "\x03\x55\x1d\x1c\x01\x01\xff\x04\x06\x30\x04\x83\x02"
		    "\x06\x40"), "crl" },
		{ "indirect", CRL_EXTENSIONS,
		    PKI_BYTES_TEXT("\xa0\x28\x30\x26" NUMBER "\x30\x18\x06"
		    "\x03\x55\x1d\x1c\x01\x01\xff\x04\x0e\x30\x0c\xa0\x07"
		    "\xa0\x05\x86\x03" "a:b\x84\x01\xff"), "crl" },
	};

	expect_rows(rows, PKI_COUNT(rows));
}

Test(crl_parse, refuses_every_truncation_and_anything_after_the_end)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	pki_crl_fields fields;

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	fields.idp_url = IDP_URL;
	der = sample_crl(&ca, &fields, 3);
	for (size_t len = 0; len < der->len; len++) {
		PKI_AUTO(pki_crl) crl = NULL;
		pki_err err = { 0 };

		cr_expect(pki_crl_parse(pki_bytes_of(der->data, len),
		    SAMPLE_CRL_MAX, &crl, &err) == PKI_BAD_INPUT,
		    "%zu octets", len);
	}
	pki_buf_add_byte(der, 0);
	expect_parse("one octet more", pki_buf_bytes(der), "der");
}

Test(crl_parse, reads_pem_and_keeps_to_the_limit)
{
	SAMPLE ca = { 0 };
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	PKI_AUTO(pki_crl) crl = NULL;
	PKI_AUTO(pki_crl) none = NULL;
	pki_crl_fields fields;
	pki_err err = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	fields = sample_crl_fields(&ca);
	der = sample_crl(&ca, &fields, 3);
	pki_pem_add(pem, PKI_PEM_CRL, pki_buf_bytes(der));
	crl = sample_parse_crl(pki_buf_bytes(pem));
	cr_expect(pki_bytes_equal(pki_crl_der(crl), pki_buf_bytes(der)));
	cr_expect(pki_crl_parse(pki_buf_bytes(der), der->len - 1, &none, &err)
	    == PKI_BAD_INPUT, "%s", err.msg);
}
