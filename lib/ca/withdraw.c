#include "ca/withdraw.h"

#include <string.h>

#include "ca/record.h"
#include "ca/rowhash.h"

int64_t
pki_withdraw_time(pki_ca *ca, const char *name)
{
	int64_t now = pki_clock_now(ca->clock), end = INT64_MAX;
	pki_authority *authority;
	pki_floor floor;

	if (pki_authority_get(ca, name, &authority, NULL) == PKI_OK)
		end = pki_cert_not_after(authority->cert);
	if (pki_ca_floor(ca, &floor, NULL) != PKI_OK)
		return now < end ? now : end;
	if (now >= floor.time - PKI_FLOOR_SLACK && now <= end)
		return now;
	return floor.time < end ? floor.time : end;
}

/* A certificate on hold, of the same identity. */
struct held {
	int64_t identity_id;
	bool    found;
};

static pki_code
note_held(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct held *held = arg;

	(void)err;
	held->found |= row->identity_id == held->identity_id;
	return PKI_OK;
}

pki_code
pki_withdraw_settle(pki_ca *ca, const pki_cert_row *row, pki_err *err)
{
	PKI_AUTO(pki_buf) bytes = pki_buf_new();
	const pki_cert_filter filter = {
		.identity = row->identity, .by_status = true,
		.status = PKI_CERT_HELD,
	};
	struct held held = { .identity_id = row->identity_id };
	pki_identity_row identity;
	pki_code rc;
	int state;

	rc = pki_store_each_cert(ca->store, &filter, note_held, &held, err);
	if (rc == PKI_OK)
		rc = pki_store_get_identity(ca->store, row->identity,
		    &identity, bytes, err);
	if (rc == PKI_OK)
		rc = pki_row_verify_identity(&identity, err);
	if (rc != PKI_OK)
		return rc;
	state = held.found ? PKI_IDENTITY_HELD : PKI_IDENTITY_LIVE;
	/*
	 * A namesake, a name that nobody has any more, and a device that is
	 * itself on hold stay as they are.
	 */
	if (identity.id != row->identity_id || identity.state == state ||
	    identity.state == PKI_IDENTITY_RETIRED ||
	    identity.hold != PKI_HOLD_NONE)
		return PKI_OK;
	identity.state = state;
	rc = pki_row_seal_identity(&identity, err);
	return rc == PKI_OK ?
	    pki_store_update_identity(ca->store, &identity, err) : rc;
}

pki_code
pki_withdraw_cert(pki_ca *ca, pki_cert_row *row, pki_reason reason,
    int64_t invalid_since, const pki_requester *who, pki_err *err)
{
	char since[PKI_TIME_TEXT];
	pki_audit_detail details[4] = {
		{ .key = "reason", .text = pki_reason_name(reason) },
	};
	size_t count = 1;
	pki_audit_event event = {
		.action = row->status == PKI_CERT_REVOKED ? PKI_AUDIT_REASON :
		    PKI_AUDIT_REVOKE,
		.who = who, .ca = row->ca, .name = row->identity,
		.serial = &row->serial, .details = details,
	};
	bool was_held = row->status == PKI_CERT_HELD;
	pki_code rc;

	if (invalid_since != 0)
		details[count++] = (pki_audit_detail){ .key = "invalid-since",
		    .text = pki_time_format(invalid_since, since) };
	if (row->status != PKI_CERT_GOOD)
		details[count++] = (pki_audit_detail){ .key = "was",
		    .text = pki_reason_name((pki_reason)row->reason) };
	/* The date of a revocation never moves: it decides disputes. */
	if (row->status != PKI_CERT_REVOKED)
		row->revoked_at = event.at = pki_withdraw_time(ca, row->ca);
	row->status = PKI_CERT_REVOKED;
	row->reason = (int)reason;
	if (invalid_since != 0)
		row->invalid_since = invalid_since;
	rc = pki_row_seal_cert(row, err);
	if (rc == PKI_OK)
		rc = pki_store_update_cert_status(ca->store, row, err);
	if (rc == PKI_OK && was_held)
		rc = pki_withdraw_settle(ca, row, err);
	if (rc == PKI_OK)
		rc = pki_audit_append(ca, &event, err);
	return rc;
}

