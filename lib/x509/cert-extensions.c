#include <limits.h>
#include <string.h>

#include "x509/cert-parts.h"
#include "x509/extension.h"

static pki_code
refuse(pki_err *err, const char *accepts, const char *value)
{
	return pki_refuse(err, PKI_BAD_INPUT, "extension", accepts, "%s",
	    value);
}

/* An extension's value as a reader of its only element's content. */
static pki_code
enter_value(const pki_extension *extension, const char *what, pki_der *out,
    pki_err *err)
{
	pki_der all = pki_der_from(extension->value, what);
	pki_code rc;

	rc = pki_der_enter(&all, PKI_DER_SEQUENCE, out, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	return rc;
}

/* SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static pki_code
read_basic_constraints(void *out, const pki_extension *extension,
    pki_err *err)
{
	pki_cert *cert = out;
	int64_t path_len = -1;
	bool is_ca = false;
	pki_der der;
	pki_code rc;

	rc = enter_value(extension, "basicConstraints", &der, err);
	if (rc == PKI_OK && pki_der_next_is(&der, PKI_DER_BOOLEAN)) {
		rc = pki_der_read_boolean(&der, &is_ca, err);
		/* X.690, 11.5: a default value is not encoded. */
		if (rc == PKI_OK && !is_ca)
			return pki_refuse(err, PKI_BAD_INPUT, "der",
			    "no default value", "cA FALSE");
	}
	if (rc == PKI_OK && pki_der_next_is(&der, PKI_DER_INTEGER))
		rc = pki_der_read_small(&der, &path_len, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	if (rc != PKI_OK)
		return rc;
	if (path_len >= 0 && (!is_ca || path_len > INT_MAX))
		return refuse(err, "a path length of a CA",
		    "a path length out of place");
	cert->is_ca = is_ca;
	cert->path_len = (int)path_len;
	return PKI_OK;
}

static pki_code
read_key_usage(void *out, const pki_extension *extension, pki_err *err)
{
	pki_der all = pki_der_from(extension->value, "keyUsage");
	pki_cert *cert = out;
	uint32_t bits;
	pki_code rc;

	rc = pki_der_read_named_bits(&all, &bits, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	if (rc != PKI_OK)
		return rc;
	/* RFC 5280, 4.2.1.3: at least one. */
	if (bits == 0 || bits >> (PKI_KU_DECIPHER_ONLY + 1) != 0)
		return refuse(err, "1 to 9 bits", "other key usage bits");
	cert->key_usage = bits;
	return PKI_OK;
}

static pki_code
read_ext_usage(void *out, const pki_extension *extension, pki_err *err)
{
	pki_cert *cert = out;

	return pki_extension_read_purposes(extension->value,
	    &cert->ext_usage, err);
}

static pki_code
read_subject_key_id(void *out, const pki_extension *extension, pki_err *err)
{
	pki_der all = pki_der_from(extension->value, "subjectKeyIdentifier");
	pki_cert *cert = out;
	pki_code rc;

	rc = pki_der_read(&all, PKI_DER_OCTET_STRING, &cert->subject_key_id,
	    err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	return rc;
}

static pki_code
read_authority_key_id(void *out, const pki_extension *extension,
    pki_err *err)
{
	pki_cert *cert = out;

	return pki_extension_read_authority(extension->value,
	    &cert->authority_key_id, err);
}

/*
 * Other CAs' certificates hold kinds of name that we do not keep.  Where
 * nothing depends on them (not critical) they count as none.
 */
static pki_code
read_alt_names(void *out, const pki_extension *extension, pki_err *err)
{
	pki_cert *cert = out;
	pki_err why = { 0 };
	pki_code rc;

	rc = pki_altnames_parse(extension->value, &cert->alt_names, &why);
	if (rc == PKI_BAD_INPUT && !extension->critical &&
	    strcmp(why.rule, "alt-name") == 0)
		return PKI_OK;
	if (rc != PKI_OK && err != NULL)
		*err = why;
	return rc;
}

/*
 * DistributionPoint ::= SEQUENCE { [0] name, [1] reasons, [2] cRLIssuer },
 * all OPTIONAL: the first one with a URI counts.
 */
static pki_code
read_crl_url(void *out, const pki_extension *extension, pki_err *err)
{
	pki_cert *cert = out;
	pki_der list, point;
	pki_code rc;

	rc = enter_value(extension, "cRLDistributionPoints", &list, err);
	while (rc == PKI_OK && !pki_der_at_end(&list)) {
		rc = pki_der_enter(&list, PKI_DER_SEQUENCE, &point, err);
		if (rc != PKI_OK || cert->crl_url != NULL ||
		    !pki_der_next_is(&point, PKI_DER_CONTEXT(0)))
			continue;
		rc = pki_extension_read_point(&point, &cert->crl_url, err);
	}
	return rc;
}

static const pki_extension_row rows[] = {
	{ PKI_BYTES_TEXT("\x55\x1d\x0e"), "subjectKeyIdentifier",
	    read_subject_key_id },
	{ PKI_BYTES_TEXT("\x55\x1d\x0f"), "keyUsage", read_key_usage },
	{ PKI_BYTES_TEXT("\x55\x1d\x11"), "subjectAltName", read_alt_names },
	{ PKI_BYTES_TEXT("\x55\x1d\x13"), "basicConstraints",
	    read_basic_constraints },
	{ PKI_BYTES_TEXT("\x55\x1d\x1f"), "cRLDistributionPoints",
	    read_crl_url },
	{ PKI_BYTES_TEXT("\x55\x1d\x23"), "authorityKeyIdentifier",
	    read_authority_key_id },
	{ PKI_BYTES_TEXT("\x55\x1d\x25"), "extKeyUsage", read_ext_usage },
};

static const pki_extension_table table = {
	.rows = rows, .count = PKI_COUNT(rows), .rule = "extension",
};

pki_code
pki_cert_read_extensions(pki_cert *cert, pki_der *der, pki_err *err)
{
	return pki_extensions_read(der, &table, cert, err);
}
