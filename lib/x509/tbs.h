#ifndef PKI_X509_TBS_H
#define PKI_X509_TBS_H

/*
 * A certificate before it is signed, and the putting together of anything
 * signed (certificate, CRL).
 */

#include "x509/altname.h"
#include "x509/name.h"
#include "x509/pubkey.h"

PKI_BEGIN_DECLS

/* Everything that goes in.  All borrowed for the call. */
typedef struct pki_tbs {
	/* The same for all of one profile under one CA: see the template. */
	const pki_sigalg   *algorithm;          /* the issuer's */
	const pki_name     *issuer;
	bool                is_ca;              /* basicConstraints, critical */
	int                 path_len;           /* -1: not stated */
	uint32_t            key_usage;          /* critical */
	uint32_t            ext_usage;          /* 0: no extension */
	pki_bytes           authority_key_id;   /* empty: own key id */
	const char         *ca_url;             /* NULL: no caIssuers */
	bool                ocsp_no_check;      /* RFC 6960, 4.2.2.2.1 */

	/* Each certificate's own. */
	pki_serial          serial;
	int64_t             not_before, not_after;      /* both inclusive */
	const pki_name     *subject;
	const pki_pubkey   *key;
	const pki_altnames *alt_names;          /* NULL, empty: no extension */
	const char         *crl_url;            /* NULL: no CDP */
} pki_tbs;

/*
 * Encode.  Extensions in this order: basicConstraints, keyUsage, extKeyUsage,
 * subjectKeyIdentifier, authorityKeyIdentifier, subjectAltName (critical when
 * the subject is empty), CRLDistributionPoints, authorityInfoAccess,
 * ocsp-nocheck.  UTCTime through 2049, GeneralizedTime after.
 * PKI_BAD_INPUT (a time outside 1970 to 9999), PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_tbs_encode(const pki_tbs *tbs, pki_buf *out,
    pki_err *err);

/*
 * What certificates of one profile under one CA have in common, encoded once.
 * Read-only: threads may share it.  It borrows nothing.
 */
typedef struct pki_tbs_template pki_tbs_template;

/* From the first half of tbs.  PKI_NO_MEMORY. */
PKI_CHECKED pki_code pki_tbs_template_new(const pki_tbs *tbs,
    pki_tbs_template **out, pki_err *err);
void pki_tbs_template_free(pki_tbs_template *common);
PKI_DEFINE_CLEANUP(pki_tbs_template)

/* Was it made from a first half that means the same? */
bool pki_tbs_template_fits(const pki_tbs_template *common,
    const pki_tbs *tbs);

/*
 * What pki_tbs_encode does, faster.  PKI_BAD_INPUT also when the template
 * does not fit: tbs alone decides what the certificate says.
 */
PKI_CHECKED pki_code pki_tbs_fill(const pki_tbs_template *common,
    const pki_tbs *tbs, pki_buf *out, pki_err *err);

/* SEQUENCE { tbs, algorithm, BIT STRING signature } appended to out. */
void pki_signed_add(pki_buf *out, pki_bytes tbs, const pki_sigalg *algorithm,
    pki_bytes signature);

PKI_END_DECLS

#endif
