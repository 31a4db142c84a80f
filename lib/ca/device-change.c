/* Devices held, released, retired and replaced, with all that is theirs. */
#include "ca/device.h"

#include "ca/record.h"
#include "ca/registry.h"
#include "ca/rowhash.h"
#include "ca/withdraw.h"

/* What a change does to a device, its certificates and its tokens. */
static const struct change {
	const char *action;
	uint32_t    from;               /* set of pki_identity_state */
	const char *accepts;            /* ... in words */
	pki_reason  reason;             /* for certificates; the first two: */
	                                /* on hold, and off it */
	bool        ends_tokens;
} changes[] = {
	[PKI_DEVICE_HOLD] = {
		PKI_AUDIT_DEVICE_HOLD,
		1U << PKI_IDENTITY_LIVE | 1U << PKI_IDENTITY_REGISTERED |
		    1U << PKI_IDENTITY_HELD,
		"a device that is not on hold, nor retired",
		PKI_REASON_CERTIFICATE_HOLD, false,
	},
	[PKI_DEVICE_RELEASE] = {
		PKI_AUDIT_DEVICE_RELEASE, 1U << PKI_IDENTITY_HELD,
		"a device on hold", PKI_REASON_REMOVE_FROM_CRL, false,
	},
	[PKI_DEVICE_RETIRE] = {
		PKI_AUDIT_DEVICE_RETIRE,
		1U << PKI_IDENTITY_LIVE | 1U << PKI_IDENTITY_REGISTERED |
		    1U << PKI_IDENTITY_HELD,
		"a device that is not retired",
		PKI_REASON_CESSATION_OF_OPERATION, true,
	},
	[PKI_DEVICE_REPLACE] = {
		PKI_AUDIT_DEVICE_REPLACE,
		1U << PKI_IDENTITY_LIVE | 1U << PKI_IDENTITY_HELD,
		"a device that has, or had, a certificate",
		PKI_REASON_SUPERSEDED, true,
	},
};

/* One change under way. */
struct work {
	pki_ca              *ca;
	const struct change *change;
	const pki_requester *who;
	int64_t              device_id;
	size_t               certs;
};

static pki_code
get_device(pki_ca *ca, const char *name, pki_device_change which,
    pki_identity_row *out, pki_buf *hold, pki_err *err)
{
	const struct change *change = &changes[which];
	pki_code rc = pki_registry_get(ca, name, out, hold, err);

	if (rc != PKI_OK)
		return rc;
	/* Held by a certificate of his, he can still be held himself. */
	if ((change->from & 1U << out->state) == 0 ||
	    (which == PKI_DEVICE_HOLD && out->hold != PKI_HOLD_NONE))
		return pki_refuse(err, PKI_DENIED, "identity-state",
		    change->accepts, "%s, which is %s", name,
		    pki_device_state(out->state));
	return PKI_OK;
}

/* On hold, or off it; sealed, stored, audited. */
static pki_code
put_hold(struct work *work, pki_cert_row *row, const char *action,
    pki_err *err)
{
	pki_audit_event event = {
		.action = action, .who = work->who, .ca = row->ca,
		.name = row->identity, .serial = &row->serial,
		.at = pki_withdraw_time(work->ca, row->ca),
	};
	bool held = row->status == PKI_CERT_GOOD;
	pki_code rc;

	/* Never before the hold, or the gate would not take it for its end. */
	if (event.at < row->revoked_at)
		event.at = row->revoked_at;
	row->status = held ? PKI_CERT_HELD : PKI_CERT_GOOD;
	row->revoked_at = held ? event.at : 0;
	row->reason = held ? PKI_REASON_CERTIFICATE_HOLD :
	    PKI_REASON_UNSPECIFIED;
	if (!held)
		row->invalid_since = 0;
	rc = pki_row_seal_cert(row, err);
	if (rc == PKI_OK)
		rc = pki_store_update_cert_status(work->ca->store, row, err);
	return rc == PKI_OK ? pki_audit_append(work->ca, &event, err) : rc;
}

