#include "ca/publish.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "ca/handle.h"
#include "ca/public-files.h"
#include "ca/record.h"
#include "ca/rowhash.h"
#include "ca/sign.h"
#include "ca/withdraw.h"
#include "x509/digest.h"
#include "x509/pem.h"

/* One CRL on its way out. */
struct publication {
	pki_ca        *ca;
	pki_authority *authority;
	int64_t        scope;
	char           file[PKI_PATH_MAX];      /* below public/ */
	pki_crl       *previous;                /* as published, or NULL */
	pki_crl       *next;
	pki_crl_builder *builder;
	int64_t        entries;
	const char    *action;                  /* for the audit log */
};

static void
publication_clear(struct publication *p)
{
	pki_crl_free(p->previous);
	pki_crl_free(p->next);
	pki_crl_builder_free(p->builder);
}

static pki_code
add_entry(const pki_revoked_row *row, void *arg, pki_err *err)
{
	struct publication *p = arg;
	int64_t now = pki_clock_now(p->ca->clock);
	pki_crl_entry entry = {
		.serial = row->serial, .revoked_at = row->revoked_at,
		.reason = (pki_reason)row->reason,
		.invalid_since = row->invalid_since,
	};

	/* The clock was ahead when it was revoked: it is revoked all the
	 * same, and no list may speak of the future. */
	if (entry.revoked_at > now)
		entry.revoked_at = now;
	p->entries++;
	return pki_crl_add(p->builder, &entry, err);
}

/* The number above everything seen: store, published file, floor (G16). */
static pki_code
next_number(const struct publication *p, int64_t *out, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_floor floor;
	pki_code rc;

	rc = pki_store_last_crl_number(p->ca->store, p->authority->id, out,
	    err);
	if (rc == PKI_OK)
		rc = pki_ca_path(p->ca, path, err, "floor");
	if (rc == PKI_OK)
		rc = pki_floor_read(path, &floor, err);
	if (rc != PKI_OK)
		return rc;
	if (p->previous != NULL && pki_crl_number(p->previous) > *out)
		*out = pki_crl_number(p->previous);
	if (floor.crl_number > *out)
		*out = floor.crl_number;
	++*out;
	return PKI_OK;
}

/* thisUpdate = max(previous + 1 s, now - backdate); DESIGN 5. */
static pki_code
update_times(const struct publication *p, pki_crl_fields *fields, pki_err *err)
{
	const pki_config *config = p->ca->config;
	int64_t now = pki_clock_now(p->ca->clock), before = 0;
	bool is_root = strcmp(p->authority->name, p->authority->parent) == 0;
	pki_crl_row last;
	pki_code rc;

	rc = pki_store_get_crl(p->ca->store, p->authority->id, p->scope, &last,
	    err);
	if (rc == PKI_OK)
		before = last.this_update;
	else if (rc != PKI_NOT_FOUND)
		return rc;
	if (p->previous != NULL && pki_crl_this_update(p->previous) > before)
		before = pki_crl_this_update(p->previous);
	if (before + 1 > now + 5)
		return pki_fail(err, PKI_CLOCK, "clock-suspect: the published "
		    "CRL is ahead of the clock");
	fields->this_update = now - config->crl_backdate;
	if (fields->this_update <= before)
		fields->this_update = before + 1;
	fields->next_update = fields->this_update +
	    (is_root ? config->root_crl_life : config->crl_life);
	if (fields->next_update > pki_cert_not_after(p->authority->cert))
		fields->next_update = pki_cert_not_after(p->authority->cert);
	return PKI_OK;
}

/*
 * What lies there now counts only when it is a CRL of this CA; anything else
 * (garbage, a foreign CRL) is no history of ours and is replaced.
 */
static pki_code
read_previous(struct publication *p, pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_ca_path(p->ca, path, err, "public/%s", p->file);
	if (rc == PKI_OK)
		rc = pki_file_read(path, PKI_PUBLISHED_MAX, PKI_FILE_OURS,
		    &text, err);
	if (rc == PKI_NOT_FOUND)
		return PKI_OK;
	if (rc != PKI_OK)
		return rc;
	if (pki_crl_parse(pki_buf_bytes(text), PKI_PUBLISHED_MAX, &p->previous,
	    NULL) == PKI_OK && pki_crl_check_issuer(p->previous,
	    p->authority->cert, NULL) == PKI_OK)
		return PKI_OK;
	pki_crl_free(p->previous);
	p->previous = NULL;
	return PKI_OK;
}

