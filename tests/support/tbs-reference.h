#ifndef TESTS_SUPPORT_TBS_REFERENCE_H
#define TESTS_SUPPORT_TBS_REFERENCE_H

/*
 * The slow way to a TBSCertificate: libcrypto's objects, each name, extension
 * and key encoded by its own calls.  It has no encoder in common with
 * lib/x509/tbs.c, whose octets must be the same.
 */

#include "x509/tbs.h"

/* What pki_tbs_encode promises.  PKI_BAD_INPUT, PKI_CRYPTO, PKI_NO_MEMORY. */
PKI_CHECKED pki_code tbs_reference_encode(const pki_tbs *tbs, pki_buf *out,
    pki_err *err);

#endif
