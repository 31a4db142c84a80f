#include "ca/hold.h"

#include "ca/record.h"
#include "ca/rowhash.h"
#include "ca/withdraw.h"

typedef pki_code check_row(const pki_cert_row *row, const pki_cert *cert,
    pki_err *err);

static pki_code
refuse_revoked(const pki_cert_row *row, const char *accepts, pki_err *err)
{
	char when[PKI_TIME_TEXT];

	return pki_refuse(err, PKI_DENIED, "already-revoked", accepts,
	    "%s since %s", row->identity,
	    pki_time_format(row->revoked_at, when));
}

static pki_code
check_hold(const pki_cert_row *row, const pki_cert *cert, pki_err *err)
{
	char when[PKI_TIME_TEXT];

	if (row->status == PKI_CERT_REVOKED)
		return refuse_revoked(row, "a certificate that is in force",
		    err);
	if (row->status == PKI_CERT_HELD)
		return pki_refuse(err, PKI_DENIED, "already-held",
		    "a certificate that is in force", "%s since %s",
		    row->identity, pki_time_format(row->revoked_at, when));
	/* Its leaves would have to be held with it, and some released. */
	if (pki_cert_is_ca(cert))
		return pki_refuse(err, PKI_DENIED, "hold-ca",
		    "the certificate of a device, server or person; a CA is "
		    "revoked or it is not", "%s", row->identity);
	return PKI_OK;
}

static pki_code
check_release(const pki_cert_row *row, const pki_cert *cert, pki_err *err)
{
	(void)cert;
	if (row->status == PKI_CERT_REVOKED)
		return refuse_revoked(row, "a certificate on hold (a "
		    "revocation is final)", err);
	if (row->status != PKI_CERT_HELD)
		return pki_refuse(err, PKI_DENIED, "not-held",
		    "a certificate on hold", "%s", row->identity);
	return PKI_OK;
}

/* The row, if this may be done with it. */
static pki_code
get_row(pki_ca *ca, const pki_hold *hold, check_row *check, pki_cert_row *out,
    pki_buf *bytes, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = NULL;
	pki_authority *authority;
	pki_code rc = pki_authority_get(ca, hold->ca, &authority, err);

	if (rc == PKI_OK)
		rc = pki_store_get_cert(ca->store, authority->id,
		    &hold->serial, out, bytes, err);
	if (rc == PKI_OK)
		rc = pki_row_verify_cert(out, err);
	if (rc == PKI_OK)
		rc = pki_cert_parse(out->der, &cert, err);
	return rc == PKI_OK ? check(out, cert, err) : rc;
}

/* Sealed, stored, audited; the identity follows its certificates. */
static pki_code
put_row(pki_ca *ca, pki_cert_row *row, pki_audit_event *event, pki_err *err)
{
	pki_code rc;

	event->ca = row->ca;
	event->name = row->identity;
	event->serial = &row->serial;
	rc = pki_row_seal_cert(row, err);
	if (rc == PKI_OK)
		rc = pki_store_update_cert_status(ca->store, row, err);
	if (rc == PKI_OK)
		rc = pki_withdraw_settle(ca, row, err);
	if (rc == PKI_OK)
		rc = pki_audit_append(ca, event, err);
	return rc;
}

static pki_code
hold_row(pki_ca *ca, pki_cert_row *row, const pki_requester *who,
    pki_err *err)
{
	pki_audit_event event = {
		.action = PKI_AUDIT_HOLD, .who = who,
		.at = pki_withdraw_time(ca, row->ca),
	};

	row->status = PKI_CERT_HELD;
	row->revoked_at = event.at;
	row->reason = PKI_REASON_CERTIFICATE_HOLD;
	return put_row(ca, row, &event, err);
}

/* Who was put on hold as a whole is released as a whole. */
static pki_code
refuse_held_device(pki_ca *ca, const pki_cert_row *row, pki_err *err)
{
	PKI_AUTO(pki_buf) bytes = pki_buf_new();
	pki_identity_row device;
	pki_code rc = pki_store_get_identity(ca->store, row->identity, &device,
	    bytes, err);

	if (rc == PKI_OK && device.id == row->identity_id &&
	    device.hold != PKI_HOLD_NONE)
		return pki_refuse(err, PKI_DENIED, "identity-state",
		    "'pki-ctl device release', of the device that is on hold",
		    "%s", row->identity);
	return rc;
}

static pki_code
release_row(pki_ca *ca, pki_cert_row *row, const pki_requester *who,
    pki_err *err)
{
	pki_audit_event event = {
		.action = PKI_AUDIT_RELEASE, .who = who,
		.at = pki_withdraw_time(ca, row->ca),
	};
	pki_code rc;

	rc = refuse_held_device(ca, row, err);
	if (rc != PKI_OK)
		return rc;
	/* Never before the hold, or the gate would not take it for its end. */
	if (event.at < row->revoked_at)
		event.at = row->revoked_at;
	row->status = PKI_CERT_GOOD;
	row->revoked_at = 0;
	row->reason = PKI_REASON_UNSPECIFIED;
	row->invalid_since = 0;
	return put_row(ca, row, &event, err);
}

typedef pki_code change_row(pki_ca *ca, pki_cert_row *row,
    const pki_requester *who, pki_err *err);

static pki_code
change(pki_ca *ca, const pki_hold *hold, check_row *check, change_row *apply,
    pki_err *err)
{
	PKI_AUTO(pki_buf) bytes = pki_buf_new();
	pki_cert_row row;
	pki_code rc = pki_store_begin(ca->store, err);

	if (rc != PKI_OK)
		return rc;
	rc = get_row(ca, hold, check, &row, bytes, err);
	if (rc == PKI_OK)
		rc = apply(ca, &row, &hold->who, err);
	if (rc == PKI_OK)
		rc = pki_store_commit(ca->store, err);
	if (rc != PKI_OK)
		pki_store_rollback(ca->store);
	return rc;
}

static pki_code
look(pki_ca *ca, const pki_hold *hold, check_row *check, pki_err *err)
{
	PKI_AUTO(pki_buf) bytes = pki_buf_new();
	pki_cert_row row;

	return get_row(ca, hold, check, &row, bytes, err);
}

pki_code
pki_ca_hold(pki_ca *ca, const pki_hold *hold, pki_err *err)
{
	return change(ca, hold, check_hold, hold_row, err);
}

pki_code
pki_ca_release(pki_ca *ca, const pki_hold *hold, pki_err *err)
{
	return change(ca, hold, check_release, release_row, err);
}

pki_code
pki_ca_hold_check(pki_ca *ca, const pki_hold *hold, pki_err *err)
{
	return look(ca, hold, check_hold, err);
}

pki_code
pki_ca_release_check(pki_ca *ca, const pki_hold *hold, pki_err *err)
{
	return look(ca, hold, check_release, err);
}
