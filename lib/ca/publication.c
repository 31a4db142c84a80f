#include "ca/publication.h"

#include <string.h>

#include "ca/gate.h"
#include "ca/public-files.h"
#include "ca/withdraw.h"

void
pki_publication_clear(pki_publication *p)
{
	pki_crl_list_clear(&p->previous);
	pki_crl_draft_free(p->made);
	p->made = NULL;
	p->has_previous = false;
}

typedef pki_code open_list(pki_crl_list *list, const char *path,
    const pki_crl_origin *origin, pki_err *err);

/*
 * What lies there now counts only when it is a CRL of this CA, whole, with a
 * signature that holds; anything else is no history of ours and is replaced.
 */
static pki_code
open_previous(pki_publication *p, open_list *open, pki_err *err)
{
	pki_crl_origin origin = { .issuer = p->authority->cert };
	char path[PKI_PATH_MAX];
	pki_crl_row row;
	pki_code rc;

	pki_crl_list_clear(&p->previous);
	rc = pki_store_get_crl(p->ca->store, p->authority->id, p->scope, &row,
	    err);
	if (rc == PKI_OK)
		origin.recorded = &row.digest;
	if (rc == PKI_OK || rc == PKI_NOT_FOUND)
		rc = pki_ca_path(p->ca, path, err, "public/%s", p->file);
	if (rc == PKI_OK)
		rc = open(&p->previous, path, &origin, err);
	p->has_previous = rc == PKI_OK;
	return rc == PKI_NOT_FOUND || rc == PKI_DAMAGED ? PKI_OK : rc;
}

/* The number above everything seen: store, published file, floor (G16). */
static pki_code
next_number(const pki_publication *p, int64_t *out, pki_err *err)
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
	if (p->has_previous && p->previous.number > *out)
		*out = p->previous.number;
	if (floor.crl_number > *out)
		*out = floor.crl_number;
	if (*out >= PKI_CRL_NUMBER_MAX)
		return pki_refuse(err, PKI_DENIED, PKI_GATE_RULE,
		    "a number below 2^62 in database, floor and published CRL",
		    "number %lld was used", (long long)*out);
	++*out;
	return PKI_OK;
}

pki_code
pki_publication_check_clock(pki_ca *ca, int64_t this_update, pki_err *err)
{
	char text[PKI_TIME_TEXT];

	if (this_update < pki_clock_now(ca->clock) + PKI_CRL_AHEAD_MAX)
		return PKI_OK;
	return pki_fail(err, PKI_CLOCK, "clock-suspect: the published CRL is "
	    "ahead of the clock, of %s; correct the clock, or, when it is "
	    "right, run 'pki-ctl crl publish --accept-clock'",
	    pki_time_format(this_update, text));
}

