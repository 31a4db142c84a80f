#include "ca/due.h"

#include <string.h>

#include "ca/crl-list.h"
#include "ca/gate.h"
#include "ca/leaving.h"
#include "ca/public-check.h"

/* What the record says and a published CRL does not, by one merge of both. */
struct compare {
	pki_crl_list *list;
	pki_leaving   leaving;
	pki_crl_entry listed;
	bool          more;
	int64_t       now, behind;
};

static pki_code
next_listed(struct compare *compare, pki_err *err)
{
	return pki_crl_list_next(compare->list, &compare->listed,
	    &compare->more, err);
}

/* Listed, but not on record: only a release makes that worth a new CRL. */
static pki_code
pass_listed(struct compare *compare, pki_err *err)
{
	bool released = false;
	pki_code rc = PKI_OK;

	if (compare->listed.reason == PKI_REASON_CERTIFICATE_HOLD)
		rc = pki_leaving_ask(&compare->leaving, &compare->listed,
		    &released, err);
	compare->behind += released;
	return rc == PKI_OK ? next_listed(compare, err) : rc;
}

static pki_code
compare_row(const pki_revoked_row *row, void *arg, pki_err *err)
{
	struct compare *compare = arg;
	pki_crl_entry entry = {
		.revoked_at = row->revoked_at,
		.reason = (pki_reason)row->reason,
	};
	pki_code rc = PKI_OK;
	int order = -1;

	/* What cannot be read is no news. */
	if (row->damaged)
		return PKI_OK;
	while (rc == PKI_OK && compare->more) {
		order = pki_serial_compare(&compare->listed.serial,
		    &row->serial);
		if (order >= 0)
			break;
		rc = pass_listed(compare, err);
	}
	if (rc != PKI_OK)
		return rc;
	if (!compare->more || order != 0) {
		compare->behind++;
		return PKI_OK;
	}
	if (entry.revoked_at > compare->listed.revoked_at)
		entry.revoked_at = compare->listed.revoked_at;
	/* A change that the gate would refuse is no news either. */
	if (pki_gate_may_follow(&compare->listed, &entry, compare->now) &&
	    ((int)compare->listed.reason != row->reason ||
	    compare->listed.invalid_since != row->invalid_since))
		compare->behind++;
	return next_listed(compare, err);
}

static pki_code
count_behind(pki_ca *ca, const pki_authority *authority, int64_t scope,
    pki_crl_list *list, int64_t *out, pki_err *err)
{
	int64_t now = pki_clock_now(ca->clock);
	int64_t expired = pki_crl_list_expiry(list, now);
	struct compare compare = {
		.list = list, .now = now,
		.leaving = {
			.ca = ca, .authority = authority,
			.at = expired, .damage = PKI_DAMAGE_STAYS,
		},
	};
	pki_code rc;

	pki_crl_list_rewind(list);
	rc = next_listed(&compare, err);
	/* Who had expired by then rightly went. */
	if (rc == PKI_OK)
		rc = pki_store_each_revoked(ca->store, authority->id, scope,
		    expired, compare_row, &compare, err);
	while (rc == PKI_OK && compare.more)
		rc = pass_listed(&compare, err);
	pki_leaving_clear(&compare.leaving);
	*out = compare.behind;
	return rc;
}

static pki_code
open_list(pki_ca *ca, const pki_authority *authority, int64_t scope,
    pki_crl_list *out, pki_err *err)
{
	const pki_crl_origin origin = { .issuer = authority->cert };
	char file[PKI_PATH_MAX], path[PKI_PATH_MAX];
	pki_code rc = pki_crl_file(authority, scope, file, err);

	if (rc == PKI_OK)
		rc = pki_ca_path(ca, path, err, "public/%s", file);
	if (rc == PKI_OK)
		rc = pki_crl_list_open(out, path, &origin, err);
	return rc;
}

static pki_code
count_scope(pki_ca *ca, const pki_authority *authority, int64_t scope,
    int64_t *out, pki_err *err)
{
	pki_crl_list list = { 0 };
	pki_code rc = open_list(ca, authority, scope, &list, err);

	*out = 0;
	if (rc == PKI_OK)
		rc = count_behind(ca, authority, scope, &list, out, err);
	pki_crl_list_clear(&list);
	return rc;
}

