#ifndef PKI_X509_CSR_H
#define PKI_X509_CSR_H

/*
 * Certification requests (PKCS#10, RFC 2986), read by our own DER reader;
 * libcrypto sees only the key and the signature, after we accepted them.
 */

#include "x509/altname.h"
#include "x509/key.h"
#include "x509/name.h"

PKI_BEGIN_DECLS

#define PKI_CSR_MAX (8 * 1024)          /* octets of DER */
#define PKI_CSR_FILE_MAX (64 * 1024)    /* octets of PEM with text around */

typedef struct pki_csr pki_csr;

/* Attributes that hold a secret or a proof, as one string each. */
typedef enum pki_csr_challenge {
	PKI_CSR_CHALLENGE_PASSWORD,     /* RFC 2985, 5.4.1; RFC 7030, 3.5 */
	PKI_CSR_OTP_CHALLENGE,          /* RFC 7894, 3.1 to 3.3 */
	PKI_CSR_REVOCATION_CHALLENGE,
	PKI_CSR_IDENTITY_LINKING,       /* estIdentityLinking */
	PKI_CSR_CHALLENGES,             /* how many there are */
} pki_csr_challenge;

/*
 * Read PEM or DER and verify proof of possession.
 *
 * Refused, with the rule's name: too long ("size"), not strict DER anywhere
 * ("der"), bad PEM ("pem"), version not 0 ("version"), more than 10
 * attributes, a challenge twice, of several values or not a string of 1 to
 * 255 characters, Microsoft's attribute for extensions ("attribute"), more
 * than one extensionRequest, more than 20 extensions, the same one twice, one
 * other than basicConstraints, keyUsage, extKeyUsage, subjectKeyIdentifier
 * and subjectAltName, critical or not ("extension": what is asked for and not
 * granted is never left out silently), basicConstraints with CA:TRUE
 * ("basic-constraints"), keyCertSign or cRLSign ("key-usage"), what
 * pki_name_parse, pki_altnames_parse and pki_pubkey_parse refuse, a signature
 * algorithm we do not accept ("signature-algorithm"), a signature that does
 * not match ("proof-of-possession").  Only key, subject, alternative names and
 * challenges are kept.  Attributes unknown to us do not matter: RFC 2986, 4.1.
 * PKI_BAD_INPUT, PKI_DENIED, PKI_CRYPTO, PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_csr_parse(pki_bytes in, pki_csr **out, pki_err *err);

void pki_csr_free(pki_csr *csr);
PKI_DEFINE_CLEANUP(pki_csr)

/* All borrowed from the request. */
pki_bytes pki_csr_der(const pki_csr *csr);
const pki_name *pki_csr_subject(const pki_csr *csr);
const pki_pubkey *pki_csr_key(const pki_csr *csr);
const pki_altnames *pki_csr_alt_names(const pki_csr *csr);      /* or NULL */
/* Asked for, as in usage.h; 0: nothing stated. */
uint32_t pki_csr_key_usage(const pki_csr *csr);
uint32_t pki_csr_ext_usage(const pki_csr *csr);
/*
 * The octets of the string, in whatever encoding its type has: ASCII for who
 * compares it as such.  No bytes (data is NULL): not there.
 */
pki_bytes pki_csr_challenge_text(const pki_csr *csr, pki_csr_challenge which);
/* The attribute's type: content octets of its OBJECT IDENTIFIER.  Static. */
pki_bytes pki_csr_challenge_oid(pki_csr_challenge which);

/* What a request says; no bytes and 0: nothing of it. */
typedef struct pki_csr_plan {
	const pki_name     *subject;
	const pki_altnames *alt_names;          /* or NULL */
	uint32_t            key_usage, ext_usage;
	/* Printable ASCII, at most 255 octets each. */
	pki_bytes           challenges[PKI_CSR_CHALLENGES];
} pki_csr_plan;

/*
 * Make a request, signed by key: DER appended to out.  PKI_BAD_INPUT, rule
 * "attribute": a challenge too long or of other characters; PKI_CRYPTO,
 * PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_csr_make(const pki_key *key,
    const pki_csr_plan *plan, pki_buf *out, pki_err *err);

/* The same of subject and alternative names (NULL: none) alone. */
PKI_CHECKED pki_code pki_csr_build(const pki_key *key, const pki_name *subject,
    const pki_altnames *alt_names, pki_buf *out, pki_err *err);

PKI_END_DECLS

#endif
