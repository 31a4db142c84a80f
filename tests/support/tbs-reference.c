#include "tests/support/tbs-reference.h"

#include <stdio.h>

#include "base/clock.h"
#include "x509/openssl.h"
#include "x509/usage.h"

PKI_OPENSSL_CLEANUP(ACCESS_DESCRIPTION)
PKI_OPENSSL_CLEANUP(ASN1_BIT_STRING)
PKI_OPENSSL_CLEANUP(ASN1_IA5STRING)
PKI_OPENSSL_CLEANUP(ASN1_INTEGER)
PKI_OPENSSL_CLEANUP(ASN1_NULL)
PKI_OPENSSL_CLEANUP(ASN1_OCTET_STRING)
PKI_OPENSSL_CLEANUP(ASN1_STRING)
PKI_OPENSSL_CLEANUP(ASN1_TIME)
PKI_OPENSSL_CLEANUP(AUTHORITY_INFO_ACCESS)
PKI_OPENSSL_CLEANUP(AUTHORITY_KEYID)
PKI_OPENSSL_CLEANUP(BASIC_CONSTRAINTS)
PKI_OPENSSL_CLEANUP(CRL_DIST_POINTS)
PKI_OPENSSL_CLEANUP(DIST_POINT)
PKI_OPENSSL_CLEANUP(EXTENDED_KEY_USAGE)
PKI_OPENSSL_CLEANUP(GENERAL_NAME)
PKI_OPENSSL_CLEANUP(GENERAL_NAMES)

/* "20491231235959Z" with its NUL, and room for any year. */
#define TIME_DIGITS 80

/* NULL, here and below: libcrypto's queue has the reason. */
static ASN1_TIME *
make_time(int64_t when)
{
	PKI_AUTO(ASN1_TIME) time = ASN1_TIME_new();
	pki_date date = pki_date_of(when);
	char text[TIME_DIGITS];

	snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02dZ", date.year,
	    date.month, date.day, date.hour, date.minute, date.second);
	if (time == NULL || ASN1_TIME_set_string_X509(time, text) != 1)
		return NULL;
	return PKI_TAKE(time);
}

static ASN1_INTEGER *
make_serial(const pki_serial *serial)
{
	PKI_AUTO(BIGNUM) number = BN_bin2bn(serial->octets, serial->len, NULL);

	return number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
}

static ASN1_OCTET_STRING *
make_octets(pki_bytes bytes)
{
	PKI_AUTO(ASN1_OCTET_STRING) octets = ASN1_OCTET_STRING_new();

	if (octets == NULL ||
	    ASN1_OCTET_STRING_set(octets, bytes.data, (int)bytes.len) != 1)
		return NULL;
	return PKI_TAKE(octets);
}

static const struct attribute {
	int nid, string;
} attributes[] = {
	[PKI_NAME_COUNTRY] = { NID_countryName, V_ASN1_PRINTABLESTRING },
	[PKI_NAME_STATE] = { NID_stateOrProvinceName, V_ASN1_UTF8STRING },
	[PKI_NAME_LOCALITY] = { NID_localityName, V_ASN1_UTF8STRING },
	[PKI_NAME_ORGANIZATION] = { NID_organizationName, V_ASN1_UTF8STRING },
	[PKI_NAME_ORGANIZATIONAL_UNIT] =
	    { NID_organizationalUnitName, V_ASN1_UTF8STRING },
	[PKI_NAME_SERIAL_NUMBER] = { NID_serialNumber,
	    V_ASN1_PRINTABLESTRING },
	[PKI_NAME_COMMON_NAME] = { NID_commonName, V_ASN1_UTF8STRING },
};

/* As pki_name_build encodes the parts. */
static X509_NAME *
make_name(const pki_name *name)
{
	PKI_AUTO(X509_NAME) made = X509_NAME_new();

	if (made == NULL)
		return NULL;
	for (size_t i = 0; i < pki_name_count(name); i++) {
		const pki_name_part *part = pki_name_at(name, i);
		const struct attribute *row = &attributes[part->type];

		if (X509_NAME_add_entry_by_NID(made, row->nid, row->string,
		    (const uint8_t *)part->value, -1, -1, 0) != 1)
			return NULL;
	}
	return PKI_TAKE(made);
}

static GENERAL_NAME *
make_uri(const char *uri)
{
	PKI_AUTO(GENERAL_NAME) name = GENERAL_NAME_new();
	PKI_AUTO(ASN1_IA5STRING) text = ASN1_IA5STRING_new();

	if (name == NULL || text == NULL ||
	    ASN1_STRING_set(text, uri, -1) != 1)
		return NULL;
	GENERAL_NAME_set0_value(name, GEN_URI, PKI_TAKE(text));
	return PKI_TAKE(name);
}

