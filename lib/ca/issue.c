#include "ca/issue.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ca/job.h"
#include "ca/rowhash.h"
#include "x509/pem.h"

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
	return PKI_OK;
}

/* Everything that is decided before a key is used.  Fills the job. */
static pki_code
decide(pki_ca *ca, const pki_issue_request *request, pki_job *job,
    pki_err *err)
{
	pki_policy_facts facts = { .now = pki_clock_now(ca->clock) };
	pki_request asked = {
		.identity = request->identity, .key = request->key,
		.key_origin = request->possession == PKI_POP_GENERATED ?
		    PKI_ORIGIN_CA : PKI_ORIGIN_DEVICE,
		.subject = request->subject, .alt_names = request->alt_names,
		.key_usage = request->key_usage,
		.ext_usage = request->ext_usage,
		.requester = request->who.how, .validity = request->validity,
	};
	pki_code rc;

	if (request->possession == PKI_POP_NONE)
		return pki_refuse(err, PKI_DENIED, "proof-of-possession",
		    "a request signed by its key", "no proof");
	rc = pki_ca_check_clock(ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_profiles(ca, &facts.profiles, err);
	if (rc == PKI_OK)
		rc = pki_profiles_find(facts.profiles, request->profile,
		    &job->profile, err);
	if (rc == PKI_OK && job->profile->kind != PKI_PROFILE_END_ENTITY)
		rc = pki_refuse(err, PKI_DENIED, "profile-kind",
		    "a profile for end entities; CAs are made by init", "%s",
		    request->profile);
	if (rc == PKI_OK)
		rc = pki_authority_get(ca, job->profile->ca, &job->authority,
		    err);
	if (rc == PKI_OK)
		rc = pki_authority_check(ca, job->authority, err);
	if (rc != PKI_OK)
		return rc;
	facts.issuer_not_before = pki_cert_not_before(job->authority->cert);
	facts.issuer_not_after = pki_cert_not_after(job->authority->cert);
	job->identity = request->identity;
	job->key = request->key;
	job->key_origin = asked.key_origin;
	job->who = &request->who;
	job->replace = request->replace;
	rc = pki_policy_check(job->profile, &asked, &facts, &job->grant, err);
	return rc == PKI_OK ? PKI_OK :
	    pki_wrap(err, rc, "profile '%s'", request->profile);
}

/*
 * An early look at what the transaction decides by constraint later: it
 * spares a signature and serves the dry run, and protects nothing.
 */
static pki_code
look_ahead(pki_ca *ca, const pki_job *job, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row holder = { 0 };
	pki_pubkey_row key;
	pki_code rc;

	rc = pki_store_get_identity(ca->store, job->identity, &holder, hold,
	    err);
	if (rc == PKI_OK && holder.state == PKI_IDENTITY_RETIRED)
		rc = PKI_NOT_FOUND;             /* the name is free again */
	if (rc == PKI_OK && holder.state == PKI_IDENTITY_HELD)
		return pki_refuse(err, PKI_DENIED, "identity-state",
		    "an identity that is neither held nor retired", "%s",
		    job->identity);
	if (rc == PKI_OK && !job->replace)
		return pki_refuse(err, PKI_DENIED, "identity-taken",
		    "a name that no live device has in any case of letters, "
		    "or --replace", "%s", job->identity);
	if (job->replace && (rc == PKI_NOT_FOUND ||
	    (rc == PKI_OK && strcmp(holder.name, job->identity) != 0)))
		return pki_refuse(err, PKI_DENIED, "identity-unknown",
		    "a name on record, in its own case of letters, to "
		    "replace", "%s", job->identity);
	if (rc != PKI_OK && rc != PKI_NOT_FOUND)
		return rc;
	rc = pki_store_get_pubkey(ca->store, pki_pubkey_digest(job->key), &key,
	    err);
	if (rc == PKI_NOT_FOUND)
		return PKI_OK;
	if (rc == PKI_OK)
		rc = pki_row_verify_pubkey(&key, err);
	if (rc == PKI_OK && key.blocked_at != 0)
		rc = pki_refuse(err, PKI_DENIED, "key-blocked",
		    "a key that was never compromised", "a blocked key");
	if (rc == PKI_OK && key.identity_id != holder.id)
		rc = pki_refuse(err, PKI_DENIED, "key-in-use",
		    "a key that no other identity has used",
		    "the key of another identity");
	return rc;
}

/* The URLs that go into the certificate, and its CRL partition. */
struct urls {
	char crl[PKI_URL_MAX], ca[PKI_URL_MAX];
};

static pki_code
place(pki_ca *ca, pki_job *job, struct urls *urls, pki_err *err)
{
	const pki_authority *authority = job->authority;
	bool partitioned = authority->crl_form == PKI_CRL_PARTITIONED;
	int64_t issued = 0;
	pki_code rc;

	rc = pki_store_count_certs(ca->store, authority->id, &issued, err);
	if (rc != PKI_OK)
		return rc;
	job->partition = partitioned ? issued / authority->partition_size : 0;
	rc = pki_crl_url(authority, partitioned ? job->partition :
	    PKI_SCOPE_COMPLETE, urls->crl, err);
	if (rc == PKI_OK)
		rc = pki_text_format(urls->ca, sizeof(urls->ca), err,
		    "%s/ca/%s.cer", authority->base_url, authority->name);
	job->crl_url = urls->crl;
	job->ca_url = urls->ca;
	return rc;
}

static pki_code
deliver(pki_job *job, pki_issued **out, pki_err *err)
{
	PKI_AUTO(pki_issued) issued = calloc(1, sizeof(*issued));

	if (issued == NULL || (issued->chain = pki_buf_new()) == NULL)
		return pki_fail_memory(err);
	pki_pem_add(issued->chain, PKI_PEM_CERT, pki_cert_der(job->cert));
	pki_pem_add(issued->chain, PKI_PEM_CERT,
	    pki_cert_der(job->authority->cert));
	if (pki_buf_check(issued->chain, err) != PKI_OK)
		return PKI_NO_MEMORY;
	issued->cert = PKI_TAKE(job->cert);
	issued->ca = job->authority->name;
	issued->replaced = job->replaced;
	*out = PKI_TAKE(issued);
	return PKI_OK;
}

static pki_code
issue(pki_ca *ca, const pki_issue_request *request, pki_job *job,
    pki_issued **out, pki_err *err)
{
	struct urls urls;
	pki_code rc;

	rc = decide(ca, request, job, err);
	if (rc == PKI_OK)
		rc = look_ahead(ca, job, err);
	if (rc == PKI_OK)
		rc = pki_authority_signer(ca, job->authority, err);
	if (rc == PKI_OK)
		rc = place(ca, job, &urls, err);
	if (rc == PKI_OK)
		rc = pki_job_sign(ca, job, job->authority->signer, err);
	if (rc == PKI_OK)
		rc = pki_job_record(ca, job, err);
	if (rc == PKI_OK)
		rc = deliver(job, out, err);
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
		rc = look_ahead(ca, &job, err);
	if (rc == PKI_OK) {
		plan->grant = PKI_TAKE(job.grant);
		plan->ca = job.authority->name;
		*out = PKI_TAKE(plan);
	}
	pki_job_clear(&job);
	return rc;
}
