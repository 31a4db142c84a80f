#ifndef PKI_X509_KEY_H
#define PKI_X509_KEY_H

/* Private keys.  Wiped when freed; saved as PKCS#8 only. */

#include "x509/pubkey.h"

PKI_BEGIN_DECLS

typedef struct pki_key pki_key;

#define PKI_KEY_FILE_MAX (16 * 1024)

/* PKI_DENIED, rule "key-type": the linked OpenSSL lacks it.  PKI_CRYPTO. */
PKI_CHECKED pki_code pki_key_generate(pki_key_type type, pki_key **out,
    pki_err *err);

/*
 * Read a PEM or DER PKCS#8 key, encrypted or not; also traditional EC and
 * RSA PEM when it is not encrypted.  passphrase is used only when needed.
 * PKI_BAD_INPUT: not a key; PKI_DENIED: rule "passphrase" (missing, wrong),
 * or the public part breaks pki_pubkey_parse's rules.
 */
PKI_CHECKED pki_code pki_key_parse(pki_bytes in, pki_bytes passphrase,
    pki_key **out, pki_err *err);

/* Is this an encrypted key (so that a passphrase must be asked for)? */
bool pki_key_is_encrypted(pki_bytes in);

/*
 * PKCS#8 PEM appended to out; with a passphrase PBES2, AES-256-CBC, scrypt
 * (N = 2^14, r = 8, p = 5: RFC 7914).  PKI_CRYPTO.
 */
PKI_CHECKED pki_code pki_key_encode(const pki_key *key, pki_bytes passphrase,
    pki_buf *out, pki_err *err);

/*
 * Does a file hold a private key, in PEM or DER (PKCS#8 encrypted or not,
 * PKCS#12, RFC 5915, RFC 8017)?  By its outline: for asking before it is lost.
 */
bool pki_key_is_in(pki_bytes file);

void pki_key_free(pki_key *key);
PKI_DEFINE_CLEANUP(pki_key)

const pki_pubkey *pki_key_public(const pki_key *key);   /* borrowed */

/*
 * Sign message by pki_sigalg_for() the key's type; octets appended to out.
 * Any number of threads may do so at once.  PKI_CRYPTO, PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_key_sign(const pki_key *key, pki_bytes message,
    pki_buf *out, pki_err *err);

/*
 * The same of a message that comes in pieces, for algorithms that hash first
 * (pki_sigalg_streams()); key must live as long.  PKI_CRYPTO; begin:
 * PKI_USAGE for the others.
 */
typedef struct pki_signing pki_signing;
PKI_CHECKED pki_code pki_key_sign_begin(const pki_key *key, pki_signing **out,
    pki_err *err);
PKI_CHECKED pki_code pki_signing_add(pki_signing *signing, pki_bytes piece,
    pki_err *err);
/* Signature octets appended to out. */
PKI_CHECKED pki_code pki_signing_end(pki_signing *signing, pki_buf *out,
    pki_err *err);
void pki_signing_free(pki_signing *signing);
PKI_DEFINE_CLEANUP(pki_signing)

PKI_END_DECLS

#endif
