#ifndef PKI_X509_CRYPTO_H
#define PKI_X509_CRYPTO_H

/* How libcrypto begins. */

#include "base/err.h"

PKI_BEGIN_DECLS

/*
 * Start libcrypto without its configuration file, which may load code into
 * the process, whatever OPENSSL_CONF says.  A program calls it before
 * anything else of libpki or libcrypto; later it has no effect, and once is
 * enough.  PKI_CRYPTO: libcrypto did not start.
 */
PKI_CHECKED pki_code pki_crypto_begin(pki_err *err);

PKI_END_DECLS

#endif
