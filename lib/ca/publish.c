#include "ca/publish.h"

#include "base/lock.h"
#include "ca/gate.h"
#include "ca/public-files.h"
#include "ca/publication.h"

/* Which scopes a CA has, and what is done with each. */
struct round {
	pki_ca                    *ca;
	pki_authority             *authority;
	const pki_publish_options *options;
	enum { DRY, WET }          how;
};

/*
 * The complete list's file is the last to appear, behind the chains: who finds
 * it up to date need not fear for the others.  Where a chain cannot be written
 * the list goes out all the same.
 */
static pki_code
install(const struct round *round, pki_publication *p, pki_err *err)
{
	pki_code rc = pki_publication_install(p, err), chains = PKI_OK;

	if (rc == PKI_OK && p->scope == PKI_SCOPE_COMPLETE)
		chains = pki_public_put_chains(round->ca, round->authority,
		    err);
	if (rc == PKI_OK)
		rc = pki_publication_finish(p, chains == PKI_OK ? err : NULL);
	return chains == PKI_OK ? rc : chains;
}

static pki_code
publish_one(const struct round *round, int64_t scope, pki_err *err)
{
	pki_publication p = {
		.ca = round->ca, .authority = round->authority,
		.scope = scope, .options = round->options,
	};
	pki_code rc = pki_publication_make(&p, err);

	if (rc == PKI_OK && round->how == WET)
		rc = install(round, &p, err);
	if (rc == PKI_OK && round->options->visit != NULL)
		rc = round->options->visit(&p.result, round->options->arg,
		    err);
	pki_publication_clear(&p);
	return rc;
}

static pki_code
publish_all(const struct round *round, pki_err *err)
{
	int64_t last = -1, scope;
	pki_code rc = PKI_OK;

	if (round->authority->crl_form == PKI_CRL_PARTITIONED)
		rc = pki_store_last_partition(round->ca->store,
		    round->authority->id, &last, err);
	for (scope = 0; rc == PKI_OK && scope <= last; scope++)
		rc = publish_one(round, scope, err);
	return rc == PKI_OK ? publish_one(round, PKI_SCOPE_COMPLETE, err) : rc;
}

/*
 * What is given up must be missing, all of it: a list that says more than it
 * has to was written for another day.  Found out before anything appears.
 */
static pki_code
check_lost(const struct round *round, pki_err *err)
{
	pki_publish_options options = *round->options;
	struct round dry = *round;
	pki_lost *lost = options.lost;
	char serial[PKI_SERIAL_TEXT];
	pki_code rc;
	size_t i;

	if (lost == NULL)
		return PKI_OK;
	for (i = 0; i < lost->count; i++)
		lost->missing[i] = false;
	options.visit = NULL;
	dry.options = &options;
	dry.how = DRY;
	rc = publish_all(&dry, err);
	for (i = 0; rc == PKI_OK && i < lost->count; i++)
		if (!lost->missing[i])
			rc = pki_refuse(err, PKI_DENIED, PKI_GATE_RULE,
			    "exactly the serials that are missing",
			    "serial %s is not missing",
			    pki_serial_format(&lost->serials[i], serial));
	return rc;
}

/* One publisher at a time: from taking the number to the synced directory. */
static pki_code
lock_and_publish(const struct round *round, pki_err *err)
{
	PKI_AUTO(pki_lock) lock = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_ca_path(round->ca, path, err, "public/%s.lock",
	    round->authority->name);
	if (rc == PKI_OK)
		rc = pki_lock_open(path, &lock, err);
	if (rc == PKI_OK)
		rc = pki_lock_take(lock, PKI_PUBLISH_WAIT_MS, err);
	if (rc != PKI_OK)
		return rc;
	pki_public_sweep(round->ca, round->authority);
	rc = check_lost(round, err);
	if (rc == PKI_OK)
		rc = publish_all(round, err);
	pki_lock_drop(lock);
	return rc;
}

static pki_code
start_round(struct round *round, const char *name, pki_err *err)
{
	pki_code rc;

	rc = pki_ca_check_clock(round->ca, err);
	if (rc == PKI_OK)
		rc = pki_authority_get(round->ca, name, &round->authority, err);
	if (rc == PKI_OK)
		rc = pki_authority_signer(round->ca, round->authority, err);
	return rc;
}

static pki_code
check_ahead(pki_ca *ca, const pki_authority *authority, int64_t scope,
    pki_err *err)
{
	pki_crl_row row;
	pki_code rc = pki_store_get_crl(ca->store, authority->id, scope, &row,
	    err);

	if (rc == PKI_OK)
		rc = pki_publication_check_clock(ca, row.this_update, err);
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

pki_code
pki_ca_check_crl_clock(pki_ca *ca, const char *name, pki_err *err)
{
	pki_authority *authority;
	int64_t scope, last = -1;
	pki_code rc = pki_ca_check_clock(ca, err);

	if (rc == PKI_OK)
		rc = pki_authority_get(ca, name, &authority, err);
	if (rc == PKI_OK && authority->crl_form == PKI_CRL_PARTITIONED)
		rc = pki_store_last_partition(ca->store, authority->id, &last,
		    err);
	for (scope = PKI_SCOPE_COMPLETE; rc == PKI_OK && scope <= last; scope++)
		rc = check_ahead(ca, authority, scope, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "CRL of '%s'", name);
}

pki_code
pki_ca_publish_with(pki_ca *ca, const char *name,
    const pki_publish_options *options, pki_err *err)
{
	struct round round = { .ca = ca, .options = options, .how = WET };
	pki_code rc = start_round(&round, name, err);

	if (rc == PKI_OK)
		rc = lock_and_publish(&round, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "CRL of '%s'", name);
}

pki_code
pki_ca_publish(pki_ca *ca, const char *name, const pki_requester *who,
    pki_published_visitor *visit, void *arg, pki_err *err)
{
	const pki_publish_options options = {
		.who = who, .visit = visit, .arg = arg,
	};

	return pki_ca_publish_with(ca, name, &options, err);
}

pki_code
pki_ca_publish_check(pki_ca *ca, const char *name,
    const pki_publish_options *options, pki_err *err)
{
	struct round round = { .ca = ca, .options = options, .how = DRY };
	pki_code rc = start_round(&round, name, err);

	if (rc == PKI_OK && options->lost != NULL)
		rc = check_lost(&round, err);
	if (rc == PKI_OK)
		rc = publish_all(&round, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "CRL of '%s'", name);
}
