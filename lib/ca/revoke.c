#include "ca/revoke.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ca/handle.h"
#include "ca/rowhash.h"
#include "ca/withdraw.h"

#define REASONS "unspecified, keyCompromise, affiliationChanged, " \
	"superseded, cessationOfOperation, privilegeWithdrawn"

static pki_code
check_reason(const pki_revocation *revocation, bool is_ca, pki_err *err)
{
	static const uint32_t for_all = 1U << PKI_REASON_UNSPECIFIED |
	    1U << PKI_REASON_KEY_COMPROMISE |
	    1U << PKI_REASON_AFFILIATION_CHANGED |
	    1U << PKI_REASON_SUPERSEDED |
	    1U << PKI_REASON_CESSATION_OF_OPERATION |
	    1U << PKI_REASON_PRIVILEGE_WITHDRAWN;
	uint32_t allowed = for_all |
	    (is_ca ? 1U << PKI_REASON_CA_COMPROMISE : 0);

	if ((allowed & 1U << revocation->reason) != 0)
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "reason",
	    is_ca ? REASONS ", cACompromise" : REASONS, "%s",
	    pki_reason_name(revocation->reason));
}

/* May this row be revoked so?  *out_parsed is its certificate. */
static pki_code
check(pki_ca *ca, const pki_revocation *revocation, const pki_cert_row *row,
    pki_cert **out_parsed, pki_err *err)
{
	char when[PKI_TIME_TEXT], now_text[PKI_TIME_TEXT];
	int64_t now = pki_clock_now(ca->clock);
	pki_code rc;

	rc = pki_row_verify_cert(row, err);
	if (rc == PKI_OK)
		rc = pki_cert_parse(row->der, out_parsed, err);
	if (rc == PKI_OK)
		rc = check_reason(revocation, pki_cert_is_ca(*out_parsed), err);
	if (rc != PKI_OK)
		return rc;
	if (revocation->invalid_since > now)
		return pki_refuse(err, PKI_DENIED, "invalidity-date",
		    pki_time_format(now, now_text), "%s",
		    pki_time_format(revocation->invalid_since, when));
	if (row->status == PKI_CERT_REVOKED &&
	    (revocation->reason != PKI_REASON_KEY_COMPROMISE ||
	    row->reason == PKI_REASON_KEY_COMPROMISE))
		return pki_refuse(err, PKI_DENIED, "already-revoked",
		    "a certificate that is not revoked (a revocation is "
		    "final; its reason may become keyCompromise)",
		    "%s since %s", row->identity,
		    pki_time_format(row->revoked_at, when));
	return PKI_OK;
}

/* G22: the key is out for good, and so is whatever else it certified. */
static pki_code
block_key(pki_ca *ca, const pki_cert_row *row,
    const pki_revocation *revocation, size_t *count, pki_err *err)
{
	const pki_cert_filter filter = { .pubkey = &row->pubkey_digest };
	pki_withdraw withdraw = {
		.ca = ca, .reason = PKI_REASON_KEY_COMPROMISE,
		.invalid_since = revocation->invalid_since,
		.who = &revocation->who,
	};
	pki_pubkey_row key;
	pki_code rc;

	rc = pki_store_get_pubkey(ca->store, &row->pubkey_digest, &key, err);
	if (rc == PKI_OK)
		rc = pki_row_verify_pubkey(&key, err);
	if (rc != PKI_OK)
		return rc;
	if (key.blocked_at == 0)
		key.blocked_at = pki_clock_now(ca->clock);
	rc = pki_row_seal_pubkey(&key, err);
	if (rc == PKI_OK)
		rc = pki_store_block_pubkey(ca->store, &key, err);
	if (rc == PKI_OK)
		rc = pki_withdraw_all(&withdraw, &filter, err);
	*count += withdraw.count;
	return rc;
}

/* A lost CA, and the leaves that go with it. */
struct fall {
	const char  *name;
	pki_withdraw withdraw;
};

/* The lost CA itself, and those below. */
static bool
falls_with(const pki_ca_row *row, const char *name)
{
	return strcmp(row->name, name) == 0 || strcmp(row->parent, name) == 0;
}

/*
 * All that a lost CA has issued, and so on below: mosquitto asks only the
 * leaf's own CRL.
 */
static pki_code
end_leaves(const pki_ca_row *row, void *arg, pki_err *err)
{
	const pki_cert_filter filter = { .ca_id = row->id };
	struct fall *fall = arg;

	if (!falls_with(row, fall->name))
		return PKI_OK;
	return pki_withdraw_all(&fall->withdraw, &filter, err);
}

