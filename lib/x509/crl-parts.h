#ifndef PKI_X509_CRL_PARTS_H
#define PKI_X509_CRL_PARTS_H

/* What a CRL as read is made of: for the files that implement crl.h. */

#include "x509/crl.h"
#include "x509/signed.h"

struct pki_crl {
	pki_buf       *der;             /* the rest borrows from it */
	pki_signed     frame;
	pki_name      *issuer;
	int64_t        this_update, next_update;
	int64_t        number;          /* -1: not seen */
	pki_bytes      authority_key_id;
	char          *idp_url;
	pki_crl_entry *entries;         /* ascending */
	size_t         count;
};

#define PKI_CRL_WHAT "CRL"

/*
 * The parts of a TBSCertList, in their order: everything before
 * revokedCertificates, one of its entries, crlExtensions.  crl->frame must
 * have the outer algorithm; crl->number must be -1.  PKI_BAD_INPUT, rules
 * "der", "crl", "name", "serial"; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_crl_read_head(pki_crl *crl, pki_der *der,
    pki_err *err);
PKI_CHECKED pki_code pki_crl_read_entry(pki_der *list, pki_crl_entry *entry,
    pki_err *err);
PKI_CHECKED pki_code pki_crl_read_extensions(pki_crl *crl, pki_der *der,
    pki_err *err);
/*
 * Read revokedCertificates, which der stands before.
 * PKI_BAD_INPUT, rules "der", "crl"; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_crl_read_entries(pki_crl *crl, pki_der *der,
    pki_err *err);

#endif
