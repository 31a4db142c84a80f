#include "ca/ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "ca/handle.h"
#include "ca/init-state.h"
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
	pki_buf_free(ca->token_key);
	pki_store_free(ca->store);
	pki_state_unlock(ca);
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

/* What a foreign hand could change files in, behind our back. */
static pki_code
check_writers(const pki_ca *ca, pki_err *err)
{
	char keys[PKI_PATH_MAX], templates[PKI_PATH_MAX];
	const char *const dirs[] = {
		ca->state_dir, keys, ca->conf_dir, templates,
	};
	pki_code rc = pki_ca_path(ca, keys, err, "keys");
	size_t i;

	if (rc == PKI_OK)
		rc = pki_path_join(templates, ca->conf_dir, "templates", err);
	for (i = 0; i < PKI_COUNT(dirs) && rc == PKI_OK; i++) {
		rc = pki_dir_check(dirs[i], err);
		/* Who needs it says so. */
		if (rc == PKI_NOT_FOUND)
			rc = PKI_OK;
	}
	return rc;
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
		rc = check_writers(ca, err);
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

static pki_code
note_epoch(const pki_cert_row *row, void *arg, pki_err *err)
{
	const pki_serial *serial = &row->serial;
	int64_t *epoch = arg;

	(void)err;
	if (serial->len == sizeof(serial->octets) &&
	    serial->octets[0] > *epoch && serial->octets[0] <= 127)
		*epoch = serial->octets[0];
	return PKI_OK;
}

/*
 * A lost floor begins anew: published files and the store hold the CRL numbers
 * too, and serials, 20 octets each, begin with their epoch (DESIGN 4).
 */
static pki_code
begin_floor(pki_ca *ca, pki_floor *out, pki_err *err)
{
	const pki_cert_filter all = { .ca_id = 0 };

	*out = (pki_floor){ .epoch = 1 };
	return pki_store_each_cert(ca->store, &all, note_epoch, &out->epoch,
	    err);
}

pki_code
pki_ca_accept_clock(pki_ca *ca, const pki_requester *who, pki_err *err)
{
	char path[PKI_PATH_MAX], before[PKI_TIME_TEXT];
	pki_audit_detail details[] = { { .key = "floor" }, { 0 } };
	pki_audit_event event = {
		.action = PKI_AUDIT_CLOCK, .who = who, .details = details,
	};
	pki_floor floor, lost = { .epoch = 1 };
	pki_code rc;

	rc = pki_ca_path(ca, path, err, "floor");
	/* It takes a while, and so stands in front of the transaction. */
	if (rc == PKI_OK && pki_floor_read(path, &floor, NULL) != PKI_OK)
		rc = begin_floor(ca, &lost, err);
	if (rc == PKI_OK)
		rc = pki_store_begin(ca->store, err);
	if (rc != PKI_OK)
		return rc;
	if (pki_floor_read(path, &floor, NULL) != PKI_OK)
		floor = lost;
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
