#include "ca/ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "ca/handle.h"
#include "ca/public-files.h"
#include "ca/record.h"
#include "ca/rowhash.h"
#include "x509/pem.h"

pki_code
pki_ca_path(const pki_ca *ca, char out[PKI_PATH_MAX], pki_err *err,
    const char *fmt, ...)
{
	va_list args;
	int len, more;

	len = snprintf(out, PKI_PATH_MAX, "%s/", ca->state_dir);
	va_start(args, fmt);
	more = vsnprintf(out + len, PKI_PATH_MAX - (size_t)len, fmt, args);
	va_end(args);
	if (more < 0 || (size_t)len + (size_t)more >= PKI_PATH_MAX)
		return pki_fail(err, PKI_BAD_INPUT, "path '%s' is too long",
		    out);
	return PKI_OK;
}

void
pki_authority_free(pki_authority *authority)
{
	if (authority == NULL)
		return;
	pki_cert_free(authority->cert);
	pki_signer_free(authority->signer);
	free(authority);
}

void
pki_ca_free(pki_ca *ca)
{
	size_t i;

	if (ca == NULL)
		return;
	for (i = 0; i < ca->count; i++)
		pki_authority_free(ca->authorities[i]);
	free(ca->authorities);
	pki_profiles_free(ca->profiles);
	pki_config_free(ca->config);
	pki_store_free(ca->store);
	if (ca->init_lock >= 0)
		close(ca->init_lock);
	free(ca);
}

pki_code
pki_ca_prepare(const pki_ca_options *options, pki_ca **out, pki_err *err)
{
	const char *conf = options->conf_dir != NULL ? options->conf_dir :
	    options->state_dir;
	PKI_AUTO(pki_ca) ca = calloc(1, sizeof(*ca));
	pki_code rc;

	if (ca == NULL)
		return pki_fail_memory(err);
	ca->init_lock = -1;
	ca->clock = options->clock;
	if (options->passphrase != NULL)
		ca->passphrase = *options->passphrase;
	/* Room for what goes below it: "/public/crl/<ca>/<n>.crl" and more. */
	rc = pki_text_format(ca->state_dir, sizeof(ca->state_dir) - 200, err,
	    "%s", options->state_dir);
	if (rc == PKI_OK)
		rc = pki_text_format(ca->conf_dir, sizeof(ca->conf_dir) - 200,
		    err, "%s", conf);
	if (rc != PKI_OK)
		return rc;
	*out = PKI_TAKE(ca);
	return PKI_OK;
}

static pki_code
check_state_dir(const pki_ca *ca, pki_err *err)
{
	char path[PKI_PATH_MAX];
	struct stat st;
	pki_code rc;

	rc = pki_ca_path(ca, path, err, PKI_INIT_MARKER);
	if (rc != PKI_OK)
		return rc;
	if (stat(ca->state_dir, &st) != 0)
		return pki_fail(err, PKI_NOT_FOUND, "there is no CA in %s",
		    ca->state_dir);
	if (st.st_uid != geteuid())
		return pki_refuse(err, PKI_DENIED, "file-owner",
		    "a state directory of the user who runs this",
		    "%s of user %u", ca->state_dir, (unsigned)st.st_uid);
	if (pki_file_exists(path))
		return pki_fail(err, PKI_DENIED, "%s: an init was cut off "
		    "here: run init again", ca->state_dir);
	rc = pki_ca_path(ca, path, err, "ca.db");
	if (rc == PKI_OK && !pki_file_exists(path))
		rc = pki_fail(err, PKI_NOT_FOUND, "there is no CA in %s",
		    ca->state_dir);
	return rc;
}

pki_code
pki_ca_open(const pki_ca_options *options, pki_ca **out, pki_err *err)
{
	PKI_AUTO(pki_ca) ca = NULL;
	char path[PKI_PATH_MAX], url[PKI_PATH_MAX + 8];
	pki_code rc;

	rc = pki_ca_prepare(options, &ca, err);
	if (rc == PKI_OK)
		rc = check_state_dir(ca, err);
	if (rc == PKI_OK)
		rc = pki_path_join(path, ca->conf_dir, "pki.conf", err);
	if (rc == PKI_OK)
		rc = pki_config_load(path, &ca->config, err);
	if (rc != PKI_OK)
		return rc;
	snprintf(url, sizeof(url), "sqlite:%s", ca->state_dir);
	rc = pki_store_open(url, &ca->store, err);
	if (rc != PKI_OK)
		return rc;
	*out = PKI_TAKE(ca);
	return PKI_OK;
}

const pki_config *
pki_ca_config(const pki_ca *ca)
{
	return ca->config;
}

