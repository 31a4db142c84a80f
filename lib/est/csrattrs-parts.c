#include "est/csrattrs-parts.h"

#include "x509/extension.h"

#define OCTETS(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }
#define NONE { NULL, 0 }
#define EC OCTETS("\x2a\x86\x48\xce\x3d\x02\x01")
#define RSA OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
#define ML_DSA(arc) OCTETS("\x60\x86\x48\x01\x65\x03\x04\x03" arc)

static const pki_csrattrs_key keys[] = {
	{ PKI_KEY_P256, EC, OCTETS("\x2a\x86\x48\xce\x3d\x03\x01\x07"), 0 },
	{ PKI_KEY_P384, EC, OCTETS("\x2b\x81\x04\x00\x22"), 0 },
	{ PKI_KEY_P521, EC, OCTETS("\x2b\x81\x04\x00\x23"), 0 },
	{ PKI_KEY_ED25519, OCTETS("\x2b\x65\x70"), NONE, 0 },
	{ PKI_KEY_RSA2048, RSA, NONE, 2048 },
	{ PKI_KEY_RSA3072, RSA, NONE, 3072 },
	{ PKI_KEY_RSA4096, RSA, NONE, 4096 },
	{ PKI_KEY_ML_DSA_44, ML_DSA("\x11"), NONE, 0 },
	{ PKI_KEY_ML_DSA_65, ML_DSA("\x12"), NONE, 0 },
	{ PKI_KEY_ML_DSA_87, ML_DSA("\x13"), NONE, 0 },
};

const pki_csrattrs_key *
pki_csrattrs_key_of(uint32_t types)
{
	for (size_t i = 0; i < PKI_COUNT(keys); i++)
		if (types == UINT32_C(1) << keys[i].type)
			return &keys[i];
	return NULL;
}

uint32_t
pki_csrattrs_find_keys(pki_bytes algorithm, const pki_bytes *curve,
    uint64_t bits)
{
	uint32_t found = 0;

	for (size_t i = 0; i < PKI_COUNT(keys); i++) {
		if (!pki_bytes_equal(keys[i].algorithm, algorithm))
			continue;
		if (curve != NULL && !pki_bytes_equal(keys[i].curve, *curve))
			continue;
		if (bits != 0 && keys[i].bits != bits)
			continue;
		found |= UINT32_C(1) << keys[i].type;
	}
	return found;
}

/* One GeneralName: a placeholder of RFC 9908, 3.4, or for the list. */
static pki_code
read_alt_name(pki_der *names, pki_csrattrs *out, pki_buf *list, pki_err *err)
{
	pki_bytes content, whole;
	uint8_t tag;
	pki_code rc;

	rc = pki_der_read_any(names, &tag, &content, &whole, err);
	if (rc != PKI_OK)
		return rc;
	if (tag == PKI_DER_CONTEXT_PRIMITIVE(PKI_ALT_IP) && content.len == 0)
		out->ip_wanted = true;
	else if (tag == PKI_DER_CONTEXT(4))
		return pki_refuse(err, PKI_DENIED, "csrattrs",
		    "email, dns, uri and ip", "a directory name");
	else
		pki_buf_add(list, whole);
	return PKI_OK;
}

static pki_code
read_alt_names(pki_bytes value, pki_csrattrs *out, pki_err *err)
{
	pki_der outer = pki_der_from(value, "subjectAltName"), names;
	PKI_AUTO(pki_buf) list = pki_buf_new();
	PKI_AUTO(pki_buf) whole = pki_buf_new();
	pki_code rc;

	rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &names, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&outer, err);
	while (rc == PKI_OK && !pki_der_at_end(&names))
		rc = read_alt_name(&names, out, list, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(list, err);
	/* Only placeholders: no list.  An empty list is refused there. */
	if (rc != PKI_OK || (list->len == 0 && out->ip_wanted))
		return rc;
	pki_der_add(whole, PKI_DER_SEQUENCE, pki_buf_bytes(list));
	rc = pki_buf_check(whole, err);
	if (rc == PKI_OK)
		rc = pki_altnames_parse(pki_buf_bytes(whole), &out->alt_names,
		    err);
	return rc;
}

