#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "x509/crl-parts.h"
#include "x509/extension.h"

/* removeFromCRL belongs to delta CRLs: RFC 5280, 5.3.1. */
static bool
reason_is_listed(uint8_t code)
{
	return code <= PKI_REASON_AA_COMPROMISE && code != 7 &&
	    code != PKI_REASON_REMOVE_FROM_CRL;
}

static pki_code
read_reason(void *out, const pki_extension *extension, pki_err *err)
{
	pki_der all = pki_der_from(extension->value, "cRLReason");
	pki_crl_entry *entry = out;
	pki_bytes content;
	pki_code rc;

	rc = pki_der_read(&all, PKI_DER_ENUMERATED, &content, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	if (rc != PKI_OK)
		return rc;
	if (content.len != 1 || !reason_is_listed(content.data[0]))
		return pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "0 to 6, 9 or 10", "a reason of another value");
	entry->reason = (pki_reason)content.data[0];
	return PKI_OK;
}

static pki_code
refuse_date(pki_err *err)
{
	return pki_refuse(err, PKI_BAD_INPUT, "der", "YYYYMMDDHHMMSSZ",
	    "a time of another form");
}

/* Two digits; -1 unless both are digits. */
static int
read_digits(const uint8_t *text)
{
	if (!isdigit(text[0]) || !isdigit(text[1]))
		return -1;
	return (text[0] - '0') * 10 + (text[1] - '0');
}

/*
 * Always GeneralizedTime, before 2050 as well (RFC 5280, 5.3.2), where
 * pki_der_read_time wants UTCTime: "20261124080702Z".
 */
