#include "store/store-memory.h"

#include <stdlib.h>
#include <string.h>

static pki_code
create_store(const char *where, void **out, pki_err *err)
{
	struct memory_store *store;

	if (where[0] != '\0')
		return pki_fail(err, PKI_USAGE,
		    "a store in memory has no place '%s', expected memory:",
		    where);
	store = calloc(1, sizeof(*store));
	if (store == NULL)
		return pki_fail_memory(err);
	*out = store;
	return PKI_OK;
}

static pki_code
open_store(const char *where, void **out, pki_err *err)
{
	(void)where;
	(void)out;
	return pki_fail(err, PKI_NOT_FOUND,
	    "a store in memory lives in the handle that created it only");
}

static void
cut_table(struct memory_array *array, size_t count)
{
	while (array->count > count)
		pki_buf_free(array->items[--array->count].hold);
}

static void
close_store(void *db)
{
	struct memory_store *store = db;
	int i;

	for (i = 0; i < MEMORY_TABLES; i++) {
		cut_table(&store->tables[i], 0);
		free(store->tables[i].items);
	}
	free(store->undo);
	free(store);
}

static pki_code
enter_call(void *db, pki_err *err)
{
	struct memory_store *store = db;

	if (store->fail_at == 0 || --store->fail_at != 0)
		return PKI_OK;
	return pki_fail(err, PKI_STORE, "the store was told to fail");
}

void
pki_store_memory_fail_at(pki_store *store, int n)
{
	if (store->backend == &pki_store_memory)
		((struct memory_store *)store->db)->fail_at = n;
}

static void
note_point(const struct memory_store *store, struct memory_point *point)
{
	int i;

	for (i = 0; i < MEMORY_TABLES; i++)
		point->counts[i] = store->tables[i].count;
	point->undo_count = store->undo_count;
	point->tree = store->tree;
}

static void
go_back(struct memory_store *store, const struct memory_point *point)
{
	struct memory_undo *undo;
	int i;

	while (store->undo_count > point->undo_count) {
		undo = &store->undo[--store->undo_count];
		if (undo->replaced)
			pki_buf_free(store->tables[undo->table].items[
			    undo->index].hold);
		store->tables[undo->table].items[undo->index] = undo->item;
	}
	for (i = 0; i < MEMORY_TABLES; i++)
		cut_table(&store->tables[i], point->counts[i]);
	store->tree = point->tree;
}

static pki_code
begin_writing(void *db, pki_err *err)
{
	struct memory_store *store = db;

	(void)err;
	note_point(store, &store->begin);
	return PKI_OK;
}

static pki_code
mark_point(void *db, pki_err *err)
{
	struct memory_store *store = db;

	(void)err;
	note_point(store, &store->mark);
	return PKI_OK;
}

static pki_code
keep_since_mark(void *db, pki_err *err)
{
	(void)db;
	(void)err;
	return PKI_OK;
}

static pki_code
undo_since_mark(void *db, pki_err *err)
{
	struct memory_store *store = db;

	(void)err;
	go_back(store, &store->mark);
	return PKI_OK;
}

/* Nobody else has this store. */
static pki_code
never_changed(void *db, bool *out, pki_err *err)
{
	(void)db;
	(void)err;
	*out = false;
	return PKI_OK;
}

static pki_code
commit_writing(void *db, pki_err *err)
{
	struct memory_store *store = db;

	(void)err;
	while (store->undo_count > 0)
		if (store->undo[--store->undo_count].replaced)
			pki_buf_free(store->undo[store->undo_count].item.hold);
	return PKI_OK;
}

static void
roll_back(void *db)
{
	struct memory_store *store = db;

	go_back(store, &store->begin);
}

static pki_code
grow_table(struct memory_array *array, pki_err *err)
{
	size_t room = array->room == 0 ? 16 : 2 * array->room;
	void *items;

	if (array->count < array->room)
		return PKI_OK;
	items = reallocarray(array->items, room, sizeof(*array->items));
	if (items == NULL)
		return pki_fail_memory(err);
	array->items = items;
	array->room = room;
	return PKI_OK;
}

pki_code
pki_memory_add(struct memory_store *store, enum memory_table table,
    const pki_row_kind *kind, const void *row, pki_err *err)
{
	struct memory_array *array = &store->tables[table];
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	struct memory_item *item;
	pki_code rc;

	rc = grow_table(array, err);
	if (rc != PKI_OK)
		return rc;
	item = &array->items[array->count];
	memcpy(&item->row, row, kind->size);
	rc = pki_row_hold(kind, &item->row, hold, err);
	if (rc != PKI_OK)
		return rc;
	item->hold = PKI_TAKE(hold);
	array->count++;
	return PKI_OK;
}

