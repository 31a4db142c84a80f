/* First requests that an operator decides on. */
#include "store/store-memory.h"

#include <string.h>

#include "base/text.h"

static struct memory_item *
find_approval(struct memory_store *store, const char *name)
{
	struct memory_array *array = &store->tables[MEMORY_APPROVAL];
	size_t i;

	for (i = 0; i < array->count; i++)
		if (strcmp(array->items[i].row.approval.name, name) == 0)
			return &array->items[i];
	return NULL;
}

static pki_approval_row
read_row(struct memory_store *store, const struct memory_item *item)
{
	pki_approval_row row = item->row.approval;

	row.identity = pki_memory_by_id(store, MEMORY_IDENTITY,
	    row.identity_id)->row.identity.name;
	return row;
}

pki_code
pki_memory_put_approval(void *db, pki_approval_row *row, pki_err *err)
{
	struct memory_store *store = db;
	pki_approval_row copy = *row;

	if (pki_memory_by_id(store, MEMORY_IDENTITY, row->identity_id) == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "approval row refers to an "
		    "identity that is not in the store");
	if (find_approval(store, row->name) != NULL)
		return pki_fail(err, PKI_EXISTS, "request '%s' exists",
		    row->name);
	row->id = copy.id =
	    (int64_t)store->tables[MEMORY_APPROVAL].count + 1;
	copy.identity = "";
	return pki_memory_add(store, MEMORY_APPROVAL, &pki_row_approval, &copy,
	    err);
}

pki_code
pki_memory_update_approval(void *db, const pki_approval_row *row, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_item *item = pki_memory_by_id(store, MEMORY_APPROVAL,
	    row->id);
	pki_approval_row copy = *row;
	pki_code rc;

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no request '%s'",
		    row->name);
	rc = pki_memory_save(store, MEMORY_APPROVAL, item, err);
	if (rc != PKI_OK)
		return rc;
	copy.identity_id = item->row.approval.identity_id;
	copy.identity = "";
	return pki_memory_change(store, item, &pki_row_approval, &copy, err);
}

pki_code
pki_memory_get_approval(void *db, const char *name, pki_approval_row *out,
    pki_buf *hold, pki_err *err)
{
	struct memory_item *item = find_approval(db, name);
	pki_approval_row row;
	pki_code rc;

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no request '%s'", name);
	row = read_row(db, item);
	rc = pki_row_hold(&pki_row_approval, &row, hold, err);
	if (rc == PKI_OK)
		*out = row;
	return rc;
}

pki_code
pki_memory_fill_approvals(void *db, const pki_cert_filter *filter,
    int64_t after, pki_page *page, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_APPROVAL];
	pki_code rc = PKI_OK;
	pki_approval_row row;
	size_t i;

	for (i = 0; rc == PKI_OK && i < array->count; i++) {
		if (pki_page_is_full(page))
			break;
		row = read_row(store, &array->items[i]);
		if (row.id > after && (filter->identity == NULL ||
		    pki_text_equal_nocase(row.identity, filter->identity)))
			rc = pki_page_add(page, &row, err);
	}
	return rc;
}

pki_code
pki_memory_tally_approvals(void *db, int64_t since, pki_approval_queue *out,
    pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_APPROVAL];
	size_t i;

	(void)err;
	*out = (pki_approval_queue){ 0 };
	for (i = 0; i < array->count; i++) {
		const pki_approval_row *row = &array->items[i].row.approval;

		if (row->state != PKI_APPROVAL_WAITING ||
		    row->requested_at < since)
			continue;
		if (out->waiting++ == 0 || row->requested_at < out->oldest)
			out->oldest = row->requested_at;
	}
	return PKI_OK;
}
