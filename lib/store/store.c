#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "store/backend.h"

static const struct store_backend *const backends[] = {
	&pki_store_sqlite,
	&pki_store_memory,
};

static pki_code
find_backend(const char *url, const struct store_backend **backend,
    const char **where, pki_err *err)
{
	size_t i, len;

	for (i = 0; i < PKI_COUNT(backends); i++) {
		len = strlen(backends[i]->scheme);
		if (strncmp(url, backends[i]->scheme, len) == 0 &&
		    url[len] == ':') {
			*backend = backends[i];
			*where = url + len + 1;
			return PKI_OK;
		}
	}
	return pki_fail(err, PKI_USAGE,
	    "unknown kind of store '%s', expected sqlite:DIR", url);
}

static pki_code
make_handle(const struct store_backend *backend, void *db, pki_store **out,
    pki_err *err)
{
	pki_store *store = calloc(1, sizeof(*store));

	if (store == NULL) {
		backend->close(db);
		return pki_fail_memory(err);
	}
	store->backend = backend;
	store->db = db;
	*out = store;
	return PKI_OK;
}

pki_code
pki_store_create(const char *url, pki_store **out, pki_err *err)
{
	const struct store_backend *backend;
	const char *where;
	void *db;
	pki_code rc;

	rc = find_backend(url, &backend, &where, err);
	if (rc == PKI_OK)
		rc = backend->create(where, &db, err);
	return rc == PKI_OK ? make_handle(backend, db, out, err) : rc;
}

pki_code
pki_store_open(const char *url, pki_store **out, pki_err *err)
{
	const struct store_backend *backend;
	const char *where;
	void *db;
	pki_code rc;

	rc = find_backend(url, &backend, &where, err);
	if (rc == PKI_OK)
		rc = backend->open(where, &db, err);
	return rc == PKI_OK ? make_handle(backend, db, out, err) : rc;
}

void
pki_store_free(pki_store *store)
{
	if (store == NULL)
		return;
	pki_store_rollback(store);
	store->backend->close(store->db);
	free(store);
}

static pki_code
enter(pki_store *store, pki_err *err)
{
	if (store->backend->enter == NULL)
		return PKI_OK;
	return store->backend->enter(store->db, err);
}

pki_code
pki_store_begin(pki_store *store, pki_err *err)
{
	pki_code rc;

	if (store->state != STORE_IDLE)
		return pki_fail(err, PKI_USAGE,
		    "a transaction of the store has begun already");
	rc = enter(store, err);
	if (rc == PKI_OK)
		rc = store->backend->begin(store->db, err);
	if (rc == PKI_OK)
		store->state = STORE_WRITING;
	store->profile_id = 0;
	return rc;
}

pki_code
pki_store_commit(pki_store *store, pki_err *err)
{
	pki_code rc;

	if (store->state == STORE_IDLE)
		return pki_fail(err, PKI_USAGE,
		    "no transaction of the store has begun");
	rc = store->state == STORE_WRITING ? enter(store, err)
	    : pki_fail(err, PKI_STORE, "the transaction had failed before its "
	    "commit and is rolled back");
	if (rc != PKI_OK) {
		pki_store_rollback(store);
		return rc;
	}
	store->state = STORE_IDLE;
	return store->backend->commit(store->db, err);
}

void
pki_store_rollback(pki_store *store)
{
	if (store->state == STORE_IDLE)
		return;
	store->state = STORE_IDLE;
	store->backend->rollback(store->db);
}

static pki_code
move_mark(pki_store *store, pki_code (*move)(void *db, pki_err *err),
    pki_err *err)
{
	pki_code rc;

	if (store->state != STORE_WRITING)
		return pki_fail(err, PKI_USAGE, "a mark is set or moved "
		    "outside a good transaction of the store");
	rc = move(store->db, err);
	if (rc != PKI_OK)
		store->state = STORE_BROKEN;
	return rc;
}

