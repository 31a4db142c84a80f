#ifndef TESTS_SUPPORT_CRL_MAKER_H
#define TESTS_SUPPORT_CRL_MAKER_H

#include "x509/crl-write.h"

/* TBSCertList of entries in memory, by the writer: both passes at once. */
PKI_CHECKED pki_code crl_tbs(const pki_crl_fields *fields,
    const pki_crl_entry *entries, size_t count, pki_buf *out_tbs,
    pki_err *err);

/* A sink that appends to a buffer. */
pki_sink crl_sink_to(pki_buf *buf);

#endif
