#ifndef PKI_CTL_CRLS_H
#define PKI_CTL_CRLS_H

/* Published CRLs, for "crl show" and "crl verify". */

#include "pki-ctl/session.h"

#define CRL_FILE_MAX (256 * 1024 * 1024)        /* octets, also as PEM */

/* Read a CRL, PEM or DER. */
PKI_CHECKED pki_code crls_read(struct session *s, const char *path,
    pki_crl **out);

/* The path of a CA's complete CRL below the state directory. */
PKI_CHECKED pki_code crls_path(const struct session *s, const pki_ca_row *row,
    char out[PKI_PATH_MAX]);

#endif
