#include "x509/name.h"

#include <stdlib.h>
#include <string.h>

#include "x509/der.h"
#include "x509/name-text.h"

#define MAX_PARTS 10

/*
 * The encoding, and behind it the values as strings.  A value's NUL takes
 * less room than its headers, so that twice the encoding holds both.
 */
struct pki_name {
	size_t        count;
	pki_name_part parts[MAX_PARTS];
	size_t        len;      /* of the encoding */
	size_t        used;     /* of octets */
	uint8_t       octets[];
};

/* Indexed by pki_name_type.  All are below id-at, 2.5.4. */
static const struct attribute {
	const char *name;
	uint8_t     arc;
	uint8_t     tag;        /* as we write it */
	bool        printable_only;
} attributes[] = {
	[PKI_NAME_COUNTRY] = { "C", 6, PKI_DER_PRINTABLE, true },
	[PKI_NAME_STATE] = { "ST", 8, PKI_DER_UTF8, false },
	[PKI_NAME_LOCALITY] = { "L", 7, PKI_DER_UTF8, false },
	[PKI_NAME_ORGANIZATION] = { "O", 10, PKI_DER_UTF8, false },
	[PKI_NAME_ORGANIZATIONAL_UNIT] = { "OU", 11, PKI_DER_UTF8, false },
	[PKI_NAME_SERIAL_NUMBER] =
	    { "serialNumber", 5, PKI_DER_PRINTABLE, true },
	[PKI_NAME_COMMON_NAME] = { "CN", 3, PKI_DER_UTF8, false },
};

/* The strings of X.520's DirectoryString, and one that is not. */
static const struct string_type {
	uint8_t      tag;
	const char  *name;
	const char *(*find_problem)(pki_bytes value);   /* NULL: refused */
} string_types[] = {
	{ PKI_DER_UTF8,      "UTF8String",      pki_name_utf8_problem },
	{ PKI_DER_PRINTABLE, "PrintableString", pki_name_printable_problem },
	{ PKI_DER_TELETEX,   "TeletexString",   NULL },
	{ PKI_DER_BMP,       "BMPString",       NULL },
	{ PKI_DER_UNIVERSAL, "UniversalString", NULL },
	{ PKI_DER_IA5,       "IA5String",       NULL },
};

static pki_code
refuse_value(pki_name_type type, pki_bytes value, const char *problem,
    pki_err *err)
{
	int len = value.len > 64 ? 64 : (int)value.len;

	/* Printed up to a NUL: the problem says that there is one. */
	return pki_refuse(err, PKI_BAD_INPUT, "name",
	    "1 to 64 visible characters, UTF8String or PrintableString",
	    "%s=%.*s: %s", attributes[type].name, len,
	    (const char *)value.data, problem);
}

static bool
is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static pki_code
check_value(pki_name_type type, uint8_t tag, pki_bytes value, pki_err *err)
{
	const struct string_type *string = NULL;
	const char *problem;

	for (size_t i = 0; i < PKI_COUNT(string_types); i++)
		if (string_types[i].tag == tag)
			string = &string_types[i];
	if (string == NULL)
		return pki_refuse(err, PKI_BAD_INPUT, "name",
		    "UTF8String or PrintableString", "%s of tag 0x%02x",
		    attributes[type].name, tag);
	if (string->find_problem == NULL || (attributes[type].printable_only &&
	    tag != PKI_DER_PRINTABLE))
		return pki_refuse(err, PKI_BAD_INPUT, "name",
		    attributes[type].printable_only ? "PrintableString" :
		    "UTF8String or PrintableString", "%s as a %s",
		    attributes[type].name, string->name);
	problem = string->find_problem(value);
	if (problem == NULL && type == PKI_NAME_COUNTRY &&
	    (value.len != 2 || !is_letter(value.data[0]) ||
	    !is_letter(value.data[1])))
		problem = "a country is two letters";
	if (problem != NULL)
		return refuse_value(type, value, problem, err);
	return PKI_OK;
}

