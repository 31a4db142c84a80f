#include "x509/der.h"

#include "base/clock.h"

#include <stdio.h>

#define MAX_DEPTH 32
#define CLASS_MASK 0xc0
#define CONSTRUCTED 0x20
#define NUMBER_MASK 0x1f

static pki_code
refuse_der(const pki_der *der, const char *problem, pki_err *err)
{
	return pki_refuse(err, PKI_BAD_INPUT, "der",
	    "strict DER (X.690, section 10)", "%s: %s", der->what, problem);
}

pki_der
pki_der_from(pki_bytes bytes, const char *what)
{
	return (pki_der){ bytes, what };
}

bool
pki_der_at_end(const pki_der *der)
{
	return der->rest.len == 0;
}

bool
pki_der_next_is(const pki_der *der, uint8_t tag)
{
	return der->rest.len > 0 && der->rest.data[0] == tag;
}

/* Only SEQUENCE and SET are constructed: X.690, 8.9, 8.11 and 10.2. */
static const char *
find_tag_problem(uint8_t tag)
{
	bool structure;

	if (tag == 0)
		return "end-of-contents octets";
	if ((tag & NUMBER_MASK) == NUMBER_MASK)
		return "a tag of several octets";
	if ((tag & CLASS_MASK) != 0)
		return NULL;
	structure = tag == PKI_DER_SEQUENCE || tag == PKI_DER_SET;
	if ((tag & CONSTRUCTED) != 0 && !structure)
		return "a string in constructed form";
	if ((tag & CONSTRUCTED) == 0 && ((tag | CONSTRUCTED) ==
	    PKI_DER_SEQUENCE || (tag | CONSTRUCTED) == PKI_DER_SET))
		return "a SEQUENCE or SET in primitive form";
	return NULL;
}

/*
 * Find header and content lengths of the element at the front, of which the
 * header must be there.  Returns what is wrong with them, or NULL.
 */
static const char *
read_lengths(pki_bytes in, size_t *header, size_t *content)
{
	size_t count, len = 0;

	if (in.len < 2)
		return "truncated";
	*header = 2;
	*content = in.data[1];
	if (in.data[1] >= 0x80) {
		count = in.data[1] & 0x7f;
		if (count == 0)
			return "indefinite length";
		if (count > 4)
			return "length too large";
		if (count > in.len - 2)
			return "truncated";
		for (size_t i = 0; i < count; i++)
			len = len << 8 | in.data[2 + i];
		if (in.data[2] == 0 || len < 0x80)
			return "length not minimal";
		*header = 2 + count;
		*content = len;
	}
	return NULL;
}

/* The same of an element that must be there with all its content. */
static const char *
measure(pki_bytes in, size_t *header, size_t *content)
{
	const char *problem = read_lengths(in, header, content);

	if (problem == NULL && *content > in.len - *header)
		problem = "truncated";
	return problem;
}

pki_code
pki_der_read_header(pki_der *der, uint8_t tag, size_t *out, pki_err *err)
{
	const char *problem;
	size_t header;

	if (!pki_der_next_is(der, tag))
		return refuse_der(der, "an element of another type", err);
	problem = read_lengths(der->rest, &header, out);
	if (problem != NULL)
		return refuse_der(der, problem, err);
	der->rest = pki_bytes_of(der->rest.data + header,
	    der->rest.len - header);
	return PKI_OK;
}

pki_code
pki_der_read_any(pki_der *der, uint8_t *tag, pki_bytes *content,
    pki_bytes *whole, pki_err *err)
{
	const char *problem;
	pki_bytes rest = der->rest;
	size_t header, len;

	if (rest.len == 0)
		return refuse_der(der, "an element is missing", err);
	problem = find_tag_problem(rest.data[0]);
	if (problem == NULL)
		problem = measure(rest, &header, &len);
	if (problem != NULL)
		return refuse_der(der, problem, err);
	if (tag != NULL)
		*tag = rest.data[0];
	if (content != NULL)
		*content = pki_bytes_of(rest.data + header, len);
	if (whole != NULL)
		*whole = pki_bytes_of(rest.data, header + len);
	der->rest = pki_bytes_of(rest.data + header + len,
	    rest.len - header - len);
	return PKI_OK;
}

pki_code
pki_der_read(pki_der *der, uint8_t tag, pki_bytes *out, pki_err *err)
{
	char problem[48];

	if (der->rest.len > 0 && der->rest.data[0] != tag) {
		snprintf(problem, sizeof(problem),
		    "tag 0x%02x where 0x%02x belongs", der->rest.data[0], tag);
		return refuse_der(der, problem, err);
	}
	return pki_der_read_any(der, NULL, out, NULL, err);
}

pki_code
pki_der_enter(pki_der *der, uint8_t tag, pki_der *out, pki_err *err)
{
	pki_bytes content;
	pki_code rc;

	rc = pki_der_read(der, tag, &content, err);
	if (rc == PKI_OK)
		*out = pki_der_from(content, der->what);
	return rc;
}

pki_code
pki_der_finish(const pki_der *der, pki_err *err)
{
	if (der->rest.len > 0)
		return refuse_der(der, "octets after the last element", err);
	return PKI_OK;
}

