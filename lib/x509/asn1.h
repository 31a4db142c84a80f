#ifndef PKI_X509_ASN1_H
#define PKI_X509_ASN1_H

/*
 * Our values as libcrypto's objects, for what is built by its API.  Each
 * function returns a new object, or NULL with the reason in libcrypto's
 * error queue.
 */

#include "base/ids.h"
#include "x509/name.h"
#include "x509/openssl.h"
#include "x509/pubkey.h"

PKI_OPENSSL_CLEANUP(ACCESS_DESCRIPTION)
PKI_OPENSSL_CLEANUP(ASN1_BIT_STRING)
PKI_OPENSSL_CLEANUP(ASN1_ENUMERATED)
PKI_OPENSSL_CLEANUP(ASN1_GENERALIZEDTIME)
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
PKI_OPENSSL_CLEANUP(DIST_POINT_NAME)
PKI_OPENSSL_CLEANUP(EXTENDED_KEY_USAGE)
PKI_OPENSSL_CLEANUP(GENERAL_NAME)
PKI_OPENSSL_CLEANUP(GENERAL_NAMES)
PKI_OPENSSL_CLEANUP(ISSUING_DIST_POINT)

/* PKI_BAD_INPUT unless a time lies in 1970 to 9999; what names it. */
PKI_CHECKED pki_code pki_asn1_check_time(int64_t when, const char *what,
    pki_err *err);

/* UTCTime through 2049, GeneralizedTime after.  when has been checked. */
ASN1_TIME *pki_asn1_time(int64_t when);
ASN1_GENERALIZEDTIME *pki_asn1_generalized_time(int64_t when);

ASN1_INTEGER *pki_asn1_serial(const pki_serial *serial);
ASN1_OCTET_STRING *pki_asn1_octets(pki_bytes bytes);
X509_NAME *pki_asn1_name(const pki_name *name);
GENERAL_NAME *pki_asn1_uri(const char *uri);

/* Only the keyIdentifier. */
AUTHORITY_KEYID *pki_asn1_authority(pki_bytes key_id);
/* fullName with one URI. */
DIST_POINT_NAME *pki_asn1_point(const char *uri);

/*
 * Write the signature algorithm into what is to be signed.  libcrypto hands
 * that field out as const only, and its own signing call, which writes it,
 * would need the key here.
 */
PKI_CHECKED pki_code pki_asn1_set_algorithm(const X509_ALGOR *field,
    const pki_sigalg *algorithm, pki_err *err);

/* Append what an i2d call made, and free it.  len is what the call returned. */
PKI_CHECKED pki_code pki_asn1_take_der(uint8_t *der, int len, pki_buf *out,
    pki_err *err);

#endif
