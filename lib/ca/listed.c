#include "ca/due.h"

#include <stdlib.h>

#include "ca/crl-list.h"

/* A serial that the published CRLs should list. */
struct wanted {
	pki_serial serial;
	int64_t    partition;
	int64_t    not_after;
	bool       listed;
};

struct look {
	pki_ca              *ca;
	const pki_authority *authority;
	struct wanted       *wanted;    /* ascending */
	size_t               count;
};

/* Of the certificate, not of its row; one of ours, or it never expires. */
static pki_code
expiry_of(const pki_authority *authority, const pki_cert_row *row,
    int64_t *out, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc = pki_cert_parse(row->der, &cert, err);

	*out = INT64_MAX;
	if (rc == PKI_OK &&
	    pki_serial_equal(pki_cert_serial(cert), &row->serial) &&
	    pki_cert_check_issuer(cert, authority->cert, NULL) == PKI_OK)
		*out = pki_cert_not_after(cert);
	return rc;
}

static pki_code
look_up(const struct look *look, struct wanted *wanted, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_cert_row row;
	pki_code rc;

	rc = pki_store_get_cert(look->ca->store, look->authority->id,
	    &wanted->serial, &row, hold, err);
	if (rc != PKI_OK)
		return rc;
	wanted->partition = row.partition;
	return expiry_of(look->authority, &row, &wanted->not_after, err);
}

static int
compare(const void *a, const void *b)
{
	const struct wanted *left = a, *right = b;

	return pki_serial_compare(&left->serial, &right->serial);
}

static pki_code
mark(const struct look *look, pki_crl_list *list, pki_err *err)
{
	struct wanted key = { .listed = false }, *found;
	pki_crl_entry entry;
	bool more = true;
	pki_code rc = PKI_OK;

	pki_crl_list_rewind(list);
	while (rc == PKI_OK && more) {
		rc = pki_crl_list_next(list, &entry, &more, err);
		key.serial = entry.serial;
		found = rc != PKI_OK || !more ? NULL : bsearch(&key,
		    look->wanted, look->count, sizeof(key), compare);
		if (found != NULL)
			found->listed = true;
	}
	return rc;
}

static bool
belongs(const struct wanted *wanted, int64_t scope)
{
	return scope == PKI_SCOPE_COMPLETE || wanted->partition == scope;
}

/* Who had expired rightly is on no list. */
static pki_code
check_scope(const struct look *look, int64_t scope, pki_err *err)
{
	const pki_crl_origin origin = { .issuer = look->authority->cert };
	char file[PKI_PATH_MAX], path[PKI_PATH_MAX], text[PKI_SERIAL_TEXT];
	pki_crl_list list = { 0 };
	pki_code rc = pki_crl_file(look->authority, scope, file, err);
	size_t i;

	for (i = 0; i < look->count; i++)
		look->wanted[i].listed = false;
	if (rc == PKI_OK)
		rc = pki_ca_path(look->ca, path, err, "public/%s", file);
	if (rc == PKI_OK)
		rc = pki_crl_list_open(&list, path, &origin, err);
	if (rc == PKI_OK)
		rc = mark(look, &list, err);
	for (i = 0; rc == PKI_OK && i < look->count; i++) {
		const struct wanted *wanted = &look->wanted[i];

		if (!wanted->listed && belongs(wanted, scope) &&
		    wanted->not_after >= list.this_update)
			rc = pki_refuse(err, PKI_DENIED, "not-published",
			    "a CRL that lists what was revoked",
			    "%s without serial %s", file,
			    pki_serial_format(&wanted->serial, text));
	}
	pki_crl_list_clear(&list);
	return rc;
}

static pki_code
check_all(const struct look *look, pki_err *err)
{
	int64_t last = -1;
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < look->count; i++)
		rc = look_up(look, &look->wanted[i], err);
	qsort(look->wanted, look->count, sizeof(*look->wanted), compare);
	if (rc == PKI_OK)
		rc = check_scope(look, PKI_SCOPE_COMPLETE, err);
	if (look->authority->crl_form != PKI_CRL_PARTITIONED)
		return rc;
	/* Serials ascend, and so, nearly, do their partitions. */
	for (i = 0; rc == PKI_OK && i < look->count; i++) {
		if (look->wanted[i].partition == last)
			continue;
		last = look->wanted[i].partition;
		rc = check_scope(look, last, err);
	}
	return rc;
}

pki_code
pki_ca_check_listed(pki_ca *ca, const char *name, const pki_serial *serials,
    size_t count, pki_err *err)
{
	struct look look = { .ca = ca, .count = count };
	pki_authority *authority;
	pki_code rc;
	size_t i;

	if (count == 0)
		return PKI_OK;
	rc = pki_authority_get(ca, name, &authority, err);
	if (rc != PKI_OK)
		return rc;
	look.authority = authority;
	look.wanted = calloc(count, sizeof(*look.wanted));
	if (look.wanted == NULL)
		return pki_fail_memory(err);
	for (i = 0; i < count; i++)
		look.wanted[i].serial = serials[i];
	rc = check_all(&look, err);
	free(look.wanted);
	return rc;
}
