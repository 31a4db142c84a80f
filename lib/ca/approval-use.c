#include "ca/approval-use.h"

#include <stdio.h>
#include <string.h>

#include "base/base32.h"
#include "base/text.h"
#include "ca/rowhash.h"
#include "x509/digest.h"

#define NAMES_ROOM 1024

/* What is on record of one device, as far as it matters to one request. */
struct record {
	const pki_job *job;
	int64_t        device_id;
	int64_t        now;
	pki_digest     names;

	/* Of the job's key; id 0: there is none. */
	bool           denied;
	int64_t        approved;        /* for these names, and not over */
	pki_request_id approved_name;
	int64_t        waiting;         /* at most one does */
	bool           waits_same;      /* ... for these names, not over */
	pki_request_id name;            /* of the one denied, or waiting */

	/* Of all of the device's keys. */
	size_t         waiting_count;
	int64_t        spare;           /* a row that waits no more, or 0 */
};

static pki_code
note_own(struct record *record, const pki_approval_row *row, bool counts,
    pki_err *err)
{
	pki_request_id *name = &record->name;

	switch (row->state) {
	case PKI_APPROVAL_DENIED:
		record->denied = true;
		break;
	case PKI_APPROVAL_WAITING:
		record->waiting = row->id;
		record->waits_same = counts;
		if (record->denied)
			return PKI_OK;
		break;
	case PKI_APPROVAL_APPROVED:
		if (!counts)
			return PKI_OK;
		record->approved = row->id;
		name = &record->approved_name;
		break;
	default:
		return PKI_OK;
	}
	return pki_text_format(name->text, sizeof(name->text), err, "%s",
	    row->name);
}

static pki_code
note_row(const pki_approval_row *row, void *arg, pki_err *err)
{
	struct record *record = arg;
	bool over = pki_approval_is_over(row, record->now);
	bool same = pki_digest_equal(&row->names_digest, &record->names) &&
	    strcmp(row->profile, record->job->profile->name) == 0;
	pki_code rc;

	/* A namesake that was retired is none of it. */
	if (row->identity_id != record->device_id)
		return PKI_OK;
	rc = pki_row_verify_approval(row, err);
	if (rc != PKI_OK)
		return rc;
	if (row->state == PKI_APPROVAL_WAITING && over)
		record->spare = row->id;
	else if (row->state == PKI_APPROVAL_WAITING)
		record->waiting_count++;
	return pki_digest_equal(&row->key,
	    pki_pubkey_digest(record->job->key)) ?
	    note_own(record, row, same && !over, err) : PKI_OK;
}

