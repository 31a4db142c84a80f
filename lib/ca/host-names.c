#include "ca/host-names.h"

#include <string.h>

#include "base/text.h"
#include "ca/rowhash.h"

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

/*
 * Who has had the name, and who is called like it.  A few certificates each,
 * by indexes: this is asked with the write lock held.
 */
static pki_code
ask(pki_ca *ca, struct search *search, const char *name, pki_err *err)
{
	const pki_cert_filter filters[] = {
		{ .identity = name, .expires_from = search->now },
		{ .host = name, .expires_from = search->now },
	};
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < PKI_COUNT(filters); i++)
		rc = pki_store_each_cert(ca->store, &filters[i], compare,
		    search, err);
	return rc;
}

pki_code
pki_host_names_check(pki_ca *ca, const pki_job *job, pki_err *err)
{
	struct search search = {
		.job = job, .now = pki_clock_now(ca->clock),
	};
	const pki_issue_request *request = job->request;
	const pki_altnames *names = job->grant->alt_names;
	pki_code rc = PKI_OK;
	size_t i;

	if (request == NULL || request->share_names)
		return PKI_OK;
	/* It has the names of the one before: pki_succession_check(). */
	if (request->purpose == PKI_ISSUE_RENEW && request->follows != NULL)
		return PKI_OK;
	for (i = 0; rc == PKI_OK && i < pki_altnames_count(names); i++)
		if (pki_altnames_at(names, i)->type == PKI_ALT_DNS)
			rc = ask(ca, &search, pki_altnames_at(names, i)->text,
			    err);
	return rc;
}

pki_code
pki_host_names_record(pki_ca *ca, const pki_cert *cert, int64_t identity_id,
    pki_err *err)
{
	const pki_altnames *names = pki_cert_alt_names(cert);
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < pki_altnames_count(names); i++) {
		const pki_host_row row = {
			.name = pki_altnames_at(names, i)->text,
			.identity_id = identity_id,
		};

		if (pki_altnames_at(names, i)->type == PKI_ALT_DNS)
			rc = pki_store_put_host(ca->store, &row, err);
	}
	return rc;
}

/* The first is enough; this code cannot come from the store. */
static pki_code
note_first(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)err;
	*(int64_t *)arg = row->id;
	return PKI_PENDING;
}

pki_code
pki_host_names_verify(pki_ca *ca, const pki_cert *cert,
    const pki_cert_row *row, pki_err *err)
{
	const pki_altnames *names = pki_cert_alt_names(cert);
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < pki_altnames_count(names); i++) {
		const pki_altname *name = pki_altnames_at(names, i);
		const pki_cert_filter filter = {
			.identity = row->identity, .host = name->text,
			.after_id = row->id - 1,
		};
		int64_t first = 0;

		if (name->type != PKI_ALT_DNS)
			continue;
		rc = pki_store_each_cert(ca->store, &filter, note_first,
		    &first, err);
		if (rc == PKI_PENDING)
			rc = PKI_OK;
		if (rc == PKI_OK && first != row->id)
			rc = pki_fail(err, PKI_DAMAGED, "dns:%s of '%s' is not "
			    "among the names on record", name->text,
			    row->identity);
	}
	return rc;
}