static pki_code
end_ca(pki_ca *ca, const pki_cert_row *row, const pki_revocation *revocation,
    size_t *count, pki_err *err)
{
	/* A CA's identity is its name. */
	struct fall fall = {
		.name = row->identity,
		.withdraw = {
			.ca = ca, .reason = PKI_REASON_CA_COMPROMISE,
			.who = &revocation->who,
		},
	};
	pki_code rc = pki_store_each_ca(ca->store, end_leaves, &fall, err);

	*count += fall.withdraw.count;
	return rc;
}

/* Inside the transaction. */
static pki_code
revoke(pki_ca *ca, const pki_revocation *revocation,
    const pki_authority *authority, size_t *count, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	PKI_AUTO(pki_cert) cert = NULL;
	pki_cert_row row;
	pki_code rc;

	rc = pki_store_get_cert(ca->store, authority->id, &revocation->serial,
	    &row, hold, err);
	if (rc == PKI_OK)
		rc = check(ca, revocation, &row, &cert, err);
	if (rc == PKI_OK)
		rc = pki_withdraw_cert(ca, &row, revocation->reason,
		    revocation->invalid_since, &revocation->who, err);
	*count = 1;
	if (rc == PKI_OK && revocation->reason == PKI_REASON_KEY_COMPROMISE)
		rc = block_key(ca, &row, revocation, count, err);
	if (rc == PKI_OK && pki_cert_is_ca(cert))
		rc = end_ca(ca, &row, revocation, count, err);
	return rc;
}

pki_code
pki_ca_revoke(pki_ca *ca, const pki_revocation *revocation, size_t *out_count,
    pki_err *err)
{
	pki_authority *authority;
	size_t count = 0;
	pki_code rc;

	rc = pki_authority_get(ca, revocation->ca, &authority, err);
	if (rc == PKI_OK)
		rc = pki_store_begin(ca->store, err);
	if (rc != PKI_OK)
		return rc;
	rc = revoke(ca, revocation, authority, &count, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	else if (out_count != NULL)
		*out_count = count;
	pki_ca_forget(ca);
	return rc;
}

/* What would go with a certificate. */
struct others {
	const pki_cert_row *row;
	int64_t             now;
	bool                by_key;     /* those of its key are counted */
	size_t              count;
};

static bool
is_other_in_force(const struct others *others, const pki_cert_row *row)
{
	return row->id != others->row->id && row->status != PKI_CERT_REVOKED &&
	    row->not_after >= others->now;
}

static pki_code
count_of_key(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct others *others = arg;

	(void)err;
	others->count += is_other_in_force(others, row);
	return PKI_OK;
}

static pki_code
count_leaf(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct others *others = arg;

	(void)err;
	others->count += is_other_in_force(others, row) && !(others->by_key &&
	    pki_digest_equal(&row->pubkey_digest,
	    &others->row->pubkey_digest));
	return PKI_OK;
}

/* A CA that falls, and what is counted of it. */
struct fallen {
	pki_ca        *ca;
	struct others *others;
};

static pki_code
count_leaves(const pki_ca_row *row, void *arg, pki_err *err)
{
	const pki_cert_filter filter = { .ca_id = row->id };
	struct fallen *fallen = arg;

	if (!falls_with(row, fallen->others->row->identity))
		return PKI_OK;
	return pki_store_each_cert(fallen->ca->store, &filter, count_leaf,
	    fallen->others, err);
}

static pki_code
count_others(pki_ca *ca, const pki_revocation *revocation,
    const pki_cert_row *row, bool is_ca, size_t *out, pki_err *err)
{
	const pki_cert_filter same_key = { .pubkey = &row->pubkey_digest };
	struct others others = {
		.row = row, .now = pki_clock_now(ca->clock),
		.by_key = revocation->reason == PKI_REASON_KEY_COMPROMISE,
	};
	struct fallen fallen = { ca, &others };
	pki_code rc = PKI_OK;

	if (others.by_key)
		rc = pki_store_each_cert(ca->store, &same_key, count_of_key,
		    &others, err);
	if (rc == PKI_OK && is_ca)
		rc = pki_store_each_ca(ca->store, count_leaves, &fallen, err);
	*out = others.count;
	return rc;
}

pki_code
pki_ca_revoke_check(pki_ca *ca, const pki_revocation *revocation,
    size_t *out_others, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	PKI_AUTO(pki_cert) cert = NULL;
	pki_authority *authority;
	pki_cert_row row;
	pki_code rc;

	rc = pki_authority_get(ca, revocation->ca, &authority, err);
	if (rc == PKI_OK)
		rc = pki_store_get_cert(ca->store, authority->id,
		    &revocation->serial, &row, hold, err);
	if (rc == PKI_OK)
		rc = check(ca, revocation, &row, &cert, err);
	if (rc == PKI_OK && out_others != NULL)
		rc = count_others(ca, revocation, &row, pki_cert_is_ca(cert),
		    out_others, err);
	return rc;
}