static const char *
find_integer_problem(pki_bytes content)
{
	if (content.len == 0)
		return "an empty INTEGER";
	if (content.len == 1)
		return NULL;
	if ((content.data[0] == 0 && content.data[1] < 0x80) ||
	    (content.data[0] == 0xff && content.data[1] >= 0x80))
		return "an INTEGER that is not minimal";
	return NULL;
}

pki_code
pki_der_read_integer(pki_der *der, pki_bytes *out, pki_err *err)
{
	const char *problem;
	pki_bytes content;
	pki_code rc;

	rc = pki_der_read(der, PKI_DER_INTEGER, &content, err);
	if (rc != PKI_OK)
		return rc;
	problem = find_integer_problem(content);
	if (problem == NULL && content.data[0] >= 0x80)
		problem = "a negative INTEGER";
	if (problem != NULL)
		return refuse_der(der, problem, err);
	*out = content;
	return PKI_OK;
}

pki_code
pki_der_read_small(pki_der *der, int64_t *out, pki_err *err)
{
	pki_bytes content;
	int64_t value = 0;
	pki_code rc;

	rc = pki_der_read_integer(der, &content, err);
	if (rc != PKI_OK)
		return rc;
	if (content.len > sizeof(value))
		return refuse_der(der, "an INTEGER too large", err);
	for (size_t i = 0; i < content.len; i++)
		value = value << 8 | content.data[i];
	*out = value;
	return PKI_OK;
}

/* Unused bits are zero: X.690, 11.2.1. */
static const char *
find_bits_problem(pki_bytes content)
{
	unsigned unused;

	if (content.len == 0)
		return "an empty BIT STRING";
	unused = content.data[0];
	if (unused > 7 || (unused > 0 && content.len == 1))
		return "a BIT STRING with a wrong count of unused bits";
	if ((content.data[content.len - 1] & ((1u << unused) - 1)) != 0)
		return "a BIT STRING with unused bits set";
	return NULL;
}

pki_code
pki_der_read_bits(pki_der *der, pki_bytes *out, pki_err *err)
{
	const char *problem;
	pki_bytes content;
	pki_code rc;

	rc = pki_der_read(der, PKI_DER_BIT_STRING, &content, err);
	if (rc != PKI_OK)
		return rc;
	problem = find_bits_problem(content);
	if (problem == NULL && content.data[0] != 0)
		problem = "a BIT STRING that is not whole octets";
	if (problem != NULL)
		return refuse_der(der, problem, err);
	*out = pki_bytes_of(content.data + 1, content.len - 1);
	return PKI_OK;
}

/* Zero bits at the end are not encoded: X.690, 11.2.2. */
pki_code
pki_der_read_named_bits(pki_der *der, uint32_t *out, pki_err *err)
{
	const char *problem;
	pki_bytes content;
	uint32_t set = 0;
	pki_code rc;

	rc = pki_der_read(der, PKI_DER_BIT_STRING, &content, err);
	if (rc != PKI_OK)
		return rc;
	problem = find_bits_problem(content);
	if (problem == NULL && content.len > 5)
		problem = "more than 32 named bits";
	if (problem == NULL && content.len > 1 &&
	    (content.data[content.len - 1] & 1u << content.data[0]) == 0)
		problem = "named bits with zero bits at the end";
	if (problem != NULL)
		return refuse_der(der, problem, err);
	for (size_t i = 0; i < (content.len - 1) * 8; i++)
		if ((content.data[1 + i / 8] & 0x80u >> i % 8) != 0)
			set |= UINT32_C(1) << i;
	*out = set;
	return PKI_OK;
}

/* Arcs without leading zeros: X.690, 8.19.2. */
static const char *
find_oid_problem(pki_bytes content)
{
	bool first = true;

	if (content.len == 0)
		return "an empty OBJECT IDENTIFIER";
	for (size_t i = 0; i < content.len; i++) {
		if (first && content.data[i] == 0x80)
			return "an OBJECT IDENTIFIER that is not minimal";
		first = content.data[i] < 0x80;
	}
	return first ? NULL : "a truncated OBJECT IDENTIFIER";
}

pki_code
pki_der_read_oid(pki_der *der, pki_bytes *out, pki_err *err)
{
	const char *problem;
	pki_bytes content;
	pki_code rc;

	rc = pki_der_read(der, PKI_DER_OID, &content, err);
	if (rc != PKI_OK)
		return rc;
	problem = find_oid_problem(content);
	if (problem != NULL)
		return refuse_der(der, problem, err);
	*out = content;
	return PKI_OK;
}

static const char *
find_boolean_problem(pki_bytes content)
{
	if (content.len != 1 ||
	    (content.data[0] != 0 && content.data[0] != 0xff))
		return "a BOOLEAN other than 00 or ff";
	return NULL;
}

pki_code
pki_der_read_boolean(pki_der *der, bool *out, pki_err *err)
{
	const char *problem;
	pki_bytes content;
	pki_code rc;

	rc = pki_der_read(der, PKI_DER_BOOLEAN, &content, err);
	if (rc != PKI_OK)
		return rc;
	problem = find_boolean_problem(content);
	if (problem != NULL)
		return refuse_der(der, problem, err);
	*out = content.data[0] != 0;
	return PKI_OK;
}

