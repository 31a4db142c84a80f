#ifndef PKI_CA_JOB_H
#define PKI_CA_JOB_H

/*
 * One issuance on its way: allowed, signed, recorded.  issue.c takes it
 * through for requests, init.c for the CAs themselves.
 */

#include "ca/handle.h"
#include "ca/issue.h"

typedef struct pki_job {
	const pki_profile   *profile;
	pki_authority       *authority; /* who signs; NULL: self-signed */
	const char          *identity;
	const pki_pubkey    *key;
	pki_key_origin       key_origin;
	const pki_requester *who;
	bool                 replace;
	int64_t              partition;
	const char          *crl_url;   /* NULL for a root */
	const char          *ca_url;

	/* For a CA's own certificate: the row that comes with it. */
	pki_ca_row          *new_ca;

	pki_grant           *grant;     /* owned */
	pki_cert            *cert;      /* owned, once signed */
	size_t               replaced;
} pki_job;

void pki_job_clear(pki_job *job);

/* Sign job->grant with signer.  Fills job->cert. */
pki_code pki_job_sign(pki_ca *ca, pki_job *job, pki_signer *signer,
    pki_err *err);

/*
 * Record what was signed: one transaction with the new CA row (if any), the
 * identity, the key, the profile, the certificate and the audit row.  When it
 * fails, the certificate was not issued: job->cert is freed.
 */
pki_code pki_job_record(pki_ca *ca, pki_job *job, pki_err *err);

#endif
