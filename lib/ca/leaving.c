#include "ca/leaving.h"

#include "ca/rowhash.h"

void
pki_leaving_clear(pki_leaving *leaving)
{
	pki_releases_free(leaving->releases);
	leaving->releases = NULL;
}

static pki_code
ask_log(pki_leaving *leaving, const pki_crl_entry *entry, bool *out,
    pki_err *err)
{
	pki_code rc = PKI_OK;

	if (leaving->releases == NULL)
		rc = pki_releases_read(leaving->ca, leaving->authority->name,
		    leaving->at, &leaving->releases, err);
	/* A release before this hold began was one from another hold. */
	if (rc == PKI_OK)
		*out = pki_releases_have(leaving->releases, &entry->serial,
		    entry->revoked_at);
	return rc;
}

/*
 * When the certificate itself says so: a row is what anybody wrote who could
 * write the database.
 */
static pki_code
ask_cert(const pki_leaving *leaving, const pki_cert_row *row, bool *out,
    pki_err *err)
{
	PKI_AUTO(pki_cert) cert = NULL;
	char serial[PKI_SERIAL_TEXT];
	pki_code rc = pki_cert_parse(row->der, &cert, err);

	if (rc == PKI_OK && !pki_serial_equal(pki_cert_serial(cert),
	    &row->serial))
		rc = pki_fail(err, PKI_DAMAGED, "it has another serial");
	if (rc == PKI_OK)
		rc = pki_cert_check_issuer(cert, leaving->authority->cert, err);
	if (rc == PKI_OK)
		*out = pki_cert_not_after(cert) < leaving->at;
	if (rc == PKI_BAD_INPUT || rc == PKI_DENIED || rc == PKI_DAMAGED)
		rc = pki_wrap(err, PKI_DAMAGED, "the certificate on record as "
		    "'%s'", pki_serial_format(&row->serial, serial));
	return rc;
}

static pki_code
ask_store(pki_leaving *leaving, const pki_crl_entry *entry, bool *out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_cert_row row;
	pki_code rc;

	rc = pki_store_get_cert(leaving->ca->store, leaving->authority->id,
	    &entry->serial, &row, hold, err);
	if (rc == PKI_NOT_FOUND)        /* a store that lost it: not expired */
		return PKI_OK;
	if (rc == PKI_OK)
		rc = pki_row_verify_cert(&row, err);
	if (rc == PKI_OK)
		rc = ask_cert(leaving, &row, out, err);
	if (rc == PKI_DAMAGED && leaving->damage == PKI_DAMAGE_STAYS)
		return PKI_OK;
	if (rc != PKI_OK)
		return rc;
	if (!*out && row.status == PKI_CERT_GOOD &&
	    entry->reason == PKI_REASON_CERTIFICATE_HOLD)
		rc = ask_log(leaving, entry, out, err);
	return rc;
}

static bool
is_lost(pki_lost *lost, const pki_serial *serial)
{
	size_t low = 0, high = lost == NULL ? 0 : lost->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = pki_serial_compare(serial, &lost->serials[middle]);

		if (order == 0) {
			lost->missing[middle] = true;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

pki_code
pki_leaving_ask(void *arg, const pki_crl_entry *entry, bool *out,
    pki_err *err)
{
	pki_leaving *leaving = arg;
	pki_code rc;

	*out = false;
	rc = ask_store(leaving, entry, out, err);
	if (rc == PKI_OK && !*out)
		*out = is_lost(leaving->lost, &entry->serial);
	return rc;
}
