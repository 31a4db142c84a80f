#include "x509/cert.h"

#include <stdlib.h>

#include "x509/cert-parts.h"
#include "x509/digest.h"
#include "x509/pem.h"

#define WHAT "certificate"

/* Version ::= INTEGER { v1(0), v2(1), v3(2) }, by default v1. */
static pki_code
read_version(pki_der *tbs, pki_err *err)
{
	int64_t version = 0;
	pki_der der;
	pki_code rc;

	if (pki_der_next_is(tbs, PKI_DER_CONTEXT(0))) {
		rc = pki_der_enter(tbs, PKI_DER_CONTEXT(0), &der, err);
		if (rc == PKI_OK)
			rc = pki_der_read_small(&der, &version, err);
		if (rc == PKI_OK)
			rc = pki_der_finish(&der, err);
		if (rc != PKI_OK)
			return rc;
	}
	if (version != 2)
		return pki_refuse(err, PKI_BAD_INPUT, "version",
		    "X.509 version 3", "version %lld", (long long)version + 1);
	return PKI_OK;
}

static pki_code
read_serial(pki_cert *cert, pki_der *tbs, pki_err *err)
{
	pki_bytes octets;
	pki_code rc;

	rc = pki_der_read_integer(tbs, &octets, err);
	if (rc == PKI_OK)
		rc = pki_serial_from_bytes(octets, &cert->serial, err);
	return rc;
}

static pki_code
read_name(pki_der *tbs, pki_name **out, pki_err *err)
{
	pki_bytes whole;
	pki_code rc;

	rc = pki_der_read_any(tbs, NULL, NULL, &whole, err);
	if (rc == PKI_OK)
		rc = pki_name_parse(whole, out, err);
	return rc;
}