pki_code
pki_memory_save(struct memory_store *store, enum memory_table table,
    const struct memory_item *item, pki_err *err)
{
	size_t index = (size_t)(item - store->tables[table].items);
	struct memory_undo *undo;

	undo = reallocarray(store->undo, store->undo_count + 1, sizeof(*undo));
	if (undo == NULL)
		return pki_fail_memory(err);
	store->undo = undo;
	undo[store->undo_count++] = (struct memory_undo){
		.table = table, .index = index, .item = *item,
	};
	return PKI_OK;
}

pki_code
pki_memory_change(struct memory_store *store, struct memory_item *item,
    const pki_row_kind *kind, const void *row, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	struct memory_item changed = *item;
	pki_code rc;

	memcpy(&changed.row, row, kind->size);
	rc = pki_row_hold(kind, &changed.row, hold, err);
	if (rc != PKI_OK)
		return rc;
	changed.hold = PKI_TAKE(hold);
	store->undo[store->undo_count - 1].replaced = true;
	*item = changed;
	return PKI_OK;
}

struct memory_item *
pki_memory_by_id(struct memory_store *store, enum memory_table table,
    int64_t id)
{
	struct memory_array *array = &store->tables[table];

	if (id < 1 || (uint64_t)id > array->count)
		return NULL;
	return &array->items[id - 1];
}

pki_code
pki_memory_fill(struct memory_store *store, enum memory_table table,
    int64_t after, pki_page *page, pki_err *err)
{
	struct memory_array *array = &store->tables[table];
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < array->count; i++) {
		if (pki_page_is_full(page))
			break;
		if (array->items[i].row.id > after)
			rc = pki_page_add(page, &array->items[i].row, err);
	}
	return rc;
}

static struct memory_item *
find_ca(struct memory_store *store, const char *name)
{
	struct memory_array *array = &store->tables[MEMORY_CA];
	size_t i;

	for (i = 0; i < array->count; i++)
		if (strcmp(array->items[i].row.ca.name, name) == 0)
			return &array->items[i];
	return NULL;
}

static pki_code
put_ca(void *db, pki_ca_row *row, pki_err *err)
{
	struct memory_store *store = db;

	if (find_ca(store, row->name) != NULL)
		return pki_fail(err, PKI_EXISTS, "CA '%s' exists", row->name);
	row->id = (int64_t)store->tables[MEMORY_CA].count + 1;
	return pki_memory_add(store, MEMORY_CA, &pki_row_ca, row, err);
}

static pki_code
get_ca(void *db, const char *name, pki_ca_row *out, pki_buf *hold,
    pki_err *err)
{
	struct memory_item *item = find_ca(db, name);
	pki_ca_row row;
	pki_code rc;

	if (item == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no CA '%s'", name);
	row = item->row.ca;
	rc = pki_row_hold(&pki_row_ca, &row, hold, err);
	if (rc == PKI_OK)
		*out = row;
	return rc;
}

static pki_code
fill_cas(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	(void)filter;
	return pki_memory_fill(db, MEMORY_CA, after, page, err);
}

static pki_code
put_profile(void *db, pki_profile_row *row, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_PROFILE];
	size_t i;

	for (i = 0; i < array->count; i++) {
		if (pki_digest_equal(&array->items[i].row.profile.digest,
		    &row->digest)) {
			row->id = array->items[i].row.id;
			return PKI_OK;
		}
	}
	row->id = (int64_t)array->count + 1;
	return pki_memory_add(store, MEMORY_PROFILE, &pki_row_profile, row,
	    err);
}

static pki_code
put_crl(void *db, const pki_crl_row *row, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_CRL];
	size_t i;

	if (pki_memory_by_id(store, MEMORY_CA, row->ca_id) == NULL)
		return pki_fail(err, PKI_NOT_FOUND,
		    "CRL row refers to a CA that is not in the store");
	for (i = 0; i < array->count; i++)
		if (array->items[i].row.crl.ca_id == row->ca_id &&
		    array->items[i].row.crl.number == row->number)
			return pki_fail(err, PKI_EXISTS,
			    "CRL number %lld is taken",
			    (long long)row->number);
	return pki_memory_add(store, MEMORY_CRL, &pki_row_crl, row, err);
}

