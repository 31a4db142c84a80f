#ifndef PKI_SIGN_SIGNER_H
#define PKI_SIGN_SIGNER_H

/*
 * Whoever holds a CA key.  Today a file; a token or HSM is another
 * signer-<kind>.c with the functions of struct pki_signer_backend.
 */

#include "x509/key.h"

PKI_BEGIN_DECLS

typedef struct pki_signer pki_signer;

/* Where a passphrase comes from, asked only when the key needs one. */
typedef struct pki_passphrase {
	/* PKI_DENIED, rule "passphrase", when there is none to be had. */
	pki_code (*get)(void *arg, const char *what, pki_buf **out,
	    pki_err *err);
	void     *arg;
} pki_passphrase;

/*
 * Open the key file at path: mode and owner are checked (PKI_DENIED, rule
 * "key-file"), the passphrase is asked for when the key is encrypted.
 * passphrase may be NULL.  PKI_NOT_FOUND, PKI_DENIED, PKI_BAD_INPUT.
 */
PKI_CHECKED pki_code pki_signer_open_file(const char *path,
    const pki_passphrase *passphrase, pki_signer **out, pki_err *err);
void pki_signer_free(pki_signer *signer);
PKI_DEFINE_CLEANUP(pki_signer)

const pki_pubkey *pki_signer_key(const pki_signer *signer);     /* borrowed */
const pki_sigalg *pki_signer_algorithm(const pki_signer *signer);

/*
 * Signature octets of message appended to out.  Any number of threads may
 * sign by one signer at once.  PKI_CRYPTO, PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_signer_sign(pki_signer *signer, pki_bytes message,
    pki_buf *out, pki_err *err);

/*
 * The same of a message that comes in pieces: the signer must live as long as
 * *out.  Not every algorithm can (Ed25519 and ML-DSA read the message twice
 * or before they begin), nor every holder: ask first.  PKI_CRYPTO, PKI_USAGE.
 */
bool pki_signer_streams(const pki_signer *signer);
PKI_CHECKED pki_code pki_signer_begin(pki_signer *signer, pki_signing **out,
    pki_err *err);

PKI_END_DECLS

#endif
