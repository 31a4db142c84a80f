#include "tests/support/crl-reference.h"

#include <openssl/asn1t.h>

#include "x509/asn1.h"

/*
 * TBSCertList (RFC 5280, 5.1) as libcrypto's encoder wants it described: an
 * X509_CRL has no way to set the inner algorithm without signing.
 */
typedef struct cert_list {
	ASN1_INTEGER             *version;
	X509_ALGOR               *algorithm;
	X509_NAME                *issuer;
	ASN1_TIME                *this_update;
	ASN1_TIME                *next_update;
	STACK_OF(X509_REVOKED)   *revoked;
	STACK_OF(X509_EXTENSION) *extensions;
} cert_list;

ASN1_SEQUENCE(cert_list) = {
	ASN1_SIMPLE(cert_list, version, ASN1_INTEGER),
	ASN1_SIMPLE(cert_list, algorithm, X509_ALGOR),
	ASN1_SIMPLE(cert_list, issuer, X509_NAME),
	ASN1_SIMPLE(cert_list, this_update, ASN1_TIME),
	ASN1_SIMPLE(cert_list, next_update, ASN1_TIME),
	ASN1_SEQUENCE_OF_OPT(cert_list, revoked, X509_REVOKED),
	ASN1_EXP_SEQUENCE_OF_OPT(cert_list, extensions, X509_EXTENSION, 0),
} static_ASN1_SEQUENCE_END(cert_list)

enum { NOT_CRITICAL, CRITICAL };

/* value is only read; NULL means that it could not be made. */
static pki_code
add_extension(cert_list *list, int nid, int critical, void *value,
    pki_err *err)
{
	if (value == NULL || X509V3_add1_i2d(&list->extensions, nid, value,
	    critical, X509V3_ADD_DEFAULT) != 1)
		return pki_fail_openssl(err, "cannot encode %s",
		    OBJ_nid2sn(nid));
	return PKI_OK;
}

static pki_code
add_authority(cert_list *list, pki_bytes key_id, pki_err *err)
{
	PKI_AUTO(AUTHORITY_KEYID) value = pki_asn1_authority(key_id);

	return add_extension(list, NID_authority_key_identifier, NOT_CRITICAL,
	    value, err);
}

static pki_code
add_number(cert_list *list, int64_t number, pki_err *err)
{
	PKI_AUTO(ASN1_INTEGER) value = ASN1_INTEGER_new();

	if (number < 0)
		return pki_fail(err, PKI_BAD_INPUT,
		    "CRL number '%lld' is negative", (long long)number);
	if (value == NULL || ASN1_INTEGER_set_int64(value, number) != 1)
		return pki_fail_openssl(err, "cannot encode cRLNumber");
	return add_extension(list, NID_crl_number, NOT_CRITICAL, value, err);
}

static pki_code
add_scope(cert_list *list, const char *url, pki_err *err)
{
	PKI_AUTO(ISSUING_DIST_POINT) value = NULL;

	if (url == NULL)
		return PKI_OK;
	value = ISSUING_DIST_POINT_new();
	if (value != NULL)
		value->distpoint = pki_asn1_point(url);
	if (value == NULL || value->distpoint == NULL)
		return pki_fail_openssl(err,
		    "cannot encode issuingDistributionPoint");
	return add_extension(list, NID_issuing_distribution_point, CRITICAL,
	    value, err);
}

static pki_code
set_time(ASN1_TIME **field, int64_t when, const char *what, pki_err *err)
{
	ASN1_TIME *time;
	pki_code rc;

	rc = pki_asn1_check_time(when, what, err);
	if (rc != PKI_OK)
		return rc;
	time = pki_asn1_time(when);
	if (time == NULL)
		return pki_fail_openssl(err, "cannot encode %s", what);
	ASN1_TIME_free(*field);
	*field = time;
	return PKI_OK;
}

static pki_code
set_times(cert_list *list, const pki_crl_fields *fields, pki_err *err)
{
	pki_code rc;

	if (fields->this_update > fields->next_update)
		return pki_fail(err, PKI_BAD_INPUT,
		    "thisUpdate '%lld' is later than nextUpdate '%lld'",
		    (long long)fields->this_update,
		    (long long)fields->next_update);
	rc = set_time(&list->this_update, fields->this_update, "thisUpdate",
	    err);
	if (rc == PKI_OK)
		rc = set_time(&list->next_update, fields->next_update,
		    "nextUpdate", err);
	return rc;
}