pki_code
pki_store_mark(pki_store *store, pki_err *err)
{
	return move_mark(store, store->backend->mark, err);
}

pki_code
pki_store_keep(pki_store *store, pki_err *err)
{
	return move_mark(store, store->backend->keep, err);
}

pki_code
pki_store_undo(pki_store *store, pki_err *err)
{
	store->profile_id = 0;
	return move_mark(store, store->backend->undo, err);
}

pki_code
pki_store_changed(pki_store *store, bool *out, pki_err *err)
{
	return store->backend->changed(store->db, out, err);
}

/* Before each write: flaw is what is wrong with the row, or NULL. */
static pki_code
enter_write(pki_store *store, const char *what, const char *flaw,
    pki_err *err)
{
	pki_code rc;

	if (store->state == STORE_IDLE)
		return pki_fail(err, PKI_USAGE,
		    "%s row written outside a transaction of the store", what);
	if (store->state == STORE_BROKEN)
		return pki_fail(err, PKI_STORE, "the transaction has failed, "
		    "only its rollback can follow");
	if (flaw != NULL)
		return pki_fail(err, PKI_USAGE, "%s row: bad %s", what, flaw);
	rc = enter(store, err);
	if (rc != PKI_OK)
		store->state = STORE_BROKEN;
	return rc;
}

/*
 * After each write.  These answers are decided by the rows; anything else
 * may have left half of a write, or ended the transaction in the database.
 */
static pki_code
leave_write(pki_store *store, pki_code rc)
{
	switch (rc) {
	case PKI_OK:
	case PKI_DENIED:
	case PKI_NOT_FOUND:
	case PKI_EXISTS:
		break;
	default:
		store->state = STORE_BROKEN;
	}
	return rc;
}

pki_code
pki_store_put_ca(pki_store *store, pki_ca_row *row, pki_err *err)
{
	pki_code rc = enter_write(store, "CA", pki_row_ca_flaw(row), err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store, store->backend->put_ca(store->db, row, err));
}

pki_code
pki_store_put_profile(pki_store *store, pki_profile_row *row, pki_err *err)
{
	pki_code rc = enter_write(store, "profile", pki_row_profile_flaw(row),
	    err);

	if (rc != PKI_OK)
		return rc;
	if (store->profile_id != 0 &&
	    pki_digest_equal(&store->profile_digest, &row->digest)) {
		row->id = store->profile_id;
		return PKI_OK;
	}
	rc = leave_write(store,
	    store->backend->put_profile(store->db, row, err));
	if (rc == PKI_OK) {
		store->profile_digest = row->digest;
		store->profile_id = row->id;
	}
	return rc;
}

pki_code
pki_store_claim_identity(pki_store *store, pki_identity_row *row, pki_err *err)
{
	pki_code rc = enter_write(store, "identity",
	    pki_row_identity_flaw(row), err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->claim_identity(store->db, row, err));
}

pki_code
pki_store_update_identity(pki_store *store, const pki_identity_row *row,
    pki_err *err)
{
	pki_code rc = enter_write(store, "identity",
	    pki_row_identity_flaw(row), err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->update_identity(store->db, row, err));
}

pki_code
pki_store_activate_identity(pki_store *store, const pki_identity_row *row,
    pki_err *err)
{
	const char *flaw = row->state != PKI_IDENTITY_LIVE ? "state" :
	    pki_row_identity_flaw(row);
	pki_code rc = enter_write(store, "identity", flaw, err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->activate_identity(store->db, row, err));
}

pki_code
pki_store_put_token(pki_store *store, pki_token_row *row, pki_err *err)
{
	pki_code rc = enter_write(store, "token", pki_row_token_flaw(row),
	    err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->put_token(store->db, row, err));
}

pki_code
pki_store_update_token(pki_store *store, const pki_token_row *row,
    pki_err *err)
{
	pki_code rc = enter_write(store, "token", pki_row_token_flaw(row),
	    err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->update_token(store->db, row, err));
}

