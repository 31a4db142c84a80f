#include "sign/signer.h"

#include <stdlib.h>

#include "sign/backend.h"

struct pki_signer {
	const struct pki_signer_backend *backend;
	void                            *holder;
	const pki_pubkey                *key;
	const pki_sigalg                *algorithm;
};

pki_code
pki_signer_new(const struct pki_signer_backend *backend, void *holder,
    const pki_pubkey *key, pki_signer **out, pki_err *err)
{
	pki_signer *signer = malloc(sizeof(*signer));

	if (signer == NULL) {
		backend->free(holder);
		return pki_fail_memory(err);
	}
	*signer = (pki_signer){
		.backend = backend,
		.holder = holder,
		.key = key,
		.algorithm = pki_sigalg_for(pki_pubkey_type(key)),
	};
	*out = signer;
	return PKI_OK;
}

void
pki_signer_free(pki_signer *signer)
{
	if (signer == NULL)
		return;
	signer->backend->free(signer->holder);
	free(signer);
}

const pki_pubkey *
pki_signer_key(const pki_signer *signer)
{
	return signer->key;
}

const pki_sigalg *
pki_signer_algorithm(const pki_signer *signer)
{
	return signer->algorithm;
}

pki_code
pki_signer_sign(pki_signer *signer, pki_bytes message, pki_buf *out,
    pki_err *err)
{
	return signer->backend->sign(signer->holder, message, out, err);
}

bool
pki_signer_streams(const pki_signer *signer)
{
	return signer->backend->begin != NULL &&
	    pki_sigalg_streams(signer->algorithm);
}

pki_code
pki_signer_begin(pki_signer *signer, pki_signing **out, pki_err *err)
{
	if (!pki_signer_streams(signer))
		return pki_fail(err, PKI_USAGE, "%s signs in one piece only",
		    signer->algorithm->name);
	return signer->backend->begin(signer->holder, out, err);
}
