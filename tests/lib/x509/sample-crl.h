#ifndef TESTS_LIB_X509_SAMPLE_CRL_H
#define TESTS_LIB_X509_SAMPLE_CRL_H

/* CRLs for tests.  Whatever fails here ends the test with the reason. */

#include "sample.h"
#include "x509/crl-write.h"

#define SAMPLE_CRL_MAX (64 * 1024 * 1024)

/* Entry i of a synthetic list: ascending serials, every kind of reason. */
pki_crl_entry sample_crl_entry(uint32_t i);
/* The fields of a list that ca signs. */
pki_crl_fields sample_crl_fields(const sample *ca);
/* A CRL of the first count synthetic entries. */
pki_buf *sample_crl(const sample *ca, const pki_crl_fields *fields,
    uint32_t count);
pki_crl *sample_parse_crl(pki_bytes der);

/* The elements of a TBSCertList with entries, in their order. */
enum { CRL_VERSION, CRL_ALGORITHM, CRL_ISSUER, CRL_THIS_UPDATE,
	CRL_NEXT_UPDATE, CRL_REVOKED, CRL_EXTENSIONS };
/* A CRL of three entries with one of them replaced; not signed. */
pki_buf *sample_replace_crl(const pki_crl_fields *fields, int part,
    pki_bytes with);

#endif
