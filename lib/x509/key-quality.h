#ifndef PKI_X509_KEY_QUALITY_H
#define PKI_X509_KEY_QUALITY_H

/* Well-formed public keys that nobody should trust. */

#include "base/buf.h"

/*
 * An RSA modulus of accepted size, big-endian without sign octet: refuse it
 * (PKI_DENIED, rule "key-weak") when it is even, has a factor up to 751,
 * carries the ROCA fingerprint (CVE-2017-15361), or is a square or the
 * product of two near primes (CVE-2022-26320).  Source: CA/B BR 6.1.6.
 */
PKI_CHECKED pki_code pki_rsa_modulus_check(pki_bytes modulus, pki_err *err);

/*
 * An Ed25519 public key of 32 octets: refuse what is not the one encoding of
 * a point on the curve (PKI_DENIED, rule "key-point"), and points of order 1
 * to 8, for which anybody can sign ("key-weak").  Source: RFC 8032, 5.1.3.
 */
PKI_CHECKED pki_code pki_ed25519_point_check(pki_bytes point, pki_err *err);

#endif