/* A name without parts yet, encoded as der. */
static pki_name *
make_name(pki_bytes der)
{
	pki_name *name = malloc(sizeof(*name) + 2 * der.len);

	if (name == NULL)
		return NULL;
	name->count = 0;
	name->len = name->used = der.len;
	memcpy(name->octets, der.data, der.len);
	return name;
}

/* value was checked and holds no NUL. */
static void
keep_part(pki_name *name, pki_name_type type, pki_bytes value)
{
	char *kept = (char *)name->octets + name->used;

	memcpy(kept, value.data, value.len);
	kept[value.len] = '\0';
	name->used += value.len + 1;
	name->parts[name->count] = (pki_name_part){ type, kept };
	name->count++;
}

static pki_code
check_count(size_t count, pki_err *err)
{
	if (count > MAX_PARTS)
		return pki_refuse(err, PKI_BAD_INPUT, "name",
		    "at most 10 parts", "more than %d parts", MAX_PARTS);
	return PKI_OK;
}

/* RelativeDistinguishedName ::= SET OF SEQUENCE { type, value }. */
static size_t
part_len(const pki_name_part *part)
{
	return pki_der_size(pki_der_size(pki_der_size(PKI_NAME_OID_LEN) +
	    pki_der_size(strlen(part->value))));
}

static void
add_part(const pki_name_part *part, pki_buf *out)
{
	pki_bytes value = pki_bytes_text(part->value);
	size_t len = pki_der_size(PKI_NAME_OID_LEN) + pki_der_size(value.len);
	uint8_t oid[PKI_NAME_OID_LEN];

	pki_name_type_oid(part->type, oid);
	pki_der_add_header(out, PKI_DER_SET, pki_der_size(len));
	pki_der_add_header(out, PKI_DER_SEQUENCE, len);
	pki_der_add(out, PKI_DER_OID, pki_bytes_of(oid, sizeof(oid)));
	pki_der_add(out, attributes[part->type].tag, value);
}

pki_code
pki_name_build(const pki_name_part *parts, size_t count, pki_name **out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_name *name;
	size_t len = 0;
	pki_code rc;

	rc = check_count(count, err);
	for (size_t i = 0; rc == PKI_OK && i < count; i++) {
		rc = check_value(parts[i].type, attributes[parts[i].type].tag,
		    pki_bytes_text(parts[i].value), err);
		len += part_len(&parts[i]);
	}
	if (rc != PKI_OK)
		return rc;
	pki_buf_reserve(der, pki_der_size(len));
	pki_der_add_header(der, PKI_DER_SEQUENCE, len);
	for (size_t i = 0; i < count; i++)
		add_part(&parts[i], der);
	rc = pki_buf_check(der, err);
	if (rc != PKI_OK)
		return rc;
	name = make_name(pki_buf_bytes(der));
	if (name == NULL)
		return pki_fail_memory(err);
	for (size_t i = 0; i < count; i++)
		keep_part(name, parts[i].type, pki_bytes_text(parts[i].value));
	*out = name;
	return PKI_OK;
}

pki_code
pki_name_copy(const pki_name *name, pki_name **out, pki_err *err)
{
	pki_name *copy = make_name(pki_name_der(name));

	if (copy == NULL)
		return pki_fail_memory(err);
	for (size_t i = 0; i < name->count; i++)
		keep_part(copy, name->parts[i].type,
		    pki_bytes_text(name->parts[i].value));
	*out = copy;
	return PKI_OK;
}

static pki_code
find_type(pki_bytes oid, pki_name_type *out, pki_err *err)
{
	char text[80];

	if (pki_name_type_find(oid, out))
		return PKI_OK;
	return pki_refuse(err, PKI_BAD_INPUT, "name",
	    "C, ST, L, O, OU, serialNumber, CN", "attribute %s",
	    pki_der_format_oid(oid, text, sizeof(text)));
}

