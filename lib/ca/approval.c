#include "ca/approval.h"

#include <string.h>

#include "ca/record.h"
#include "ca/registry.h"
#include "ca/rowhash.h"

static const struct decision {
	const char *action;
	int         state;              /* afterwards */
	uint32_t    from;               /* set of pki_approval_state */
	const char *accepts;            /* ... in words */
} decisions[] = {
	[PKI_APPROVAL_APPROVE] = {
		PKI_AUDIT_APPROVE, PKI_APPROVAL_APPROVED,
		1U << PKI_APPROVAL_WAITING | 1U << PKI_APPROVAL_DENIED,
		"a request that waits, or was denied",
	},
	[PKI_APPROVAL_DENY] = {
		PKI_AUDIT_DENY, PKI_APPROVAL_DENIED,
		1U << PKI_APPROVAL_WAITING | 1U << PKI_APPROVAL_APPROVED,
		"a request that waits, or was approved",
	},
};

bool
pki_approval_is_over(const pki_approval_row *row, int64_t now)
{
	switch (row->state) {
	case PKI_APPROVAL_WAITING:
		return row->requested_at + PKI_APPROVAL_LIFETIME < now;
	case PKI_APPROVAL_APPROVED:
		return row->decided_at + PKI_APPROVAL_LIFETIME < now;
	default:
		return false;
	}
}

const char *
pki_approval_state_name(const pki_approval_row *row, int64_t now)
{
	static const char *const names[] = {
		[PKI_APPROVAL_WAITING] = "waiting",
		[PKI_APPROVAL_APPROVED] = "approved",
		[PKI_APPROVAL_DENIED] = "denied",
		[PKI_APPROVAL_USED] = "issued",
	};

	return pki_approval_is_over(row, now) ? "expired" : names[row->state];
}

struct walk {
	pki_approval_visitor *visit;
	void                 *arg;
};

static pki_code
visit_verified(const pki_approval_row *row, void *arg, pki_err *err)
{
	const struct walk *walk = arg;
	pki_code rc = pki_row_verify_approval(row, err);

	return rc == PKI_OK ? walk->visit(row, walk->arg, err) : rc;
}

pki_code
pki_approval_each(pki_ca *ca, const char *device, int64_t after,
    pki_approval_visitor *visit, void *arg, pki_err *err)
{
	struct walk walk = { visit, arg };

	return pki_store_each_approval(ca->store, device, after, visit_verified,
	    &walk, err);
}

pki_code
pki_approval_count(pki_ca *ca, pki_approval_queue *out, pki_err *err)
{
	return pki_store_tally_approvals(ca->store,
	    pki_clock_now(ca->clock) - PKI_APPROVAL_LIFETIME, out, err);
}

struct search {
	const pki_digest *key;
	int64_t           now;
	bool              found;
};

static pki_code
note_approved(const pki_approval_row *row, void *arg, pki_err *err)
{
	struct search *search = arg;

	(void)err;
	search->found |= row->state == PKI_APPROVAL_APPROVED &&
	    pki_digest_equal(&row->key, search->key) &&
	    !pki_approval_is_over(row, search->now);
	return PKI_OK;
}

pki_code
pki_approval_is_given(pki_ca *ca, const char *device, const pki_pubkey *key,
    bool *out, pki_err *err)
{
	struct search search = {
		.key = pki_pubkey_digest(key), .now = pki_clock_now(ca->clock),
	};
	pki_code rc = pki_approval_each(ca, device, 0, note_approved, &search,
	    err);

	if (rc == PKI_OK)
		*out = search.found;
	return rc;
}

/* Held or retired, a device gets nothing: say so to who would approve it. */
static pki_code
check_device(pki_ca *ca, const pki_approval_row *row, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row device;
	pki_code rc = pki_registry_get(ca, row->identity, &device, hold, err);

	if (rc == PKI_OK && (device.id != row->identity_id ||
	    device.state == PKI_IDENTITY_RETIRED ||
	    device.state == PKI_IDENTITY_HELD))
		rc = pki_refuse(err, PKI_DENIED, "identity-state",
		    "a device that is neither held nor retired", "%s",
		    row->identity);
	return rc;
}

pki_code
pki_approval_get(pki_ca *ca, const char *id, pki_approval_row *out,
    pki_buf *hold, pki_err *err)
{
	pki_code rc = pki_store_get_approval(ca->store, id, out, hold, err);

	if (rc == PKI_NOT_FOUND)
		return pki_refuse(err, PKI_NOT_FOUND, "request-unknown",
		    "the id of a request, as 'pki-ctl device pending' shows "
		    "it; a device that asks for something else has a new one",
		    "%s", id);
	return rc == PKI_OK ? pki_row_verify_approval(out, err) : rc;
}

static pki_code
may_decide(pki_ca *ca, const pki_approval_row *row,
    pki_approval_decision decision, pki_err *err)
{
	const struct decision *wanted = &decisions[decision];
	int64_t now = pki_clock_now(ca->clock);

	if (pki_approval_is_over(row, now) ||
	    (wanted->from & 1U << row->state) == 0)
		return pki_refuse(err, PKI_DENIED, "request-state",
		    wanted->accepts, "%s, which is %s", row->name,
		    pki_approval_state_name(row, now));
	return decision == PKI_APPROVAL_APPROVE ? check_device(ca, row, err) :
	    PKI_OK;
}

pki_code
pki_approval_decide_check(pki_ca *ca, const char *id,
    pki_approval_decision decision, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_approval_row row;
	pki_code rc = pki_approval_get(ca, id, &row, hold, err);

	return rc == PKI_OK ? may_decide(ca, &row, decision, err) : rc;
}

/* row is as it was before. */
static pki_code
record_audit(pki_ca *ca, const pki_approval_row *row, const char *action,
    const pki_requester *who, pki_err *err)
{
	int64_t now = pki_clock_now(ca->clock);
	char key[PKI_DIGEST_TEXT];
	const pki_audit_detail details[] = {
		{ .key = "request", .text = row->name },
		{ .key = "profile", .text = row->profile },
		{ .key = "key", .text = pki_digest_format(&row->key, key) },
		{ .key = "was", .text = pki_approval_state_name(row, now) },
		{ .key = NULL },
	};
	const pki_audit_event event = {
		.action = action, .who = who, .name = row->identity,
		.details = details,
	};

	return pki_audit_append(ca, &event, err);
}

/* Inside the transaction. */
static pki_code
decide(pki_ca *ca, const char *id, pki_approval_decision decision,
    const pki_requester *who, pki_err *err)
{
	const struct decision *wanted = &decisions[decision];
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_approval_row row, changed;
	pki_code rc;

	rc = pki_approval_get(ca, id, &row, hold, err);
	if (rc == PKI_OK)
		rc = may_decide(ca, &row, decision, err);
	if (rc != PKI_OK)
		return rc;
	changed = row;
	changed.state = wanted->state;
	changed.decided_at = pki_clock_now(ca->clock);
	changed.decided_by = who->name;
	rc = pki_row_seal_approval(&changed, err);
	if (rc == PKI_OK)
		rc = pki_store_update_approval(ca->store, &changed, err);
	return rc == PKI_OK ?
	    record_audit(ca, &row, wanted->action, who, err) : rc;
}

pki_code
pki_approval_decide(pki_ca *ca, const char *id, pki_approval_decision decision,
    const pki_requester *who, pki_err *err)
{
	pki_code rc = pki_store_begin(ca->store, err);

	if (rc != PKI_OK)
		return rc;
	rc = decide(ca, id, decision, who, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	return rc;
}