/* The greatest thisUpdate of this scope, on record or published. */
static pki_code
last_update(const pki_publication *p, int64_t *out, pki_err *err)
{
	pki_crl_row last;
	pki_code rc;

	*out = p->has_previous ? p->previous.this_update : 0;
	rc = pki_store_get_crl(p->ca->store, p->authority->id, p->scope, &last,
	    err);
	if (rc == PKI_OK && last.this_update > *out)
		*out = last.this_update;
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

/* thisUpdate = max(previous + 1 s, now - backdate); DESIGN 5. */
static pki_code
update_times(pki_publication *p, pki_crl_fields *fields, pki_err *err)
{
	const pki_config *config = p->ca->config;
	int64_t now = pki_clock_now(p->ca->clock), before;
	bool is_root = strcmp(p->authority->name, p->authority->parent) == 0;
	pki_code rc = last_update(p, &before, err);

	if (rc == PKI_OK)
		rc = pki_publication_check_clock(p->ca, before, err);
	fields->this_update = now - config->crl_backdate;
	p->ahead = 0;
	if (rc == PKI_CLOCK && p->options->ahead == PKI_AHEAD_ACCEPTED) {
		p->ahead = before;
		fields->this_update = now;
	} else if (rc != PKI_OK) {
		return rc;
	} else if (fields->this_update <= before) {
		fields->this_update = before + 1;
	}
	fields->next_update = fields->this_update +
	    (is_root ? config->root_crl_life : config->crl_life);
	if (fields->next_update > pki_cert_not_after(p->authority->cert))
		fields->next_update = pki_cert_not_after(p->authority->cert);
	return PKI_OK;
}

static pki_code
set_fields(pki_publication *p, pki_crl_fields *fields,
    char idp[PKI_URL_MAX], pki_err *err)
{
	pki_code rc = PKI_OK;

	*fields = (pki_crl_fields){
		.algorithm = pki_signer_algorithm(p->authority->signer),
		.issuer = pki_cert_subject(p->authority->cert),
		.authority_key_id =
		    pki_cert_subject_key_id(p->authority->cert),
	};
	if (p->scope >= 0) {
		rc = pki_crl_url(p->authority, p->scope, idp, err);
		fields->idp_url = idp;
	}
	if (rc == PKI_OK)
		rc = next_number(p, &fields->number, err);
	return rc == PKI_OK ? update_times(p, fields, err) : rc;
}

static pki_code
add_entry(const pki_crl_entry *entry, void *arg, pki_err *err)
{
	return pki_crl_draft_add(arg, entry, err);
}

/* One pass over the record, which is of one moment. */
static pki_code
write_draft(pki_publication *p, pki_crl_source *source, pki_err *err)
{
	uint64_t likely = p->has_previous ?
	    pki_crl_list_octets(&p->previous) : 0;
	char idp[PKI_URL_MAX];
	pki_crl_fields fields;
	pki_crl_place place;
	pki_code rc;

	rc = set_fields(p, &fields, idp, err);
	if (rc == PKI_OK)
		rc = pki_public_place(p->ca, p->file, &place, err);
	if (rc == PKI_OK)
		rc = pki_crl_draft_begin(&place, p->authority, &fields, likely,
		    &p->made, err);
	if (rc == PKI_OK)
		rc = pki_crl_source_each(source, add_entry, p->made, err);
	if (rc == PKI_OK)
		rc = pki_crl_draft_sign(p->made, err);
	if (rc == PKI_OK)
		rc = pki_crl_draft_verify(p->made, &p->digest, err);
	if (rc != PKI_OK)
		return rc;
	p->result = (pki_published){
		.ca = p->authority->name, .file = p->file,
		.number = fields.number, .this_update = fields.this_update,
		.next_update = fields.next_update,
		.entries = pki_crl_draft_entries(p->made),
		.kept = source->kept, .damaged = source->damaged,
	};
	return PKI_OK;
}

static pki_code
judge(pki_publication *p, pki_leaving *leaving, pki_err *err)
{
	pki_crl_list next;
	const pki_gate_terms terms = {
		.previous = p->has_previous ? &p->previous : NULL,
		.next = &next, .now = pki_clock_now(p->ca->clock),
		.may_leave = pki_leaving_ask, .arg = leaving,
		.missing = p->options->missing,
		.missing_arg = p->options->arg,
		.ahead = p->options->ahead,
	};

	pki_crl_list_of_reader(&next, pki_crl_draft_reader(p->made));
	return pki_gate_merge(&terms, err);
}

static pki_code
make(pki_publication *p, pki_publish_mode mode, pki_err *err)
{
	int64_t now = pki_clock_now(p->ca->clock);
	pki_leaving leaving = {
		.ca = p->ca, .authority = p->authority,
		.at = pki_crl_list_expiry(&p->previous, now),
		.lost = p->options->lost,
		.damage = mode == PKI_PUBLISH_UNION ? PKI_DAMAGE_STAYS :
		    PKI_DAMAGE_FAILS,
	};
	pki_crl_source source = {
		.ca = p->ca, .authority = p->authority, .scope = p->scope,
		.previous = p->has_previous ? &p->previous : NULL,
		.leaving = mode == PKI_PUBLISH_UNION ? &leaving : NULL,
		.now = now,
	};
	pki_code rc = write_draft(p, &source, err);

	if (rc == PKI_OK)
		rc = judge(p, &leaving, err);
	pki_leaving_clear(&leaving);
	return rc;
}

/* Is that a reason to list what the record lacks? */
static bool
is_loss(pki_code rc, const pki_err *err)
{
	return rc == PKI_DAMAGED || (rc == PKI_DENIED && err != NULL &&
	    strcmp(err->rule, PKI_GATE_RULE) == 0);
}

/* As make(); what was made before is dropped. */
static pki_code
make_again(pki_publication *p, pki_publish_mode mode, pki_err *err)
{
	pki_crl_draft_free(p->made);
	p->made = NULL;
	return make(p, mode, err);
}

static pki_code
make_in_any_order(pki_publication *p, pki_publish_mode mode, pki_err *err)
{
	pki_code rc = make_again(p, mode, err);

	/* Signed by our key, but with entries in another program's order. */
	if (rc == PKI_BAD_INPUT && p->has_previous) {
		rc = open_previous(p, pki_crl_list_open, err);
		if (rc == PKI_OK)
			rc = make_again(p, mode, err);
	}
	return rc;
}

/*
 * Is the published file another one than was recorded?  An older one than the
 * record is what a publisher leaves who was killed before the rename; one that
 * is as new or newer, and not on record, comes from elsewhere, or the record
 * is an old copy.
 */
static pki_code
is_unknown(const pki_publication *p, bool *out, pki_err *err)
{
	pki_crl_row row;
	pki_code rc;

	*out = false;
	if (!p->has_previous)
		return PKI_OK;
	rc = pki_store_get_crl(p->ca->store, p->authority->id, p->scope, &row,
	    err);
	if (rc == PKI_OK)
		*out = p->previous.number >= row.number &&
		    !pki_digest_equal(&p->previous.digest, &row.digest);
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

static pki_code
refuse_unknown(const pki_publication *p, pki_err *err)
{
	return pki_refuse(err, PKI_DENIED, PKI_GATE_RULE,
	    "the file on record (after a restore 'pki-ctl crl publish "
	    "--if-due' lists what is on either)",
	    "number %lld in %s is not on record",
	    (long long)p->previous.number, p->file);
}

pki_code
pki_publication_make(pki_publication *p, pki_err *err)
{
	pki_err reason = { .code = PKI_OK };
	bool unknown = false;
	pki_code rc;

	rc = pki_crl_file(p->authority, p->scope, p->file, &reason);
	if (rc == PKI_OK)
		rc = open_previous(p, pki_crl_list_open_unread, &reason);
	if (rc == PKI_OK)
		rc = is_unknown(p, &unknown, &reason);
	if (rc == PKI_OK)
		rc = make_in_any_order(p, PKI_PUBLISH_STRICT, &reason);
	/* Who gives entries up has looked at it. */
	if (rc == PKI_OK && unknown && p->options->lost == NULL)
		rc = refuse_unknown(p, &reason);
	if (p->options->mode == PKI_PUBLISH_UNION && is_loss(rc, &reason))
		rc = make_in_any_order(p, PKI_PUBLISH_UNION, &reason);
	p->result.replaced_unknown = unknown;
	if (rc != PKI_OK && err != NULL)
		*err = reason;
	return rc;
}

/* One row for each serial that is given up. */
static pki_code
append_lost(pki_ca *ca, const pki_publication_entry *entry, pki_err *err)
{
	const pki_lost *lost = entry->options->lost;
	pki_audit_event event = {
		.action = PKI_AUDIT_LOST, .who = entry->options->who,
		.ca = entry->authority->name,
	};
	pki_code rc = PKI_OK;
	size_t i;

	if (lost == NULL || entry->row.scope != PKI_SCOPE_COMPLETE)
		return PKI_OK;
	for (i = 0; rc == PKI_OK && i < lost->count; i++) {
		event.serial = &lost->serials[i];
		rc = pki_audit_append(ca, &event, err);
	}
	return rc;
}

/* The operator's word that the clock is right, one row for each list. */
static pki_code
append_ahead(pki_ca *ca, const pki_publication_entry *entry, pki_err *err)
{
	char ahead[PKI_TIME_TEXT];
	const pki_audit_detail details[] = {
		{ .key = "scope", .number = entry->row.scope },
		{ .key = "this-update",
		    .text = pki_time_format(entry->ahead, ahead) },
		{ .key = NULL },
	};
	const pki_audit_event event = {
		.action = PKI_AUDIT_CLOCK, .who = entry->options->who,
		.ca = entry->authority->name, .details = details,
	};

	return entry->ahead == 0 ? PKI_OK : pki_audit_append(ca, &event, err);
}

static pki_code
put_record(pki_ca *ca, const pki_publication_entry *entry, const char *floor,
    pki_err *err)
{
	const pki_audit_event event = {
		.action = entry->action, .who = entry->options->who,
		.ca = entry->authority->name, .details = entry->details,
	};
	pki_code rc;

	rc = pki_floor_raise(floor, pki_clock_now(ca->clock),
	    entry->row.number, err);
	if (rc == PKI_OK)
		rc = pki_store_put_crl(ca->store, &entry->row, err);
	if (rc == PKI_OK)
		rc = append_lost(ca, entry, err);
	if (rc == PKI_OK)
		rc = append_ahead(ca, entry, err);
	if (rc == PKI_OK)
		rc = pki_audit_append(ca, &event, err);
	if (rc == PKI_OK)
		rc = pki_withdraw_listed(ca, entry->authority, entry->list,
		    entry->options->who, err);
	return rc == PKI_OK ? pki_store_commit(ca->store, err) : rc;
}

pki_code
pki_publication_record(pki_ca *ca, const pki_publication_entry *entry,
    pki_err *err)
{
	char floor[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_ca_path(ca, floor, err, "floor");
	if (rc == PKI_OK)
		rc = pki_store_begin(ca->store, err);
	if (rc != PKI_OK)
		return rc;
	rc = put_record(ca, entry, floor, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	return rc;
}

pki_code
pki_publication_install(pki_publication *p, pki_err *err)
{
	const pki_published *result = &p->result;
	bool union_needed = result->kept != 0 || result->damaged ||
	    result->replaced_unknown;
	const pki_audit_detail details[] = {
		{ .key = "file", .text = p->file },
		{ .key = "number", .number = result->number },
		{ .key = "entries", .number = result->entries },
		{ .key = union_needed ? "kept" : NULL,
		    .number = result->kept },
		{ .key = NULL },
	};
	pki_crl_list list;
	const pki_publication_entry entry = {
		.action = PKI_AUDIT_CRL,
		.authority = p->authority, .options = p->options,
		.details = details, .list = &list, .ahead = p->ahead,
		.row = {
			.ca_id = p->authority->id, .number = result->number,
			.scope = p->scope, .entries = result->entries,
			.this_update = result->this_update,
			.next_update = result->next_update,
			.digest = p->digest,
		},
	};
	pki_code rc;

	pki_crl_list_of_reader(&list, pki_crl_draft_reader(p->made));
	/* A full disk is found out before anything is on record. */
	rc = pki_crl_draft_sync(p->made, err);
	if (rc == PKI_OK)
		rc = pki_publication_record(p->ca, &entry, err);
	return rc == PKI_OK ? pki_crl_draft_commit_twin(p->made, err) : rc;
}

pki_code
pki_publication_finish(pki_publication *p, pki_err *err)
{
	return pki_crl_draft_commit(p->made, err);
}
