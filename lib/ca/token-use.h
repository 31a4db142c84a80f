#ifndef PKI_CA_TOKEN_USE_H
#define PKI_CA_TOKEN_USE_H

/* A token as the evidence of an issuance; the rules are in issue.h. */

#include "ca/job.h"

static inline bool
pki_job_has_token(const pki_job *job)
{
	return job->request != NULL &&
	    job->request->evidence.kind == PKI_EVIDENCE_TOKEN;
}

/*
 * An early look, which protects nothing.  When the token was used by this key
 * and its certificate is in force, job gets that and job->again.
 */
pki_code pki_token_look(pki_ca *ca, pki_job *job, pki_err *err);

/*
 * Inside the issuing transaction, before anything else is claimed: bind the
 * key of the signed job to its token.  Or job->again, as above: then nothing
 * is to be written, and what was signed is gone.
 */
pki_code pki_token_bind(pki_ca *ca, pki_job *job, pki_err *err);

#endif
