#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ca/handle.h"
#include "ca/public-files.h"
#include "ca/rowhash.h"
#include "x509/tbs.h"

void
pki_authority_free(pki_authority *authority)
{
	pki_tbs_template *template;

	if (authority == NULL)
		return;
	while ((template = pki_pool_take(&authority->templates)) != NULL)
		pki_tbs_template_free(template);
	pki_cert_free(authority->cert);
	pki_signer_free(authority->signer);
	free(authority);
}

/* Copy what a row says; the row goes away. */
static pki_code
authority_from_row(const pki_ca_row *row, pki_authority **out, pki_err *err)
{
	PKI_AUTO(pki_authority) authority = calloc(1, sizeof(*authority));
	pki_code rc;

	if (authority == NULL)
		return pki_fail_memory(err);
	authority->id = row->id;
	authority->crl_form = row->crl_form;
	authority->partition_size = row->partition_size;
	authority->created_at = row->created_at;
	rc = pki_row_verify_ca(row, err);
	if (rc == PKI_OK)
		rc = pki_text_format(authority->name, sizeof(authority->name),
		    err, "%s", row->name);
	if (rc == PKI_OK)
		rc = pki_text_format(authority->parent,
		    sizeof(authority->parent), err, "%s", row->parent);
	if (rc == PKI_OK)
		rc = pki_text_format(authority->key_ref,
		    sizeof(authority->key_ref), err, "%s", row->key_ref);
	if (rc == PKI_OK)
		rc = pki_text_format(authority->base_url,
		    sizeof(authority->base_url), err, "%s", row->base_url);
	if (rc == PKI_OK)
		rc = pki_cert_parse(row->der, &authority->cert, err);
	if (rc != PKI_OK)
		return rc;
	*out = PKI_TAKE(authority);
	return PKI_OK;
}

static pki_code
remember(pki_ca *ca, pki_authority *authority, pki_err *err)
{
	pki_authority **more = realloc(ca->authorities,
	    (ca->count + 1) * sizeof(pki_authority *));

	if (more == NULL)
		return pki_fail_memory(err);
	ca->authorities = more;
	ca->authorities[ca->count++] = authority;
	return PKI_OK;
}

static pki_code
add_ca_name(const pki_ca_row *row, void *arg, pki_err *err)
{
	pki_buf *names = arg;

	(void)err;
	pki_buf_add_format(names, "%s%s", names->len == 0 ? "" : ", ",
	    row->name);
	return PKI_OK;
}

static pki_code
refuse_unknown_ca(pki_ca *ca, const char *name, pki_err *err)
{
	PKI_AUTO(pki_buf) names = pki_buf_new();
	pki_code rc = pki_buf_check(names, err);

	if (rc == PKI_OK)
		rc = pki_store_each_ca(ca->store, add_ca_name, names, err);
	if (rc != PKI_OK)
		return rc;
	return pki_refuse(err, PKI_NOT_FOUND, "ca", pki_buf_text(names), "%s",
	    name);
}

pki_authority *
pki_authority_find(const pki_ca *ca, const char *name)
{
	size_t i;

	for (i = 0; i < ca->count; i++)
		if (strcmp(ca->authorities[i]->name, name) == 0)
			return ca->authorities[i];
	return NULL;
}

static pki_code
load_row(const pki_ca_row *row, void *arg, pki_err *err)
{
	PKI_AUTO(pki_authority) authority = NULL;
	pki_ca *ca = arg;
	pki_code rc;

	if (pki_authority_find(ca, row->name) != NULL)
		return PKI_OK;
	rc = authority_from_row(row, &authority, err);
	if (rc == PKI_OK)
		rc = remember(ca, authority, err);
	if (rc == PKI_OK)
		PKI_TAKE(authority);
	return rc;
}

pki_code
pki_authorities_load(pki_ca *ca, pki_err *err)
{
	return pki_store_each_ca(ca->store, load_row, ca, err);
}

pki_code
pki_authorities_count(pki_ca *ca, pki_err *err)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < ca->count && rc == PKI_OK; i++) {
		pki_authority *authority = ca->authorities[i];
		int64_t issued = 0;

		if (authority->crl_form == PKI_CRL_PARTITIONED)
			rc = pki_store_count_certs(ca->store, authority->id,
			    &issued, err);
		authority->issued = issued;
	}
	return rc;
}

pki_code
pki_authority_get(pki_ca *ca, const char *name, pki_authority **out,
    pki_err *err)
{
	pki_code rc = PKI_OK;

	*out = pki_authority_find(ca, name);
	if (*out == NULL)
		rc = pki_authorities_load(ca, err);
	if (rc == PKI_OK && *out == NULL)
		*out = pki_authority_find(ca, name);
	if (rc == PKI_OK && *out == NULL)
		rc = refuse_unknown_ca(ca, name, err);
	return rc;
}

static pki_code
open_signer(pki_ca *ca, const pki_authority *authority, pki_signer **out,
    pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc;

	if (strncmp(authority->key_ref, "file:", 5) != 0)
		return pki_refuse(err, PKI_DENIED, "ca-state",
		    "a CA whose key is in this state directory; sign where "
		    "the key is, and bring its CRL by 'pki-ctl crl import'",
		    "%s, its key is %s", authority->name, authority->key_ref);
	rc = pki_ca_path(ca, path, err, "%s", authority->key_ref + 5);
	if (rc != PKI_OK)
		return rc;
	return pki_signer_open_file(path,
	    ca->passphrase.get == NULL ? NULL : &ca->passphrase, out, err);
}

