#ifndef PKI_CA_RENEWAL_H
#define PKI_CA_RENEWAL_H

/* Renewals over the network, proved by the certificate before. */

#include "ca/job.h"

static inline const pki_credential *
pki_job_credential(const pki_job *job)
{
	return job->request == NULL || job->request->evidence.kind !=
	    PKI_EVIDENCE_CREDENTIAL ? NULL : job->request->evidence.credential;
}

/*
 * Without the store: is there evidence where it must be; are the names and
 * the key of a renewal such as the credential and the profile want them; is
 * the request bound to its connection as the profile wants it?  PKI_DENIED,
 * by the rules "evidence", "linking", "profile-change", "renew-subject",
 * "renew-alt-names", "renew-key"; PKI_USAGE.
 */
pki_code pki_evidence_allow(const pki_profile *profile,
    const pki_issue_request *request, pki_err *err);

/*
 * Is the credential still good, by what is on record now?  The rules of
 * pki_ca_check_credential().  Inside the issuing transaction before anything
 * is claimed; before it, it spares a signature.
 */
pki_code pki_renewal_check(pki_ca *ca, const pki_job *job, pki_err *err);

/*
 * Has this key got a certificate in the place of the credential a moment ago,
 * whose reply may have been lost?  Then job gets that and job->again (G24).
 */
pki_code pki_renewal_repeat(pki_ca *ca, pki_job *job, pki_err *err);

#endif
