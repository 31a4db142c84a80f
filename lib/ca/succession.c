#include "ca/succession.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ca/find.h"
#include "ca/renewal.h"
#include "ca/rowhash.h"
#include "ca/withdraw.h"

static pki_code
refuse_change(const pki_job *job, const char *before, pki_err *err)
{
	return pki_refuse(err, PKI_DENIED, "profile-change",
	    job->purpose == PKI_ISSUE_REPLACE ? "the profile that it has, or "
	    "--change-profile" : "the profile that it has",
	    "%s to %s", before, job->profile->name);
}

struct line {
	int64_t identity_id;
	char    last[PKI_PROFILE_NAME_MAX + 1];         /* profile */
};

static pki_code
note_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct line *line = arg;
	pki_code rc = pki_row_verify_cert(row, err);

	if (rc == PKI_OK)
		rc = pki_withdraw_spare_ca(row, err);
	/* A namesake before it was somebody else. */
	if (rc == PKI_OK && row->identity_id == line->identity_id)
		rc = pki_text_format(line->last, sizeof(line->last), err, "%s",
		    row->profile);
	return rc;
}

static pki_code
check_replacement(pki_ca *ca, const pki_job *job, int64_t identity_id,
    pki_err *err)
{
	const pki_cert_filter filter = { .identity = job->identity };
	struct line line = { .identity_id = identity_id };
	pki_code rc = pki_store_each_cert(ca->store, &filter, note_row, &line,
	    err);

	if (rc != PKI_OK || line.last[0] == '\0' ||
	    job->request->change_profile ||
	    strcmp(line.last, job->profile->name) == 0)
		return rc;
	return refuse_change(job, line.last, err);
}

/* The first name of a that b lacks; NULL: none. */
static const pki_altname *
find_missing(const pki_altnames *a, const pki_altnames *b)
{
	size_t i;

	for (i = 0; i < pki_altnames_count(a); i++)
		if (!pki_altnames_has(b, pki_altnames_at(a, i)))
			return pki_altnames_at(a, i);
	return NULL;
}

/* No name more than before was asked for, and none less is granted. */
static pki_code
check_names(const pki_job *job, const pki_altnames *before, pki_err *err)
{
	const pki_altname *more = find_missing(job->request->alt_names,
	    before);
	const pki_altname *less = find_missing(before, job->grant->alt_names);
	PKI_AUTO(pki_buf) accepts = NULL;
	const pki_altname *name = more != NULL ? more : less;
	pki_code rc;

	if (name == NULL)
		return PKI_OK;
	accepts = pki_buf_new();
	if (accepts != NULL)
		pki_altnames_print(before, accepts);
	rc = pki_buf_check(accepts, err);
	if (rc != PKI_OK)
		return rc;
	return pki_refuse(err, PKI_DENIED, "names-change",
	    accepts->len == 0 ? "no alternative name, as before" :
	    pki_buf_text(accepts), "%s%s:%s", more != NULL ? "" : "without ",
	    pki_alt_type_name(name->type), name->text);
}

static pki_code
check_before(pki_ca *ca, const pki_job *job, int64_t identity_id,
    const pki_cert_row *row, pki_err *err)
{
	const char *state = pki_cert_state(row, pki_clock_now(ca->clock));
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc = pki_row_verify_cert(row, err);

	if (rc == PKI_OK)
		rc = pki_cert_parse(row->der, &cert, err);
	if (rc != PKI_OK)
		return rc;
	if (row->identity_id != identity_id || strcmp(state, "good") != 0)
		return pki_refuse(err, PKI_DENIED, "not-in-force",
		    "a certificate in force of this identity, or --replace",
		    "%s, %s", row->identity, state);
	if (strcmp(row->profile, job->profile->name) != 0)
		return refuse_change(job, row->profile, err);
	return check_names(job, pki_cert_alt_names(cert), err);
}

