#include "ca/registry.h"

#include <string.h>

#include "ca/rowhash.h"

pki_code
pki_registry_get(pki_ca *ca, const char *name, pki_identity_row *out,
    pki_buf *hold, pki_err *err)
{
	pki_code rc = pki_store_get_identity(ca->store, name, out, hold, err);

	if (rc == PKI_OK)
		rc = pki_row_verify_identity(out, err);
	if (rc == PKI_NOT_FOUND || (rc == PKI_OK &&
	    (strcmp(out->name, name) != 0 || out->profile[0] == '\0')))
		return pki_refuse(err, PKI_DENIED, "identity-unknown",
		    "a device on record, in its own case of letters", "%s",
		    name);
	return rc;
}

pki_code
pki_registry_may_activate(const pki_identity_row *holder, const char *name,
    const char *profile, pki_err *err)
{
	if (holder->state == PKI_IDENTITY_HELD)
		return pki_refuse(err, PKI_DENIED, "identity-state",
		    "an identity that is neither held nor retired", "%s",
		    name);
	if (holder->state != PKI_IDENTITY_REGISTERED ||
	    strcmp(holder->name, name) != 0)
		return pki_refuse(err, PKI_DENIED, "identity-taken",
		    "a name that no device has in any case of letters, or "
		    "--replace NAME, also when all its certificates are "
		    "revoked", "%s", name);
	if (strcmp(holder->profile, profile) != 0)
		return pki_refuse(err, PKI_DENIED, "device-profile",
		    holder->profile, "%s", profile);
	return PKI_OK;
}

pki_code
pki_registry_activate(pki_ca *ca, const char *name, const char *profile,
    int64_t *out_id, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row row;
	pki_code rc = pki_store_get_identity(ca->store, name, &row, hold, err);

	if (rc == PKI_OK)
		rc = pki_row_verify_identity(&row, err);
	if (rc == PKI_OK)
		rc = pki_registry_may_activate(&row, name, profile, err);
	if (rc != PKI_OK)
		return rc;
	row.state = PKI_IDENTITY_LIVE;
	rc = pki_row_seal_identity(&row, err);
	if (rc == PKI_OK)
		rc = pki_store_activate_identity(ca->store, &row, err);
	if (rc == PKI_EXISTS)
		return pki_refuse(err, PKI_DENIED, "identity-taken",
		    "a name that no device has in any case of letters", "%s",
		    name);
	*out_id = row.id;
	return rc;
}
