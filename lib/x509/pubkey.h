#ifndef PKI_X509_PUBKEY_H
#define PKI_X509_PUBKEY_H

/*
 * Public keys that we are willing to certify, and the algorithms they sign
 * with.  Both lists are tables, in spki.c and sigalg.c.
 */

#include "base/ids.h"
#include "base/settings.h"

PKI_BEGIN_DECLS

/* Sets of key types are OR of 1 << type. */
typedef enum pki_key_type {
	PKI_KEY_P256, PKI_KEY_P384, PKI_KEY_P521, PKI_KEY_ED25519,
	PKI_KEY_RSA2048, PKI_KEY_RSA3072, PKI_KEY_RSA4096,
	PKI_KEY_ML_DSA_44, PKI_KEY_ML_DSA_65, PKI_KEY_ML_DSA_87,
} pki_key_type;

/* "p256", "p384", "p521", "ed25519", "rsa2048"... "ml-dsa-44"... */
extern const pki_choice pki_key_type_names[];
const char *pki_key_type_name(pki_key_type type);
/* Does the linked OpenSSL know it?  (ML-DSA needs 3.5.) */
bool pki_key_type_available(pki_key_type type);

typedef struct pki_pubkey pki_pubkey;

/*
 * Read a SubjectPublicKeyInfo, strictly, and check the key itself:
 * EC named curve P-256, P-384 or P-521, uncompressed point on the curve
 * ("key-curve", "key-point"); RSA of exactly 2048, 3072 or 4096 bits with
 * exponent 65537, no factor up to 751, no ROCA fingerprint, not the product
 * of two near primes ("key-size", "key-exponent", "key-weak"); Ed25519;
 * ML-DSA; nothing else ("key-type").  RSA's size is checked before anything
 * costly (CVE-2023-6237).  Source: SP 800-89, CA/B BR 6.1.5 and 6.1.6.
 * PKI_BAD_INPUT (rule "der"), PKI_DENIED (the rules named), PKI_CRYPTO.
 */
PKI_CHECKED pki_code pki_pubkey_parse(pki_bytes spki, pki_pubkey **out,
    pki_err *err);
/* An independent copy. */
PKI_CHECKED pki_code pki_pubkey_copy(const pki_pubkey *key, pki_pubkey **out,
    pki_err *err);
void pki_pubkey_free(pki_pubkey *key);
PKI_DEFINE_CLEANUP(pki_pubkey)

pki_key_type pki_pubkey_type(const pki_pubkey *key);
pki_bytes pki_pubkey_spki(const pki_pubkey *key);
/* SHA-256 of the whole SubjectPublicKeyInfo: the key's fingerprint. */
const pki_digest *pki_pubkey_digest(const pki_pubkey *key);
/* No signature by this key has more octets. */
size_t pki_pubkey_signature_max(const pki_pubkey *key);
/* Left-most 160 bits of SHA-256 of the BIT STRING's octets: RFC 7093, 2(1). */
pki_bytes pki_pubkey_id(const pki_pubkey *key);

/*
 * A signature algorithm: one row of the table in sigalg.c.
 */
typedef struct pki_sigalg {
	const char *name;               /* "ecdsa-with-sha256" */
	const char *digest;             /* for EVP_DigestSign; NULL: built in */
	uint32_t    key_types;          /* set of pki_key_type */
	const char *refused;            /* why it is not accepted, or NULL */
	bool        pss;
	pki_bytes   identifier;         /* AlgorithmIdentifier, whole DER */
} pki_sigalg;

/* The row whose AlgorithmIdentifier is exactly these octets, or NULL. */
const pki_sigalg *pki_sigalg_find(pki_bytes identifier);
/* Does it hash first, so that a message may come in pieces? */
bool pki_sigalg_streams(const pki_sigalg *algorithm);
/* What a key of this type signs with here, by default. */
const pki_sigalg *pki_sigalg_for(pki_key_type type);

/*
 * Does signature (the BIT STRING's octets) fit message?  PKI_DENIED, rule
 * "signature-algorithm": not accepted, or not for this type of key;
 * PKI_DENIED, rule "signature": it does not match; PKI_CRYPTO.
 */
PKI_CHECKED pki_code pki_pubkey_verify(const pki_pubkey *key,
    const pki_sigalg *algorithm, pki_bytes message, pki_bytes signature,
    pki_err *err);

/*
 * The same of a message that comes in pieces, for algorithms that hash first;
 * key must live as long.  begin: PKI_USAGE for the others.
 */
typedef struct pki_verifying pki_verifying;
PKI_CHECKED pki_code pki_pubkey_verify_begin(const pki_pubkey *key,
    const pki_sigalg *algorithm, pki_verifying **out, pki_err *err);
PKI_CHECKED pki_code pki_verifying_add(pki_verifying *verifying,
    pki_bytes piece, pki_err *err);
PKI_CHECKED pki_code pki_verifying_end(pki_verifying *verifying,
    pki_bytes signature, pki_err *err);
void pki_verifying_free(pki_verifying *verifying);
PKI_DEFINE_CLEANUP(pki_verifying)

PKI_END_DECLS

#endif