/* The names that the certificate would have. */
static pki_code
digest_names(const pki_grant *grant, pki_digest *out, pki_err *err)
{
	PKI_AUTO(pki_buf) names = pki_buf_new();
	pki_code rc = PKI_OK;

	pki_buf_add(names, pki_name_der(grant->subject));
	if (pki_altnames_count(grant->alt_names) != 0)
		rc = pki_altnames_encode(grant->alt_names, names, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(names, err);
	return rc == PKI_OK ? pki_digest_of(pki_buf_bytes(names), out, err) :
	    rc;
}

static pki_code
read_record(pki_ca *ca, const pki_job *job, struct record *out, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row device;
	pki_code rc = pki_store_get_identity(ca->store, job->identity, &device,
	    hold, err);

	*out = (struct record){
		.job = job, .now = pki_clock_now(ca->clock),
	};
	if (rc != PKI_OK)
		return rc;
	out->device_id = device.id;
	rc = digest_names(job->grant, &out->names, err);
	return rc == PKI_OK ? pki_store_each_approval(ca->store, job->identity,
	    0, note_row, out, err) : rc;
}

static pki_code
judge(pki_job *job, const struct record *record, pki_err *err)
{
	if (record->denied)
		return pki_refuse(err, PKI_DENIED, "approval-denied",
		    "a key that no operator has denied, or his approval of "
		    "this request", "%s", record->name.text);
	job->approval = record->approved;
	job->waits = job->approval == 0;
	if (!job->waits)
		job->waiting = record->approved_name;
	else if (record->waits_same)
		job->waiting = record->name;
	else
		job->waiting = (pki_request_id){ "" };
	return PKI_OK;
}

pki_code
pki_approval_look(pki_ca *ca, pki_job *job, pki_err *err)
{
	struct record record;
	pki_code rc = read_record(ca, job, &record, err);

	return rc == PKI_OK ? judge(job, &record, err) : rc;
}

/* For an operator's eyes; the digest is what counts. */
static pki_code
print_names(const pki_grant *grant, char out[NAMES_ROOM], pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_code rc;

	pki_name_print(grant->subject, text);
	if (pki_altnames_count(grant->alt_names) != 0) {
		pki_buf_add_text(text, "; ");
		pki_altnames_print(grant->alt_names, text);
	}
	rc = pki_buf_check(text, err);
	if (rc == PKI_OK)
		pki_text_escape(pki_buf_bytes(text), out, NAMES_ROOM);
	return rc;
}

static pki_code
make_id(pki_request_id *out, pki_err *err)
{
	uint8_t octets[8];
	pki_code rc = pki_random(octets, sizeof(octets), err);

	if (rc == PKI_OK)
		pki_base32_format(pki_bytes_of(octets, sizeof(octets)),
		    PKI_REQUEST_ID_LEN, out->text);
	return rc;
}

/* A new row, or in the place of one that nobody waits for. */
static pki_code
write_row(pki_ca *ca, pki_job *job, const struct record *record, int64_t place,
    pki_err *err)
{
	char names[NAMES_ROOM];
	pki_approval_row row = {
		.id = place, .name = job->waiting.text,
		.identity_id = record->device_id, .identity = job->identity,
		.profile = job->profile->name,
		.key = *pki_pubkey_digest(job->key), .names = names,
		.names_digest = record->names, .requested_at = record->now,
		.state = PKI_APPROVAL_WAITING, .decided_by = "",
	};
	pki_code rc = make_id(&job->waiting, err);

	if (rc == PKI_OK)
		rc = print_names(job->grant, names, err);
	if (rc == PKI_OK)
		rc = pki_row_seal_approval(&row, err);
	if (rc != PKI_OK)
		return rc;
	return place == 0 ? pki_store_put_approval(ca->store, &row, err) :
	    pki_store_update_approval(ca->store, &row, err);
}

static pki_code
put_on_record(pki_ca *ca, pki_job *job, pki_err *err)
{
	struct record record;
	int64_t place;
	pki_code rc = read_record(ca, job, &record, err);

	if (rc != PKI_OK)
		return rc;
	place = record.waiting != 0 ? record.waiting : record.spare;
	if (place == 0 && record.waiting_count >= PKI_APPROVAL_WAITING_MAX)
		return pki_refuse(err, PKI_DENIED, "approval-limit",
		    "a device of which fewer keys wait for approval", "%zu",
		    record.waiting_count);
	return write_row(ca, job, &record, place, err);
}

pki_code
pki_approval_settle(pki_ca *ca, pki_job *job, pki_err *err)
{
	pki_code rc = pki_job_look(ca, job, err);

	/* Let in before: a batch did not know, and took it for one to wait. */
	if (rc == PKI_OK && job->again)
		job->waits = false;
	if (rc != PKI_OK || job->again)
		return rc;
	if (job->approval != 0) {
		/* Approved a moment ago, and not signed: it comes again. */
		job->waits = job->cert == NULL;
		return PKI_OK;
	}
	pki_cert_free(job->cert);
	job->cert = NULL;
	return job->waiting.text[0] != '\0' ? PKI_OK :
	    put_on_record(ca, job, err);
}

struct used {
	pki_ca  *ca;
	int64_t  id;
};

static pki_code
use_row(const pki_approval_row *row, void *arg, pki_err *err)
{
	const struct used *used = arg;
	pki_approval_row changed = *row;
	pki_code rc;

	if (row->id != used->id)
		return PKI_OK;
	changed.state = PKI_APPROVAL_USED;
	rc = pki_row_seal_approval(&changed, err);
	return rc == PKI_OK ?
	    pki_store_update_approval(used->ca->store, &changed, err) : rc;
}

pki_code
pki_approval_use(pki_ca *ca, const pki_job *job, pki_err *err)
{
	struct used used = { ca, job->approval };

	return pki_store_each_approval(ca->store, job->identity,
	    job->approval - 1, use_row, &used, err);
}

pki_code
pki_approval_pending(const pki_job *job, pki_err *err)
{
	return pki_refuse(err, PKI_PENDING, "approval",
	    "an operator's approval ('pki-ctl device approve')", "%s",
	    job->waiting.text);
}
