#include "ca/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base32.h"
#include "base/text.h"
#include "ca/record.h"
#include "ca/registry.h"
#include "ca/rowhash.h"
#include "ca/token-key.h"
#include "x509/digest.h"

pki_code
pki_token_parse(pki_bytes text, pki_token_parts *out, pki_err *err)
{
	pki_bytes id, secret;

	if (text.len != PKI_TOKEN_TEXT - 1 ||
	    text.data[PKI_TOKEN_ID_LEN] != '.')
		return pki_token_refuse(err);
	id = pki_bytes_of(text.data, PKI_TOKEN_ID_LEN);
	secret = pki_bytes_of(text.data + PKI_TOKEN_ID_LEN + 1,
	    PKI_TOKEN_SECRET_LEN);
	if (!pki_base32_check(id) || !pki_base32_check(secret))
		return pki_token_refuse(err);
	memcpy(out->id, id.data, id.len);
	out->id[id.len] = '\0';
	memcpy(out->secret, secret.data, secret.len);
	out->secret[secret.len] = '\0';
	return PKI_OK;
}

const char *
pki_token_state(const pki_token_row *row, int64_t now)
{
	if (row->revoked_at != 0)
		return "revoked";
	if (row->use.used_at != 0)
		return "used";
	return row->expires_at < now ? "expired" : "unused";
}

void
pki_token_drafts_free(pki_token_drafts *drafts)
{
	if (drafts == NULL)
		return;
	if (drafts->items != NULL)
		pki_wipe(drafts->items,
		    drafts->count * sizeof(*drafts->items));
	free(drafts->items);
	free(drafts);
}

/* May this device get a token of this profile? */
static pki_code
find_device(pki_ca *ca, const char *name, const char *profile,
    pki_identity_row *out, pki_buf *hold, pki_err *err)
{
	pki_code rc = pki_registry_get(ca, name, out, hold, err);

	if (rc != PKI_OK)
		return rc;
	if (out->state == PKI_IDENTITY_LIVE)
		return pki_refuse(err, PKI_DENIED, "identity-state",
		    "a device without a certificate ('pki-ctl device replace "
		    "NAME' ends those it has)", "%s", name);
	if (out->state != PKI_IDENTITY_REGISTERED)
		return pki_refuse(err, PKI_DENIED, "identity-state",
		    "a device that is neither held nor retired", "%s", name);
	if (profile != NULL && strcmp(profile, out->profile) != 0)
		return pki_refuse(err, PKI_DENIED, "token-profile",
		    out->profile, "%s", profile);
	return PKI_OK;
}

/* An id of 60 random bits, and the secret that belongs to it. */
static pki_code
make_text(pki_ca *ca, char out[PKI_TOKEN_TEXT], pki_err *err)
{
	char id[PKI_TOKEN_ID_LEN + 1], secret[PKI_TOKEN_SECRET_LEN + 1];
	uint8_t octets[8];
	pki_code rc = pki_random(octets, sizeof(octets), err);

	if (rc != PKI_OK)
		return rc;
	pki_base32_format(pki_bytes_of(octets, sizeof(octets)),
	    PKI_TOKEN_ID_LEN, id);
	rc = pki_token_secret(ca, id, secret, err);
	if (rc == PKI_OK)
		snprintf(out, PKI_TOKEN_TEXT, "%s.%s", id, secret);
	pki_wipe(secret, sizeof(secret));
	return rc;
}

static pki_code
draft(pki_ca *ca, const char *device, const pki_token_order *order,
    pki_token_draft *out, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row row;
	pki_code rc = find_device(ca, device, order->profile, &row, hold, err);

	if (rc == PKI_OK)
		rc = pki_text_format(out->device, sizeof(out->device), err,
		    "%s", row.name);
	if (rc == PKI_OK)
		rc = pki_text_format(out->profile, sizeof(out->profile), err,
		    "%s", row.profile);
	out->expires_at = pki_clock_now(ca->clock) + order->lifetime;
	return rc == PKI_OK ? make_text(ca, out->text, err) : rc;
}

pki_code
pki_ca_draft_tokens(pki_ca *ca, const char *const *devices, size_t count,
    const pki_token_order *order, pki_token_drafts **out, pki_err *err)
{
	PKI_AUTO(pki_token_drafts) drafts = calloc(1, sizeof(*drafts));
	pki_code rc = PKI_OK;

	if (drafts != NULL)
		drafts->items = calloc(count + 1, sizeof(*drafts->items));
	if (drafts == NULL || drafts->items == NULL)
		return pki_fail_memory(err);
	if (order->lifetime < 1 || order->lifetime > PKI_TOKEN_LIFETIME_MAX)
		return pki_fail(err, PKI_USAGE, "a token's life of %" PRId64
		    " s, expected 1 s to 10 years", order->lifetime);
	rc = pki_token_key_load(ca, err);
	while (rc == PKI_OK && drafts->count < count) {
		rc = draft(ca, devices[drafts->count], order,
		    &drafts->items[drafts->count], err);
		drafts->count++;
	}
	if (rc == PKI_OK)
		*out = PKI_TAKE(drafts);
	return rc;
}

