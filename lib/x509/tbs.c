#include "x509/tbs.h"

#include <stdio.h>

#include "x509/asn1.h"
#include "x509/usage.h"

enum { NOT_CRITICAL, CRITICAL };

/* value is only read; NULL means that it could not be made. */
static pki_code
add(X509 *x509, int nid, int critical, void *value, pki_err *err)
{
	if (value == NULL || X509_add1_ext_i2d(x509, nid, value, critical,
	    X509V3_ADD_DEFAULT) != 1)
		return pki_fail_openssl(err, "cannot encode %s",
		    OBJ_nid2sn(nid));
	return PKI_OK;
}

/* cA FALSE is the default, so that an end entity's is an empty SEQUENCE. */
static pki_code
add_basic_constraints(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(BASIC_CONSTRAINTS) value = BASIC_CONSTRAINTS_new();

	if (value != NULL)
		value->ca = tbs->is_ca ? 0xff : 0;
	if (value != NULL && tbs->is_ca && tbs->path_len >= 0) {
		value->pathlen = ASN1_INTEGER_new();
		if (value->pathlen == NULL ||
		    ASN1_INTEGER_set(value->pathlen, tbs->path_len) != 1)
			return pki_fail_openssl(err, "cannot encode pathLen");
	}
	return add(x509, NID_basic_constraints, CRITICAL, value, err);
}

static pki_code
add_key_usage(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(ASN1_BIT_STRING) value = ASN1_BIT_STRING_new();

	if (tbs->key_usage == 0)
		return PKI_OK;
	for (int bit = 0; bit <= PKI_KU_DECIPHER_ONLY; bit++)
		if ((tbs->key_usage >> bit & 1) != 0 && (value == NULL ||
		    ASN1_BIT_STRING_set_bit(value, bit, 1) != 1))
			return pki_fail_openssl(err, "cannot encode keyUsage");
	return add(x509, NID_key_usage, CRITICAL, value, err);
}

static pki_code
add_ext_usage(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(EXTENDED_KEY_USAGE) value = EXTENDED_KEY_USAGE_new();
	char oid[sizeof("1.3.6.1.5.5.7.3.31")];

	if (tbs->ext_usage == 0)
		return PKI_OK;
	for (unsigned arc = 1; arc < 32; arc++) {
		PKI_AUTO(ASN1_OBJECT) purpose = NULL;

		if ((tbs->ext_usage >> arc & 1) == 0)
			continue;
		snprintf(oid, sizeof(oid), "1.3.6.1.5.5.7.3.%u", arc % 32);
		purpose = OBJ_txt2obj(oid, 1);
		if (value == NULL || purpose == NULL ||
		    sk_ASN1_OBJECT_push(value, purpose) <= 0)
			return pki_fail_openssl(err,
			    "cannot encode extKeyUsage");
		purpose = NULL;
	}
	return add(x509, NID_ext_key_usage, NOT_CRITICAL, value, err);
}

static pki_code
add_subject_key_id(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(ASN1_OCTET_STRING) value =
	    pki_asn1_octets(pki_pubkey_id(tbs->key));

	return add(x509, NID_subject_key_identifier, NOT_CRITICAL, value, err);
}

static pki_code
add_authority_key_id(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	bool self = tbs->authority_key_id.len == 0;
	PKI_AUTO(AUTHORITY_KEYID) value = pki_asn1_authority(
	    self ? pki_pubkey_id(tbs->key) : tbs->authority_key_id);

	return add(x509, NID_authority_key_identifier, NOT_CRITICAL, value,
	    err);
}

static GENERAL_NAME *
make_general_name(const pki_altname *altname)
{
	PKI_AUTO(GENERAL_NAME) name = GENERAL_NAME_new();
	PKI_AUTO(ASN1_STRING) value = NULL;

	if (altname->type == PKI_ALT_IP)
		value = a2i_IPADDRESS(altname->text);
	else
		value = ASN1_IA5STRING_new();
	if (name == NULL || value == NULL)
		return NULL;
	if (altname->type != PKI_ALT_IP &&
	    ASN1_STRING_set(value, altname->text, -1) != 1)
		return NULL;
	GENERAL_NAME_set0_value(name, (int)altname->type, PKI_TAKE(value));
	return PKI_TAKE(name);
}

static pki_code
add_alt_names(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(GENERAL_NAMES) value = GENERAL_NAMES_new();
	int critical = pki_name_count(tbs->subject) == 0 ? CRITICAL
	    : NOT_CRITICAL;

	if (pki_altnames_count(tbs->alt_names) == 0)
		return PKI_OK;
	for (size_t i = 0; i < pki_altnames_count(tbs->alt_names); i++) {
		PKI_AUTO(GENERAL_NAME) name =
		    make_general_name(pki_altnames_at(tbs->alt_names, i));

		if (value == NULL || name == NULL ||
		    sk_GENERAL_NAME_push(value, name) <= 0)
			return pki_fail_openssl(err,
			    "cannot encode subjectAltName");
		name = NULL;
	}
	return add(x509, NID_subject_alt_name, critical, value, err);
}

static pki_code
add_crl_url(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(CRL_DIST_POINTS) value = CRL_DIST_POINTS_new();
	PKI_AUTO(DIST_POINT) point = DIST_POINT_new();

	if (tbs->crl_url == NULL)
		return PKI_OK;
	if (point != NULL)
		point->distpoint = pki_asn1_point(tbs->crl_url);
	if (value == NULL || point == NULL || point->distpoint == NULL ||
	    sk_DIST_POINT_push(value, point) <= 0)
		return pki_fail_openssl(err,
		    "cannot encode cRLDistributionPoints");
	point = NULL;
	return add(x509, NID_crl_distribution_points, NOT_CRITICAL, value,
	    err);
}

