#include "ca/job.h"

#include <stdlib.h>

#include "base/text.h"
#include "ca/approval-use.h"
#include "ca/host-names.h"
#include "ca/record.h"
#include "ca/registry.h"
#include "ca/renewal.h"
#include "ca/rowhash.h"
#include "ca/sign.h"
#include "ca/succession.h"
#include "ca/token-key.h"
#include "ca/token-use.h"
#include "ca/withdraw.h"
#include "x509/pem.h"

void
pki_job_clear(pki_job *job)
{
	pki_grant_free(job->grant);
	pki_cert_free(job->cert);
	job->grant = NULL;
	job->cert = NULL;
}

/* Its CRL partition, and the URLs that go into the certificate. */
static pki_code
place(pki_job *job, pki_err *err)
{
	const pki_authority *authority = job->authority;
	bool partitioned = authority->crl_form == PKI_CRL_PARTITIONED;
	pki_code rc;

	job->partition = partitioned ?
	    authority->issued / authority->partition_size : 0;
	rc = pki_crl_url(authority, partitioned ? job->partition :
	    PKI_SCOPE_COMPLETE, job->crl_url, err);
	if (rc != PKI_OK)
		return rc;
	return pki_text_format(job->ca_url, sizeof(job->ca_url), err,
	    "%s/ca/%s.cer", authority->base_url, authority->name);
}

static pki_code
find_profile(const pki_ca *ca, const char *name, const pki_profile **out,
    pki_err *err)
{
	pki_code rc = pki_profiles_find(ca->profiles, name, out, err);

	if (rc == PKI_OK && (*out)->kind != PKI_PROFILE_END_ENTITY)
		rc = pki_refuse(err, PKI_DENIED, "profile-kind",
		    "a profile for end entities; CAs are made by init", "%s",
		    name);
	return rc;
}

static bool
is_ca_name(const void *arg, const char *name)
{
	const pki_ca *ca = arg;
	size_t i;

	for (i = 0; i < ca->count; i++)
		if (pki_text_equal_nocase(ca->authorities[i]->name, name))
			return true;
	return false;
}

/* Who asks, and is the key his? */
static pki_code
check_proofs(const pki_ca *ca, const pki_issue_request *request, pki_err *err)
{
	pki_code rc;

	if (request->evidence.kind == PKI_EVIDENCE_TOKEN) {
		if (request->purpose != PKI_ISSUE_FIRST)
			return pki_fail(err, PKI_USAGE,
			    "a token is for a first certificate");
		rc = pki_token_check_secret(ca, &request->evidence, err);
		if (rc != PKI_OK)
			return rc;
	}
	if (request->possession == PKI_POP_NONE)
		return pki_refuse(err, PKI_DENIED, "proof-of-possession",
		    "a request signed by its key", "no proof");
	return PKI_OK;
}

/* Whoever comes for the first time by a template that says so. */
static bool
wants_approval(const pki_job *job)
{
	return job->who->how == PKI_BY_EST && job->profile->est_approval != 0 &&
	    job->purpose != PKI_ISSUE_RENEW;
}

pki_code
pki_job_allow(const pki_ca *ca, const pki_issue_request *request,
    pki_job *job, pki_err *err)
{
	pki_policy_facts facts = {
		.profiles = ca->profiles, .now = pki_clock_now(ca->clock),
		.is_ca = is_ca_name, .cas = ca,
	};
	/* A credential's names are the measure of its renewal's. */
	bool follows = request->evidence.kind == PKI_EVIDENCE_CREDENTIAL;
	const pki_request asked = {
		.identity = request->identity, .key = request->key,
		.key_origin = request->possession == PKI_POP_GENERATED ?
		    PKI_ORIGIN_CA : PKI_ORIGIN_DEVICE,
		.subject = follows ? NULL : request->subject,
		.alt_names = request->alt_names,
		.key_usage = request->key_usage,
		.ext_usage = request->ext_usage, .requester = request->who.how,
		.validity = request->validity,
	};
	pki_code rc = check_proofs(ca, request, err);

	if (rc == PKI_OK)
		rc = find_profile(ca, request->profile, &job->profile, err);
	if (rc == PKI_OK)
		rc = pki_evidence_allow(job->profile, request, err);
	if (rc != PKI_OK)
		return rc;
	job->authority = pki_authority_find(ca, job->profile->ca);
	if (job->authority == NULL)
		return pki_refuse(err, PKI_NOT_FOUND, "ca",
		    "a profile of a CA that is here", "%s", job->profile->ca);
	rc = pki_authority_check_time(ca, job->authority, err);
	if (rc != PKI_OK)
		return rc;
	facts.issuer_not_before = pki_cert_not_before(job->authority->cert);
	facts.issuer_not_after = pki_cert_not_after(job->authority->cert);
	job->request = request;
	job->identity = request->identity;
	job->key = request->key;
	job->key_origin = asked.key_origin;
	job->who = &request->who;
	job->purpose = request->purpose;
	rc = pki_policy_check(job->profile, &asked, &facts, &job->grant, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "profile '%s'", request->profile);
	/* G26: the network is a door that anybody can knock at. */
	if (request->who.how == PKI_BY_EST &&
	    request->evidence.kind == PKI_EVIDENCE_NONE)
		return pki_refuse(err, PKI_DENIED, "evidence",
		    "a token, from whoever comes over the network", "none");
	job->manual = wants_approval(job);
	return place(job, err);
}

