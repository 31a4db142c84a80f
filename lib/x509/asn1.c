#include "x509/asn1.h"

#include <limits.h>
#include <stdio.h>

#include "base/clock.h"

/* "20491231235959Z" with its NUL, and room for any year. */
#define TIME_DIGITS 80

pki_code
pki_asn1_check_time(int64_t when, const char *what, pki_err *err)
{
	if (when < 0 || when > PKI_TIME_MAX)
		return pki_fail(err, PKI_BAD_INPUT,
		    "%s '%lld' is not within 1970 to 9999", what,
		    (long long)when);
	return PKI_OK;
}

static const char *
print_time(int64_t when, char out[TIME_DIGITS])
{
	pki_date date = pki_date_of(when);

	snprintf(out, TIME_DIGITS, "%04d%02d%02d%02d%02d%02dZ", date.year,
	    date.month, date.day, date.hour, date.minute, date.second);
	return out;
}

/* By text, not time_t: that has 32 bits on some machines. */
ASN1_TIME *
pki_asn1_time(int64_t when)
{
	PKI_AUTO(ASN1_TIME) time = ASN1_TIME_new();
	char text[TIME_DIGITS];

	if (time == NULL ||
	    ASN1_TIME_set_string_X509(time, print_time(when, text)) != 1)
		return NULL;
	return PKI_TAKE(time);
}

ASN1_GENERALIZEDTIME *
pki_asn1_generalized_time(int64_t when)
{
	PKI_AUTO(ASN1_GENERALIZEDTIME) time = ASN1_GENERALIZEDTIME_new();
	char text[TIME_DIGITS];

	if (time == NULL || ASN1_GENERALIZEDTIME_set_string(time,
	    print_time(when, text)) != 1)
		return NULL;
	return PKI_TAKE(time);
}

ASN1_INTEGER *
pki_asn1_serial(const pki_serial *serial)
{
	PKI_AUTO(BIGNUM) number = BN_bin2bn(serial->octets, serial->len, NULL);

	return number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
}

ASN1_OCTET_STRING *
pki_asn1_octets(pki_bytes bytes)
{
	PKI_AUTO(ASN1_OCTET_STRING) octets = ASN1_OCTET_STRING_new();

	if (octets == NULL || bytes.len > INT_MAX ||
	    ASN1_OCTET_STRING_set(octets, bytes.data, (int)bytes.len) != 1)
		return NULL;
	return PKI_TAKE(octets);
}

X509_NAME *
pki_asn1_name(const pki_name *name)
{
	pki_bytes der = pki_name_der(name);
	const uint8_t *p = der.data;

	return d2i_X509_NAME(NULL, &p, (long)der.len);
}

GENERAL_NAME *
pki_asn1_uri(const char *uri)
{
	PKI_AUTO(GENERAL_NAME) name = GENERAL_NAME_new();
	PKI_AUTO(ASN1_IA5STRING) text = ASN1_IA5STRING_new();

	if (name == NULL || text == NULL ||
	    ASN1_STRING_set(text, uri, -1) != 1)
		return NULL;
	GENERAL_NAME_set0_value(name, GEN_URI, PKI_TAKE(text));
	return PKI_TAKE(name);
}

AUTHORITY_KEYID *
pki_asn1_authority(pki_bytes key_id)
{
	PKI_AUTO(AUTHORITY_KEYID) authority = AUTHORITY_KEYID_new();

	if (authority == NULL)
		return NULL;
	authority->keyid = pki_asn1_octets(key_id);
	if (authority->keyid == NULL)
		return NULL;
	return PKI_TAKE(authority);
}

DIST_POINT_NAME *
pki_asn1_point(const char *uri)
{
	PKI_AUTO(DIST_POINT_NAME) point = DIST_POINT_NAME_new();
	PKI_AUTO(GENERAL_NAME) name = pki_asn1_uri(uri);

	if (point == NULL || name == NULL)
		return NULL;
	point->type = 0;        /* fullName */
	point->name.fullname = GENERAL_NAMES_new();
	if (point->name.fullname == NULL ||
	    sk_GENERAL_NAME_push(point->name.fullname, name) <= 0)
		return NULL;
	name = NULL;
	return PKI_TAKE(point);
}

pki_code
pki_asn1_set_algorithm(const X509_ALGOR *field, const pki_sigalg *algorithm,
    pki_err *err)
{
	const uint8_t *p = algorithm->identifier.data;
	PKI_AUTO(X509_ALGOR) value = d2i_X509_ALGOR(NULL, &p,
	    (long)algorithm->identifier.len);

	if (value == NULL ||
	    X509_ALGOR_copy((X509_ALGOR *)(uintptr_t)field, value) != 1)
		return pki_fail_openssl(err, "cannot set the algorithm '%s'",
		    algorithm->name);
	return PKI_OK;
}

pki_code
pki_asn1_take_der(uint8_t *der, int len, pki_buf *out, pki_err *err)
{
	if (len <= 0)
		return pki_fail_openssl(err, "cannot encode");
	pki_buf_add(out, pki_bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	return pki_buf_check(out, err);
}