static pki_code
get_crl(void *db, int64_t ca_id, int64_t scope, pki_crl_row *out, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_CRL];
	const pki_crl_row *newest = NULL;
	size_t i;

	for (i = 0; i < array->count; i++) {
		const pki_crl_row *crl = &array->items[i].row.crl;

		if (crl->ca_id == ca_id && crl->scope == scope &&
		    (newest == NULL || crl->number > newest->number))
			newest = crl;
	}
	if (newest == NULL)
		return pki_fail(err, PKI_NOT_FOUND, "no CRL of this scope");
	*out = *newest;
	return PKI_OK;
}

static pki_code
last_crl_number(void *db, int64_t ca_id, int64_t *out, pki_err *err)
{
	struct memory_store *store = db;
	struct memory_array *array = &store->tables[MEMORY_CRL];
	int64_t last = 0;
	size_t i;

	(void)err;
	for (i = 0; i < array->count; i++) {
		const pki_crl_row *crl = &array->items[i].row.crl;

		if (crl->ca_id == ca_id && crl->number > last)
			last = crl->number;
	}
	*out = last;
	return PKI_OK;
}

static pki_code
put_audit(void *db, const pki_audit_row *row, const pki_audit_tree *tree,
    pki_err *err)
{
	struct memory_store *store = db;
	pki_code rc;

	if (store->tree.size != row->seq)
		return pki_fail(err, PKI_EXISTS,
		    "audit row %lld is not the next one",
		    (long long)row->seq);
	rc = pki_memory_add(store, MEMORY_AUDIT, &pki_row_audit, row, err);
	if (rc == PKI_OK)
		store->tree = *tree;
	return rc;
}

static pki_code
get_audit_tree(void *db, pki_audit_tree *out, pki_err *err)
{
	(void)err;
	*out = ((struct memory_store *)db)->tree;
	return PKI_OK;
}

static pki_code
fill_audit(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	(void)filter;
	return pki_memory_fill(db, MEMORY_AUDIT, after, page, err);
}

static pki_code
check_store(void *db, pki_err *err)
{
	struct memory_store *store = db;

	if (store->tree.size != (int64_t)store->tables[MEMORY_AUDIT].count)
		return pki_fail(err, PKI_DAMAGED,
		    "the audit tree does not fit the audit rows");
	return PKI_OK;
}

static int64_t
count_wal_bytes(void *db)
{
	(void)db;
	return 0;
}

const struct store_backend pki_store_memory = {
	.scheme = "memory",
	.create = create_store,
	.open = open_store,
	.close = close_store,
	.enter = enter_call,
	.begin = begin_writing,
	.commit = commit_writing,
	.rollback = roll_back,
	.mark = mark_point,
	.keep = keep_since_mark,
	.undo = undo_since_mark,
	.changed = never_changed,
	.put_ca = put_ca,
	.put_profile = put_profile,
	.claim_identity = pki_memory_claim_identity,
	.update_identity = pki_memory_update_identity,
	.activate_identity = pki_memory_activate_identity,
	.put_token = pki_memory_put_token,
	.update_token = pki_memory_update_token,
	.use_token = pki_memory_use_token,
	.put_approval = pki_memory_put_approval,
	.update_approval = pki_memory_update_approval,
	.claim_pubkey = pki_memory_claim_pubkey,
	.block_pubkey = pki_memory_block_pubkey,
	.put_cert = pki_memory_put_cert,
	.put_host = pki_memory_put_host,
	.update_cert_status = pki_memory_update_cert_status,
	.put_crl = put_crl,
	.put_audit = put_audit,
	.get_ca = get_ca,
	.get_identity = pki_memory_get_identity,
	.get_pubkey = pki_memory_get_pubkey,
	.get_token = pki_memory_get_token,
	.get_approval = pki_memory_get_approval,
	.get_cert = pki_memory_get_cert,
	.get_crl = get_crl,
	.last_crl_number = last_crl_number,
	.get_audit_tree = get_audit_tree,
	.count_certs = pki_memory_count_certs,
	.tally_certs = pki_memory_tally_certs,
	.tally_approvals = pki_memory_tally_approvals,
	.last_partition = pki_memory_last_partition,
	.fill_cas = fill_cas,
	.fill_identities = pki_memory_fill_identities,
	.fill_tokens = pki_memory_fill_tokens,
	.fill_approvals = pki_memory_fill_approvals,
	.fill_pubkeys = pki_memory_fill_pubkeys,
	.fill_certs = pki_memory_fill_certs,
	.fill_audit = fill_audit,
	.each_revoked = pki_memory_each_revoked,
	.check = check_store,
	.wal_bytes = count_wal_bytes,
};