pki_code
pki_store_use_token(pki_store *store, const pki_token_use *use, pki_err *err)
{
	pki_code rc = enter_write(store, "token use",
	    pki_row_token_use_flaw(use), err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->use_token(store->db, use, err));
}

pki_code
pki_store_put_approval(pki_store *store, pki_approval_row *row, pki_err *err)
{
	pki_code rc = enter_write(store, "approval",
	    pki_row_approval_flaw(row), err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->put_approval(store->db, row, err));
}

pki_code
pki_store_update_approval(pki_store *store, const pki_approval_row *row,
    pki_err *err)
{
	pki_code rc = enter_write(store, "approval",
	    pki_row_approval_flaw(row), err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->update_approval(store->db, row, err));
}

pki_code
pki_store_claim_pubkey(pki_store *store, pki_pubkey_row *row, pki_err *err)
{
	const char *flaw = row->identity_id == 0 ? "identity_id" :
	    row->blocked_at != 0 ? "blocked_at" : pki_row_pubkey_flaw(row);
	pki_code rc = enter_write(store, "public key", flaw, err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->claim_pubkey(store->db, row, err));
}

pki_code
pki_store_block_pubkey(pki_store *store, pki_pubkey_row *row, pki_err *err)
{
	const char *flaw = row->blocked_at == 0 ? "blocked_at" :
	    pki_row_pubkey_flaw(row);
	pki_code rc = enter_write(store, "public key", flaw, err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->block_pubkey(store->db, row, err));
}

pki_code
pki_store_put_cert(pki_store *store, pki_cert_row *row, pki_err *err)
{
	pki_code rc = enter_write(store, "certificate", pki_row_cert_flaw(row),
	    err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->put_cert(store->db, row, err));
}

pki_code
pki_store_put_host(pki_store *store, const pki_host_row *row, pki_err *err)
{
	pki_code rc = enter_write(store, "host", pki_row_host_flaw(row), err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->put_host(store->db, row, err));
}

pki_code
pki_store_update_cert_status(pki_store *store, const pki_cert_row *row,
    pki_err *err)
{
	const char *flaw = row->status < PKI_CERT_GOOD ||
	    row->status > PKI_CERT_HELD ? "status" :
	    !pki_row_reason_is_valid(row->reason) ? "reason" : NULL;
	pki_code rc = enter_write(store, "certificate", flaw, err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->update_cert_status(store->db, row, err));
}

pki_code
pki_store_put_crl(pki_store *store, const pki_crl_row *row, pki_err *err)
{
	pki_code rc = enter_write(store, "CRL", pki_row_crl_flaw(row), err);

	if (rc != PKI_OK)
		return rc;
	return leave_write(store,
	    store->backend->put_crl(store->db, row, err));
}

pki_code
pki_store_put_audit(pki_store *store, const pki_audit_row *row,
    const pki_audit_tree *tree, pki_err *err)
{
	const char *flaw = tree->count != pki_row_subtrees(tree->size) ?
	    "frontier" : pki_row_audit_flaw(row);
	pki_code rc = enter_write(store, "audit", flaw, err);

	if (rc != PKI_OK)
		return rc;
	if (tree->size != row->seq + 1)
		return pki_fail(err, PKI_EXISTS,
		    "audit row %lld does not fit a tree of %lld rows",
		    (long long)row->seq, (long long)tree->size);
	return leave_write(store,
	    store->backend->put_audit(store->db, row, tree, err));
}

pki_code
pki_store_check(pki_store *store, pki_err *err)
{
	pki_code rc = enter(store, err);

	return rc == PKI_OK ? store->backend->check(store->db, err) : rc;
}

int64_t
pki_store_wal_bytes(pki_store *store)
{
	return store->backend->wal_bytes(store->db);
}
