#include "ca/issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ca/approval-use.h"
#include "ca/host-names.h"
#include "ca/job.h"
#include "ca/registry.h"
#include "ca/renewal.h"
#include "ca/rowhash.h"
#include "ca/succession.h"
#include "ca/token-key.h"
#include "ca/token-use.h"

void
pki_issued_free(pki_issued *issued)
{
	if (issued == NULL)
		return;
	pki_cert_free(issued->cert);
	pki_buf_free(issued->chain);
	free(issued);
}

void
pki_issue_plan_free(pki_issue_plan *plan)
{
	if (plan == NULL)
		return;
	pki_grant_free(plan->grant);
	free(plan);
}

pki_code
pki_issue_request_from_csr(const pki_csr *csr, pki_issue_request *request,
    pki_err *err)
{
	const pki_name *subject = pki_csr_subject(csr);
	const char *name = pki_name_common_name(subject);

	if (request->identity == NULL && name == NULL)
		return pki_refuse(err, PKI_DENIED, "subject",
		    "exactly one common name, or a name given beside the "
		    "request", "%s", pki_name_count(subject) == 0 ?
		    "an empty subject" : "no or several common names");
	if (request->identity == NULL)
		request->identity = name;
	request->key = pki_csr_key(csr);
	request->possession = PKI_POP_SIGNATURE;
	request->subject = pki_name_count(subject) == 0 ? NULL : subject;
	request->alt_names = pki_csr_alt_names(csr);
	request->key_usage = pki_csr_key_usage(csr);
	request->ext_usage = pki_csr_ext_usage(csr);
	request->evidence.link = pki_csr_check_links(csr,
	    &request->evidence.binding);
	return PKI_OK;
}

