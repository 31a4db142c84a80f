#ifndef PKI_SIGN_BACKEND_H
#define PKI_SIGN_BACKEND_H

/* What a holder of keys fills in: one struct per signer-<kind>.c. */

#include "sign/signer.h"

struct pki_signer_backend {
	/*
	 * By pki_sigalg_for() the key's type; octets appended to out.  Called
	 * by several threads at once.
	 */
	pki_code (*sign)(void *holder, pki_bytes message, pki_buf *out,
	    pki_err *err);
	/* In pieces, for algorithms that can; NULL when the holder cannot. */
	pki_code (*begin)(void *holder, pki_signing **out, pki_err *err);
	void     (*free)(void *holder);
};

/*
 * A signer that takes holder, on failure too.  key is the holder's, and
 * lives as long as it.
 */
PKI_CHECKED pki_code pki_signer_new(const struct pki_signer_backend *backend,
    void *holder, const pki_pubkey *key, pki_signer **out, pki_err *err);

#endif
