#ifndef PKI_CA_JOB_H
#define PKI_CA_JOB_H

/*
 * One issuance on its way: allowed, signed, recorded.  issue.c takes it
 * through for requests, init.c for the CAs themselves.
 */

#include "ca/approval.h"
#include "ca/batch.h"
#include "ca/handle.h"
#include "ca/issue.h"

typedef struct pki_job {
	const pki_profile   *profile;
	pki_authority       *authority; /* who signs; NULL: self-signed */
	const pki_issue_request *request;       /* NULL: a CA's own */
	const char          *identity;
	const pki_pubkey    *key;
	pki_key_origin       key_origin;
	const pki_requester *who;
	pki_issue_purpose    purpose;
	int64_t              epoch;     /* of the serial to be made */
	int64_t              partition;
	char                 crl_url[PKI_URL_MAX];      /* "": no CDP */
	char                 ca_url[PKI_URL_MAX];

	/* For a CA's own certificate: the row that comes with it. */
	pki_ca_row          *new_ca;

	pki_grant           *grant;     /* owned */
	pki_cert            *cert;      /* owned, once signed */
	size_t               replaced;
	bool                 again;     /* cert is one issued before */
	bool                 manual;    /* an operator decides first */
	bool                 waits;     /* ... and has not: nothing is signed */
	pki_request_id       waiting;   /* its id, once it is on record */
	int64_t              approval;  /* the row that lets it in; or 0 */
} pki_job;

void pki_job_clear(pki_job *job);

/*
 * Everything that is decided before a key is used, without the store: by
 * profile, request and time.  Profiles and authorities must be loaded.  Safe
 * in several threads on one handle, as pki_job_sign() is.
 */
pki_code pki_job_allow(const pki_ca *ca, const pki_issue_request *request,
    pki_job *job, pki_err *err);

/*
 * What the store says of it, before it is signed: an early look that protects
 * nothing; inside a transaction, it does.  Sets job->again, and whether it
 * waits for an operator.
 */
pki_code pki_job_look(pki_ca *ca, pki_job *job, pki_err *err);

/* Sign job->grant with signer.  Fills job->cert. */
pki_code pki_job_sign(const pki_ca *ca, pki_job *job, pki_signer *signer,
    pki_err *err);

/*
 * Write what was signed, inside a transaction: the new CA row (if any), the
 * identity, the key, the profile, the certificate and the audit row.  All
 * that can have changed since it was allowed is checked again here (G4).  What
 * waits for an operator gets a row that says so, and nothing else.
 */
pki_code pki_job_write(pki_ca *ca, pki_job *job, pki_err *err);

/*
 * The same in a transaction of its own.  When it fails, the certificate was
 * not issued: job->cert is freed.
 */
pki_code pki_job_record(pki_ca *ca, pki_job *job, pki_err *err);

/*
 * What the caller of an issue verb gets; takes job->cert.  PKI_PENDING, once
 * it was written that it waits.
 */
pki_code pki_job_deliver(pki_job *job, pki_issued **out, pki_err *err);

/*
 * pki_batch_open() with another way to sign than pki_job_sign(): so that a
 * benchmark can ask what the same store does behind it.
 */
typedef pki_code pki_batch_sign(const pki_ca *ca, pki_job *job,
    pki_signer *signer, pki_err *err);
pki_code pki_batch_open_signing(const pki_batch_options *options,
    pki_batch_sign *sign, pki_batch **out, pki_err *err);

#endif
