#ifndef PKI_X509_CSR_ATTRIBUTES_H
#define PKI_X509_CSR_ATTRIBUTES_H

/* The attributes of a certification request, for csr.c. */

#include "x509/altname.h"
#include "x509/der.h"

/*
 * Read what [0] holds, which was strict DER by pki_der_check.  *out stays
 * NULL when no alternative names are asked for.  Rules: as pki_csr_parse.
 */
PKI_CHECKED pki_code pki_csr_read_attributes(pki_der *attributes,
    pki_altnames **out, pki_err *err);

/* Append the [0] that asks for these names (NULL or empty: none). */
PKI_CHECKED pki_code pki_csr_add_attributes(const pki_altnames *names,
    pki_buf *out, pki_err *err);

#endif
