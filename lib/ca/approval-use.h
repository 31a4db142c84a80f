#ifndef PKI_CA_APPROVAL_USE_H
#define PKI_CA_APPROVAL_USE_H

/* Approvals in an issuance; the rules are in approval.h. */

#include "ca/job.h"

/*
 * What is on record of a request whose template wants an operator: sets
 * job->approval, or else job->waits and, when it is known, job->waiting.
 * PKI_DENIED: rule "approval-denied".
 */
pki_code pki_approval_look(pki_ca *ca, pki_job *job, pki_err *err);

/*
 * The same inside the transaction, with all of pki_job_look(); what waits is
 * put on record, and what was signed of it is dropped.  PKI_DENIED: rule
 * "approval-limit" too.
 */
pki_code pki_approval_settle(pki_ca *ca, pki_job *job, pki_err *err);

/* Issued: the approval is used up. */
pki_code pki_approval_use(pki_ca *ca, const pki_job *job, pki_err *err);

/* PKI_PENDING, with the id as its value. */
pki_code pki_approval_pending(const pki_job *job, pki_err *err);

#endif
