#include "x509/csr-attributes.h"

#include "x509/extension.h"
#include "x509/usage.h"

#define MAX_ATTRIBUTES 10
#define MAX_EXTENSIONS 20

/* szOID_CERT_EXTENSIONS, 1.3.6.1.4.1.311.2.1.14. */
#define OID_MICROSOFT_REQUEST "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e"
#define OID_CHALLENGE_PASSWORD "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"
/* id-aa: RFC 7894. */
#define OID_SMIME_ATTRIBUTE(arc) \
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02" arc
#define OID_KEY_ID "\x55\x1d\x0e"
#define OID_BASIC_CONSTRAINTS "\x55\x1d\x13"

/* An attribute that is understood: read gets its one value. */
typedef struct attribute_row attribute_row;
struct attribute_row {
	pki_bytes   oid;
	const char *name;
	const char *rule;       /* when it is there twice or has two values */
	pki_code  (*read)(const attribute_row *row, pki_der *value,
	    pki_csr_wishes *out, pki_err *err);
	pki_csr_challenge which;        /* for read_challenge */
};

static pki_code
read_constraints(void *out, const pki_extension *extension, pki_err *err)
{
	pki_der der = pki_der_from(extension->value, "basicConstraints");
	pki_der fields;
	bool is_ca = false;
	pki_code rc;

	(void)out;
	rc = pki_der_enter(&der, PKI_DER_SEQUENCE, &fields, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	if (rc == PKI_OK && pki_der_next_is(&fields, PKI_DER_BOOLEAN)) {
		rc = pki_der_read_boolean(&fields, &is_ca, err);
		/* X.690, 11.5: a default value is not encoded. */
		if (rc == PKI_OK && !is_ca)
			return pki_refuse(err, PKI_BAD_INPUT, "der",
			    "no default value", "basicConstraints: FALSE");
	}
	if (rc != PKI_OK)
		return rc;
	if (is_ca)
		return pki_refuse(err, PKI_DENIED, "basic-constraints",
		    "a request without CA:TRUE", "CA:TRUE");
	/* RFC 5280, 4.2.1.9: a path length belongs to a CA. */
	if (!pki_der_at_end(&fields))
		return pki_refuse(err, PKI_DENIED, "basic-constraints",
		    "an empty one", "fields without CA:TRUE");
	return PKI_OK;
}

static pki_code
read_key_usage(void *out, const pki_extension *extension, pki_err *err)
{
	static const uint32_t refused = UINT32_C(1) << PKI_KU_KEY_CERT_SIGN |
	    UINT32_C(1) << PKI_KU_CRL_SIGN;
	pki_der der = pki_der_from(extension->value, "keyUsage");
	pki_csr_wishes *wishes = out;
	uint32_t set;
	pki_code rc;

	rc = pki_der_read_named_bits(&der, &set, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	if (rc == PKI_OK && (set & refused) != 0)
		return pki_refuse(err, PKI_DENIED, "key-usage",
		    "a request without key-cert-sign and crl-sign",
		    "%s", (set & UINT32_C(1) << PKI_KU_KEY_CERT_SIGN) != 0 ?
		    "key-cert-sign" : "crl-sign");
	if (rc == PKI_OK)
		wishes->key_usage = set;
	return rc;
}

static pki_code
read_ext_usage(void *out, const pki_extension *extension, pki_err *err)
{
	pki_csr_wishes *wishes = out;

	return pki_extension_read_purposes(extension->value,
	    &wishes->ext_usage, err);
}

static pki_code
check_key_id(void *out, const pki_extension *extension, pki_err *err)
{
	pki_der der = pki_der_from(extension->value, "subjectKeyIdentifier");
	pki_bytes key_id;
	pki_code rc;

	(void)out;
	rc = pki_der_read(&der, PKI_DER_OCTET_STRING, &key_id, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	return rc;
}

static pki_code
read_alt_names(void *out, const pki_extension *extension, pki_err *err)
{
	pki_csr_wishes *wishes = out;

	return pki_altnames_parse(extension->value, &wishes->alt_names, err);
}

static const pki_extension_row extension_rows[] = {
	{ PKI_BYTES_TEXT(OID_BASIC_CONSTRAINTS), "basicConstraints",
	    read_constraints },
	{ PKI_BYTES_TEXT(OID_KEY_USAGE), "keyUsage", read_key_usage },
	{ PKI_BYTES_TEXT(OID_EXT_USAGE), "extKeyUsage", read_ext_usage },
	{ PKI_BYTES_TEXT(OID_KEY_ID), "subjectKeyIdentifier", check_key_id },
	{ PKI_BYTES_TEXT(OID_ALT_NAME), "subjectAltName", read_alt_names },
};

static const pki_extension_table extension_table = {
	.rows = extension_rows, .count = PKI_COUNT(extension_rows),
	.rule = "extension", .whole = true,
};

static pki_code
check_extension_count(pki_der extensions, pki_err *err)
{
	size_t count = 0;
	pki_der list;
	pki_code rc;

	rc = pki_der_enter(&extensions, PKI_DER_SEQUENCE, &list, err);
	while (rc == PKI_OK && !pki_der_at_end(&list)) {
		rc = pki_der_read_any(&list, NULL, NULL, NULL, err);
		count++;
	}
	if (rc == PKI_OK && count > MAX_EXTENSIONS)
		return pki_refuse(err, PKI_BAD_INPUT, "extension",
		    "at most 20 extensions", "%zu extensions", count);
	return rc;
}

static pki_code
read_extension_request(const attribute_row *row, pki_der *value,
    pki_csr_wishes *out, pki_err *err)
{
	pki_code rc;

	(void)row;
	rc = check_extension_count(*value, err);
	if (rc == PKI_OK)
		rc = pki_extensions_read(value, &extension_table, out, err);
	return rc;
}

/*
 * DirectoryString, or IA5String by old programs: RFC 2985, 5.4.1.  Kept as it
 * stands: who compares it wants octets.
 */
static pki_code
read_challenge(const attribute_row *row, pki_der *value, pki_csr_wishes *out,
    pki_err *err)
{
	static const struct {
		uint8_t tag;
		size_t  width;          /* octets of a character, at most */
	} types[] = {
		{ PKI_DER_UTF8, 4 }, { PKI_DER_PRINTABLE, 1 },
		{ PKI_DER_TELETEX, 1 }, { PKI_DER_IA5, 1 },
		{ PKI_DER_BMP, 2 }, { PKI_DER_UNIVERSAL, 4 },
	};
	pki_bytes text;
	uint8_t tag;
	pki_code rc;

	rc = pki_der_read_any(value, &tag, &text, NULL, err);
	if (rc != PKI_OK)
		return rc;
	for (size_t i = 0; i < PKI_COUNT(types); i++)
		if (types[i].tag == tag && text.len > 0 && text.len <=
		    PKI_CSR_CHALLENGE_MAX * types[i].width) {
			out->challenges[row->which] = text;
			return PKI_OK;
		}
	return pki_refuse(err, PKI_BAD_INPUT, row->rule,
	    "a string of 1 to 255 characters", "%s of tag 0x%02x, %zu octets",
	    row->name, tag, text.len);
}

/* libcrypto takes it for an extensionRequest, and others do. */
static pki_code
refuse_request(const attribute_row *row, pki_der *value, pki_csr_wishes *out,
    pki_err *err)
{
	(void)row;
	(void)value;
	(void)out;
	return pki_refuse(err, PKI_DENIED, "attribute",
	    "extensions in an extensionRequest, 1.2.840.113549.1.9.14",
	    "extensions in attribute 1.3.6.1.4.1.311.2.1.14");
}

static const attribute_row attribute_rows[] = {
	{ PKI_BYTES_TEXT(OID_EXTENSION_REQUEST), "extensionRequest",
	    "extension", read_extension_request, 0 },
	{ PKI_BYTES_TEXT(OID_MICROSOFT_REQUEST), "Microsoft's request",
	    "attribute", refuse_request, 0 },
	{ PKI_BYTES_TEXT(OID_CHALLENGE_PASSWORD), "challengePassword",
	    "attribute", read_challenge, PKI_CSR_CHALLENGE_PASSWORD },
	{ PKI_BYTES_TEXT(OID_SMIME_ATTRIBUTE("\x38")), "otpChallenge",
	    "attribute", read_challenge, PKI_CSR_OTP_CHALLENGE },
	{ PKI_BYTES_TEXT(OID_SMIME_ATTRIBUTE("\x39")), "revocationChallenge",
	    "attribute", read_challenge, PKI_CSR_REVOCATION_CHALLENGE },
	{ PKI_BYTES_TEXT(OID_SMIME_ATTRIBUTE("\x3a")), "estIdentityLinking",
	    "attribute", read_challenge, PKI_CSR_IDENTITY_LINKING },
};

pki_bytes
pki_csr_challenge_oid(pki_csr_challenge which)
{
	for (size_t i = 0; i < PKI_COUNT(attribute_rows); i++)
		if (attribute_rows[i].read == read_challenge &&
		    attribute_rows[i].which == which)
			return attribute_rows[i].oid;
	return pki_bytes_of(NULL, 0);
}

/* Attributes that we do not know are no concern of ours: RFC 2986, 4.1. */
static pki_code
read_known(const attribute_row *row, pki_der *values, pki_csr_wishes *out,
    pki_err *err)
{
	pki_code rc;

	rc = row->read(row, values, out, err);
	if (rc == PKI_OK && !pki_der_at_end(values))
		return pki_refuse(err, PKI_BAD_INPUT, row->rule, "one value",
		    "%s of several values", row->name);
	return rc;
}

/* Attribute ::= SEQUENCE { type, SET SIZE (1..MAX) OF value }. */
static pki_code
read_attribute(pki_der *list, uint32_t *seen, pki_csr_wishes *out,
    pki_err *err)
{
	pki_der fields, values;
	pki_bytes oid;
	pki_code rc;

	rc = pki_der_enter(list, PKI_DER_SEQUENCE, &fields, err);
	if (rc == PKI_OK)
		rc = pki_der_read_oid(&fields, &oid, err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&fields, PKI_DER_SET, &values, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&fields, err);
	if (rc != PKI_OK)
		return rc;
	if (pki_der_at_end(&values))
		return pki_refuse(err, PKI_BAD_INPUT, "attribute",
		    "one value or more", "an attribute without a value");
	for (size_t i = 0; i < PKI_COUNT(attribute_rows); i++) {
		const attribute_row *row = &attribute_rows[i];

		if (!pki_bytes_equal(row->oid, oid))
			continue;
		if ((*seen & UINT32_C(1) << i) != 0)
			return pki_refuse(err, PKI_BAD_INPUT, row->rule,
			    "each attribute once", "%s twice", row->name);
		*seen |= UINT32_C(1) << i;
		return read_known(row, &values, out, err);
	}
	return PKI_OK;
}

pki_code
pki_csr_read_attributes(pki_der *attributes, pki_csr_wishes *out, pki_err *err)
{
	pki_bytes whole, last = { NULL, 0 };
	uint32_t seen = 0;
	size_t count = 0;
	pki_der at;
	pki_code rc;

	while (!pki_der_at_end(attributes)) {
		at = *attributes;
		rc = pki_der_read_any(attributes, NULL, NULL, &whole, err);
		if (rc != PKI_OK)
			return rc;
		if (++count > MAX_ATTRIBUTES)
			return pki_refuse(err, PKI_BAD_INPUT, "attribute",
			    "at most 10 attributes", "more than 10");
		/* [0] IMPLICIT SET OF: X.690, 11.6. */
		if (pki_bytes_compare(last, whole) > 0)
			return pki_refuse(err, PKI_BAD_INPUT, "der",
			    "a SET OF in ascending order",
			    "attributes out of order");
		last = whole;
		rc = read_attribute(&at, &seen, out, err);
		if (rc != PKI_OK)
			return rc;
	}
	return PKI_OK;
}