/* The TBSCertList of what the store says now. */
static pki_code
build(struct publication *p, pki_crl_fields *fields, pki_buf *tbs,
    pki_err *err)
{
	char idp[PKI_URL_MAX];
	pki_code rc = PKI_OK;

	if (p->scope >= 0) {
		rc = pki_crl_url(p->authority, p->scope, idp, err);
		fields->idp_url = idp;
	}
	if (rc == PKI_OK)
		rc = next_number(p, &fields->number, err);
	if (rc == PKI_OK)
		rc = update_times(p, fields, err);
	if (rc == PKI_OK)
		rc = pki_crl_begin(fields, &p->builder, err);
	if (rc == PKI_OK)
		rc = pki_store_each_revoked(p->ca->store, p->authority->id,
		    p->scope, p->previous == NULL ? 0 :
		    pki_crl_this_update(p->previous), add_entry, p, err);
	if (rc == PKI_OK)
		rc = pki_crl_encode(p->builder, tbs, err);
	return rc;
}

static pki_code
cert_expired(void *arg, const pki_serial *serial, int64_t at, bool *out,
    pki_err *err)
{
	const struct publication *p = arg;
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_cert_row row;
	pki_code rc;

	*out = false;
	rc = pki_store_get_cert(p->ca->store, p->authority->id, serial, &row,
	    hold, err);
	if (rc == PKI_NOT_FOUND)        /* a store that lost it: not expired */
		return PKI_OK;
	if (rc == PKI_OK)
		rc = pki_row_verify_cert(&row, err);
	if (rc == PKI_OK)
		*out = row.not_after < at;
	return rc;
}

