/* Certificates. */
#include "store/store-memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static struct memory_item *
find_cert(struct memory_store *store, int64_t ca_id, const pki_serial *serial)
{
	struct memory_array *array = &store->tables[MEMORY_CERT];
	size_t i;

	for (i = 0; i < array->count; i++)
		if (array->items[i].row.cert.ca_id == ca_id &&
		    pki_serial_equal(&array->items[i].row.cert.serial, serial))
			return &array->items[i];
	return NULL;
}

pki_code
pki_memory_put_cert(void *db, pki_cert_row *row, pki_err *err)
{
	struct memory_store *store = db;
	pki_cert_row copy = *row;
	char text[PKI_SERIAL_TEXT];
	pki_code rc;

	if (pki_memory_by_id(store, MEMORY_CA, row->ca_id) == NULL ||
	    pki_memory_by_id(store, MEMORY_IDENTITY, row->identity_id) ==
	    NULL ||
	    pki_memory_by_id(store, MEMORY_PUBKEY, row->pubkey_id) == NULL ||
	    pki_memory_by_id(store, MEMORY_PROFILE, row->profile_id) == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "certificate row refers "
		    "to a row that is not in the store");
	if (find_cert(store, row->ca_id, &row->serial) != NULL)
		return pki_fail(err, PKI_EXISTS, "serial number %s is taken",
		    pki_serial_format(&row->serial, text));
	copy.id = (int64_t)store->tables[MEMORY_CERT].count + 1;
	copy.ca = copy.identity = copy.profile = "";
	rc = pki_memory_add(store, MEMORY_CERT, &pki_row_cert, &copy, err);
	if (rc == PKI_OK)
		row->id = copy.id;
	return rc;
}

pki_code
pki_memory_update_cert_status(void *db, const pki_cert_row *row, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_item *item = pki_memory_by_id(store, MEMORY_CERT,
	    row->id);
	pki_code rc;

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no certificate row %lld",
		    (long long)row->id);
	rc = pki_memory_save(store, MEMORY_CERT, item, err);
	if (rc != PKI_OK)
		return rc;
	item->row.cert.status = row->status;
	item->row.cert.revoked_at = row->revoked_at;
	item->row.cert.reason = row->reason;
	item->row.cert.invalid_since = row->invalid_since;
	item->row.cert.row_hash = row->row_hash;
	return PKI_OK;
}

/* The row with what is read from other tables. */
static pki_cert_row
join_cert(struct memory_store *store, const pki_cert_row *cert)
{
	pki_cert_row row = *cert;
	const pki_profile_row *profile = &pki_memory_by_id(store,
	    MEMORY_PROFILE, row.profile_id)->row.profile;

	row.ca = pki_memory_by_id(store, MEMORY_CA, row.ca_id)->row.ca.name;
	row.identity = pki_memory_by_id(store, MEMORY_IDENTITY,
	    row.identity_id)->row.identity.name;
	row.profile = profile->name;
	row.profile_digest = profile->digest;
	row.pubkey_digest = pki_memory_by_id(store, MEMORY_PUBKEY,
	    row.pubkey_id)->row.pubkey.digest;
	return row;
}

pki_code
pki_memory_get_cert(void *db, int64_t ca_id, const pki_serial *serial,
    pki_cert_row *out, pki_buf *hold, pki_err *err)
{
	struct memory_item *item = find_cert(db, ca_id, serial);
	char text[PKI_SERIAL_TEXT];
	pki_cert_row row;
	pki_code rc;

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND,
		    "no certificate with serial number %s",
		    pki_serial_format(serial, text));
	row = join_cert(db, &item->row.cert);
	rc = pki_row_hold(&pki_row_cert, &row, hold, err);
	if (rc == PKI_OK)
		*out = row;
	return rc;
}

pki_code
pki_memory_count_certs(void *db, int64_t ca_id, int64_t *out, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_CERT];
	int64_t count = 0;
	size_t i;

	(void)err;
	for (i = 0; i < array->count; i++)
		count += array->items[i].row.cert.ca_id == ca_id;
	*out = count;
	return PKI_OK;
}

pki_code
pki_memory_tally_certs(void *db, int64_t ca_id, int64_t now, int64_t soon,
    pki_cert_counts *out, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_CERT];
	size_t i;

	(void)err;
	*out = (pki_cert_counts){ 0 };
	for (i = 0; i < array->count; i++) {
		const pki_cert_row *cert = &array->items[i].row.cert;
		bool past = cert->not_after < now;

		if (cert->ca_id != ca_id)
			continue;
		if (cert->status == PKI_CERT_REVOKED)
			out->revoked++;
		else if (past)
			out->expired++;
		else if (cert->status == PKI_CERT_HELD)
			out->held++;
		else
			out->good++;
		out->expiring += cert->status == PKI_CERT_GOOD && !past &&
		    cert->not_after <= soon;
	}
	return PKI_OK;
}

