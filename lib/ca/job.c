#include "ca/job.h"

#include <inttypes.h>

#include "ca/record.h"
#include "ca/rowhash.h"
#include "ca/sign.h"
#include "ca/withdraw.h"

void
pki_job_clear(pki_job *job)
{
	pki_grant_free(job->grant);
	pki_cert_free(job->cert);
	job->grant = NULL;
	job->cert = NULL;
}

static pki_code
new_serial(pki_ca *ca, pki_serial *out, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_floor floor;
	pki_code rc = pki_ca_path(ca, path, err, "floor");

	if (rc == PKI_OK)
		rc = pki_floor_read(path, &floor, err);
	if (rc == PKI_OK)
		rc = pki_serial_new(floor.epoch, pki_clock_now_ms(ca->clock),
		    out, err);
	return rc;
}

pki_code
pki_job_sign(pki_ca *ca, pki_job *job, pki_signer *signer, pki_err *err)
{
	const pki_cert *issuer = job->authority == NULL ? NULL :
	    job->authority->cert;
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
		.crl_url = job->crl_url,
		.ca_url = job->ca_url,
		.ocsp_no_check = job->grant->ocsp_no_check,
	};
	pki_code rc = new_serial(ca, &tbs.serial, err);

	if (rc != PKI_OK)
		return rc;
	return pki_sign_cert(signer, issuer, &tbs, ca->config->self_check,
	    &job->cert, err);
}

/* Take the name, or with replace find who has it and end what he holds. */
static pki_code
record_identity(pki_ca *ca, pki_job *job, int64_t *out_id, pki_err *err)
{
	pki_identity_row row = {
		.name = job->identity, .state = PKI_IDENTITY_LIVE,
		.created_at = pki_clock_now(ca->clock),
	};
	pki_code rc;

	rc = pki_row_seal_identity(&row, err);
	if (rc == PKI_OK && job->replace) {
		rc = pki_withdraw_superseded(ca, job->identity, job->who,
		    out_id, &job->replaced, err);
		return rc;
	}
	if (rc == PKI_OK)
		rc = pki_store_claim_identity(ca->store, &row, err);
	if (rc == PKI_EXISTS)
		return pki_refuse(err, PKI_DENIED, "identity-taken",
		    "a name that no live device has in any case of letters, "
		    "or --replace", "%s", job->identity);
	*out_id = row.id;
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
	return rc;
}

static pki_code
record_audit(pki_ca *ca, const pki_job *job, const pki_cert_row *row,
    pki_err *err)
{
	static const char *const origins[] = {
		[PKI_ORIGIN_DEVICE] = "device", [PKI_ORIGIN_CA] = "ca",
	};
	const pki_audit_detail details[] = {
		{ .key = "profile", .text = job->profile->name },
		{ .key = "key-origin", .text = origins[job->key_origin] },
		{ .key = NULL },
	};
	const pki_audit_event event = {
		.action = PKI_AUDIT_ISSUE, .who = job->who, .ca = row->ca,
		.name = job->identity, .serial = &row->serial,
		.at = row->issued_at, .details = details,
	};

	return pki_audit_append(ca, &event, err);
}

/* Inside the transaction. */
static pki_code
record_all(pki_ca *ca, pki_job *job, pki_err *err)
{
	pki_cert_row row = { 0 };
	char path[PKI_PATH_MAX];
	pki_code rc = PKI_OK;

	if (job->authority != NULL)
		rc = pki_authority_check(ca, job->authority, err);
	if (rc == PKI_OK)
		rc = pki_ca_path(ca, path, err, "floor");
	if (rc == PKI_OK)
		rc = pki_floor_raise(path, pki_clock_now(ca->clock), 0, err);
	if (rc == PKI_OK && job->new_ca != NULL) {
		job->new_ca->der = pki_cert_der(job->cert);
		rc = pki_row_seal_ca(job->new_ca, err);
		if (rc == PKI_OK)
			rc = pki_store_put_ca(ca->store, job->new_ca, err);
	}
	if (rc == PKI_OK)
		rc = record_identity(ca, job, &row.identity_id, err);
	if (rc == PKI_OK)
		rc = record_key(ca, job, row.identity_id, &row.pubkey_id, err);
	if (rc != PKI_OK)
		return rc;
	row.ca_id = job->authority != NULL ? job->authority->id :
	    job->new_ca->id;
	row.ca = job->authority != NULL ? job->authority->name :
	    job->new_ca->name;
	rc = record_cert(ca, job, &row, err);
	if (rc == PKI_OK)
		rc = record_audit(ca, job, &row, err);
	return rc;
}

pki_code
pki_job_record(pki_ca *ca, pki_job *job, pki_err *err)
{
	pki_code rc = pki_store_begin(ca->store, err);

	if (rc == PKI_OK)
		rc = record_all(ca, job, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc == PKI_OK)
		return PKI_OK;
	pki_store_rollback(ca->store);
	pki_cert_free(job->cert);
	job->cert = NULL;
	return rc;
}
