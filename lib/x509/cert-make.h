#ifndef PKI_X509_CERT_MAKE_H
#define PKI_X509_CERT_MAKE_H

/* A certificate that we have just signed. */

#include "x509/cert.h"
#include "x509/tbs.h"

/*
 * What pki_cert_parse would make of der, without decoding names and keys that
 * are at hand.  der holds exactly tbs as encoded, signed; it is taken, on
 * failure too.  PKI_BAD_INPUT, PKI_CRYPTO, PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_cert_make(const pki_tbs *tbs, pki_buf *der,
    pki_cert **out, pki_err *err);

#endif