pki_code
pki_memory_last_partition(void *db, int64_t ca_id, int64_t *out, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_CERT];
	int64_t last = -1;
	size_t i;

	(void)err;
	for (i = 0; i < array->count; i++) {
		const pki_cert_row *cert = &array->items[i].row.cert;

		if (cert->ca_id == ca_id && cert->partition > last)
			last = cert->partition;
	}
	*out = last;
	return PKI_OK;
}

static bool
has_host(struct memory_store *store, int64_t identity_id, const char *name)
{
	struct memory_array *array = &store->tables[MEMORY_HOST];
	size_t i;

	for (i = 0; i < array->count; i++)
		if (array->items[i].row.host.identity_id == identity_id &&
		    pki_text_equal_nocase(array->items[i].row.host.name, name))
			return true;
	return false;
}

pki_code
pki_memory_put_host(void *db, const pki_host_row *row, pki_err *err)
{
	pki_host_row copy = *row;
	struct memory_store *store = db;

	if (has_host(store, row->identity_id, row->name))
		return PKI_OK;
	if (pki_memory_by_id(store, MEMORY_IDENTITY, row->identity_id) == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "host row refers to an "
		    "identity that is not in the store");
	copy.id = (int64_t)store->tables[MEMORY_HOST].count + 1;
	return pki_memory_add(store, MEMORY_HOST, &pki_row_host, &copy, err);
}

static bool
ends_with(const pki_serial *serial, const pki_serial *suffix)
{
	return serial->len >= suffix->len &&
	    memcmp(serial->octets + serial->len - suffix->len, suffix->octets,
	    suffix->len) == 0;
}

static bool
matches(struct memory_store *store, const pki_cert_row *row,
    const pki_cert_filter *filter)
{
	return (filter->host == NULL ||
	    has_host(store, row->identity_id, filter->host)) &&
	    (filter->ca_id == 0 || row->ca_id == filter->ca_id) &&
	    (filter->identity == NULL ||
	    pki_text_equal_nocase(row->identity, filter->identity)) &&
	    (filter->profile == NULL ||
	    strcmp(row->profile, filter->profile) == 0) &&
	    (!filter->by_status || row->status == filter->status) &&
	    (filter->expires_from == 0 ||
	    row->not_after >= filter->expires_from) &&
	    (filter->expires_until == 0 ||
	    row->not_after <= filter->expires_until) &&
	    (filter->serial_suffix == NULL ||
	    ends_with(&row->serial, filter->serial_suffix)) &&
	    (filter->pubkey == NULL ||
	    pki_digest_equal(&row->pubkey_digest, filter->pubkey));
}

pki_code
pki_memory_fill_certs(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_CERT];
	pki_code rc = PKI_OK;
	pki_cert_row row;
	size_t i;

	for (i = 0; rc == PKI_OK && i < array->count; i++) {
		if (pki_page_is_full(page))
			break;
		if (array->items[i].row.id <= after)
			continue;
		row = join_cert(store, &array->items[i].row.cert);
		if (matches(store, &row, filter))
			rc = pki_page_add(page, &row, err);
	}
	return rc;
}

static int
compare_rows(const void *a, const void *b)
{
	return pki_serial_compare(&((const pki_revoked_row *)a)->serial,
	    &((const pki_revoked_row *)b)->serial);
}

pki_code
pki_memory_each_revoked(void *db, const pki_revoked_query *query,
    pki_revoked_visitor *visit, void *arg, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_CERT];
	pki_revoked_row *rows = calloc(array->count + 1, sizeof(*rows));
	pki_code rc = PKI_OK;
	size_t count = 0, i;

	if (rows == NULL)
		return pki_fail_memory(err);
	for (i = 0; i < array->count; i++) {
		const pki_cert_row *cert = &array->items[i].row.cert;

		if (cert->ca_id == query->ca_id &&
		    cert->status != PKI_CERT_GOOD &&
		    cert->not_after >= query->expired_before &&
		    (query->scope == -1 || cert->partition == query->scope))
			rows[count++] = (pki_revoked_row){
				.serial = cert->serial,
				.revoked_at = cert->revoked_at,
				.invalid_since = cert->invalid_since,
				.reason = cert->reason,
			};
	}
	qsort(rows, count, sizeof(*rows), compare_rows);
	for (i = 0; rc == PKI_OK && i < count; i++)
		rc = visit(&rows[i], arg, err);
	free(rows);
	return rc;
}