pki_code
pki_job_deliver(pki_job *job, pki_issued **out, pki_err *err)
{
	PKI_AUTO(pki_issued) issued = NULL;

	if (job->waits)
		return pki_approval_pending(job, err);
	issued = calloc(1, sizeof(*issued));
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
	issued->again = job->again;
	*out = PKI_TAKE(issued);
	return PKI_OK;
}

pki_code
pki_job_sign(const pki_ca *ca, pki_job *job, pki_signer *signer, pki_err *err)
{
	pki_authority *authority = job->authority;
	const pki_signing signing = {
		.signer = signer,
		.issuer = authority == NULL ? NULL : authority->cert,
		.templates = authority == NULL ? NULL : &authority->templates,
		.self_check = ca->config->self_check,
	};
	pki_tbs tbs = {
		.not_before = job->grant->not_before,
		.not_after = job->grant->not_after,
		.subject = job->grant->subject,
		.key = job->key,
		.is_ca = job->grant->is_ca,
		.path_len = job->grant->path_len,
		.key_usage = job->grant->key_usage,
		.ext_usage = job->grant->ext_usage,
		.alt_names = job->grant->alt_names,
		.crl_url = job->crl_url[0] == '\0' ? NULL : job->crl_url,
		.ca_url = job->ca_url[0] == '\0' ? NULL : job->ca_url,
		.ocsp_no_check = job->grant->ocsp_no_check,
	};
	pki_code rc;

	rc = pki_serial_new(job->epoch, pki_clock_now_ms(ca->clock),
	    &tbs.serial, err);
	if (rc != PKI_OK)
		return rc;
	return pki_sign_cert(&signing, &tbs, &job->cert, err);
}

static pki_code
claim_name(pki_ca *ca, const pki_job *job, int64_t *out_id, pki_err *err)
{
	pki_identity_row row = {
		.name = job->identity, .state = PKI_IDENTITY_LIVE,
		.created_at = pki_clock_now(ca->clock),
		/* A CA is no device. */
		.profile = job->request == NULL ? NULL : job->profile->name,
	};
	pki_code rc;

	if (pki_job_has_token(job))
		return pki_registry_activate(ca, job->identity,
		    job->profile->name, out_id, err);
	rc = pki_row_seal_identity(&row, err);
	if (rc == PKI_OK)
		rc = pki_store_claim_identity(ca->store, &row, err);
	if (rc == PKI_EXISTS)
		return pki_registry_activate(ca, job->identity,
		    job->profile->name, out_id, err);
	*out_id = row.id;
	return rc;
}

/* Take the name, or find who has it and, to replace, end what he holds. */
static pki_code
record_identity(pki_ca *ca, pki_job *job, int64_t *out_id, pki_err *err)
{
	pki_code rc;

	if (job->purpose == PKI_ISSUE_FIRST)
		return claim_name(ca, job, out_id, err);
	rc = pki_holder_find(ca, job->identity, out_id, err);
	if (rc == PKI_OK)
		rc = pki_succession_check(ca, job, *out_id, err);
	if (rc == PKI_OK && job->purpose == PKI_ISSUE_REPLACE)
		rc = pki_withdraw_superseded(ca, job->identity, job->who,
		    &job->replaced, err);
	return rc;
}

static pki_code
record_key(pki_ca *ca, const pki_job *job, int64_t identity_id,
    int64_t *out_id, pki_err *err)
{
	pki_pubkey_row row = {
		.digest = *pki_pubkey_digest(job->key),
		.identity_id = identity_id,
	};
	char text[PKI_DIGEST_TEXT];
	pki_code rc;

	rc = pki_row_seal_pubkey(&row, err);
	if (rc == PKI_OK)
		rc = pki_store_claim_pubkey(ca->store, &row, err);
	if (rc == PKI_EXISTS)
		return pki_refuse(err, PKI_DENIED, "key-in-use",
		    "a key that no other identity has used", "sha256:%.16s...",
		    pki_digest_format(&row.digest, text));
	if (rc == PKI_OK)
		rc = pki_row_verify_pubkey(&row, err);
	*out_id = row.id;
	return rc;
}

