#include <stdlib.h>

#include "x509/crl-parts.h"
#include "x509/extension.h"
#include "x509/pem.h"

static pki_code
read_authority_key_id(void *out, const pki_extension *extension,
    pki_err *err)
{
	pki_crl *crl = out;

	return pki_extension_read_authority(extension->value,
	    &crl->authority_key_id, err);
}

static pki_code
read_number(void *out, const pki_extension *extension, pki_err *err)
{
	pki_der all = pki_der_from(extension->value, "cRLNumber");
	pki_crl *crl = out;
	pki_code rc;

	rc = pki_der_read_small(&all, &crl->number, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	return rc;
}

/*
 * A CRL for some kinds of certificate or some reasons only, and an indirect
 * one, would be taken for the whole truth by who asks it.
 */
static pki_code
read_scope(void *out, const pki_extension *extension, pki_err *err)
{
	pki_der all = pki_der_from(extension->value,
	    "issuingDistributionPoint");
	pki_crl *crl = out;
	pki_der der;
	pki_code rc;

	rc = pki_der_enter(&all, PKI_DER_SEQUENCE, &der, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	if (rc == PKI_OK && pki_der_next_is(&der, PKI_DER_CONTEXT(0)))
		rc = pki_extension_read_point(&der, &crl->idp_url, err);
	if (rc != PKI_OK)
		return rc;
	if (crl->idp_url == NULL || !pki_der_at_end(&der))
		return pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "a scope given by a URI alone",
		    "an indirect CRL or one of limited scope");
	return PKI_OK;
}

static pki_code
refuse_delta(void *out, const pki_extension *extension, pki_err *err)
{
	(void)out;
	(void)extension;
	return pki_refuse(err, PKI_BAD_INPUT, "crl", "a complete CRL",
	    "a delta CRL");
}

static const pki_extension_row rows[] = {
	{ PKI_BYTES_TEXT("\x55\x1d\x14"), "cRLNumber", read_number },
	{ PKI_BYTES_TEXT("\x55\x1d\x1b"), "deltaCRLIndicator", refuse_delta },
	{ PKI_BYTES_TEXT("\x55\x1d\x1c"), "issuingDistributionPoint",
	    read_scope },
	{ PKI_BYTES_TEXT("\x55\x1d\x23"), "authorityKeyIdentifier",
	    read_authority_key_id },
};

static const pki_extension_table table = {
	.rows = rows, .count = PKI_COUNT(rows), .rule = "crl",
};

pki_code
pki_crl_read_extensions(pki_crl *crl, pki_der *der, pki_err *err)
{
	pki_der list;
	pki_code rc = PKI_OK;

	if (pki_der_next_is(der, PKI_DER_CONTEXT(0))) {
		rc = pki_der_enter(der, PKI_DER_CONTEXT(0), &list, err);
		if (rc == PKI_OK)
			rc = pki_extensions_read(&list, &table, crl, err);
		if (rc == PKI_OK)
			rc = pki_der_finish(&list, err);
	}
	if (rc == PKI_OK && crl->number < 0)
		return pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "a CRL with a cRLNumber", "no number");
	return rc;
}

/* Version ::= INTEGER { v1(0), v2(1) }, absent in v1. */
static pki_code
read_version(pki_der *tbs, pki_err *err)
{
	int64_t version = 0;
	pki_code rc = PKI_OK;

	if (pki_der_next_is(tbs, PKI_DER_INTEGER))
		rc = pki_der_read_small(tbs, &version, err);
	if (rc == PKI_OK && version != 1)
		return pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "version 2", "version %lld", (long long)version + 1);
	return rc;
}

static pki_code
read_issuer(pki_crl *crl, pki_der *tbs, pki_err *err)
{
	pki_bytes whole;
	pki_code rc;

	rc = pki_der_read_any(tbs, NULL, NULL, &whole, err);
	if (rc == PKI_OK)
		rc = pki_name_parse(whole, &crl->issuer, err);
	if (rc == PKI_OK && pki_name_count(crl->issuer) == 0)
		return pki_refuse(err, PKI_BAD_INPUT, "name",
		    "an issuer that has a name", "an empty issuer");
	return rc;
}

static pki_code
read_times(pki_crl *crl, pki_der *tbs, pki_err *err)
{
	pki_code rc;

	rc = pki_der_read_time(tbs, &crl->this_update, err);
	if (rc != PKI_OK)
		return rc;
	/* RFC 5280, 5.1.2.5: OPTIONAL in the syntax, required. */
	if (!pki_der_next_is(tbs, PKI_DER_UTC_TIME) &&
	    !pki_der_next_is(tbs, PKI_DER_GENERALIZED_TIME))
		return pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "a CRL that ends", "no nextUpdate");
	rc = pki_der_read_time(tbs, &crl->next_update, err);
	if (rc == PKI_OK && crl->this_update > crl->next_update)
		return pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "thisUpdate no later than nextUpdate",
		    "a CRL that ends before it begins");
	return rc;
}

pki_code
pki_crl_read_head(pki_crl *crl, pki_der *der, pki_err *err)
{
	pki_code rc = read_version(der, err);

	if (rc == PKI_OK)
		rc = pki_signed_read_inner(&crl->frame, der, "crl", err);
	if (rc == PKI_OK)
		rc = read_issuer(crl, der, err);
	if (rc == PKI_OK)
		rc = read_times(crl, der, err);
	return rc;
}

static pki_code
read_tbs(pki_crl *crl, pki_err *err)
{
	pki_der all = pki_der_from(crl->frame.tbs, PKI_CRL_WHAT);
	pki_der tbs;
	pki_code rc;

	rc = pki_der_enter(&all, PKI_DER_SEQUENCE, &tbs, err);
	if (rc == PKI_OK)
		rc = pki_crl_read_head(crl, &tbs, err);
	if (rc == PKI_OK && pki_der_next_is(&tbs, PKI_DER_SEQUENCE))
		rc = pki_crl_read_entries(crl, &tbs, err);
	if (rc == PKI_OK)
		rc = pki_crl_read_extensions(crl, &tbs, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&tbs, err);
	return rc;
}

pki_code
pki_crl_parse(pki_bytes in, size_t max_bytes, pki_crl **out, pki_err *err)
{
	PKI_AUTO(pki_crl) crl = calloc(1, sizeof(*crl));
	pki_bytes der;
	pki_code rc;

	if (crl == NULL)
		return pki_fail_memory(err);
	crl->number = -1;
	rc = pki_pem_or_der(in, PKI_PEM_CRL, max_bytes, &crl->der, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, PKI_CRL_WHAT);
	der = pki_buf_bytes(crl->der);
	rc = pki_der_check(der, PKI_CRL_WHAT, err);
	if (rc == PKI_OK)
		rc = pki_signed_read(der, PKI_CRL_WHAT, &crl->frame, err);
	if (rc == PKI_OK)
		rc = read_tbs(crl, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, PKI_CRL_WHAT);
	*out = PKI_TAKE(crl);
	return PKI_OK;
}