static ACCESS_DESCRIPTION *
make_ca_issuers(const char *uri)
{
	PKI_AUTO(ACCESS_DESCRIPTION) access = ACCESS_DESCRIPTION_new();
	GENERAL_NAME *location = pki_asn1_uri(uri);

	if (access == NULL || location == NULL) {
		GENERAL_NAME_free(location);
		return NULL;
	}
	ASN1_OBJECT_free(access->method);
	access->method = OBJ_nid2obj(NID_ad_ca_issuers);
	GENERAL_NAME_free(access->location);
	access->location = location;
	return PKI_TAKE(access);
}

static pki_code
add_ca_url(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(AUTHORITY_INFO_ACCESS) value = AUTHORITY_INFO_ACCESS_new();
	PKI_AUTO(ACCESS_DESCRIPTION) access = NULL;

	if (tbs->ca_url == NULL)
		return PKI_OK;
	access = make_ca_issuers(tbs->ca_url);
	if (value == NULL || access == NULL ||
	    sk_ACCESS_DESCRIPTION_push(value, access) <= 0)
		return pki_fail_openssl(err, "cannot encode caIssuers");
	access = NULL;
	return add(x509, NID_info_access, NOT_CRITICAL, value, err);
}

static pki_code
add_ocsp_no_check(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(ASN1_NULL) value = ASN1_NULL_new();

	if (!tbs->ocsp_no_check)
		return PKI_OK;
	return add(x509, NID_id_pkix_OCSP_noCheck, NOT_CRITICAL, value, err);
}

/* In the order of the encoding. */
static pki_code (*const extensions[])(X509 *, const pki_tbs *, pki_err *) = {
	add_basic_constraints, add_key_usage, add_ext_usage,
	add_subject_key_id, add_authority_key_id, add_alt_names, add_crl_url,
	add_ca_url, add_ocsp_no_check,
};

static pki_code
set_names(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(X509_NAME) issuer = pki_asn1_name(tbs->issuer);
	PKI_AUTO(X509_NAME) subject = pki_asn1_name(tbs->subject);
	PKI_AUTO(ASN1_INTEGER) serial = pki_asn1_serial(&tbs->serial);

	if (issuer == NULL || subject == NULL || serial == NULL ||
	    X509_set_version(x509, X509_VERSION_3) != 1 ||
	    X509_set_serialNumber(x509, serial) != 1 ||
	    X509_set_issuer_name(x509, issuer) != 1 ||
	    X509_set_subject_name(x509, subject) != 1)
		return pki_fail_openssl(err, "cannot encode the names");
	return PKI_OK;
}

static pki_code
set_validity(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(ASN1_TIME) not_before = NULL;
	PKI_AUTO(ASN1_TIME) not_after = NULL;
	pki_code rc;

	rc = pki_asn1_check_time(tbs->not_before, "notBefore", err);
	if (rc == PKI_OK)
		rc = pki_asn1_check_time(tbs->not_after, "notAfter", err);
	if (rc != PKI_OK)
		return rc;
	not_before = pki_asn1_time(tbs->not_before);
	not_after = pki_asn1_time(tbs->not_after);
	if (not_before == NULL || not_after == NULL ||
	    X509_set1_notBefore(x509, not_before) != 1 ||
	    X509_set1_notAfter(x509, not_after) != 1)
		return pki_fail_openssl(err, "cannot encode the validity");
	return PKI_OK;
}

/* libcrypto encodes the key again: it must not become another one. */
static pki_code
set_key(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(pki_buf) encoded = pki_buf_new();
	pki_bytes spki = pki_pubkey_spki(tbs->key);
	const uint8_t *p = spki.data;
	PKI_AUTO(EVP_PKEY) key = d2i_PUBKEY(NULL, &p, (long)spki.len);
	uint8_t *der = NULL;
	pki_code rc;
	int len;

	rc = pki_buf_check(encoded, err);
	if (rc != PKI_OK)
		return rc;
	if (key == NULL || X509_set_pubkey(x509, key) != 1)
		return pki_fail_openssl(err, "cannot encode the key");
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
	rc = pki_asn1_take_der(der, len, encoded, err);
	if (rc == PKI_OK && !pki_bytes_equal(pki_buf_bytes(encoded), spki))
		return pki_fail(err, PKI_CRYPTO,
		    "libcrypto encodes the key in another way");
	return rc;
}

pki_code
pki_tbs_encode(const pki_tbs *tbs, pki_buf *out, pki_err *err)
{
	PKI_AUTO(X509) x509 = X509_new();
	uint8_t *der = NULL;
	pki_code rc;
	int len;

	if (x509 == NULL)
		return pki_fail_memory(err);
	rc = set_names(x509, tbs, err);
	if (rc == PKI_OK)
		rc = pki_asn1_set_algorithm(X509_get0_tbs_sigalg(x509),
		    tbs->algorithm, err);
	if (rc == PKI_OK)
		rc = set_validity(x509, tbs, err);
	if (rc == PKI_OK)
		rc = set_key(x509, tbs, err);
	for (size_t i = 0; rc == PKI_OK && i < PKI_COUNT(extensions); i++)
		rc = extensions[i](x509, tbs, err);
	if (rc != PKI_OK)
		return rc;
	len = i2d_re_X509_tbs(x509, &der);
	return pki_asn1_take_der(der, len, out, err);
}
