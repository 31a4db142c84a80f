#include "ca/standing.h"

#include <string.h>

#include "base/text.h"
#include "ca/rowhash.h"

/* A CA that has expired is no fault of the clock here: its devices have too. */
static pki_code
check_authority(pki_ca *ca, pki_authority *authority, pki_err *err)
{
	if (pki_clock_now(ca->clock) > pki_cert_not_after(authority->cert))
		return pki_refuse(err, PKI_DENIED, "ca-state",
		    "a certificate of a CA that has not expired", "%s",
		    authority->name);
	/* Nobody but itself could revoke a root. */
	if (strcmp(authority->name, authority->parent) == 0)
		return pki_authority_check_time(ca, authority, err);
	return pki_authority_check(ca, authority, err);
}

static pki_code
check_authorities(pki_ca *ca, pki_authority *authority, pki_err *err)
{
	pki_code rc = check_authority(ca, authority, err);
	size_t i;

	for (i = 0; i < ca->count && rc == PKI_OK &&
	    strcmp(authority->name, authority->parent) != 0; i++) {
		rc = pki_authority_get(ca, authority->parent, &authority, err);
		if (rc == PKI_OK)
			rc = check_authority(ca, authority, err);
	}
	return rc;
}

static pki_code
refuse(const pki_credential *credential, const char *rule,
    const char *accepts, pki_err *err)
{
	char serial[PKI_SERIAL_TEXT];

	return pki_refuse(err, PKI_DENIED, rule, accepts, "%s of CA %s",
	    pki_serial_format(pki_cert_serial(credential->cert), serial),
	    credential->ca);
}

/*
 * G25: by CA and serial, and then octet for octet.  A twin with the serial of
 * somebody else would take his place otherwise.
 */
static pki_code
find_row(pki_ca *ca, const pki_authority *authority,
    const pki_credential *credential, pki_cert_row *out, pki_buf *hold,
    pki_err *err)
{
	pki_code rc = pki_store_get_cert(ca->store, authority->id,
	    pki_cert_serial(credential->cert), out, hold, err);

	if (rc == PKI_OK)
		rc = pki_row_verify_cert(out, err);
	if (rc == PKI_NOT_FOUND || (rc == PKI_OK &&
	    !pki_bytes_equal(out->der, pki_cert_der(credential->cert))))
		return refuse(credential, "credential-record",
		    "a certificate on record, octet for octet", err);
	return rc;
}

/* How long after notAfter; a template that is gone gives nothing. */
static int64_t
grace_of(const pki_ca *ca, const pki_credential *credential)
{
	const pki_profile *profile;

	if (credential->use != PKI_CREDENTIAL_RENEWS ||
	    pki_profiles_find(ca->profiles, credential->profile, &profile,
	    NULL) != PKI_OK)
		return 0;
	return profile->est_grace;
}

/* G21: revoked and held go first, so that an end does not hide them. */
static pki_code
check_state(const pki_ca *ca, const pki_cert_row *row,
    pki_credential *credential, pki_err *err)
{
	int64_t now = pki_clock_now(ca->clock);
	int64_t end = pki_cert_not_after(credential->cert);

	if (row->status == PKI_CERT_HELD)
		return refuse(credential, "credential-held",
		    "a certificate that is not on hold", err);
	if (row->status != PKI_CERT_GOOD)
		return refuse(credential, "credential-revoked",
		    "a certificate that is not revoked", err);
	if (now < pki_cert_not_before(credential->cert))
		return refuse(credential, "credential-early",
		    "a certificate whose time has come", err);
	credential->in_grace = now > end;
	if (credential->in_grace && now - end > grace_of(ca, credential))
		return refuse(credential, "credential-expired",
		    "a certificate that has not expired, or to renew within "
		    "est.grace of its profile", err);
	return PKI_OK;
}

static pki_code
check_identity(pki_ca *ca, const pki_credential *credential, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row holder = { 0 };
	pki_code rc;

	if (hold == NULL)
		return pki_fail_memory(err);
	rc = pki_store_get_identity(ca->store, credential->identity, &holder,
	    hold, err);
	if (rc == PKI_OK)
		rc = pki_row_verify_identity(&holder, err);
	if (rc != PKI_OK)
		return rc;
	/* The name may be somebody else's by now. */
	if (holder.id != credential->identity_id ||
	    holder.state != PKI_IDENTITY_LIVE)
		return pki_refuse(err, PKI_DENIED, "identity-state",
		    "an identity that is neither held nor retired", "%s",
		    credential->identity);
	return PKI_OK;
}

/* G22: the key is blocked, whatever the state of its certificates. */
static pki_code
check_key(pki_ca *ca, const pki_credential *credential, pki_err *err)
{
	const pki_pubkey *key = pki_cert_key(credential->cert);
	char text[PKI_DIGEST_TEXT];
	pki_pubkey_row row;
	pki_code rc;

	rc = pki_store_get_pubkey(ca->store, pki_pubkey_digest(key), &row,
	    err);
	if (rc == PKI_OK)
		rc = pki_row_verify_pubkey(&row, err);
	if (rc == PKI_NOT_FOUND)
		return pki_fail(err, PKI_DAMAGED, "the key of a certificate "
		    "of '%s' is not on record", credential->identity);
	if (rc == PKI_OK && row.blocked_at != 0)
		rc = pki_refuse(err, PKI_DENIED, "key-blocked",
		    "a key that was not revoked as compromised",
		    "public key %s", pki_digest_format(&row.digest, text));
	return rc;
}

static pki_code
fill(const pki_cert_row *row, pki_credential *credential, pki_err *err)
{
	pki_code rc;

	credential->id = row->id;
	credential->identity_id = row->identity_id;
	rc = pki_text_format(credential->identity,
	    sizeof(credential->identity), err, "%s", row->identity);
	if (rc == PKI_OK)
		rc = pki_text_format(credential->profile,
		    sizeof(credential->profile), err, "%s", row->profile);
	return rc;
}

pki_code
pki_credential_stand(pki_ca *ca, pki_credential *credential, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_authority *authority;
	pki_cert_row row = { 0 };
	pki_code rc;

	if (hold == NULL)
		return pki_fail_memory(err);
	rc = pki_authority_get(ca, credential->ca, &authority, err);
	if (rc == PKI_OK)
		rc = check_authorities(ca, authority, err);
	if (rc == PKI_OK)
		rc = find_row(ca, authority, credential, &row, hold, err);
	if (rc == PKI_OK)
		rc = fill(&row, credential, err);
	if (rc == PKI_OK)
		rc = check_state(ca, &row, credential, err);
	if (rc == PKI_OK)
		rc = check_identity(ca, credential, err);
	return rc == PKI_OK ? check_key(ca, credential, err) : rc;
}