pki_code
pki_ca_profiles(pki_ca *ca, const pki_profiles **out, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = PKI_OK;

	if (ca->profiles == NULL) {
		rc = pki_path_join(path, ca->conf_dir, "templates", err);
		if (rc == PKI_OK)
			rc = pki_profiles_load(path, &ca->profiles, err);
	}
	if (rc == PKI_OK)
		*out = ca->profiles;
	return rc;
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
		    "a CA whose key is in this state directory",
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
pki_authority_check(pki_ca *ca, pki_authority *authority, pki_err *err)
{
	char from[PKI_TIME_TEXT], until[PKI_TIME_TEXT], text[PKI_TIME_TEXT];
	int64_t now = pki_clock_now(ca->clock);
	pki_code rc = PKI_OK;

	if (now < pki_cert_not_before(authority->cert) ||
	    now > pki_cert_not_after(authority->cert))
		return pki_fail(err, PKI_CLOCK, "clock-suspect: %s is outside "
		    "the validity of CA '%s', %s to %s",
		    pki_time_format(now, text), authority->name,
		    pki_time_format(pki_cert_not_before(authority->cert), from),
		    pki_time_format(pki_cert_not_after(authority->cert),
		    until));
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

/* Visit every CA of the store. */
struct ca_walk {
	pki_ca              *ca;
	pki_ca_info_visitor *visit;
	void                *arg;
};

static pki_code
visit_ca(const pki_ca_row *row, void *arg, pki_err *err)
{
	const struct ca_walk *walk = arg;
	pki_authority *authority;
	pki_ca_info info = { .row = row };
	pki_code rc;

	rc = pki_authority_get(walk->ca, row->name, &authority, err);
	if (rc == PKI_OK)
		rc = pki_store_count_certs(walk->ca->store, row->id,
		    &info.issued, err);
	if (rc != PKI_OK)
		return rc;
	/* A list is for looking: what is damaged is status's to say. */
	rc = pki_authority_is_revoked(walk->ca, authority, &info.revoked, err);
	if (rc != PKI_OK && rc != PKI_DAMAGED)
		return rc;
	info.cert = authority->cert;
	info.has_key = strcmp(row->key_ref, PKI_KEY_OFFLINE) != 0;
	return walk->visit(&info, walk->arg, err);
}

pki_code
pki_ca_each(pki_ca *ca, pki_ca_info_visitor *visit, void *arg, pki_err *err)
{
	struct ca_walk walk = { ca, visit, arg };

	return pki_store_each_ca(ca->store, visit_ca, &walk, err);
}

pki_code
pki_ca_export(pki_ca *ca, const char *name, pki_export what, pki_buf *out,
    pki_err *err)
{
	pki_authority *authority;
	pki_code rc;

	for (;;) {
		rc = pki_authority_get(ca, name, &authority, err);
		if (rc != PKI_OK)
			return rc;
		pki_pem_add(out, PKI_PEM_CERT, pki_cert_der(authority->cert));
		if (what == PKI_EXPORT_CERT ||
		    strcmp(authority->name, authority->parent) == 0)
			return pki_buf_check(out, err);
		name = authority->parent;
	}
}

void
pki_ca_forget(pki_ca *ca)
{
	size_t i;

	ca->floor_known = false;
	for (i = 0; i < ca->count; i++)
		ca->authorities[i]->standing_known = false;
}

pki_code
pki_ca_refresh(pki_ca *ca, pki_err *err)
{
	bool changed;
	pki_code rc = pki_store_changed(ca->store, &changed, err);

	if (rc == PKI_OK && changed)
		pki_ca_forget(ca);
	return rc;
}

pki_code
pki_ca_floor(pki_ca *ca, pki_floor *out, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = PKI_OK;

	if (!ca->floor_known) {
		rc = pki_ca_path(ca, path, err, "floor");
		if (rc == PKI_OK)
			rc = pki_floor_read(path, &ca->floor, err);
		ca->floor_known = rc == PKI_OK;
	}
	*out = ca->floor;
	return rc;
}

pki_code
pki_ca_raise_floor(pki_ca *ca, int64_t crl_number, pki_err *err)
{
	int64_t now = pki_clock_now(ca->clock);
	char path[PKI_PATH_MAX];
	pki_code rc;

	if (ca->floor_known && now <= ca->floor.time + PKI_FLOOR_STEP &&
	    crl_number <= ca->floor.crl_number)
		return PKI_OK;
	ca->floor_known = false;
	rc = pki_ca_path(ca, path, err, "floor");
	return rc == PKI_OK ? pki_floor_raise(path, now, crl_number, err) : rc;
}

pki_code
pki_ca_check_clock(pki_ca *ca, pki_err *err)
{
	char now_text[PKI_TIME_TEXT], text[PKI_TIME_TEXT];
	int64_t now = pki_clock_now(ca->clock);
	pki_floor floor;
	pki_code rc;

	rc = pki_ca_floor(ca, &floor, err);
	if (rc == PKI_OK && now < floor.time - PKI_FLOOR_SLACK)
		rc = pki_fail(err, PKI_CLOCK, "clock-suspect: it is %s, but "
		    "this CA has worked at %s before; correct the clock, or "
		    "run 'pki-ctl clock accept'",
		    pki_time_format(now, now_text),
		    pki_time_format(floor.time, text));
	return rc;
}

pki_code
pki_ca_accept_clock(pki_ca *ca, const pki_requester *who, pki_err *err)
{
	char path[PKI_PATH_MAX], before[PKI_TIME_TEXT];
	pki_audit_detail details[] = { { .key = "floor" }, { 0 } };
	pki_audit_event event = {
		.action = PKI_AUDIT_CLOCK, .who = who, .details = details,
	};
	pki_floor floor;
	pki_code rc;

	rc = pki_ca_path(ca, path, err, "floor");
	if (rc == PKI_OK)
		rc = pki_store_begin(ca->store, err);
	if (rc != PKI_OK)
		return rc;
	/* A lost floor begins anew: published files and the store hold the CRL
	 * numbers too, and only a restore changes the epoch. */
	if (pki_floor_read(path, &floor, NULL) != PKI_OK)
		floor = (pki_floor){ .epoch = 1 };
	details[0].text = pki_time_format(floor.time, before);
	ca->floor_known = false;
	floor.time = pki_clock_now(ca->clock);
	rc = pki_audit_append(ca, &event, err);
	if (rc == PKI_OK)
		rc = pki_floor_write(path, &floor, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	return rc;
}