/* Only the keyIdentifier. */
static AUTHORITY_KEYID *
make_authority(pki_bytes key_id)
{
	PKI_AUTO(AUTHORITY_KEYID) authority = AUTHORITY_KEYID_new();

	if (authority == NULL)
		return NULL;
	authority->keyid = make_octets(key_id);
	if (authority->keyid == NULL)
		return NULL;
	return PKI_TAKE(authority);
}

/* fullName with one URI. */
static DIST_POINT_NAME *
make_point(const char *uri)
{
	PKI_AUTO(GENERAL_NAMES) names = GENERAL_NAMES_new();
	PKI_AUTO(GENERAL_NAME) name = make_uri(uri);
	DIST_POINT_NAME *point;

	if (names == NULL || name == NULL ||
	    sk_GENERAL_NAME_push(names, name) <= 0)
		return NULL;
	name = NULL;
	point = DIST_POINT_NAME_new();
	if (point != NULL) {
		point->type = 0;        /* fullName */
		point->name.fullname = PKI_TAKE(names);
	}
	return point;
}

/* Append what an i2d call made, and free it.  len is what it returned. */
static pki_code
take_der(uint8_t *der, int len, pki_buf *out, pki_err *err)
{
	if (len <= 0)
		return pki_fail_openssl(err, "cannot encode");
	pki_buf_add(out, pki_bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	return pki_buf_check(out, err);
}

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
	    make_octets(pki_pubkey_id(tbs->key));

	return add(x509, NID_subject_key_identifier, NOT_CRITICAL, value, err);
}

static pki_code
add_authority_key_id(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	bool self = tbs->authority_key_id.len == 0;
	PKI_AUTO(AUTHORITY_KEYID) value = make_authority(
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
		point->distpoint = make_point(tbs->crl_url);
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
	GENERAL_NAME *location = make_uri(uri);

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

/*
 * libcrypto hands that field out as const only, and its own signing call,
 * which writes it, would need the key here.
 */
static pki_code
set_algorithm(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	const X509_ALGOR *field = X509_get0_tbs_sigalg(x509);
	const uint8_t *p = tbs->algorithm->identifier.data;
	PKI_AUTO(X509_ALGOR) value = d2i_X509_ALGOR(NULL, &p,
	    (long)tbs->algorithm->identifier.len);

	if (value == NULL ||
	    X509_ALGOR_copy((X509_ALGOR *)(uintptr_t)field, value) != 1)
		return pki_fail_openssl(err, "cannot set the algorithm '%s'",
		    tbs->algorithm->name);
	return PKI_OK;
}

static pki_code
set_names(X509 *x509, const pki_tbs *tbs, pki_err *err)
{
	PKI_AUTO(X509_NAME) issuer = make_name(tbs->issuer);
	PKI_AUTO(X509_NAME) subject = make_name(tbs->subject);
	PKI_AUTO(ASN1_INTEGER) serial = make_serial(&tbs->serial);

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

	if (tbs->not_before < 0 || tbs->not_before > PKI_TIME_MAX ||
	    tbs->not_after < 0 || tbs->not_after > PKI_TIME_MAX)
		return pki_fail(err, PKI_BAD_INPUT, "not within 1970 to 9999");
	not_before = make_time(tbs->not_before);
	not_after = make_time(tbs->not_after);
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
	rc = take_der(der, len, encoded, err);
	if (rc == PKI_OK && !pki_bytes_equal(pki_buf_bytes(encoded), spki))
		return pki_fail(err, PKI_CRYPTO,
		    "libcrypto encodes the key in another way");
	return rc;
}

pki_code
tbs_reference_encode(const pki_tbs *tbs, pki_buf *out, pki_err *err)
{
	PKI_AUTO(X509) x509 = X509_new();
	uint8_t *der = NULL;
	pki_code rc;
	int len;

	if (x509 == NULL)
		return pki_fail_memory(err);
	rc = set_names(x509, tbs, err);
	if (rc == PKI_OK)
		rc = set_algorithm(x509, tbs, err);
	if (rc == PKI_OK)
		rc = set_validity(x509, tbs, err);
	if (rc == PKI_OK)
		rc = set_key(x509, tbs, err);
	for (size_t i = 0; rc == PKI_OK && i < PKI_COUNT(extensions); i++)
		rc = extensions[i](x509, tbs, err);
	if (rc != PKI_OK)
		return rc;
	len = i2d_re_X509_tbs(x509, &der);
	return take_der(der, len, out, err);
}
