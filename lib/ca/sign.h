#ifndef PKI_CA_SIGN_H
#define PKI_CA_SIGN_H

/*
 * The only place that uses a CA key (G26).  What comes out was compared with
 * what went in, and verified with the issuer's certificate (G14).
 */

#include "sign/signer.h"
#include "x509/crl.h"
#include "x509/pool.h"
#include "x509/tbs.h"

typedef struct pki_signing {
	pki_signer     *signer;
	const pki_cert *issuer;         /* NULL: self-signed */
	pki_pool       *templates;      /* kept from earlier; NULL: none */
	bool            self_check;     /* self-signed: always */
} pki_signing;

/*
 * Sign a certificate.  tbs->algorithm, tbs->issuer and tbs->authority_key_id
 * are filled from the signer and the issuer.  self_check verifies the
 * signature before it is handed out.  templates, pki_tbs_template, is used
 * and filled; threads may share it, the signer and the issuer.  PKI_DENIED,
 * rule "lint": what must never be signed, whatever a template says; rule
 * "cert-size": over PKI_CERT_MAX, which we could not read.  PKI_CRYPTO.
 */
pki_code pki_sign_cert(const pki_signing *signing, pki_tbs *tbs,
    pki_cert **out, pki_err *err);

/*
 * Sign a TBSCertList as it goes by in pieces; *out is NULL for a key that
 * signs in one piece only, as whole does.  What was signed is read back and
 * verified by crl-draft.c.
 */
pki_code pki_sign_crl_begin(pki_signer *signer, pki_signing **out,
    pki_err *err);
pki_code pki_sign_crl_whole(pki_signer *signer, pki_bytes tbs, pki_buf *out,
    pki_err *err);

/*
 * A new serial: epoch, Unix time in milliseconds (6 octets), 13 random
 * octets.  Always 20 octets, positive, in order of time (G11).
 */
pki_code pki_serial_new(int64_t epoch, int64_t now_ms, pki_serial *out,
    pki_err *err);

#endif