static pki_code
read_key_usage(pki_bytes value, pki_csrattrs *out, pki_err *err)
{
	pki_der der = pki_der_from(value, "keyUsage");
	pki_code rc;

	rc = pki_der_read_named_bits(&der, &out->key_usage, err);
	return rc == PKI_OK ? pki_der_finish(&der, err) : rc;
}

static pki_code
read_ext_usage(pki_bytes value, pki_csrattrs *out, pki_err *err)
{
	return pki_extension_read_purposes(value, &out->ext_usage, err);
}

static const struct {
	pki_bytes oid;
	uint32_t  bit;
	pki_code (*read)(pki_bytes value, pki_csrattrs *out, pki_err *err);
} extensions[] = {
	{ OCTETS(OID_ALT_NAMES), PKI_CSRATTRS_ALT_NAMES, read_alt_names },
	{ OCTETS(OID_KEY_USAGE), PKI_CSRATTRS_KEY_USAGE, read_key_usage },
	{ OCTETS(OID_EXT_USAGE), PKI_CSRATTRS_EXT_USAGE, read_ext_usage },
};

/* SEQUENCE { extnID, critical DEFAULT FALSE, extnValue [OPTIONAL] }. */
static pki_code
read_extension(pki_der *list, bool partial, pki_bytes *oid,
    pki_csrattrs *out, pki_err *err)
{
	pki_bytes value = { NULL, 0 };
	bool critical = true, filled;
	pki_der fields;
	pki_code rc;

	rc = pki_der_enter(list, PKI_DER_SEQUENCE, &fields, err);
	if (rc == PKI_OK)
		rc = pki_der_read_oid(&fields, oid, err);
	if (rc == PKI_OK && pki_der_next_is(&fields, PKI_DER_BOOLEAN))
		rc = pki_der_read_boolean(&fields, &critical, err);
	/* X.690, 11.5: a default value is not encoded. */
	if (rc == PKI_OK && !critical)
		return pki_refuse(err, PKI_BAD_INPUT, "der",
		    "no default value", "critical: FALSE");
	if (rc != PKI_OK)
		return rc;
	filled = !partial || !pki_der_at_end(&fields);
	if (filled)
		rc = pki_der_read(&fields, PKI_DER_OCTET_STRING, &value, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&fields, err);
	for (size_t i = 0; rc == PKI_OK && i < PKI_COUNT(extensions); i++) {
		if (!pki_bytes_equal(extensions[i].oid, *oid))
			continue;
		if (!filled)
			out->to_fill_in |= extensions[i].bit;
		else
			rc = extensions[i].read(value, out, err);
	}
	return rc;
}

pki_code
pki_csrattrs_read_extensions(pki_der *value, bool partial, pki_csrattrs *out,
    pki_err *err)
{
	pki_bytes seen[PKI_CSRATTRS_EXTENSIONS];
	size_t count = 0;
	pki_der list;
	pki_code rc;

	rc = pki_der_enter(value, PKI_DER_SEQUENCE, &list, err);
	if (rc == PKI_OK && pki_der_at_end(&list))
		return pki_refuse(err, PKI_BAD_INPUT, "csrattrs",
		    "one extension or more", "an empty list");
	for (; rc == PKI_OK && !pki_der_at_end(&list); count++) {
		if (count == PKI_COUNT(seen))
			return pki_refuse(err, PKI_BAD_INPUT, "csrattrs",
			    "at most 32 extensions", "more than 32");
		rc = read_extension(&list, partial, &seen[count], out, err);
		if (rc != PKI_OK)
			return rc;
		for (size_t i = 0; i < count; i++)
			if (pki_bytes_equal(seen[i], seen[count]))
				return pki_refuse(err, PKI_BAD_INPUT,
				    "csrattrs", "each extension once",
				    "one twice");
	}
	return rc;
}