static pki_code
read_part(pki_der *rdns, pki_name *name, pki_err *err)
{
	pki_bytes oid, value;
	pki_der set, pair;
	pki_name_type type = PKI_NAME_COMMON_NAME;
	uint8_t tag;
	pki_code rc;

	rc = pki_der_enter(rdns, PKI_DER_SET, &set, err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&set, PKI_DER_SEQUENCE, &pair, err);
	if (rc == PKI_OK)
		rc = pki_der_read_oid(&pair, &oid, err);
	if (rc == PKI_OK)
		rc = pki_der_read_any(&pair, &tag, &value, NULL, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&pair, err);
	if (rc != PKI_OK)
		return rc;
	if (!pki_der_at_end(&set))
		return pki_refuse(err, PKI_BAD_INPUT, "name",
		    "one attribute in each part", "a part of several");
	rc = find_type(oid, &type, err);
	if (rc == PKI_OK)
		rc = check_value(type, tag, value, err);
	if (rc == PKI_OK)
		keep_part(name, type, value);
	return rc;
}

pki_code
pki_name_parse(pki_bytes der, pki_name **out, pki_err *err)
{
	pki_der outer = pki_der_from(der, "name"), rdns;
	PKI_AUTO(pki_name) name = NULL;
	pki_code rc;

	rc = pki_der_check(der, "name", err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &rdns, err);
	if (rc != PKI_OK)
		return rc;
	name = make_name(der);
	if (name == NULL)
		return pki_fail_memory(err);
	while (!pki_der_at_end(&rdns)) {
		rc = check_count(name->count + 1, err);
		if (rc == PKI_OK)
			rc = read_part(&rdns, name, err);
		if (rc != PKI_OK)
			return rc;
	}
	*out = PKI_TAKE(name);
	return PKI_OK;
}

void
pki_name_free(pki_name *name)
{
	free(name);
}

pki_bytes
pki_name_der(const pki_name *name)
{
	return pki_bytes_of(name->octets, name->len);
}

size_t
pki_name_count(const pki_name *name)
{
	return name->count;
}

const pki_name_part *
pki_name_at(const pki_name *name, size_t i)
{
	return i < name->count ? &name->parts[i] : NULL;
}

const char *
pki_name_common_name(const pki_name *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < name->count; i++) {
		if (name->parts[i].type != PKI_NAME_COMMON_NAME)
			continue;
		if (found != NULL)
			return NULL;
		found = name->parts[i].value;
	}
	return found;
}

void
pki_name_print(const pki_name *name, pki_buf *out)
{
	for (size_t i = 0; i < name->count; i++) {
		const pki_name_part *part = &name->parts[i];

		pki_buf_add_format(out, "%s%s=", i == 0 ? "" : ",",
		    attributes[part->type].name);
		pki_name_escape(part->value, out);
	}
}

bool
pki_name_equal(const pki_name *a, const pki_name *b)
{
	return pki_bytes_equal(pki_name_der(a), pki_name_der(b));
}

bool
pki_name_match(const pki_name *a, const pki_name *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->parts[i].type != b->parts[i].type ||
		    !pki_name_values_match(a->parts[i].value,
		    b->parts[i].value))
			return false;
	return true;
}

const char *
pki_name_type_short(pki_name_type type)
{
	return attributes[type].name;
}

void
pki_name_type_oid(pki_name_type type, uint8_t out[PKI_NAME_OID_LEN])
{
	out[0] = 0x55;
	out[1] = 0x04;
	out[2] = attributes[type].arc;
}

bool
pki_name_type_find(pki_bytes oid, pki_name_type *out)
{
	uint8_t known[PKI_NAME_OID_LEN];

	for (size_t i = 0; i < PKI_COUNT(attributes); i++) {
		pki_name_type_oid((pki_name_type)i, known);
		if (pki_bytes_equal(oid, pki_bytes_of(known,
		    sizeof(known)))) {
			*out = (pki_name_type)i;
			return true;
		}
	}
	return false;
}
