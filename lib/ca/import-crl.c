#include "ca/publish.h"

#include "base/lock.h"
#include "ca/gate.h"
#include "ca/public-check.h"
#include "ca/public-files.h"
#include "ca/publication.h"
#include "x509/digest.h"

/* A CRL made elsewhere, in memory: an offline root's is short. */
struct import {
	pki_ca              *ca;
	pki_authority       *authority;
	pki_crl             *crl;
	pki_publish_options  options;
	char                 file[PKI_PATH_MAX];
};

/* The gate, against what is published, whatever its entries' order. */
static pki_code
judge(const struct import *import, pki_crl_list *next, pki_err *err)
{
	pki_leaving leaving = {
		.ca = import->ca, .authority = import->authority,
		.damage = PKI_DAMAGE_FAILS,
	};
	pki_gate_terms terms = {
		.next = next, .now = pki_clock_now(import->ca->clock),
		.may_leave = pki_leaving_ask, .arg = &leaving,
	};
	const pki_crl_origin origin = { .issuer = import->authority->cert };
	pki_crl_list previous = { 0 };
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_ca_path(import->ca, path, err, "public/%s", import->file);
	if (rc == PKI_OK)
		rc = pki_crl_list_open(&previous, path, &origin, err);
	if (rc == PKI_OK) {
		terms.previous = &previous;
		leaving.at = pki_crl_list_expiry(&previous, terms.now);
	}
	if (rc == PKI_OK || rc == PKI_NOT_FOUND || rc == PKI_DAMAGED)
		rc = pki_gate_merge(&terms, err);
	pki_leaving_clear(&leaving);
	pki_crl_list_clear(&previous);
	return rc;
}

/* The file comes last, as that of one of ours. */
static pki_code
put_files(const struct import *import, pki_err *err)
{
	pki_bytes der = pki_crl_der(import->crl);
	pki_code rc;

	rc = pki_public_put_twin(import->ca, import->file, der, err);
	if (rc == PKI_OK)
		rc = pki_public_put_chains(import->ca, import->authority, err);
	return rc == PKI_OK ?
	    pki_public_put_crl(import->ca, import->file, der, err) : rc;
}

/*
 * Is it on record, but not all of it in its place?  An import was cut off; it
 * is brought to its end, and makes no second record.
 */
static pki_code
was_cut_off(const struct import *import, bool *out, pki_err *err)
{
	pki_public_state state;
	pki_digest digest;
	pki_crl_row row;
	pki_code rc;

	*out = false;
	rc = pki_digest_of(pki_crl_der(import->crl), &digest, err);
	if (rc == PKI_OK)
		rc = pki_store_get_crl(import->ca->store,
		    import->authority->id, PKI_SCOPE_COMPLETE, &row, err);
	if (rc == PKI_NOT_FOUND)
		return PKI_OK;
	if (rc != PKI_OK || !pki_digest_equal(&digest, &row.digest))
		return rc;
	rc = pki_public_check_locked(import->ca, import->authority, &state,
	    err);
	*out = rc == PKI_OK && state.behind > 0;
	return rc;
}

/* It is recorded and installed like one of ours. */
static pki_code
record(struct import *import, pki_err *err)
{
	pki_crl_list next;
	const pki_audit_detail details[] = {
		{ .key = "file", .text = import->file },
		{ .key = "number", .number = pki_crl_number(import->crl) },
		{ .key = "entries",
		    .number = (int64_t)pki_crl_count(import->crl) },
		{ .key = NULL },
	};
	pki_publication_entry entry = {
		.action = PKI_AUDIT_CRL_IMPORT,
		.authority = import->authority, .options = &import->options,
		.details = details, .list = &next,
		.row = {
			.ca_id = import->authority->id,
			.number = pki_crl_number(import->crl),
			.scope = PKI_SCOPE_COMPLETE,
			.entries = (int64_t)pki_crl_count(import->crl),
			.this_update = pki_crl_this_update(import->crl),
			.next_update = pki_crl_next_update(import->crl),
		},
	};
	pki_code rc;

	pki_crl_list_of_crl(&next, import->crl);
	rc = judge(import, &next, err);
	if (rc == PKI_OK)
		rc = pki_digest_of(pki_crl_der(import->crl), &entry.row.digest,
		    err);
	if (rc == PKI_OK)
		rc = pki_publication_record(import->ca, &entry, err);
	return rc;
}

static pki_code
install(struct import *import, pki_err *err)
{
	bool again;
	pki_code rc;

	rc = pki_crl_file(import->authority, PKI_SCOPE_COMPLETE, import->file,
	    err);
	if (rc == PKI_OK)
		rc = was_cut_off(import, &again, err);
	if (rc == PKI_OK && !again)
		rc = record(import, err);
	return rc == PKI_OK ? put_files(import, err) : rc;
}

static pki_code
lock_and_install(struct import *import, pki_err *err)
{
	PKI_AUTO(pki_lock) lock = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_ca_path(import->ca, path, err, "public/%s.lock",
	    import->authority->name);
	if (rc == PKI_OK)
		rc = pki_lock_open(path, &lock, err);
	if (rc == PKI_OK)
		rc = pki_lock_take(lock, PKI_PUBLISH_WAIT_MS, err);
	if (rc != PKI_OK)
		return rc;
	rc = install(import, err);
	pki_lock_drop(lock);
	return rc;
}

pki_code
pki_ca_import_crl(pki_ca *ca, pki_bytes crl, const pki_requester *who,
    pki_published *out, pki_err *err)
{
	struct import import = { .ca = ca, .options = { .who = who } };
	pki_code rc;

	rc = pki_ca_check_clock(ca, err);
	if (rc == PKI_OK)
		rc = pki_crl_parse(crl, PKI_PUBLISHED_MAX, &import.crl, err);
	if (rc == PKI_OK)
		rc = pki_authority_of_crl(ca, import.crl, &import.authority,
		    err);
	if (rc == PKI_OK)
		rc = lock_and_install(&import, err);
	pki_ca_forget(ca);              /* it may have ended one of ours */
	if (rc == PKI_OK)
		*out = (pki_published){
			.ca = import.authority->name,
			.number = pki_crl_number(import.crl),
			.this_update = pki_crl_this_update(import.crl),
			.next_update = pki_crl_next_update(import.crl),
			.entries = (int64_t)pki_crl_count(import.crl),
		};
	pki_crl_free(import.crl);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "import CRL");
}
