#ifndef PKI_X509_CSR_ATTRIBUTES_H
#define PKI_X509_CSR_ATTRIBUTES_H

/* The attributes of a certification request, for csr.c. */

#include "x509/csr.h"
#include "x509/der.h"

#define PKI_CSR_CHALLENGE_MAX 255       /* characters: RFC 2985, 5.4.1 */

#define OID_EXTENSION_REQUEST "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"
#define OID_KEY_USAGE "\x55\x1d\x0f"
#define OID_ALT_NAME "\x55\x1d\x11"
#define OID_EXT_USAGE "\x55\x1d\x25"

/* What a request asks for beside key and subject. */
typedef struct pki_csr_wishes {
	pki_altnames *alt_names;        /* NULL: none */
	uint32_t      key_usage;        /* 0: none stated */
	uint32_t      ext_usage;
	pki_bytes     challenges[PKI_CSR_CHALLENGES];   /* borrowed */
} pki_csr_wishes;

/*
 * Read what [0] holds, which was strict DER by pki_der_check, into the zeroed
 * *out; on failure alt_names may be set, and is the caller's in any case.
 * Rules: as pki_csr_parse.
 */
PKI_CHECKED pki_code pki_csr_read_attributes(pki_der *attributes,
    pki_csr_wishes *out, pki_err *err);

#endif