static pki_code
withdraw_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	pki_withdraw *withdraw = arg;
	pki_cert_row copy = *row;
	pki_code rc = pki_row_verify_cert(row, err);

	if (rc != PKI_OK || row->status == PKI_CERT_REVOKED)
		return rc;
	withdraw->count++;
	return pki_withdraw_cert(withdraw->ca, &copy, withdraw->reason,
	    withdraw->invalid_since, withdraw->who, err);
}

pki_code
pki_withdraw_all(pki_withdraw *withdraw, const pki_cert_filter *filter,
    pki_err *err)
{
	return pki_store_each_cert(withdraw->ca->store, filter, withdraw_row,
	    withdraw, err);
}

/* CAs that a CRL may end. */
struct listing {
	const pki_authority *issuer;
	pki_crl_list        *list;
	pki_withdraw         withdraw;
};

static pki_code
find_listed(pki_crl_list *list, const pki_serial *serial, bool *out,
    pki_err *err)
{
	pki_crl_entry entry;
	bool more = true;
	pki_code rc = PKI_OK;

	*out = false;
	pki_crl_list_rewind(list);
	while (rc == PKI_OK && more && !*out) {
		rc = pki_crl_list_next(list, &entry, &more, err);
		*out = rc == PKI_OK && more &&
		    pki_serial_equal(&entry.serial, serial);
	}
	return rc;
}

static pki_code
withdraw_leaves(const pki_ca_row *row, void *arg, pki_err *err)
{
	const pki_cert_filter filter = { .ca_id = row->id };
	struct listing *listing = arg;
	pki_authority *authority;
	bool listed = false;
	pki_code rc;

	if (strcmp(row->parent, listing->issuer->name) != 0 ||
	    strcmp(row->name, listing->issuer->name) == 0)
		return PKI_OK;
	rc = pki_authority_get(listing->withdraw.ca, row->name, &authority,
	    err);
	if (rc == PKI_OK)
		rc = find_listed(listing->list,
		    pki_cert_serial(authority->cert), &listed, err);
	if (rc == PKI_OK && listed)
		rc = pki_withdraw_all(&listing->withdraw, &filter, err);
	return rc;
}

pki_code
pki_withdraw_listed(pki_ca *ca, const pki_authority *issuer,
    pki_crl_list *list, const pki_requester *who, pki_err *err)
{
	struct listing listing = {
		.issuer = issuer, .list = list,
		.withdraw = {
			.ca = ca, .reason = PKI_REASON_CA_COMPROMISE,
			.who = who,
		},
	};

	return pki_store_each_ca(ca->store, withdraw_leaves, &listing, err);
}

pki_code
pki_holder_find(pki_ca *ca, const char *identity, int64_t *out_id,
    pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row holder;
	pki_code rc;

	rc = pki_store_get_identity(ca->store, identity, &holder, hold, err);
	if (rc == PKI_OK)
		rc = pki_row_verify_identity(&holder, err);
	if (rc == PKI_NOT_FOUND ||
	    (rc == PKI_OK && !pki_bytes_equal(pki_bytes_text(holder.name),
	    pki_bytes_text(identity))))
		return pki_refuse(err, PKI_DENIED, "identity-unknown",
		    "a name on record, in its own case of letters", "%s",
		    identity);
	if (rc == PKI_OK && holder.state != PKI_IDENTITY_LIVE)
		return pki_refuse(err, PKI_DENIED, "identity-state",
		    "an identity that is neither held nor retired", "%s",
		    identity);
	if (rc == PKI_OK)
		*out_id = holder.id;
	return rc;
}

pki_code
pki_withdraw_spare_ca(const pki_cert_row *row, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc = pki_cert_parse(row->der, &cert, err);

	if (rc == PKI_OK && pki_cert_is_ca(cert))
		return pki_refuse(err, PKI_DENIED, "identity-reserved",
		    "a name that no CA here has", "%s", row->identity);
	return rc;
}

static pki_code
supersede_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	pki_code rc = pki_withdraw_spare_ca(row, err);

	return rc == PKI_OK ? withdraw_row(row, arg, err) : rc;
}

pki_code
pki_withdraw_superseded(pki_ca *ca, const char *identity,
    const pki_requester *who, size_t *out_count, pki_err *err)
{
	const pki_cert_filter filter = { .identity = identity };
	pki_withdraw withdraw = {
		.ca = ca, .reason = PKI_REASON_SUPERSEDED, .who = who,
	};
	pki_code rc = pki_store_each_cert(ca->store, &filter, supersede_row,
	    &withdraw, err);

	*out_count = withdraw.count;
	return rc;
}