static pki_code
find_last(pki_ca *ca, const pki_authority *authority, int64_t *out,
    pki_err *err)
{
	*out = -1;
	return authority->crl_form == PKI_CRL_FULL ? PKI_OK :
	    pki_store_last_partition(ca->store, authority->id, out, err);
}

/* A revocation is in two lists; whatever one of them lacks counts. */
pki_code
pki_unpublished_entries(pki_ca *ca, const pki_authority *authority,
    int64_t *out, pki_err *err)
{
	int64_t in_complete, in_parts = 0, scope, last;
	pki_code rc = find_last(ca, authority, &last, err);

	if (rc == PKI_OK)
		rc = count_scope(ca, authority, PKI_SCOPE_COMPLETE,
		    &in_complete, err);
	for (scope = 0; rc == PKI_OK && scope <= last; scope++) {
		int64_t in_scope;

		rc = count_scope(ca, authority, scope, &in_scope, err);
		in_parts += in_scope;
		/* One that is not there is a file that is behind. */
		if (rc == PKI_NOT_FOUND || rc == PKI_DAMAGED)
			rc = PKI_OK;
	}
	if (rc == PKI_OK)
		*out = in_complete > in_parts ? in_complete : in_parts;
	return rc;
}

pki_code
pki_ca_unpublished(pki_ca *ca, const char *name, int64_t *out, pki_err *err)
{
	pki_public_state state;
	pki_authority *authority;
	pki_code rc;

	*out = 0;
	rc = pki_authority_get(ca, name, &authority, err);
	if (rc == PKI_OK)
		rc = pki_unpublished_entries(ca, authority, out, err);
	if (rc == PKI_OK)
		rc = pki_public_check(ca, authority, &state, err);
	if (rc == PKI_OK)
		*out += state.behind;
	return rc;
}

/* A root's key is rarely at hand: half of the life is often enough. */
static bool
is_old(const pki_ca *ca, const pki_authority *authority,
    const pki_crl_list *list)
{
	bool is_root = strcmp(authority->name, authority->parent) == 0;
	int64_t age = pki_clock_now(ca->clock) - list->this_update;

	return 2 * age >= list->next_update - list->this_update ||
	    (!is_root && age >= ca->config->crl_refresh);
}

static pki_code
scope_is_due(pki_ca *ca, const pki_authority *authority, int64_t scope,
    bool *out, pki_err *err)
{
	pki_crl_list list = { 0 };
	int64_t behind = 0;
	pki_code rc = open_list(ca, authority, scope, &list, err);

	if (rc == PKI_NOT_FOUND || rc == PKI_DAMAGED) {
		*out = true;
		return PKI_OK;
	}
	if (rc == PKI_OK && !is_old(ca, authority, &list)) {
		rc = count_behind(ca, authority, scope, &list, &behind, err);
		/* What cannot be read is no news; the age decides. */
		if (rc == PKI_DAMAGED)
			rc = PKI_OK;
		*out = behind > 0;
	} else if (rc == PKI_OK) {
		*out = true;
	}
	pki_crl_list_clear(&list);
	return rc;
}

pki_code
pki_ca_crl_is_due(pki_ca *ca, const char *name, bool *out, pki_err *err)
{
	pki_public_state state;
	pki_authority *authority;
	int64_t last = -1, scope;
	bool due = false;
	pki_code rc = pki_authority_get(ca, name, &authority, err);

	if (rc == PKI_OK)
		rc = find_last(ca, authority, &last, err);
	for (scope = PKI_SCOPE_COMPLETE; rc == PKI_OK && !due && scope <= last;
	    scope++)
		rc = scope_is_due(ca, authority, scope, &due, err);
	if (rc == PKI_OK && !due) {
		rc = pki_public_check(ca, authority, &state, err);
		due = rc == PKI_OK && state.behind > 0;
	}
	*out = due;
	return rc;
}