/* Inside the transaction. */
static pki_code
create(pki_ca *ca, const pki_token_draft *draft, const pki_requester *who,
    pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	char id[PKI_TOKEN_ID_LEN + 1], until[PKI_TIME_TEXT];
	pki_identity_row device;
	pki_token_row row = {
		.name = id, .profile = draft->profile,
		.identity = draft->device, .expires_at = draft->expires_at,
		.created_at = pki_clock_now(ca->clock),
	};
	const pki_audit_detail details[] = {
		{ .key = "token", .text = id },
		{ .key = "profile", .text = draft->profile },
		{ .key = "expires",
		  .text = pki_time_format(draft->expires_at, until) },
		{ .key = NULL },
	};
	const pki_audit_event event = {
		.action = PKI_AUDIT_TOKEN_CREATE, .who = who,
		.name = draft->device, .at = row.created_at,
		.details = details,
	};
	pki_code rc = find_device(ca, draft->device, draft->profile, &device,
	    hold, err);

	memcpy(id, draft->text, PKI_TOKEN_ID_LEN);
	id[PKI_TOKEN_ID_LEN] = '\0';
	row.identity_id = device.id;
	if (rc == PKI_OK)
		rc = pki_row_seal_token(&row, err);
	if (rc == PKI_OK)
		rc = pki_store_put_token(ca->store, &row, err);
	return rc == PKI_OK ? pki_audit_append(ca, &event, err) : rc;
}

pki_code
pki_ca_create_tokens(pki_ca *ca, const pki_token_drafts *drafts,
    const pki_requester *who, pki_err *err)
{
	pki_code rc = pki_ca_check_clock(ca, err);
	size_t i;

	if (rc == PKI_OK)
		rc = pki_store_begin(ca->store, err);
	if (rc != PKI_OK)
		return rc;
	for (i = 0; rc == PKI_OK && i < drafts->count; i++)
		rc = create(ca, &drafts->items[i], who, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	return rc;
}

struct walk {
	pki_token_visitor *visit;
	void              *arg;
};

static pki_code
visit_row(const pki_token_row *row, void *arg, pki_err *err)
{
	struct walk *walk = arg;
	pki_code rc = pki_row_verify_token(row, err);

	return rc == PKI_OK ? walk->visit(row, walk->arg, err) : rc;
}

pki_code
pki_ca_each_token(pki_ca *ca, const char *device, int64_t after,
    pki_token_visitor *visit, void *arg, pki_err *err)
{
	struct walk walk = { visit, arg };

	return pki_store_each_token(ca->store, device, after, visit_row, &walk,
	    err);
}

pki_code
pki_registry_end_token(pki_ca *ca, const pki_token_row *row,
    const pki_requester *who, pki_err *err)
{
	pki_token_row changed = *row;
	const pki_audit_detail details[] = {
		{ .key = "token", .text = row->name },
		{ .key = NULL },
	};
	const pki_audit_event event = {
		.action = PKI_AUDIT_TOKEN_REVOKE, .who = who,
		.name = row->identity, .details = details,
	};
	pki_code rc;

	changed.revoked_at = pki_clock_now(ca->clock);
	rc = pki_row_seal_token(&changed, err);
	if (rc == PKI_OK)
		rc = pki_store_update_token(ca->store, &changed, err);
	return rc == PKI_OK ? pki_audit_append(ca, &event, err) : rc;
}

static pki_code
get_token(pki_ca *ca, const char *id, pki_token_row *out, pki_buf *hold,
    pki_err *err)
{
	pki_code rc = pki_store_get_token(ca->store, id, out, hold, err);

	return rc == PKI_OK ? pki_row_verify_token(out, err) : rc;
}

static pki_code
refuse_revoked(const pki_token_row *row, pki_err *err)
{
	char when[PKI_TIME_TEXT];

	return pki_refuse(err, PKI_DENIED, "token-revoked",
	    "a token that is not revoked", "%s since %s", row->name,
	    pki_time_format(row->revoked_at, when));
}

pki_code
pki_ca_revoke_token_check(pki_ca *ca, const char *id, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_token_row row;
	pki_code rc = get_token(ca, id, &row, hold, err);

	return rc == PKI_OK && row.revoked_at != 0 ?
	    refuse_revoked(&row, err) : rc;
}

pki_code
pki_ca_revoke_token(pki_ca *ca, const char *id, const pki_requester *who,
    pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_token_row row;
	pki_code rc = pki_store_begin(ca->store, err);

	if (rc != PKI_OK)
		return rc;
	rc = get_token(ca, id, &row, hold, err);
	if (rc == PKI_OK && row.revoked_at != 0)
		rc = refuse_revoked(&row, err);
	if (rc == PKI_OK)
		rc = pki_registry_end_token(ca, &row, who, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	return rc;
}

pki_code
pki_ca_check_token(pki_ca *ca, const pki_evidence *evidence,
    pki_token_info *out, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	char when[PKI_TIME_TEXT];
	pki_token_row row;
	pki_code rc = pki_token_key_load(ca, err);

	if (rc == PKI_OK)
		rc = pki_token_check_secret(ca, evidence, err);
	if (rc == PKI_OK)
		rc = get_token(ca, evidence->token, &row, hold, err);
	if (rc == PKI_NOT_FOUND)
		return pki_token_refuse(err);
	if (rc != PKI_OK)
		return rc;
	if (row.revoked_at != 0)
		return refuse_revoked(&row, err);
	if (row.use.used_at == 0 && row.expires_at < pki_clock_now(ca->clock))
		return pki_refuse(err, PKI_DENIED, "token-expired",
		    "a token that has not expired", "%s on %s", row.name,
		    pki_time_format(row.expires_at, when));
	out->used = row.use.used_at != 0;
	rc = pki_text_format(out->device, sizeof(out->device), err, "%s",
	    row.identity);
	return rc == PKI_OK ? pki_text_format(out->profile,
	    sizeof(out->profile), err, "%s", row.profile) : rc;
}
