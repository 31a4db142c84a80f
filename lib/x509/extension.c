#include "x509/extension.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "x509/usage.h"

enum { GENERAL_NAME_URI = PKI_DER_CONTEXT_PRIMITIVE(6) };

#define OID_TEXT 64

static pki_code
read_one(pki_der *list, pki_extension *out, pki_err *err)
{
	pki_extension extension = { 0 };
	pki_der der;
	pki_code rc;

	rc = pki_der_enter(list, PKI_DER_SEQUENCE, &der, err);
	if (rc == PKI_OK)
		rc = pki_der_read_oid(&der, &extension.oid, err);
	if (rc == PKI_OK && pki_der_next_is(&der, PKI_DER_BOOLEAN)) {
		rc = pki_der_read_boolean(&der, &extension.critical, err);
		/* X.690, 11.5: a default value is not encoded. */
		if (rc == PKI_OK && !extension.critical)
			return pki_refuse(err, PKI_BAD_INPUT, "der",
			    "no default value", "critical FALSE");
	}
	if (rc == PKI_OK)
		rc = pki_der_read(&der, PKI_DER_OCTET_STRING,
		    &extension.value, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	if (rc == PKI_OK)
		*out = extension;
	return rc;
}

static pki_code
refuse_unknown(const pki_extension_table *table, pki_bytes oid, pki_err *err)
{
	char accepts[160], text[OID_TEXT];
	size_t used = 0;

	for (size_t i = 0; i < table->count && used < sizeof(accepts); i++)
		used += (size_t)snprintf(accepts + used,
		    sizeof(accepts) - used, "%s%s", i == 0 ? "" : ", ",
		    table->rows[i].name);
	return pki_refuse(err, PKI_DENIED, table->rule, accepts,
	    "extension %s", pki_der_format_oid(oid, text, sizeof(text)));
}

static pki_code
handle_one(const pki_extension_table *table, const pki_extension *extension,
    void *out, pki_err *err)
{
	char oid[OID_TEXT];
	pki_code rc;

	for (size_t i = 0; i < table->count; i++) {
		const pki_extension_row *row = &table->rows[i];

		if (!pki_bytes_equal(row->oid, extension->oid))
			continue;
		rc = row->read(out, extension, err);
		if (rc != PKI_OK)
			return pki_wrap(err, rc, "%s", row->name);
		return PKI_OK;
	}
	if (extension->critical)
		return pki_refuse(err, PKI_BAD_INPUT, table->rule,
		    "critical extensions that we understand",
		    "critical extension %s", pki_der_format_oid(
		    extension->oid, oid, sizeof(oid)));
	if (table->whole)
		return refuse_unknown(table, extension->oid, err);
	return PKI_OK;
}

static bool
has_oid(const pki_bytes *oids, size_t count, pki_bytes oid)
{
	for (size_t i = 0; i < count; i++)
		if (pki_bytes_equal(oids[i], oid))
			return true;
	return false;
}

pki_code
pki_extensions_read(pki_der *der, const pki_extension_table *table, void *out,
    pki_err *err)
{
	pki_bytes seen[PKI_EXTENSIONS_MAX];
	pki_extension extension;
	char oid[OID_TEXT];
	size_t count = 0;
	pki_der list;
	pki_code rc;

	rc = pki_der_enter(der, PKI_DER_SEQUENCE, &list, err);
	if (rc != PKI_OK)
		return rc;
	if (pki_der_at_end(&list))
		return pki_refuse(err, PKI_BAD_INPUT, table->rule,
		    "one extension or more", "an empty list");
	while (!pki_der_at_end(&list)) {
		if (count == PKI_EXTENSIONS_MAX)
			return pki_refuse(err, PKI_BAD_INPUT, table->rule,
			    "at most 32 extensions", "more");
		rc = read_one(&list, &extension, err);
		if (rc != PKI_OK)
			return rc;
		if (has_oid(seen, count, extension.oid))
			return pki_refuse(err, PKI_BAD_INPUT, table->rule,
			    "each extension once", "extension %s twice",
			    pki_der_format_oid(extension.oid, oid,
			    sizeof(oid)));
		seen[count++] = extension.oid;
		rc = handle_one(table, &extension, out, err);
		if (rc != PKI_OK)
			return rc;
	}
	return PKI_OK;
}

pki_code
pki_extension_read_authority(pki_bytes value, pki_bytes *out, pki_err *err)
{
	pki_der all = pki_der_from(value, "authorityKeyIdentifier");
	pki_bytes key_id = { 0 };
	pki_der der;
	pki_code rc;

	rc = pki_der_enter(&all, PKI_DER_SEQUENCE, &der, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	if (rc == PKI_OK &&
	    pki_der_next_is(&der, PKI_DER_CONTEXT_PRIMITIVE(0)))
		rc = pki_der_read(&der, PKI_DER_CONTEXT_PRIMITIVE(0), &key_id,
		    err);
	/* authorityCertIssuer and its serial number add nothing for us. */
	while (rc == PKI_OK && !pki_der_at_end(&der))
		rc = pki_der_read_any(&der, NULL, NULL, NULL, err);
	if (rc == PKI_OK)
		*out = key_id;
	return rc;
}

/* The first URI of GeneralNames, as a string; NULL when there is none. */
static pki_code
read_uri(pki_der *names, char **out, pki_err *err)
{
	pki_bytes content;
	uint8_t tag;
	pki_code rc;

	while (!pki_der_at_end(names)) {
		rc = pki_der_read_any(names, &tag, &content, NULL, err);
		if (rc != PKI_OK)
			return rc;
		if (tag != GENERAL_NAME_URI)
			continue;
		if (content.len == 0 || !pki_text_is_printable(content))
			return pki_refuse(err, PKI_BAD_INPUT, "extension",
			    "printable ASCII", "a URI of other characters");
		*out = strndup((const char *)content.data, content.len);
		return *out != NULL ? PKI_OK : pki_fail_memory(err);
	}
	*out = NULL;
	return PKI_OK;
}

pki_code
pki_extension_read_point(pki_der *der, char **out, pki_err *err)
{
	pki_der point, names;
	pki_code rc;

	rc = pki_der_enter(der, PKI_DER_CONTEXT(0), &point, err);
	if (rc != PKI_OK)
		return rc;
	if (!pki_der_next_is(&point, PKI_DER_CONTEXT(0))) {
		*out = NULL;
		return PKI_OK;
	}
	rc = pki_der_enter(&point, PKI_DER_CONTEXT(0), &names, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&point, err);
	if (rc == PKI_OK)
		rc = read_uri(&names, out, err);
	return rc;
}

/* id-kp is 1.3.6.1.5.5.7.3, one more arc names the purpose. */
static uint32_t
find_purpose(pki_bytes oid)
{
	static const uint8_t id_kp[] = {
		0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03,
	};

	if (oid.len != sizeof(id_kp) + 1 ||
	    memcmp(oid.data, id_kp, sizeof(id_kp)) != 0 ||
	    oid.data[sizeof(id_kp)] > 31)
		return PKI_EKU_OTHER;
	return UINT32_C(1) << oid.data[sizeof(id_kp)];
}

pki_code
pki_extension_read_purposes(pki_bytes value, uint32_t *out, pki_err *err)
{
	pki_der all = pki_der_from(value, "extKeyUsage"), list;
	uint32_t set = 0;
	pki_bytes oid;
	pki_code rc;

	rc = pki_der_enter(&all, PKI_DER_SEQUENCE, &list, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	/* RFC 5280, 4.2.1.12. */
	if (rc == PKI_OK && pki_der_at_end(&list))
		return pki_refuse(err, PKI_BAD_INPUT, "extension",
		    "one purpose or more", "an empty extKeyUsage");
	while (rc == PKI_OK && !pki_der_at_end(&list)) {
		rc = pki_der_read_oid(&list, &oid, err);
		if (rc == PKI_OK)
			set |= find_purpose(oid);
	}
	if (rc == PKI_OK)
		*out = set;
	return rc;
}

void
pki_extension_add_purposes(uint32_t set, pki_buf *out)
{
	uint8_t oid[] = "\x2b\x06\x01\x05\x05\x07\x03";      /* and an arc */
	size_t len = 0;

	for (unsigned arc = 1; arc < 32; arc++)
		if ((set >> arc & 1) != 0)
			len += pki_der_size(sizeof(oid));
	pki_der_add_header(out, PKI_DER_SEQUENCE, len);
	for (unsigned arc = 1; arc < 32; arc++) {
		if ((set >> arc & 1) == 0)
			continue;
		oid[sizeof(oid) - 1] = (uint8_t)arc;
		pki_der_add(out, PKI_DER_OID, pki_bytes_of(oid, sizeof(oid)));
	}
}
