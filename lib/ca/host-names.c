#include "ca/host-names.h"

#include <string.h>

#include "base/text.h"
#include "ca/rowhash.h"
#include "policy/profile-rules.h"

struct search {
	const pki_job *job;
	int64_t        now;
};

static pki_code
refuse_taken(const pki_altname *name, const pki_cert_row *holder,
    pki_err *err)
{
	return pki_refuse(err, PKI_DENIED, "alt-name-taken",
	    "a host name that no certificate in force of others has, or "
	    "--share-names", "dns:%s of %s, profile %s", name->text,
	    holder->identity, holder->profile);
}

/* Does the certificate in this row have one of the names? */
static pki_code
compare(const pki_cert_row *row, void *arg, pki_err *err)
{
	const struct search *search = arg;
	const pki_job *job = search->job;
	const pki_altnames *names = job->grant->alt_names;
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc = pki_row_verify_cert(row, err);
	size_t i;

	if (rc != PKI_OK || row->status == PKI_CERT_REVOKED ||
	    row->not_after < search->now ||
	    pki_text_equal_nocase(row->identity, job->identity))
		return rc;
	rc = pki_cert_parse(row->der, &cert, err);
	for (i = 0; rc == PKI_OK && i < pki_altnames_count(names); i++) {
		const pki_altname *name = pki_altnames_at(names, i);

		if (name->type == PKI_ALT_DNS &&
		    pki_altnames_has(pki_cert_alt_names(cert), name) &&
		    (strcmp(row->profile, job->profile->name) != 0 ||
		    pki_text_equal_nocase(row->identity, name->text)))
			return refuse_taken(name, row, err);
	}
	return rc;
}

/* Any profile's, of the identity that is called like the host. */
static pki_code
ask_namesakes(pki_ca *ca, struct search *search, pki_err *err)
{
	const pki_altnames *names = search->job->grant->alt_names;
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < pki_altnames_count(names); i++) {
		const pki_altname *name = pki_altnames_at(names, i);
		const pki_cert_filter filter = {
			.identity = name->text, .expires_from = search->now,
		};

		if (name->type == PKI_ALT_DNS)
			rc = pki_store_each_cert(ca->store, &filter, compare,
			    search, err);
	}
	return rc;
}

static pki_code
ask_profiles(pki_ca *ca, struct search *search, pki_err *err)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < pki_profiles_count(ca->profiles);
	    i++) {
		const pki_profile *profile = pki_profiles_at(ca->profiles, i);
		const pki_cert_filter filter = {
			.profile = profile->name, .expires_from = search->now,
		};

		if (strcmp(profile->name, search->job->profile->name) != 0 &&
		    (pki_patterns_have_dns(&profile->alt_allow) ||
		    pki_patterns_have_dns(&profile->alt_always)))
			rc = pki_store_each_cert(ca->store, &filter, compare,
			    search, err);
	}
	return rc;
}

static bool
has_host_name(const pki_altnames *names)
{
	size_t i;

	for (i = 0; i < pki_altnames_count(names); i++)
		if (pki_altnames_at(names, i)->type == PKI_ALT_DNS)
			return true;
	return false;
}

pki_code
pki_host_names_check(pki_ca *ca, const pki_job *job, pki_err *err)
{
	struct search search = {
		.job = job, .now = pki_clock_now(ca->clock),
	};
	const pki_issue_request *request = job->request;
	pki_code rc;

	if (request == NULL || request->share_names ||
	    !has_host_name(job->grant->alt_names))
		return PKI_OK;
	/* It has the names of the one before: pki_succession_check(). */
	if (request->purpose == PKI_ISSUE_RENEW && request->follows != NULL)
		return PKI_OK;
	rc = ask_namesakes(ca, &search, err);
	return rc == PKI_OK ? ask_profiles(ca, &search, err) : rc;
}