/* Number, time and digest are on record before the file appears. */
static pki_code
record(struct publication *p, const pki_requester *who, pki_err *err)
{
	const pki_audit_detail details[] = {
		{ .key = "file", .text = p->file },
		{ .key = "number", .number = pki_crl_number(p->next) },
		{ .key = "entries", .number = p->entries },
		{ .key = NULL },
	};
	const pki_audit_event event = {
		.action = p->action, .who = who, .ca = p->authority->name,
		.details = details,
	};
	pki_crl_row row = {
		.ca_id = p->authority->id, .number = pki_crl_number(p->next),
		.scope = p->scope, .entries = p->entries,
		.this_update = pki_crl_this_update(p->next),
		.next_update = pki_crl_next_update(p->next),
	};
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_digest_of(pki_crl_der(p->next), &row.digest, err);
	if (rc == PKI_OK)
		rc = pki_ca_path(p->ca, path, err, "floor");
	if (rc == PKI_OK)
		rc = pki_store_begin(p->ca->store, err);
	if (rc != PKI_OK)
		return rc;
	rc = pki_floor_raise(path, pki_clock_now(p->ca->clock), row.number,
	    err);
	if (rc == PKI_OK)
		rc = pki_store_put_crl(p->ca->store, &row, err);
	if (rc == PKI_OK)
		rc = pki_audit_append(p->ca, &event, err);
	if (rc == PKI_OK)
		rc = pki_withdraw_listed(p->ca, p->authority, p->next, who,
		    err);
	if (rc == PKI_OK)
		rc = pki_store_commit(p->ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(p->ca->store);
	return rc;
}

static pki_code
sign_and_gate(struct publication *p, pki_bytes tbs, pki_err *err)
{
	const pki_authority *authority = p->authority;
	pki_gate gate = {
		.issuer = authority->cert, .previous = p->previous,
		.now = pki_clock_now(p->ca->clock),
		.expired = cert_expired, .arg = p,
	};
	pki_code rc;

	rc = pki_sign_crl(authority->signer, authority->cert, tbs, &p->next,
	    err);
	if (rc != PKI_OK)
		return rc;
	gate.next = p->next;
	return pki_gate_check(&gate, err);
}

static pki_code
publish_scope(struct publication *p, const pki_requester *who, pki_err *err)
{
	PKI_AUTO(pki_buf) tbs = pki_buf_new();
	pki_crl_fields fields = {
		.algorithm = pki_signer_algorithm(p->authority->signer),
		.issuer = pki_cert_subject(p->authority->cert),
		.authority_key_id =
		    pki_cert_subject_key_id(p->authority->cert),
	};
	pki_code rc;

	rc = pki_crl_file(p->authority, p->scope, p->file, err);
	if (rc == PKI_OK)
		rc = read_previous(p, err);
	if (rc == PKI_OK)
		rc = build(p, &fields, tbs, err);
	if (rc == PKI_OK)
		rc = sign_and_gate(p, pki_buf_bytes(tbs), err);
	if (rc == PKI_OK && who != NULL)
		rc = record(p, who, err);
	if (rc == PKI_OK && who != NULL)
		rc = pki_public_put_crl(p->ca, p->file, pki_crl_der(p->next),
		    err);
	return rc;
}

/* Which scopes a CA has, and what to tell about each. */
struct round {
	pki_ca                *ca;
	pki_authority         *authority;
	const pki_requester   *who;     /* NULL: a dry run */
	pki_published_visitor *visit;
	void                  *arg;
};

static pki_code
publish_one(const struct round *round, int64_t scope, pki_err *err)
{
	struct publication p = {
		.ca = round->ca, .authority = round->authority, .scope = scope,
		.action = PKI_AUDIT_CRL,
	};
	pki_code rc = publish_scope(&p, round->who, err);

	if (rc == PKI_OK && round->visit != NULL) {
		const pki_published published = {
			.ca = round->authority->name, .file = p.file,
			.number = pki_crl_number(p.next),
			.this_update = pki_crl_this_update(p.next),
			.next_update = pki_crl_next_update(p.next),
			.entries = p.entries,
		};

		rc = round->visit(&published, round->arg, err);
	}
	publication_clear(&p);
	return rc;
}

static pki_code
publish_all(const struct round *round, pki_err *err)
{
	int64_t last = -1, scope;
	pki_code rc;

	rc = publish_one(round, PKI_SCOPE_COMPLETE, err);
	if (rc == PKI_OK && round->authority->crl_form == PKI_CRL_PARTITIONED)
		rc = pki_store_last_partition(round->ca->store,
		    round->authority->id, &last, err);
	for (scope = 0; rc == PKI_OK && scope <= last; scope++)
		rc = publish_one(round, scope, err);
	if (rc == PKI_OK && round->who != NULL)
		rc = pki_public_put_chains(round->ca, round->authority, err);
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
		rc = pki_authority_check_time(round->ca, round->authority, err);
	if (rc == PKI_OK)
		rc = pki_authority_signer(round->ca, round->authority, err);
	return rc;
}

pki_code
pki_ca_publish(pki_ca *ca, const char *name, const pki_requester *who,
    pki_published_visitor *visit, void *arg, pki_err *err)
{
	struct round round = {
		.ca = ca, .who = who, .visit = visit, .arg = arg,
	};
	pki_code rc = start_round(&round, name, err);

	if (rc == PKI_OK)
		rc = lock_and_publish(&round, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "CRL of '%s'", name);
}

pki_code
pki_ca_publish_check(pki_ca *ca, const char *name,
    pki_published_visitor *visit, void *arg, pki_err *err)
{
	struct round round = { .ca = ca, .visit = visit, .arg = arg };
	pki_code rc = start_round(&round, name, err);

	if (rc == PKI_OK)
		rc = publish_all(&round, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "CRL of '%s'", name);
}

/* A CRL made elsewhere is recorded and installed like one of ours. */
static pki_code
install(struct publication *p, const pki_requester *who, pki_err *err)
{
	pki_gate gate = {
		.issuer = p->authority->cert, .next = p->next,
		.now = pki_clock_now(p->ca->clock),
		.expired = cert_expired, .arg = p,
	};
	pki_code rc;

	p->entries = (int64_t)pki_crl_count(p->next);
	rc = pki_crl_file(p->authority, p->scope, p->file, err);
	if (rc == PKI_OK)
		rc = read_previous(p, err);
	gate.previous = p->previous;
	if (rc == PKI_OK)
		rc = pki_gate_check(&gate, err);
	if (rc == PKI_OK)
		rc = record(p, who, err);
	if (rc == PKI_OK)
		rc = pki_public_put_crl(p->ca, p->file, pki_crl_der(p->next),
		    err);
	if (rc == PKI_OK)
		rc = pki_public_put_chains(p->ca, p->authority, err);
	return rc;
}

static pki_code
lock_and_install(struct publication *p, const pki_requester *who,
    pki_published *out, pki_err *err)
{
	PKI_AUTO(pki_lock) lock = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_ca_path(p->ca, path, err, "public/%s.lock",
	    p->authority->name);
	if (rc == PKI_OK)
		rc = pki_lock_open(path, &lock, err);
	if (rc == PKI_OK)
		rc = pki_lock_take(lock, PKI_PUBLISH_WAIT_MS, err);
	if (rc != PKI_OK)
		return rc;
	rc = install(p, who, err);
	pki_lock_drop(lock);
	*out = (pki_published){
		.ca = p->authority->name, .number = pki_crl_number(p->next),
		.this_update = pki_crl_this_update(p->next),
		.next_update = pki_crl_next_update(p->next),
		.entries = p->entries,
	};
	return rc;
}

pki_code
pki_ca_import_crl(pki_ca *ca, pki_bytes crl, const pki_requester *who,
    pki_published *out, pki_err *err)
{
	struct publication p = {
		.ca = ca, .scope = PKI_SCOPE_COMPLETE,
		.action = PKI_AUDIT_CRL_IMPORT,
	};
	pki_code rc;

	rc = pki_ca_check_clock(ca, err);
	if (rc == PKI_OK)
		rc = pki_crl_parse(crl, PKI_PUBLISHED_MAX, &p.next, err);
	if (rc == PKI_OK)
		rc = pki_authority_of_crl(ca, p.next, &p.authority, err);
	if (rc == PKI_OK)
		rc = lock_and_install(&p, who, out, err);
	pki_ca_forget(ca);              /* it may have ended one of ours */
	publication_clear(&p);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "import CRL");
}
