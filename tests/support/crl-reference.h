#ifndef TESTS_SUPPORT_CRL_REFERENCE_H
#define TESTS_SUPPORT_CRL_REFERENCE_H

#include "x509/crl-write.h"

/*
 * TBSCertList by libcrypto's own encoder, which shares no line with ours: the
 * octets that lib/x509/crl-write.c must come to.
 */
PKI_CHECKED pki_code crl_reference(const pki_crl_fields *fields,
    const pki_crl_entry *entries, size_t count, pki_buf *out_tbs,
    pki_err *err);

#endif