static pki_code
set_fields(cert_list *list, const pki_crl_fields *fields, pki_err *err)
{
	PKI_AUTO(X509_NAME) issuer = pki_asn1_name(fields->issuer);
	pki_code rc;

	if (issuer == NULL ||
	    ASN1_INTEGER_set(list->version, X509_CRL_VERSION_2) != 1 ||
	    X509_NAME_set(&list->issuer, issuer) != 1)
		return pki_fail_openssl(err, "cannot encode the issuer");
	rc = pki_asn1_set_algorithm(list->algorithm, fields->algorithm, err);
	if (rc == PKI_OK)
		rc = set_times(list, fields, err);
	if (rc == PKI_OK)
		rc = add_authority(list, fields->authority_key_id, err);
	if (rc == PKI_OK)
		rc = add_number(list, fields->number, err);
	if (rc == PKI_OK)
		rc = add_scope(list, fields->idp_url, err);
	return rc;
}

static pki_code
add_reason(X509_REVOKED *revoked, pki_reason reason, pki_err *err)
{
	PKI_AUTO(ASN1_ENUMERATED) value = NULL;

	/* RFC 5280, 5.3.1: unspecified is said by saying nothing. */
	if (reason == PKI_REASON_UNSPECIFIED)
		return PKI_OK;
	value = ASN1_ENUMERATED_new();
	if (value == NULL || ASN1_ENUMERATED_set(value, (long)reason) != 1 ||
	    X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, value,
	    NOT_CRITICAL, X509V3_ADD_DEFAULT) != 1)
		return pki_fail_openssl(err, "cannot encode the reason");
	return PKI_OK;
}

static pki_code
add_invalid_since(X509_REVOKED *revoked, int64_t when, pki_err *err)
{
	PKI_AUTO(ASN1_GENERALIZEDTIME) value = NULL;
	pki_code rc;

	if (when == 0)
		return PKI_OK;
	rc = pki_asn1_check_time(when, "invalidityDate", err);
	if (rc != PKI_OK)
		return rc;
	value = pki_asn1_generalized_time(when);
	if (value == NULL || X509_REVOKED_add1_ext_i2d(revoked,
	    NID_invalidity_date, value, NOT_CRITICAL,
	    X509V3_ADD_DEFAULT) != 1)
		return pki_fail_openssl(err, "cannot encode invalidityDate");
	return PKI_OK;
}

static pki_code
make_revoked(const pki_crl_entry *entry, X509_REVOKED **out, pki_err *err)
{
	PKI_AUTO(X509_REVOKED) revoked = X509_REVOKED_new();
	PKI_AUTO(ASN1_INTEGER) serial = pki_asn1_serial(&entry->serial);
	PKI_AUTO(ASN1_TIME) when = NULL;
	pki_code rc;

	rc = pki_asn1_check_time(entry->revoked_at, "revocationDate", err);
	if (rc != PKI_OK)
		return rc;
	when = pki_asn1_time(entry->revoked_at);
	if (revoked == NULL || serial == NULL || when == NULL ||
	    X509_REVOKED_set_serialNumber(revoked, serial) != 1 ||
	    X509_REVOKED_set_revocationDate(revoked, when) != 1)
		return pki_fail_openssl(err, "cannot encode the entry");
	rc = add_reason(revoked, entry->reason, err);
	if (rc == PKI_OK)
		rc = add_invalid_since(revoked, entry->invalid_since, err);
	if (rc != PKI_OK)
		return rc;
	*out = PKI_TAKE(revoked);
	return PKI_OK;
}

static pki_code
add_entry(cert_list *list, const pki_crl_entry *entry, pki_err *err)
{
	PKI_AUTO(X509_REVOKED) revoked = NULL;
	pki_code rc = make_revoked(entry, &revoked, err);

	if (rc != PKI_OK)
		return rc;
	if (list->revoked == NULL)
		list->revoked = sk_X509_REVOKED_new_null();
	if (list->revoked == NULL ||
	    sk_X509_REVOKED_push(list->revoked, revoked) <= 0)
		return pki_fail_openssl(err, "cannot add an entry");
	revoked = NULL;
	return PKI_OK;
}

static pki_code
encode(cert_list *list, const pki_crl_fields *fields,
    const pki_crl_entry *entries, size_t count, pki_buf *out, pki_err *err)
{
	uint8_t *der = NULL;
	int len;
	pki_code rc = set_fields(list, fields, err);

	for (size_t i = 0; rc == PKI_OK && i < count; i++)
		rc = add_entry(list, &entries[i], err);
	if (rc != PKI_OK)
		return rc;
	len = ASN1_item_i2d((const ASN1_VALUE *)list, &der,
	    ASN1_ITEM_rptr(cert_list));
	return pki_asn1_take_der(der, len, out, err);
}

pki_code
crl_reference(const pki_crl_fields *fields, const pki_crl_entry *entries,
    size_t count, pki_buf *out_tbs, pki_err *err)
{
	cert_list *list = (cert_list *)ASN1_item_new(ASN1_ITEM_rptr(cert_list));
	pki_code rc;

	if (list == NULL)
		return pki_fail_memory(err);
	rc = encode(list, fields, entries, count, out_tbs, err);
	ASN1_item_free((ASN1_VALUE *)list, ASN1_ITEM_rptr(cert_list));
	return rc;
}
