#include "ca/renewal.h"

#include <string.h>

#include "ca/rowhash.h"
#include "ca/standing.h"
#include "x509/names-same.h"

/*
 * A reply counts as lost for an hour, and for a tenth of the profile's life
 * at most, so that who renews again later gets what he asks for.
 */
#define REPEAT_MAX PKI_HOUR
#define REPEAT_SHARE 10

/* RFC 7030, 3.5; RFC 7894, 4: one that is there is never ignored. */
static pki_code
check_linking(const pki_profile *profile, const pki_issue_request *request,
    pki_err *err)
{
	static const char *const links[] = {
		[PKI_LINK_ABSENT] = "none",
		[PKI_LINK_DIFFERS] = "of another connection",
		[PKI_LINK_MALFORMED] = "not base64",
	};
	pki_link link = request->evidence.link;

	if (request->who.how != PKI_BY_EST ||
	    profile->est_linking == PKI_LINKING_OFF ||
	    link == PKI_LINK_MATCHES || (link == PKI_LINK_ABSENT &&
	    profile->est_linking != PKI_LINKING_REQUIRED))
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "linking",
	    profile->est_linking == PKI_LINKING_REQUIRED ?
	    "a challengePassword with base64 of this connection's tls-unique "
	    "or tls-exporter, which is required" :
	    "none, or base64 of this connection's tls-unique or "
	    "tls-exporter in challengePassword", "%s", links[link]);
}

static pki_code
check_key(const pki_profile *profile, const pki_issue_request *request,
    pki_err *err)
{
	const pki_cert *before = request->evidence.credential->cert;
	bool same = pki_digest_equal(pki_pubkey_digest(request->key),
	    pki_pubkey_digest(pki_cert_key(before)));

	if (profile->est_renew_key == (same ? PKI_RENEW_NEW_KEY :
	    PKI_RENEW_SAME_KEY))
		return pki_refuse(err, PKI_DENIED, "renew-key", same ?
		    "a new key" : "the key of the certificate to be renewed",
		    "%s", same ? "the same key" : "another key");
	return PKI_OK;
}

/* G25. */
static pki_code
check_follower(const pki_profile *profile, const pki_issue_request *request,
    pki_err *err)
{
	const pki_credential *before = request->evidence.credential;
	pki_code rc;

	if (before == NULL || request->purpose != PKI_ISSUE_RENEW ||
	    strcmp(before->identity, request->identity) != 0)
		return pki_fail(err, PKI_USAGE, "a credential is for the "
		    "renewal of itself");
	if (strcmp(before->profile, profile->name) != 0)
		return pki_refuse(err, PKI_DENIED, "profile-change",
		    "the profile that it has", "%s to %s", before->profile,
		    profile->name);
	rc = pki_names_check_same(request->subject, request->alt_names,
	    before->cert, err);
	return rc == PKI_OK ? check_key(profile, request, err) : rc;
}

pki_code
pki_evidence_allow(const pki_profile *profile,
    const pki_issue_request *request, pki_err *err)
{
	const uint32_t est = UINT32_C(1) << PKI_BY_EST;
	pki_code rc = PKI_OK;

	/* pki_policy_check() says so, and nothing else is worth a word. */
	if (request->who.how == PKI_BY_EST && (profile->requesters & est) == 0)
		return PKI_OK;
	/* G26: over the network a name alone gets nothing. */
	if (request->who.how == PKI_BY_EST &&
	    request->evidence.kind == PKI_EVIDENCE_NONE)
		return pki_refuse(err, PKI_DENIED, "evidence",
		    request->purpose == PKI_ISSUE_RENEW ?
		    "the certificate to be renewed" : "a token", "none");
	if (request->evidence.kind == PKI_EVIDENCE_CREDENTIAL)
		rc = check_follower(profile, request, err);
	return rc == PKI_OK ? check_linking(profile, request, err) : rc;
}

pki_code
pki_renewal_check(pki_ca *ca, const pki_job *job, pki_err *err)
{
	pki_credential now = *pki_job_credential(job);

	pki_code rc = pki_credential_stand(ca, &now, err);

	/* What was filled in then may not be what is asked with now. */
	if (rc == PKI_OK && (strcmp(now.identity, job->identity) != 0 ||
	    strcmp(now.profile, job->profile->name) != 0))
		rc = pki_refuse(err, PKI_DENIED, "evidence",
		    "the certificate to be renewed", "that of %s by %s",
		    now.identity, now.profile);
	return rc;
}

struct search {
	const pki_job *job;
	int64_t        now;
	pki_cert      *found;           /* the newest; owned */
};

static bool
is_recent(const struct search *search, const pki_cert_row *row)
{
	int64_t share = search->job->profile->validity / REPEAT_SHARE;
	int64_t most = share < REPEAT_MAX ? share : REPEAT_MAX;

	return row->issued_at <= search->now &&
	    search->now - row->issued_at <= most &&
	    row->not_after >= search->now;
}

/* Issued by the template of today, for what is asked for now? */
static pki_code
look_at_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct search *search = arg;
	const pki_job *job = search->job;
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc = pki_row_verify_cert(row, err);

	if (rc != PKI_OK || row->status != PKI_CERT_GOOD ||
	    !is_recent(search, row) ||
	    row->identity_id != pki_job_credential(job)->identity_id ||
	    !pki_digest_equal(&row->profile_digest, &job->profile->digest))
		return rc;
	rc = pki_cert_parse(row->der, &cert, err);
	if (rc != PKI_OK || !pki_altnames_equal(pki_cert_alt_names(cert),
	    job->grant->alt_names))
		return rc;
	pki_cert_free(search->found);
	search->found = PKI_TAKE(cert);
	return PKI_OK;
}

pki_code
pki_renewal_repeat(pki_ca *ca, pki_job *job, pki_err *err)
{
	const pki_cert_filter filter = {
		.ca_id = job->authority->id,
		.pubkey = pki_pubkey_digest(job->key),
		.after_id = pki_job_credential(job)->id,
	};
	struct search search = {
		.job = job, .now = pki_clock_now(ca->clock),
	};
	pki_code rc = pki_store_each_cert(ca->store, &filter, look_at_row,
	    &search, err);

	if (rc != PKI_OK || search.found == NULL) {
		pki_cert_free(search.found);
		return rc;
	}
	pki_cert_free(job->cert);
	job->cert = search.found;
	job->again = true;
	return PKI_OK;
}