static pki_code
change_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct work *work = arg;
	pki_reason reason = work->change->reason;
	pki_cert_row copy = *row;
	pki_code rc;

	/* A namesake that was retired is none of it. */
	if (row->identity_id != work->device_id ||
	    row->status == PKI_CERT_REVOKED)
		return PKI_OK;
	rc = pki_row_verify_cert(row, err);
	if (rc == PKI_OK)
		rc = pki_withdraw_spare_ca(row, err);
	if (rc != PKI_OK)
		return rc;
	if (reason == PKI_REASON_CERTIFICATE_HOLD &&
	    row->status == PKI_CERT_GOOD)
		rc = put_hold(work, &copy, PKI_AUDIT_HOLD, err);
	else if (reason == PKI_REASON_REMOVE_FROM_CRL &&
	    row->status == PKI_CERT_HELD)
		rc = put_hold(work, &copy, PKI_AUDIT_RELEASE, err);
	else if (reason == PKI_REASON_CERTIFICATE_HOLD ||
	    reason == PKI_REASON_REMOVE_FROM_CRL)
		return PKI_OK;
	else
		rc = pki_withdraw_cert(work->ca, &copy, reason, 0, work->who,
		    err);
	work->certs++;
	return rc;
}

static pki_code
end_token(const pki_token_row *row, void *arg, pki_err *err)
{
	struct work *work = arg;
	pki_code rc;

	if (row->identity_id != work->device_id || row->revoked_at != 0)
		return PKI_OK;
	rc = pki_row_verify_token(row, err);
	return rc == PKI_OK ?
	    pki_registry_end_token(work->ca, row, work->who, err) : rc;
}

/* What the device is afterwards. */
static void
set_state(pki_identity_row *row, pki_device_change which)
{
	switch (which) {
	case PKI_DEVICE_HOLD:
		row->hold = row->state == PKI_IDENTITY_REGISTERED ?
		    PKI_HOLD_REGISTERED : PKI_HOLD_LIVE;
		row->state = PKI_IDENTITY_HELD;
		return;
	case PKI_DEVICE_RELEASE:
		row->state = row->hold == PKI_HOLD_REGISTERED ?
		    PKI_IDENTITY_REGISTERED : PKI_IDENTITY_LIVE;
		break;
	case PKI_DEVICE_RETIRE:
		row->state = PKI_IDENTITY_RETIRED;
		break;
	case PKI_DEVICE_REPLACE:
		row->state = PKI_IDENTITY_REGISTERED;
		break;
	}
	row->hold = PKI_HOLD_NONE;
}

/* Inside the transaction. */
static pki_code
change_device(struct work *work, const char *name, pki_device_change which,
    pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	const pki_cert_filter filter = { .identity = name };
	const pki_audit_event event = {
		.action = work->change->action, .who = work->who,
		.name = name,
	};
	pki_store *store = work->ca->store;
	pki_identity_row row;
	pki_code rc = get_device(work->ca, name, which, &row, hold, err);

	if (rc != PKI_OK)
		return rc;
	work->device_id = row.id;
	set_state(&row, which);
	rc = pki_row_seal_identity(&row, err);
	if (rc == PKI_OK)
		rc = pki_store_each_cert(store, &filter, change_cert, work,
		    err);
	if (rc == PKI_OK && work->change->ends_tokens)
		rc = pki_store_each_token(store, name, 0, end_token, work,
		    err);
	/* Last, whatever its certificates did to it meanwhile. */
	if (rc == PKI_OK)
		rc = pki_store_update_identity(store, &row, err);
	return rc == PKI_OK ? pki_audit_append(work->ca, &event, err) : rc;
}

pki_code
pki_ca_change_device(pki_ca *ca, const char *name, pki_device_change change,
    const pki_requester *who, size_t *out_certs, pki_err *err)
{
	struct work work = {
		.ca = ca, .change = &changes[change], .who = who,
	};
	pki_code rc = pki_store_begin(ca->store, err);

	if (rc != PKI_OK)
		return rc;
	rc = change_device(&work, name, change, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	else if (out_certs != NULL)
		*out_certs = work.certs;
	pki_ca_forget(ca);
	return rc;
}

pki_code
pki_ca_change_device_check(pki_ca *ca, const char *name,
    pki_device_change change, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row row;

	return get_device(ca, name, change, &row, hold, err);
}
