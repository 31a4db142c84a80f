#ifndef PKI_X509_CERT_H
#define PKI_X509_CERT_H

/* Certificates as they are: reading, asking, verifying. */

#include "x509/altname.h"
#include "x509/name.h"
#include "x509/pubkey.h"
#include "x509/usage.h"

PKI_BEGIN_DECLS

#define PKI_CERT_MAX (8 * 1024)         /* octets of DER */

typedef struct pki_cert pki_cert;

/*
 * Read one certificate, PEM or DER: strict DER first, then X.509 version 3.
 * Its key must be one that pki_pubkey_parse accepts.  PKI_BAD_INPUT (rules
 * "der", "pem", "version", "serial", "signature-algorithm", "name",
 * "validity", "alt-name", "extension": twice, out of shape, critical and
 * unknown), PKI_DENIED (the key), PKI_CRYPTO, PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_cert_parse(pki_bytes in, pki_cert **out,
    pki_err *err);
void pki_cert_free(pki_cert *cert);
PKI_DEFINE_CLEANUP(pki_cert)

/* All borrowed from the certificate, which is read-only and may be shared. */
pki_bytes pki_cert_der(const pki_cert *cert);
pki_bytes pki_cert_tbs(const pki_cert *cert);           /* whole element */
const pki_digest *pki_cert_digest(const pki_cert *cert); /* SHA-256 of DER */
const pki_serial *pki_cert_serial(const pki_cert *cert);
const pki_name *pki_cert_subject(const pki_cert *cert);
const pki_name *pki_cert_issuer(const pki_cert *cert);
const pki_pubkey *pki_cert_key(const pki_cert *cert);
int64_t pki_cert_not_before(const pki_cert *cert);
int64_t pki_cert_not_after(const pki_cert *cert);       /* inclusive */
bool pki_cert_is_ca(const pki_cert *cert);
int pki_cert_path_len(const pki_cert *cert);            /* -1: none stated */
uint32_t pki_cert_key_usage(const pki_cert *cert);      /* 0: none stated */
uint32_t pki_cert_ext_usage(const pki_cert *cert);      /* 0: none stated */
const pki_altnames *pki_cert_alt_names(const pki_cert *cert);   /* or NULL */
pki_bytes pki_cert_subject_key_id(const pki_cert *cert);        /* or empty */
pki_bytes pki_cert_authority_key_id(const pki_cert *cert);      /* or empty */
const char *pki_cert_crl_url(const pki_cert *cert);     /* first CDP, or NULL */

/*
 * Is cert signed by issuer's key, under issuer's name and key id?
 * PKI_DENIED, rules "issuer", "signature", "signature-algorithm".
 */
PKI_CHECKED pki_code pki_cert_check_issuer(const pki_cert *cert,
    const pki_cert *issuer, pki_err *err);

/*
 * Verify a chain by libcrypto, strictly, at a time: cert, through any of the
 * chain certificates, to one of the roots.  usage is one pki_ext_usage the
 * leaf must have, 0 for none.  PKI_DENIED, rule "chain", with libcrypto's
 * reason.
 */
typedef struct pki_chain {
	const pki_cert *const *chain;   /* untrusted intermediates */
	size_t                 chain_count;
	const pki_cert *const *roots;
	size_t                 root_count;
	int64_t                at;      /* UTC seconds */
	int                    usage;
} pki_chain;
PKI_CHECKED pki_code pki_cert_verify(const pki_cert *cert,
    const pki_chain *chain, pki_err *err);

PKI_END_DECLS

#endif