/* The store's side of it: what must be known before pki_job_allow(). */
static pki_code
prepare(pki_ca *ca, const pki_evidence *evidence, pki_job *job, pki_err *err)
{
	const pki_profiles *profiles;
	pki_floor floor = { 0 };
	pki_code rc;

	rc = pki_ca_refresh(ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_check_log(ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_check_clock(ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_floor(ca, &floor, err);
	if (rc == PKI_OK)
		rc = pki_authorities_load(ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_profiles(ca, &profiles, err);
	if (rc == PKI_OK && evidence->kind == PKI_EVIDENCE_TOKEN)
		rc = pki_token_key_load(ca, err);
	job->epoch = floor.epoch;
	return rc == PKI_OK ? pki_authorities_count(ca, err) : rc;
}

static pki_code
decide(pki_ca *ca, const pki_issue_request *request, pki_job *job,
    pki_err *err)
{
	pki_code rc;

	rc = prepare(ca, &request->evidence, job, err);
	if (rc == PKI_OK)
		rc = pki_job_allow(ca, request, job, err);
	return rc == PKI_OK ? pki_authority_check(ca, job->authority, err) :
	    rc;
}

struct holder {
	char name[PKI_IDENTITY_MAX + 1];
};

static pki_code
note_holder(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct holder *holder = arg;

	(void)err;
	snprintf(holder->name, sizeof(holder->name), "%s", row->identity);
	return PKI_OK;
}

/* Which key, and who had it: a copied key is found in two devices. */
static pki_code
refuse_blocked(pki_ca *ca, const pki_pubkey_row *key, pki_err *err)
{
	const pki_cert_filter filter = { .pubkey = &key->digest };
	struct holder holder = { "somebody unknown" };
	char text[PKI_DIGEST_TEXT], accepts[192];
	pki_code rc;

	rc = pki_store_each_cert(ca->store, &filter, note_holder, &holder,
	    err);
	if (rc != PKI_OK)
		return rc;
	rc = pki_text_format(accepts, sizeof(accepts), err, "a new key; this "
	    "one was revoked as compromised in the hands of '%s'",
	    holder.name);
	return rc != PKI_OK ? rc : pki_refuse(err, PKI_DENIED, "key-blocked",
	    accepts, "public key %s", pki_digest_format(&key->digest, text));
}

static pki_code
look_at_key(pki_ca *ca, pki_job *job, int64_t holder_id, pki_err *err)
{
	pki_pubkey_row key;
	pki_code rc;

	rc = pki_store_get_pubkey(ca->store, pki_pubkey_digest(job->key), &key,
	    err);
	if (rc == PKI_NOT_FOUND)
		return PKI_OK;
	if (rc == PKI_OK)
		rc = pki_row_verify_pubkey(&key, err);
	if (rc == PKI_OK && key.blocked_at != 0)
		rc = refuse_blocked(ca, &key, err);
	if (rc == PKI_OK && key.identity_id != holder_id)
		rc = pki_refuse(err, PKI_DENIED, "key-in-use",
		    "a key that no other identity has used",
		    "the key of another identity");
	if (rc == PKI_OK && pki_job_credential(job) != NULL)
		rc = pki_renewal_repeat(ca, job, err);
	return rc;
}

/*
 * An early look at what the transaction decides by constraint later: it
 * spares a signature and serves the dry run, and protects nothing.
 */
static pki_code
look_ahead(pki_ca *ca, pki_job *job, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row holder = { 0 };
	pki_code rc;

	rc = pki_job_has_token(job) ? pki_token_look(ca, job, err) :
	    pki_job_credential(job) != NULL ?
	    pki_renewal_check(ca, job, err) : PKI_OK;
	if (rc != PKI_OK || job->again)
		return rc;
	rc = pki_store_get_identity(ca->store, job->identity, &holder, hold,
	    err);
	if (rc == PKI_OK)
		rc = pki_row_verify_identity(&holder, err);
	if (rc == PKI_OK && holder.state == PKI_IDENTITY_RETIRED)
		rc = PKI_NOT_FOUND;             /* the name is free again */
	if (rc == PKI_OK && holder.state == PKI_IDENTITY_HELD)
		return pki_refuse(err, PKI_DENIED, "identity-state",
		    "an identity that is neither held nor retired", "%s",
		    job->identity);
	if (rc == PKI_OK && job->purpose == PKI_ISSUE_FIRST)
		rc = pki_registry_may_activate(&holder, job->identity,
		    job->profile->name, err);
	if (job->purpose != PKI_ISSUE_FIRST && (rc == PKI_NOT_FOUND ||
	    (rc == PKI_OK && strcmp(holder.name, job->identity) != 0)))
		return pki_refuse(err, PKI_DENIED, "identity-unknown",
		    "a name on record, in its own case of letters", "%s",
		    job->identity);
	if (rc != PKI_OK && rc != PKI_NOT_FOUND)
		return rc;
	rc = pki_succession_check(ca, job, holder.id, err);
	if (rc == PKI_OK)
		rc = pki_host_names_check(ca, job, err);
	if (rc != PKI_OK)
		return rc;
	return look_at_key(ca, job, holder.id, err);
}

pki_code
pki_job_look(pki_ca *ca, pki_job *job, pki_err *err)
{
	pki_code rc = look_ahead(ca, job, err);

	return rc == PKI_OK && job->manual && !job->again ?
	    pki_approval_look(ca, job, err) : rc;
}

static pki_code
issue(pki_ca *ca, const pki_issue_request *request, pki_job *job,
    pki_issued **out, pki_err *err)
{
	pki_code rc;

	rc = decide(ca, request, job, err);
	if (rc == PKI_OK)
		rc = pki_job_look(ca, job, err);
	if (rc == PKI_OK && job->again)
		return pki_job_deliver(job, out, err);
	if (rc == PKI_OK && !job->waits)
		rc = pki_authority_signer(ca, job->authority, err);
	if (rc == PKI_OK && !job->waits)
		rc = pki_job_sign(ca, job, job->authority->signer, err);
	if (rc == PKI_OK)
		rc = pki_job_record(ca, job, err);
	if (rc == PKI_OK)
		rc = pki_job_deliver(job, out, err);
	return rc;
}

pki_code
pki_ca_issue(pki_ca *ca, const pki_issue_request *request, pki_issued **out,
    pki_err *err)
{
	pki_job job = { 0 };
	pki_code rc = issue(ca, request, &job, out, err);

	pki_job_clear(&job);
	return rc;
}

pki_code
pki_ca_issue_check(pki_ca *ca, const pki_issue_request *request,
    pki_issue_plan **out, pki_err *err)
{
	PKI_AUTO(pki_issue_plan) plan = calloc(1, sizeof(*plan));
	pki_job job = { 0 };
	pki_code rc;

	if (plan == NULL)
		return pki_fail_memory(err);
	rc = decide(ca, request, &job, err);
	if (rc == PKI_OK)
		rc = pki_job_look(ca, &job, err);
	if (rc == PKI_OK && job.waits)
		rc = pki_approval_pending(&job, err);
	if (rc == PKI_OK) {
		plan->grant = PKI_TAKE(job.grant);
		plan->ca = job.authority->name;
		*out = PKI_TAKE(plan);
	}
	pki_job_clear(&job);
	return rc;
}
