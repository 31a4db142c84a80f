/* Identities and their public keys. */
#include "store/store-memory.h"

#include "base/text.h"

/* Whoever has the name; else the newest of those who had it; else NULL. */
static struct memory_item *
find_identity(struct memory_store *store, const char *name)
{
	struct memory_array *array = &store->tables[MEMORY_IDENTITY];
	struct memory_item *found = NULL;
	size_t i;

	for (i = 0; i < array->count; i++) {
		if (!pki_text_equal_nocase(array->items[i].row.identity.name,
		    name))
			continue;
		found = &array->items[i];
		if (found->row.identity.state != PKI_IDENTITY_RETIRED)
			break;
	}
	return found;
}

static bool
is_taken(const struct memory_item *item)
{
	return item != NULL && item->row.identity.state != PKI_IDENTITY_RETIRED;
}

pki_code
pki_memory_claim_identity(void *db, pki_identity_row *row, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_item *item = find_identity(store, row->name);

	if (row->state != PKI_IDENTITY_RETIRED && is_taken(item)) {
		row->id = item->row.id;
		return pki_fail(err, PKI_EXISTS,
		    "name '%s' is taken by identity '%s'", row->name,
		    item->row.identity.name);
	}
	row->id = (int64_t)store->tables[MEMORY_IDENTITY].count + 1;
	return pki_memory_add(store, MEMORY_IDENTITY, &pki_row_identity, row,
	    err);
}

/* All but name and time. */
static pki_code
change_identity(struct memory_store *store, struct memory_item *item,
    const pki_identity_row *row, pki_err *err)
{
	pki_identity_row changed = *row;
	pki_code rc = pki_memory_save(store, MEMORY_IDENTITY, item, err);

	changed.name = item->row.identity.name;
	changed.created_at = item->row.identity.created_at;
	return rc == PKI_OK ? pki_memory_change(store, item, &pki_row_identity,
	    &changed, err) : rc;
}

pki_code
pki_memory_update_identity(void *db, const pki_identity_row *row, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_item *item = pki_memory_by_id(store, MEMORY_IDENTITY,
	    row->id);
	struct memory_item *holder;

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no identity '%s'",
		    row->name);
	holder = find_identity(store, item->row.identity.name);
	if (row->state != PKI_IDENTITY_RETIRED && is_taken(holder) &&
	    holder != item)
		return pki_fail(err, PKI_EXISTS,
		    "name '%s' is taken by identity '%s'",
		    item->row.identity.name, holder->row.identity.name);
	return change_identity(store, item, row, err);
}

pki_code
pki_memory_activate_identity(void *db, const pki_identity_row *row,
    pki_err *err)
{
	struct memory_store *store = db;
	struct memory_item *item = pki_memory_by_id(store, MEMORY_IDENTITY,
	    row->id);
	pki_code rc;

	if (item == NULL || item->row.identity.state !=
	    PKI_IDENTITY_REGISTERED)
		return pki_fail(err, PKI_EXISTS,
		    "identity '%s' is not registered any more", row->name);
	rc = pki_memory_save(store, MEMORY_IDENTITY, item, err);
	if (rc != PKI_OK)
		return rc;
	item->row.identity.state = row->state;
	item->row.identity.row_hash = row->row_hash;
	return PKI_OK;
}

pki_code
pki_memory_get_identity(void *db, const char *name, pki_identity_row *out,
    pki_buf *hold, pki_err *err)
{
	struct memory_item *item = find_identity(db, name);
	pki_identity_row row;
	pki_code rc;

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no identity '%s'", name);
	row = item->row.identity;
	rc = pki_row_hold(&pki_row_identity, &row, hold, err);
	if (rc == PKI_OK)
		*out = row;
	return rc;
}

pki_code
pki_memory_fill_identities(void *db, const pki_cert_filter *filter,
    int64_t after, pki_page *page, pki_err *err)
{
	(void)filter;
	return pki_memory_fill(db, MEMORY_IDENTITY, after, page, err);
}

static struct memory_item *
find_pubkey(struct memory_store *store, const pki_digest *digest)
{
	struct memory_array *array = &store->tables[MEMORY_PUBKEY];
	size_t i;

	for (i = 0; i < array->count; i++)
		if (pki_digest_equal(&array->items[i].row.pubkey.digest,
		    digest))
			return &array->items[i];
	return NULL;
}

static pki_code
add_pubkey(struct memory_store *store, pki_pubkey_row *row, pki_err *err)
{
	if (row->identity_id != 0 && pki_memory_by_id(store, MEMORY_IDENTITY,
	    row->identity_id) == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "public key row refers to "
		    "an identity that is not in the store");
	row->id = (int64_t)store->tables[MEMORY_PUBKEY].count + 1;
	return pki_memory_add(store, MEMORY_PUBKEY, &pki_row_pubkey, row, err);
}

pki_code
pki_memory_claim_pubkey(void *db, pki_pubkey_row *row, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_item *item = find_pubkey(store, &row->digest);
	char text[PKI_DIGEST_TEXT];

	if (item == NULL)
		return add_pubkey(store, row, err);
	if (item->row.pubkey.blocked_at != 0)
		return pki_refuse(err, PKI_DENIED, "key-blocked",
		    "a new key", "public key %s",
		    pki_digest_format(&row->digest, text));
	if (item->row.pubkey.identity_id != row->identity_id)
		return pki_fail(err, PKI_EXISTS,
		    "public key %s belongs to another identity",
		    pki_digest_format(&row->digest, text));
	*row = item->row.pubkey;
	return PKI_OK;
}

pki_code
pki_memory_block_pubkey(void *db, pki_pubkey_row *row, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_item *item = find_pubkey(store, &row->digest);
	pki_code rc;

	if (item == NULL)
		return add_pubkey(store, row, err);
	rc = pki_memory_save(store, MEMORY_PUBKEY, item, err);
	if (rc != PKI_OK)
		return rc;
	row->id = item->row.id;
	item->row.pubkey = *row;
	return PKI_OK;
}

pki_code
pki_memory_get_pubkey(void *db, const pki_digest *digest, pki_pubkey_row *out,
    pki_err *err)
{
	struct memory_item *item = find_pubkey(db, digest);
	char text[PKI_DIGEST_TEXT];

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no public key %s",
		    pki_digest_format(digest, text));
	*out = item->row.pubkey;
	return PKI_OK;
}

pki_code
pki_memory_fill_pubkeys(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	(void)filter;
	return pki_memory_fill(db, MEMORY_PUBKEY, after, page, err);
}