static pki_code
record_cert(pki_ca *ca, const pki_job *job, pki_cert_row *row, pki_err *err)
{
	pki_profile_row profile = {
		.name = job->profile->name, .digest = job->profile->digest,
		.text = pki_buf_bytes(job->profile->text),
	};
	pki_code rc;

	rc = pki_store_put_profile(ca->store, &profile, err);
	if (rc != PKI_OK)
		return rc;
	row->profile_id = profile.id;
	row->serial = *pki_cert_serial(job->cert);
	row->not_before = job->grant->not_before;
	row->not_after = job->grant->not_after;
	row->issued_at = pki_clock_now(ca->clock);
	row->key_origin = job->key_origin;
	row->partition = job->partition;
	row->status = PKI_CERT_GOOD;
	row->der = pki_cert_der(job->cert);
	row->identity = job->identity;
	row->profile = job->profile->name;
	row->profile_digest = job->profile->digest;
	row->pubkey_digest = *pki_pubkey_digest(job->key);
	rc = pki_row_seal_cert(row, err);
	if (rc == PKI_OK)
		rc = pki_store_put_cert(ca->store, row, err);
	if (rc == PKI_OK)
		rc = pki_host_names_record(ca, job->cert, row->identity_id,
		    err);
	return rc;
}

/* By what evidence, if any. */
static pki_audit_detail
describe_evidence(const pki_job *job, char serial[PKI_SERIAL_TEXT])
{
	const pki_credential *credential = pki_job_credential(job);

	if (pki_job_has_token(job))
		return (pki_audit_detail){ .key = "token",
		    .text = job->request->evidence.token };
	if (credential == NULL)
		return (pki_audit_detail){ .key = NULL };
	return (pki_audit_detail){ .key = "follows",
	    .text = pki_serial_format(pki_cert_serial(credential->cert),
	    serial) };
}

static pki_code
record_audit(pki_ca *ca, const pki_job *job, const pki_cert_row *row,
    pki_err *err)
{
	static const char *const origins[] = {
		[PKI_ORIGIN_DEVICE] = "device", [PKI_ORIGIN_CA] = "ca",
	};
	char follows[PKI_SERIAL_TEXT];
	const pki_audit_detail details[] = {
		{ .key = "profile", .text = job->profile->name },
		{ .key = "key-origin", .text = origins[job->key_origin] },
		describe_evidence(job, follows),
		{ .key = NULL },
	};
	const pki_audit_event event = {
		.action = PKI_AUDIT_ISSUE, .who = job->who, .ca = row->ca,
		.name = job->identity, .serial = &row->serial,
		.at = row->issued_at, .details = details,
	};

	return pki_audit_append(ca, &event, err);
}

pki_code
pki_job_write(pki_ca *ca, pki_job *job, pki_err *err)
{
	pki_cert_row row = { 0 };
	pki_code rc;

	rc = pki_ca_check_clock(ca, err);
	if (rc == PKI_OK && job->authority != NULL)
		rc = pki_authority_check(ca, job->authority, err);
	if (rc == PKI_OK)
		rc = pki_ca_raise_floor(ca, 0, err);
	if (rc == PKI_OK && job->new_ca != NULL) {
		job->new_ca->der = pki_cert_der(job->cert);
		rc = pki_row_seal_ca(job->new_ca, err);
		if (rc == PKI_OK)
			rc = pki_store_put_ca(ca->store, job->new_ca, err);
	}
	if (rc == PKI_OK && job->manual)
		rc = pki_approval_settle(ca, job, err);
	if (rc == PKI_OK && !job->waits && !job->again &&
	    pki_job_has_token(job))
		rc = pki_token_bind(ca, job, err);
	if (rc == PKI_OK && pki_job_credential(job) != NULL)
		rc = pki_renewal_check(ca, job, err);
	if (job->again || job->waits)
		return rc;
	if (rc == PKI_OK)
		rc = record_identity(ca, job, &row.identity_id, err);
	if (rc == PKI_OK)
		rc = pki_host_names_check(ca, job, err);
	if (rc == PKI_OK)
		rc = record_key(ca, job, row.identity_id, &row.pubkey_id, err);
	if (rc == PKI_OK && pki_job_credential(job) != NULL)
		rc = pki_renewal_repeat(ca, job, err);
	if (rc != PKI_OK || job->again)
		return rc;
	row.ca_id = job->authority != NULL ? job->authority->id :
	    job->new_ca->id;
	row.ca = job->authority != NULL ? job->authority->name :
	    job->new_ca->name;
	rc = record_cert(ca, job, &row, err);
	if (rc == PKI_OK)
		rc = record_audit(ca, job, &row, err);
	if (rc == PKI_OK && job->approval != 0)
		rc = pki_approval_use(ca, job, err);
	return rc;
}

pki_code
pki_job_record(pki_ca *ca, pki_job *job, pki_err *err)
{
	pki_code rc = pki_store_begin(ca->store, err);

	if (rc == PKI_OK)
		rc = pki_ca_refresh(ca, err);
	if (rc == PKI_OK)
		rc = pki_job_write(ca, job, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc == PKI_OK)
		return PKI_OK;
	pki_store_rollback(ca->store);
	pki_cert_free(job->cert);
	job->cert = NULL;
	return rc;
}
