#include <ctype.h>
#include <stdlib.h>

#include "base/clock.h"
#include "x509/crl-parts.h"
#include "x509/extension.h"

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
	/* removeFromCRL belongs to delta CRLs: RFC 5280, 5.3.1. */
	if (content.len != 1 || content.data[0] > PKI_REASON_AA_COMPROMISE ||
	    content.data[0] == 7 ||
	    content.data[0] == PKI_REASON_REMOVE_FROM_CRL)
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
static const pki_extension_table table = { rows, PKI_COUNT(rows), "crl" };

static pki_code
read_entry(pki_der *list, pki_crl_entry *entry, pki_err *err)
{
	pki_bytes octets;
	pki_der der;
	pki_code rc;

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
		rc = read_entry(&list, &crl->entries[crl->count], err);
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
