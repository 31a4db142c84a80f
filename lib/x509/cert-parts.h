#ifndef PKI_X509_CERT_PARTS_H
#define PKI_X509_CERT_PARTS_H

/* What a certificate is made of: for the files that implement cert.h. */

#include "x509/signed.h"

struct pki_cert {
	pki_buf      *der;              /* the rest borrows from it */
	pki_signed    frame;
	pki_digest    digest;
	pki_serial    serial;
	pki_name     *issuer, *subject;
	pki_pubkey   *key;
	int64_t       not_before, not_after;
	bool          is_ca;
	int           path_len;
	uint32_t      key_usage, ext_usage;
	pki_altnames *alt_names;
	pki_bytes     subject_key_id, authority_key_id;
	char         *crl_url;
};

/* Read the Extensions that der stands before.  PKI_BAD_INPUT. */
PKI_CHECKED pki_code pki_cert_read_extensions(pki_cert *cert, pki_der *der,
    pki_err *err);

#endif