static pki_code
read_validity(pki_cert *cert, pki_der *tbs, pki_err *err)
{
	pki_der der;
	pki_code rc;

	rc = pki_der_enter(tbs, PKI_DER_SEQUENCE, &der, err);
	if (rc == PKI_OK)
		rc = pki_der_read_time(&der, &cert->not_before, err);
	if (rc == PKI_OK)
		rc = pki_der_read_time(&der, &cert->not_after, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	if (rc == PKI_OK && cert->not_before > cert->not_after)
		return pki_refuse(err, PKI_BAD_INPUT, "validity",
		    "notBefore no later than notAfter",
		    "a validity that ends before it begins");
	return rc;
}

static pki_code
read_names(pki_cert *cert, pki_der *tbs, pki_err *err)
{
	pki_code rc;

	rc = read_name(tbs, &cert->issuer, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "issuer");
	/* RFC 5280, 4.1.2.4. */
	if (pki_name_count(cert->issuer) == 0)
		return pki_refuse(err, PKI_BAD_INPUT, "name",
		    "an issuer that has a name", "an empty issuer");
	rc = read_validity(cert, tbs, err);
	if (rc != PKI_OK)
		return rc;
	rc = read_name(tbs, &cert->subject, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "subject");
	return PKI_OK;
}

static pki_code
read_extensions(pki_cert *cert, pki_der *tbs, pki_err *err)
{
	pki_der der;
	pki_code rc;

	if (!pki_der_next_is(tbs, PKI_DER_CONTEXT(3)))
		return PKI_OK;
	rc = pki_der_enter(tbs, PKI_DER_CONTEXT(3), &der, err);
	if (rc == PKI_OK)
		rc = pki_cert_read_extensions(cert, &der, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	return rc;
}

static pki_code
read_tbs(pki_cert *cert, pki_err *err)
{
	pki_der all = pki_der_from(cert->frame.tbs, WHAT);
	pki_bytes spki;
	pki_der tbs;
	pki_code rc;

	rc = pki_der_enter(&all, PKI_DER_SEQUENCE, &tbs, err);
	if (rc == PKI_OK)
		rc = read_version(&tbs, err);
	if (rc == PKI_OK)
		rc = read_serial(cert, &tbs, err);
	if (rc == PKI_OK)
		rc = pki_signed_read_inner(&cert->frame, &tbs,
		    "signature-algorithm", err);
	if (rc == PKI_OK)
		rc = read_names(cert, &tbs, err);
	if (rc == PKI_OK)
		rc = pki_der_read_any(&tbs, NULL, NULL, &spki, err);
	if (rc == PKI_OK)
		rc = pki_pubkey_parse(spki, &cert->key, err);
	if (rc == PKI_OK)
		rc = read_extensions(cert, &tbs, err);
	/* The unique identifiers of version 2 end here as well. */
	if (rc == PKI_OK)
		rc = pki_der_finish(&tbs, err);
	return rc;
}

pki_code
pki_cert_parse(pki_bytes in, pki_cert **out, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = calloc(1, sizeof(*cert));
	pki_bytes der;
	pki_code rc;

	if (cert == NULL)
		return pki_fail_memory(err);
	cert->path_len = -1;
	rc = pki_pem_or_der(in, PKI_PEM_CERT, PKI_CERT_MAX, &cert->der, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, WHAT);
	der = pki_buf_bytes(cert->der);
	rc = pki_der_check(der, WHAT, err);
	if (rc == PKI_OK)
		rc = pki_signed_read(der, WHAT, &cert->frame, err);
	if (rc == PKI_OK)
		rc = read_tbs(cert, err);
	if (rc == PKI_OK)
		rc = pki_digest_of(der, &cert->digest, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, WHAT);
	*out = PKI_TAKE(cert);
	return PKI_OK;
}

void
pki_cert_free(pki_cert *cert)
{
	if (cert == NULL)
		return;
	pki_name_free(cert->issuer);
	pki_name_free(cert->subject);
	pki_pubkey_free(cert->key);
	pki_altnames_free(cert->alt_names);
	free(cert->crl_url);
	pki_buf_free(cert->der);
	free(cert);
}

pki_bytes
pki_cert_der(const pki_cert *cert)
{
	return pki_buf_bytes(cert->der);
}

pki_bytes
pki_cert_tbs(const pki_cert *cert)
{
	return cert->frame.tbs;
}

const pki_digest *
pki_cert_digest(const pki_cert *cert)
{
	return &cert->digest;
}

const pki_serial *
pki_cert_serial(const pki_cert *cert)
{
	return &cert->serial;
}

const pki_name *
pki_cert_subject(const pki_cert *cert)
{
	return cert->subject;
}

const pki_name *
pki_cert_issuer(const pki_cert *cert)
{
	return cert->issuer;
}

const pki_pubkey *
pki_cert_key(const pki_cert *cert)
{
	return cert->key;
}

int64_t
pki_cert_not_before(const pki_cert *cert)
{
	return cert->not_before;
}

int64_t
pki_cert_not_after(const pki_cert *cert)
{
	return cert->not_after;
}

bool
pki_cert_is_ca(const pki_cert *cert)
{
	return cert->is_ca;
}

int
pki_cert_path_len(const pki_cert *cert)
{
	return cert->path_len;
}

uint32_t
pki_cert_key_usage(const pki_cert *cert)
{
	return cert->key_usage;
}

uint32_t
pki_cert_ext_usage(const pki_cert *cert)
{
	return cert->ext_usage;
}

const pki_altnames *
pki_cert_alt_names(const pki_cert *cert)
{
	return cert->alt_names;
}

pki_bytes
pki_cert_subject_key_id(const pki_cert *cert)
{
	return cert->subject_key_id;
}

pki_bytes
pki_cert_authority_key_id(const pki_cert *cert)
{
	return cert->authority_key_id;
}

const char *
pki_cert_crl_url(const pki_cert *cert)
{
	return cert->crl_url;
}

pki_code
pki_cert_check_issuer(const pki_cert *cert, const pki_cert *issuer,
    pki_err *err)
{
	return pki_signed_check(&cert->frame, cert->issuer,
	    cert->authority_key_id, issuer, err);
}