pki_code
pki_authority_signer(pki_ca *ca, pki_authority *authority, pki_err *err)
{
	PKI_AUTO(pki_signer) signer = NULL;
	pki_code rc;

	if (authority->signer != NULL)
		return PKI_OK;
	rc = open_signer(ca, authority, &signer, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "key of CA '%s'", authority->name);
	if (!pki_digest_equal(pki_pubkey_digest(pki_signer_key(signer)),
	    pki_pubkey_digest(pki_cert_key(authority->cert))))
		return pki_refuse(err, PKI_DENIED, "ca-state",
		    "the key that belongs to the CA's certificate",
		    "%s of CA %s", authority->key_ref, authority->name);
	authority->signer = PKI_TAKE(signer);
	return PKI_OK;
}

pki_code
pki_authority_is_revoked(pki_ca *ca, const pki_authority *authority, bool *out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_authority *parent;
	pki_cert_row row;
	pki_code rc;

	*out = false;
	rc = pki_authority_get(ca, authority->parent, &parent, err);
	if (rc == PKI_OK)
		rc = pki_store_get_cert(ca->store, parent->id,
		    pki_cert_serial(authority->cert), &row, hold, err);
	/* An offline root keeps that record; here is what it publishes. */
	if (rc == PKI_NOT_FOUND)
		return pki_public_lists(ca, parent,
		    pki_cert_serial(authority->cert), out, err);
	if (rc == PKI_OK)
		rc = pki_row_verify_cert(&row, err);
	if (rc == PKI_OK)
		*out = row.status != PKI_CERT_GOOD;
	return rc;
}

pki_code
pki_authority_check_time(const pki_ca *ca, const pki_authority *authority,
    pki_err *err)
{
	char from[PKI_TIME_TEXT], until[PKI_TIME_TEXT], text[PKI_TIME_TEXT];
	int64_t now = pki_clock_now(ca->clock);

	pki_time_format(now, text);
	if (now < pki_cert_not_before(authority->cert))
		return pki_fail(err, PKI_CLOCK, "clock-suspect: it is %s, and "
		    "CA '%s' begins at %s; correct the clock", text,
		    authority->name, pki_time_format(
		    pki_cert_not_before(authority->cert), from));
	if (now > pki_cert_not_after(authority->cert))
		return pki_fail(err, PKI_CLOCK, "clock-suspect: it is %s, and "
		    "CA '%s' has expired at %s; correct the clock, or, if it "
		    "is right, this CA signs nothing more", text,
		    authority->name, pki_time_format(
		    pki_cert_not_after(authority->cert), until));
	return PKI_OK;
}

pki_code
pki_authority_check(pki_ca *ca, pki_authority *authority, pki_err *err)
{
	pki_code rc = pki_authority_check_time(ca, authority, err);

	if (rc != PKI_OK)
		return rc;
	if (!authority->standing_known)
		rc = pki_authority_is_revoked(ca, authority,
		    &authority->revoked, err);
	authority->standing_known = rc == PKI_OK;
	if (rc == PKI_OK && authority->revoked)
		rc = pki_refuse(err, PKI_DENIED, "ca-state",
		    "a CA that is not revoked", "%s", authority->name);
	return rc;
}

pki_code
pki_crl_file(const pki_authority *authority, int64_t scope,
    char out[PKI_PATH_MAX], pki_err *err)
{
	if (scope >= 0)
		return pki_text_format(out, PKI_PATH_MAX, err,
		    "crl/%s/%lld.crl", authority->name, (long long)scope);
	return pki_text_format(out, PKI_PATH_MAX, err, "crl/%s/%s.crl",
	    authority->name, authority->crl_form == PKI_CRL_FULL ? "full" :
	    "complete");
}

pki_code
pki_crl_url(const pki_authority *authority, int64_t scope,
    char out[PKI_URL_MAX], pki_err *err)
{
	char file[PKI_PATH_MAX];
	pki_code rc = pki_crl_file(authority, scope, file, err);

	if (rc != PKI_OK)
		return rc;
	return pki_text_format(out, PKI_URL_MAX, err, "%s/%s",
	    authority->base_url, file);
}

/* The CA here that signed it. */
struct search {
	pki_ca        *ca;
	const pki_crl *crl;
	pki_authority *found;
};

static pki_code
match_issuer(const pki_ca_row *row, void *arg, pki_err *err)
{
	struct search *search = arg;
	pki_authority *authority;
	pki_code rc = pki_authority_get(search->ca, row->name, &authority, err);

	/* A CA that was made anew may bear the same name. */
	if (rc == PKI_OK && pki_name_equal(pki_crl_issuer(search->crl),
	    pki_cert_subject(authority->cert)) && (search->found == NULL ||
	    pki_crl_check_issuer(search->crl, authority->cert, NULL) == PKI_OK))
		search->found = authority;
	return rc;
}

pki_code
pki_authority_of_crl(pki_ca *ca, const pki_crl *crl, pki_authority **out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) issuer = pki_buf_new();
	struct search search = { .ca = ca, .crl = crl };
	pki_code rc = pki_store_each_ca(ca->store, match_issuer, &search, err);

	if (rc != PKI_OK)
		return rc;
	pki_name_print(pki_crl_issuer(crl), issuer);
	if (search.found == NULL)
		return pki_refuse(err, PKI_DENIED, "issuer",
		    "a CRL signed by a CA of this state directory", "%s",
		    pki_buf_text(issuer));
	*out = search.found;
	return pki_crl_check_issuer(crl, search.found->cert, err);
}
