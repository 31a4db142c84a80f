#include "ca/find.h"

#include <string.h>

#include "base/text.h"
#include "ca/handle.h"
#include "ca/rowhash.h"
#include "x509/digest.h"

const char *
pki_cert_state(const pki_cert_row *row, int64_t now)
{
	if (row->status == PKI_CERT_REVOKED)
		return "revoked";
	if (now > row->not_after)
		return "expired";
	return row->status == PKI_CERT_HELD ? "held" : "good";
}

/* A walk that verifies rows, and may look for one fingerprint. */
struct walk {
	pki_cert_visitor *visit;
	void             *arg;
	const pki_digest *wanted;
	size_t            found;
};

static pki_code
visit_row(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct walk *walk = arg;
	pki_digest digest;
	pki_code rc;

	rc = pki_row_verify_cert(row, err);
	if (rc == PKI_OK && walk->wanted != NULL) {
		rc = pki_digest_of(row->der, &digest, err);
		if (rc == PKI_OK && !pki_digest_equal(&digest, walk->wanted))
			return PKI_OK;
	}
	if (rc != PKI_OK)
		return rc;
	walk->found++;
	return walk->visit(row, walk->arg, err);
}

pki_code
pki_ca_each_cert(pki_ca *ca, const char *ca_name,
    const pki_cert_filter *filter, pki_cert_visitor *visit, void *arg,
    pki_err *err)
{
	pki_cert_filter f = filter == NULL ? (pki_cert_filter){ 0 } : *filter;
	struct walk walk = { .visit = visit, .arg = arg };
	pki_authority *authority;
	pki_code rc = PKI_OK;

	if (ca_name != NULL) {
		rc = pki_authority_get(ca, ca_name, &authority, err);
		if (rc == PKI_OK)
			f.ca_id = authority->id;
	}
	if (rc == PKI_OK)
		rc = pki_store_each_cert(ca->store, &f, visit_row, &walk, err);
	return rc;
}

static pki_code
find_name(pki_ca *ca, const char *name, struct walk *walk, pki_err *err)
{
	const pki_cert_filter filter = { .identity = name };

	return pki_store_each_cert(ca->store, &filter, visit_row, walk, err);
}

/* Read hex digits of a serial, whole or its end; false when it is not one. */
static bool
read_serial_end(const char *text, pki_serial *out)
{
	PKI_AUTO(pki_buf) octets = NULL;

	if (strlen(text) < 8 || pki_hex_parse(text, sizeof(out->octets),
	    &octets, NULL) != PKI_OK)
		return false;
	*out = (pki_serial){ .len = (uint8_t)octets->len };
	memcpy(out->octets, octets->data, octets->len);
	return true;
}

static pki_code
find_serial(pki_ca *ca, const char *text, struct walk *walk, pki_err *err)
{
	pki_serial end;
	const pki_cert_filter filter = { .serial_suffix = &end };

	if (!read_serial_end(text, &end))
		return PKI_BAD_INPUT;
	return pki_store_each_cert(ca->store, &filter, visit_row, walk, err);
}

static pki_code
find_digest(pki_ca *ca, const char *text, struct walk *walk, pki_err *err)
{
	PKI_AUTO(pki_buf) octets = NULL;
	pki_digest digest;
	pki_code rc;

	if (pki_hex_parse(text, sizeof(digest.octets), &octets, NULL) !=
	    PKI_OK || octets->len != sizeof(digest.octets))
		return PKI_BAD_INPUT;
	memcpy(digest.octets, octets->data, sizeof(digest.octets));
	walk->wanted = &digest;
	rc = pki_store_each_cert(ca->store, &(pki_cert_filter){ 0 }, visit_row,
	    walk, err);
	walk->wanted = NULL;
	return rc;
}

/* Without a prefix each reading that fits is tried, in this order. */
static const struct reading {
	const char *prefix;
	pki_code  (*find)(pki_ca *ca, const char *text, struct walk *walk,
	              pki_err *err);
} readings[] = {
	{ "name:", find_name },
	{ "serial:", find_serial },
	{ "sha256:", find_digest },
};

static pki_code
find_forced(pki_ca *ca, const char *id, struct walk *walk, bool *forced,
    pki_err *err)
{
	size_t i;

	*forced = true;
	for (i = 0; i < PKI_COUNT(readings); i++) {
		size_t len = strlen(readings[i].prefix);

		if (strncmp(id, readings[i].prefix, len) == 0)
			return readings[i].find(ca, id + len, walk, err);
	}
	*forced = false;
	return PKI_OK;
}

pki_code
pki_ca_find(pki_ca *ca, const char *id, pki_cert_visitor *visit, void *arg,
    pki_err *err)
{
	struct walk walk = { .visit = visit, .arg = arg };
	pki_err local = { 0 };
	bool forced;
	pki_code rc;
	size_t i;

	rc = find_forced(ca, id, &walk, &forced, &local);
	for (i = 0; !forced && i < PKI_COUNT(readings) && rc == PKI_OK; i++) {
		rc = readings[i].find(ca, id, &walk, &local);
		if (rc == PKI_BAD_INPUT && local.code == PKI_OK)
			rc = PKI_OK;
	}
	if (rc == PKI_BAD_INPUT && local.code == PKI_OK)
		return pki_refuse(err, PKI_BAD_INPUT, "certificate-id",
		    "a name, a serial or its last 8 or more hex digits (an "
		    "even number), or the 64 hex digits of a SHA-256", "%s",
		    id);
	if (rc != PKI_OK) {
		if (err != NULL)
			*err = local;
		return rc;
	}
	if (walk.found == 0)
		return pki_fail(err, PKI_NOT_FOUND,
		    "no certificate on record is called '%s'", id);
	return PKI_OK;
}
