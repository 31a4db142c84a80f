#ifndef PKI_X509_CURVE_H
#define PKI_X509_CURVE_H

/*
 * Public keys on P-256, P-384 and P-521 as the octets of their points.
 *
 * A key object of libcrypto costs 8 us and its context 1.5 us more, a point
 * put into an existing one 1 us; so keys that are met once (those of devices)
 * all go through the same few objects.
 */

#include "x509/pubkey.h"

/*
 * Is it uncompressed and on the curve (RFC 5480, 2.2)?  The cofactors are 1,
 * so that it is in the group then.  PKI_DENIED, rule "key-point"; PKI_CRYPTO.
 */
PKI_CHECKED pki_code pki_curve_check(pki_key_type type, pki_bytes point,
    pki_err *err);

/*
 * Does the ECDSA signature fit the hash?  point passed pki_curve_check.
 * PKI_DENIED without a report: no; PKI_CRYPTO.
 */
PKI_CHECKED pki_code pki_curve_verify(pki_key_type type, pki_bytes point,
    pki_bytes hash, pki_bytes signature, pki_err *err);

#endif