static pki_code
check_renewal(pki_ca *ca, const pki_job *job, int64_t identity_id,
    pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_authority *authority;
	pki_cert_row row;
	pki_code rc = pki_authority_get(ca, job->request->follows_ca,
	    &authority, err);

	if (rc == PKI_OK)
		rc = pki_store_get_cert(ca->store, authority->id,
		    job->request->follows, &row, hold, err);
	return rc == PKI_OK ? check_before(ca, job, identity_id, &row, err) :
	    rc;
}

pki_code
pki_succession_check(pki_ca *ca, const pki_job *job, int64_t identity_id,
    pki_err *err)
{
	const pki_credential *credential = pki_job_credential(job);

	if (job->request == NULL || job->purpose == PKI_ISSUE_FIRST)
		return PKI_OK;
	if (job->purpose == PKI_ISSUE_REPLACE)
		return check_replacement(ca, job, identity_id, err);
	/* It was checked when it came, and is by who calls this. */
	if (credential != NULL)
		return check_names(job, pki_cert_alt_names(credential->cert),
		    err);
	return job->request->follows == NULL ? PKI_OK :
	    check_renewal(ca, job, identity_id, err);
}

void
pki_before_free(pki_before *before)
{
	if (before == NULL)
		return;
	pki_cert_free(before->cert);
	free(before);
}

void
pki_issue_request_renew(const pki_credential *credential,
    pki_issue_request *request)
{
	request->purpose = PKI_ISSUE_RENEW;
	request->identity = credential->identity;
	if (request->profile == NULL)
		request->profile = credential->profile;
	request->evidence.kind = PKI_EVIDENCE_CREDENTIAL;
	request->evidence.credential = credential;
}

/* A walk over an identity's certificates, the newest last. */
struct search {
	const char *identity;
	int64_t     now;
	const char *state;              /* of the last one; NULL: none */
	pki_before *found;
};

static pki_code
keep_row(const pki_cert_row *row, pki_before *out, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc = pki_cert_parse(row->der, &cert, err);

	if (rc == PKI_OK)
		rc = pki_text_format(out->ca, sizeof(out->ca), err, "%s",
		    row->ca);
	if (rc == PKI_OK)
		rc = pki_text_format(out->profile, sizeof(out->profile), err,
		    "%s", row->profile);
	if (rc != PKI_OK)
		return rc;
	pki_cert_free(out->cert);
	out->cert = PKI_TAKE(cert);
	return PKI_OK;
}

static pki_code
look_at_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct search *search = arg;
	pki_code rc = pki_row_verify_cert(row, err);

	if (rc != PKI_OK || strcmp(row->identity, search->identity) != 0)
		return rc;
	search->state = pki_cert_state(row, search->now);
	return strcmp(search->state, "good") == 0 ?
	    keep_row(row, search->found, err) : PKI_OK;
}

pki_code
pki_ca_find_before(pki_ca *ca, const char *identity, pki_before **out,
    pki_err *err)
{
	const pki_cert_filter filter = { .identity = identity };
	PKI_AUTO(pki_before) before = calloc(1, sizeof(*before));
	struct search search = {
		.identity = identity, .now = pki_clock_now(ca->clock),
		.found = before,
	};
	pki_code rc;

	if (before == NULL)
		return pki_fail_memory(err);
	rc = pki_store_each_cert(ca->store, &filter, look_at_row, &search,
	    err);
	if (rc != PKI_OK)
		return rc;
	if (search.state == NULL)
		return pki_refuse(err, PKI_DENIED, "identity-unknown",
		    "a name on record, in its own case of letters", "%s",
		    identity);
	if (before->cert == NULL)
		return pki_refuse(err, PKI_DENIED, "not-in-force",
		    "a certificate in force of this identity, or --replace",
		    "%s, %s", identity, search.state);
	*out = PKI_TAKE(before);
	return PKI_OK;
}

void
pki_issue_request_follow(const pki_before *before,
    pki_issue_request *request)
{
	request->purpose = PKI_ISSUE_RENEW;
	request->follows_ca = before->ca;
	request->follows = pki_cert_serial(before->cert);
	if (request->profile == NULL)
		request->profile = before->profile;
	if (pki_altnames_count(request->alt_names) == 0)
		request->alt_names = pki_cert_alt_names(before->cert);
}
