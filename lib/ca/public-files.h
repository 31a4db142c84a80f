#ifndef PKI_CA_PUBLIC_FILES_H
#define PKI_CA_PUBLIC_FILES_H

/* The files below <state>/public, each written whole (G18), mode 0644. */

#include "ca/crl-draft.h"
#include "ca/handle.h"
#include "x509/crl.h"

/* The largest CRL we publish or read back. */
#define PKI_PUBLISHED_MAX ((size_t)256 << 20)

/* Folders and certificate files of a CA. */
pki_code pki_public_make(pki_ca *ca, const pki_authority *authority,
    pki_err *err);

/*
 * Remove what publishers of this CA left behind who were killed: a list may
 * have many megabytes.  The caller holds its publish lock.
 */
void pki_public_sweep(pki_ca *ca, const pki_authority *authority);

/* Where a CRL ("crl/issuing/full.crl") and its PEM twin are. */
pki_code pki_public_place(pki_ca *ca, const char *file, pki_crl_place *out,
    pki_err *err);

/* A CRL at file ("crl/issuing/full.crl"), or its PEM twin, by its DER. */
pki_code pki_public_put_crl(pki_ca *ca, const char *file, pki_bytes der,
    pki_err *err);
pki_code pki_public_put_twin(pki_ca *ca, const char *file, pki_bytes der,
    pki_err *err);

/* A published file's octets, in pieces.  PKI_NOT_FOUND, PKI_SYSTEM. */
pki_code pki_public_stream(pki_ca *ca, const char *file, const pki_sink *sink,
    pki_err *err);

/*
 * The complete CRL of this CA as it is published.  PKI_NOT_FOUND, PKI_DAMAGED.
 */
pki_code pki_public_read_crl(pki_ca *ca, const pki_authority *authority,
    pki_crl **out, pki_err *err);
/* Does the complete CRL of this CA, as it is published, list the serial? */
pki_code pki_public_lists(pki_ca *ca, const pki_authority *authority,
    const pki_serial *serial, bool *out, pki_err *err);

/*
 * chain.pem of this CA and of those below it: the CRLs that a broker needs,
 * the leaf's issuer first, the root last.  Of this CA by its PEM twins, whose
 * DER files may be about to appear; of the others by their DER files.  The
 * caller holds the publish lock of this CA; locks are taken downwards only.
 */
pki_code pki_public_put_chains(pki_ca *ca, const pki_authority *authority,
    pki_err *err);

#endif
