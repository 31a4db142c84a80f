/* Tokens, and what they were used for. */
#include "store/store-memory.h"

#include <string.h>

#include "base/text.h"

static struct memory_item *
find_token(struct memory_store *store, const char *name)
{
	struct memory_array *array = &store->tables[MEMORY_TOKEN];
	size_t i;

	for (i = 0; i < array->count; i++)
		if (strcmp(array->items[i].row.token.name, name) == 0)
			return &array->items[i];
	return NULL;
}

static const pki_identity_row *
find_holder(struct memory_store *store, const struct memory_item *item)
{
	return &pki_memory_by_id(store, MEMORY_IDENTITY,
	    item->row.token.identity_id)->row.identity;
}

pki_code
pki_memory_put_token(void *db, pki_token_row *row, pki_err *err)
{
	struct memory_store *store = db;
	pki_token_row copy = *row;

	if (pki_memory_by_id(store, MEMORY_IDENTITY, row->identity_id) == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "token row refers to an "
		    "identity that is not in the store");
	if (find_token(store, row->name) != NULL)
		return pki_fail(err, PKI_EXISTS, "token '%s' exists",
		    row->name);
	row->id = copy.id = (int64_t)store->tables[MEMORY_TOKEN].count + 1;
	copy.use = (pki_token_use){ 0 };
	return pki_memory_add(store, MEMORY_TOKEN, &pki_row_token, &copy, err);
}

pki_code
pki_memory_update_token(void *db, const pki_token_row *row, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_item *item = pki_memory_by_id(store, MEMORY_TOKEN,
	    row->id);
	pki_code rc;

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no token '%s'",
		    row->name);
	rc = pki_memory_save(store, MEMORY_TOKEN, item, err);
	if (rc != PKI_OK)
		return rc;
	item->row.token.revoked_at = row->revoked_at;
	item->row.token.row_hash = row->row_hash;
	return PKI_OK;
}

static bool
may_be_used(struct memory_store *store, const struct memory_item *item,
    const pki_token_use *use)
{
	const pki_token_row *token = &item->row.token;
	const pki_identity_row *holder = find_holder(store, item);

	return token->use.used_at == 0 && token->revoked_at == 0 &&
	    token->expires_at >= use->used_at &&
	    strcmp(token->profile, use->profile) == 0 &&
	    strcmp(holder->name, use->identity) == 0 &&
	    holder->state != PKI_IDENTITY_RETIRED;
}

pki_code
pki_memory_use_token(void *db, const pki_token_use *use, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_item *item = find_token(store, use->token);
	pki_token_row changed;
	pki_code rc;

	if (item == NULL || !may_be_used(store, item, use))
		return pki_fail(err, PKI_EXISTS,
		    "token '%s' is not to be used (any more)", use->token);
	if (pki_memory_by_id(store, MEMORY_CA, use->ca_id) == NULL)
		return pki_fail(err, PKI_NOT_FOUND,
		    "token use refers to a CA that is not in the store");
	rc = pki_memory_save(store, MEMORY_TOKEN, item, err);
	changed = item->row.token;
	changed.use = *use;
	changed.use.ca = pki_memory_by_id(store, MEMORY_CA,
	    use->ca_id)->row.ca.name;
	return rc == PKI_OK ? pki_memory_change(store, item, &pki_row_token,
	    &changed, err) : rc;
}

pki_code
pki_memory_get_token(void *db, const char *name, pki_token_row *out,
    pki_buf *hold, pki_err *err)
{
	struct memory_item *item = find_token(db, name);
	pki_token_row row;
	pki_code rc;

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no token '%s'", name);
	row = item->row.token;
	row.identity = find_holder(db, item)->name;
	rc = pki_row_hold(&pki_row_token, &row, hold, err);
	if (rc == PKI_OK)
		*out = row;
	return rc;
}

pki_code
pki_memory_fill_tokens(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_TOKEN];
	pki_code rc = PKI_OK;
	pki_token_row row;
	size_t i;

	for (i = 0; rc == PKI_OK && i < array->count; i++) {
		if (pki_page_is_full(page))
			break;
		row = array->items[i].row.token;
		row.identity = find_holder(store, &array->items[i])->name;
		if (row.id > after && (filter->identity == NULL ||
		    pki_text_equal_nocase(row.identity, filter->identity)))
			rc = pki_page_add(page, &row, err);
	}
	return rc;
}
