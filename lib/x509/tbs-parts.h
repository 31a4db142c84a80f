#ifndef PKI_X509_TBS_PARTS_H
#define PKI_X509_TBS_PARTS_H

/* What a template is made of: for tbs.c, and for the test that damages one. */

#include "x509/tbs.h"

struct pki_tbs_template {
	bool     is_ca, ocsp_no_check;
	int      path_len;
	uint32_t key_usage, ext_usage;
	char    *ca_url;

	/* Encoded pieces one after the other, and where each ends. */
	pki_buf *octets;
	size_t   algorithm_end, issuer_end, usages_end, authority_end;
	size_t   authority_id;  /* where the key id in it begins */
};

#endif