/* Read count digits of text, all of which are known to be digits. */
static int
read_digits(const uint8_t **text, int count)
{
	int value = 0;

	while (count-- > 0)
		value = value * 10 + (*(*text)++ - '0');
	return value;
}

/*
 * YYMMDDHHMMSSZ for 1950 to 2049, YYYYMMDDHHMMSSZ outside: RFC 5280,
 * 4.1.2.5.
 */
pki_code
pki_der_read_time(pki_der *der, int64_t *out, pki_err *err)
{
	bool utc = pki_der_next_is(der, PKI_DER_UTC_TIME);
	size_t digits = utc ? 12 : 14;
	const uint8_t *text;
	pki_bytes content;
	pki_date date;
	pki_code rc;

	rc = pki_der_read(der, utc ? PKI_DER_UTC_TIME :
	    PKI_DER_GENERALIZED_TIME, &content, err);
	if (rc != PKI_OK)
		return rc;
	if (content.len != digits + 1 || content.data[digits] != 'Z')
		return refuse_der(der, "a time out of form", err);
	for (size_t i = 0; i < digits; i++)
		if (content.data[i] < '0' || content.data[i] > '9')
			return refuse_der(der, "a time out of form", err);
	text = content.data;
	date.year = read_digits(&text, utc ? 2 : 4);
	if (utc)
		date.year += date.year < 50 ? 2000 : 1900;
	else if (date.year >= 1950 && date.year < 2050)
		return refuse_der(der, "a GeneralizedTime before 2050", err);
	date.month = read_digits(&text, 2);
	date.day = read_digits(&text, 2);
	date.hour = read_digits(&text, 2);
	date.minute = read_digits(&text, 2);
	date.second = read_digits(&text, 2);
	if (pki_date_seconds(&date, out, NULL) != PKI_OK)
		return refuse_der(der, "a time that does not exist", err);
	return PKI_OK;
}

static const char *
find_null_problem(pki_bytes content)
{
	return content.len == 0 ? NULL : "a NULL with content";
}

/* BMPString and UniversalString: whole characters (X.690, 8.23). */
static const char *
find_bmp_problem(pki_bytes content)
{
	return content.len % 2 == 0 ? NULL : "a BMPString cut short";
}

static const char *
find_universal_problem(pki_bytes content)
{
	return content.len % 4 == 0 ? NULL : "a UniversalString cut short";
}

/* Types whose content has rules of its own. */
static const struct {
	uint8_t      tag;
	const char *(*find_problem)(pki_bytes content);
} primitives[] = {
	{ PKI_DER_BOOLEAN,    find_boolean_problem },
	{ PKI_DER_INTEGER,    find_integer_problem },
	{ PKI_DER_ENUMERATED, find_integer_problem },
	{ PKI_DER_BIT_STRING, find_bits_problem },
	{ PKI_DER_NULL,       find_null_problem },
	{ PKI_DER_OID,        find_oid_problem },
	{ PKI_DER_BMP,        find_bmp_problem },
	{ PKI_DER_UNIVERSAL,  find_universal_problem },
};

static const char *
find_primitive_problem(uint8_t tag, pki_bytes content)
{
	for (size_t i = 0; i < PKI_COUNT(primitives); i++)
		if (primitives[i].tag == tag)
			return primitives[i].find_problem(content);
	return NULL;
}

/*
 * Check all elements of one level and those below.  Every SET here is a SET
 * OF, in ascending order: X.690, 11.6.
 */
static pki_code
check_level(pki_der level, bool ordered, int depth, pki_err *err)
{
	pki_bytes content, whole, last = { NULL, 0 };
	const char *problem;
	uint8_t tag;
	pki_code rc;

	if (depth > MAX_DEPTH && !pki_der_at_end(&level))
		return refuse_der(&level, "more than 32 levels", err);
	while (!pki_der_at_end(&level)) {
		rc = pki_der_read_any(&level, &tag, &content, &whole, err);
		if (rc != PKI_OK)
			return rc;
		if (ordered && pki_bytes_compare(last, whole) > 0)
			return refuse_der(&level, "a SET OF out of order",
			    err);
		last = whole;
		problem = find_primitive_problem(tag, content);
		if (problem != NULL)
			return refuse_der(&level, problem, err);
		if ((tag & CONSTRUCTED) == 0)
			continue;
		rc = check_level(pki_der_from(content, level.what),
		    tag == PKI_DER_SET, depth + 1, err);
		if (rc != PKI_OK)
			return rc;
	}
	return PKI_OK;
}

pki_code
pki_der_check(pki_bytes bytes, const char *what, pki_err *err)
{
	pki_der der = pki_der_from(bytes, what);
	pki_bytes whole;
	pki_code rc;

	rc = pki_der_read_any(&der, NULL, NULL, &whole, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	if (rc == PKI_OK)
		rc = check_level(pki_der_from(whole, what), false, 1, err);
	return rc;
}
