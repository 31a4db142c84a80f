#include "x509/name.h"

#include <stdlib.h>
#include <string.h>

#include "x509/der.h"
#include "x509/name-text.h"

#define MAX_PARTS 10

struct pki_name {
	pki_buf      *der;
	size_t        count;
	pki_name_part parts[MAX_PARTS];
	char          values[MAX_PARTS][PKI_NAME_VALUE_ROOM];
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

/* value was checked: it fits and holds no NUL. */
static void
keep_part(pki_name *name, pki_name_type type, pki_bytes value)
{
	char *kept = name->values[name->count];

	memcpy(kept, value.data, value.len);
	kept[value.len] = '\0';
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

static pki_code
encode_part(const pki_name_part *part, pki_buf *out, pki_err *err)
{
	const struct attribute *attribute = &attributes[part->type];
	uint8_t oid[] = { 0x55, 0x04, attribute->arc };
	PKI_AUTO(pki_buf) pair = pki_buf_new();
	PKI_AUTO(pki_buf) set = pki_buf_new();

	if (pair == NULL || set == NULL)
		return pki_fail_memory(err);
	pki_der_add(pair, PKI_DER_OID, pki_bytes_of(oid, sizeof(oid)));
	pki_der_add(pair, attribute->tag, pki_bytes_text(part->value));
	pki_der_add(set, PKI_DER_SEQUENCE, pki_buf_bytes(pair));
	pki_der_add(out, PKI_DER_SET, pki_buf_bytes(set));
	if (pki_buf_check(pair, err) != PKI_OK)
		return PKI_NO_MEMORY;
	return pki_buf_check(set, err);
}

pki_code
pki_name_build(const pki_name_part *parts, size_t count, pki_name **out,
    pki_err *err)
{
	PKI_AUTO(pki_name) name = calloc(1, sizeof(*name));
	PKI_AUTO(pki_buf) content = pki_buf_new();
	pki_code rc;

	if (name == NULL || content == NULL ||
	    (name->der = pki_buf_new()) == NULL)
		return pki_fail_memory(err);
	rc = check_count(count, err);
	if (rc != PKI_OK)
		return rc;
	for (size_t i = 0; i < count; i++) {
		pki_bytes value = pki_bytes_text(parts[i].value);

		rc = check_value(parts[i].type, attributes[parts[i].type].tag,
		    value, err);
		if (rc == PKI_OK)
			rc = encode_part(&parts[i], content, err);
		if (rc != PKI_OK)
			return rc;
		keep_part(name, parts[i].type, value);
	}
	pki_der_add(name->der, PKI_DER_SEQUENCE, pki_buf_bytes(content));
	if (pki_buf_check(content, err) != PKI_OK ||
	    pki_buf_check(name->der, err) != PKI_OK)
		return PKI_NO_MEMORY;
	*out = PKI_TAKE(name);
	return PKI_OK;
}

static pki_code
find_type(pki_bytes oid, pki_name_type *out, pki_err *err)
{
	char text[80];

	for (size_t i = 0; i < PKI_COUNT(attributes); i++) {
		uint8_t known[] = { 0x55, 0x04, attributes[i].arc };

		if (pki_bytes_equal(oid, pki_bytes_of(known, sizeof(known)))) {
			*out = (pki_name_type)i;
			return PKI_OK;
		}
	}
	return pki_refuse(err, PKI_BAD_INPUT, "name",
	    "C, ST, L, O, OU, serialNumber, CN", "attribute %s",
	    pki_der_format_oid(oid, text, sizeof(text)));
}

/* RelativeDistinguishedName ::= SET OF SEQUENCE { type, value }. */
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
	name = calloc(1, sizeof(*name));
	if (name == NULL || (name->der = pki_buf_copy(der)) == NULL)
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
	if (name == NULL)
		return;
	pki_buf_free(name->der);
	free(name);
}

pki_bytes
pki_name_der(const pki_name *name)
{
	return pki_buf_bytes(name->der);
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