static pki_code
read_invalid_since(void *out, const pki_extension *extension, pki_err *err)
{
	pki_der all = pki_der_from(extension->value, "invalidityDate");
	pki_crl_entry *entry = out;
	int fields[7];
	pki_bytes text;
	pki_date date;
	pki_code rc;

	rc = pki_der_read(&all, PKI_DER_GENERALIZED_TIME, &text, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	if (rc != PKI_OK)
		return rc;
	if (text.len != 15 || text.data[14] != 'Z')
		return refuse_date(err);
	for (size_t i = 0; i < PKI_COUNT(fields); i++) {
		fields[i] = read_digits(text.data + 2 * i);
		if (fields[i] < 0)
			return refuse_date(err);
	}
	date = (pki_date){
		.year = fields[0] * 100 + fields[1], .month = fields[2],
		.day = fields[3], .hour = fields[4], .minute = fields[5],
		.second = fields[6],
	};
	if (pki_date_seconds(&date, &entry->invalid_since, NULL) != PKI_OK)
		return refuse_date(err);
	return PKI_OK;
}

static const pki_extension_row rows[] = {
	{ PKI_BYTES_TEXT("\x55\x1d\x15"), "cRLReason", read_reason },
	{ PKI_BYTES_TEXT("\x55\x1d\x18"), "invalidityDate",
	    read_invalid_since },
};

/* certificateIssuer, of indirect CRLs, is critical and so refused. */
static const pki_extension_table table = {
	.rows = rows, .count = PKI_COUNT(rows), .rule = "crl",
};

/* "260124080702Z" after its header, of this century. */
static bool
read_short_time(const uint8_t *at, int64_t *out)
{
	int fields[6];
	pki_date date;

	if (at[0] != PKI_DER_UTC_TIME || at[1] != 13 || at[14] != 'Z')
		return false;
	for (size_t i = 0; i < PKI_COUNT(fields); i++) {
		fields[i] = read_digits(at + 2 + 2 * i);
		if (fields[i] < 0)
			return false;
	}
	date = (pki_date){
		.year = 2000 + fields[0], .month = fields[1],
		.day = fields[2], .hour = fields[3], .minute = fields[4],
		.second = fields[5],
	};
	return fields[0] < 50 && pki_date_seconds(&date, out, NULL) == PKI_OK;
}

#define SHORT_TIME_OCTETS 15

/*
 * An entry as nearly all are, which a list has by the million: a serial, a
 * time, and a reason or nothing.  False says nothing about one of another
 * shape, be it right or wrong.
 */
static bool
read_usual(pki_der *list, pki_crl_entry *entry)
{
	static const pki_bytes reason = PKI_BYTES_TEXT("\x30\x0c\x30\x0a"
	    "\x06\x03\x55\x1d\x15\x04\x03\x0a\x01");
	const uint8_t *at = list->rest.data;
	size_t len, serial, rest;

	if (list->rest.len < 2 || at[0] != PKI_DER_SEQUENCE || at[1] >= 0x80)
		return false;
	len = at[1];
	if (len > list->rest.len - 2 || len < 2 || at[2] != PKI_DER_INTEGER)
		return false;
	serial = at[3];
	/* One that begins with zero is short, or not minimal. */
	if (serial < 1 || serial > sizeof(entry->serial.octets) ||
	    len < 2 + serial + SHORT_TIME_OCTETS || at[4] == 0 ||
	    at[4] >= 0x80 ||
	    !read_short_time(at + 4 + serial, &entry->revoked_at))
		return false;
	rest = len - 2 - serial - SHORT_TIME_OCTETS;
	at += 4 + serial + SHORT_TIME_OCTETS;
	entry->reason = PKI_REASON_UNSPECIFIED;
	if (rest == reason.len + 1 && memcmp(at, reason.data, reason.len) == 0
	    && reason_is_listed(at[reason.len]))
		entry->reason = (pki_reason)at[reason.len];
	else if (rest != 0)
		return false;
	entry->invalid_since = 0;
	entry->serial.len = (uint8_t)serial;
	memcpy(entry->serial.octets, list->rest.data + 4, serial);
	list->rest = pki_bytes_of(list->rest.data + 2 + len,
	    list->rest.len - 2 - len);
	return true;
}

pki_code
pki_crl_read_entry(pki_der *list, pki_crl_entry *entry, pki_err *err)
{
	pki_bytes octets;
	pki_der der;
	pki_code rc;

	if (read_usual(list, entry))
		return PKI_OK;
	rc = pki_der_enter(list, PKI_DER_SEQUENCE, &der, err);
	if (rc == PKI_OK)
		rc = pki_der_read_integer(&der, &octets, err);
	if (rc == PKI_OK)
		rc = pki_serial_from_bytes(octets, &entry->serial, err);
	if (rc == PKI_OK)
		rc = pki_der_read_time(&der, &entry->revoked_at, err);
	if (rc == PKI_OK && !pki_der_at_end(&der))
		rc = pki_extensions_read(&der, &table, entry, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	return rc;
}

/* Elements in what is left of a list. */
static pki_code
count_elements(pki_der list, size_t *out, pki_err *err)
{
	size_t count = 0;
	pki_code rc;

	for (; !pki_der_at_end(&list); count++) {
		rc = pki_der_read_any(&list, NULL, NULL, NULL, err);
		if (rc != PKI_OK)
			return rc;
	}
	*out = count;
	return PKI_OK;
}

static int
compare_entries(const void *a, const void *b)
{
	const pki_crl_entry *left = a, *right = b;

	return pki_serial_compare(&left->serial, &right->serial);
}

static bool
is_ascending(const pki_crl *crl)
{
	for (size_t i = 1; i < crl->count; i++)
		if (compare_entries(&crl->entries[i - 1],
		    &crl->entries[i]) >= 0)
			return false;
	return true;
}

pki_code
pki_crl_read_entries(pki_crl *crl, pki_der *der, pki_err *err)
{
	size_t count;
	pki_der list;
	pki_code rc;

	rc = pki_der_enter(der, PKI_DER_SEQUENCE, &list, err);
	if (rc == PKI_OK)
		rc = count_elements(list, &count, err);
	if (rc != PKI_OK)
		return rc;
	/* RFC 5280, 5.1.2.6. */
	if (count == 0)
		return pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "no list where nothing is revoked", "an empty list");
	crl->entries = calloc(count, sizeof(*crl->entries));
	if (crl->entries == NULL)
		return pki_fail_memory(err);
	for (; crl->count < count; crl->count++) {
		rc = pki_crl_read_entry(&list, &crl->entries[crl->count], err);
		if (rc != PKI_OK)
			return pki_wrap(err, rc, "entry %zu", crl->count + 1);
	}
	if (is_ascending(crl))
		return PKI_OK;
	qsort(crl->entries, count, sizeof(*crl->entries), compare_entries);
	if (!is_ascending(crl))
		return pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "each serial once", "a serial listed twice");
	return PKI_OK;
}
