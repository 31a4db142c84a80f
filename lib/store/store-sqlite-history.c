/*
 * From the newest certificate of an identity to the one before it, and so on:
 * is each certificate there, once, in the history of its identity?
 */
#include "store/store-sqlite.h"

#include <stdlib.h>

/* Row ids are dense: nothing deletes identities. */
#define MAX_IDENTITY_ID ((int64_t)1 << 32)

/*
 * The newest certificate of each identity in what was read, by row id.  Others
 * may write meanwhile: what came after the beginning is not looked at.
 */
struct histories {
	int64_t *newest;
	int64_t  last_identity, last_cert;
};

static pki_code
fail_history(const struct sqlite_store *store, int64_t cert, pki_err *err)
{
	return pki_fail(err, PKI_DAMAGED, "database '%s': certificate row %lld"
	    " does not follow the one before of its identity", store->path,
	    (long long)cert);
}

static pki_code
begin(struct sqlite_store *store, struct histories *histories, pki_err *err)
{
	pki_code rc = pki_sqlite_ask_int(store->db, store->path,
	    "SELECT coalesce(max(id), 0) FROM cert", &histories->last_cert,
	    err);

	/* In this order: the identities of these certificates are there. */
	if (rc == PKI_OK)
		rc = pki_sqlite_ask_int(store->db, store->path,
		    "SELECT coalesce(max(id), 0) FROM identity",
		    &histories->last_identity, err);
	if (rc != PKI_OK)
		return rc;
	if (histories->last_identity < 0 ||
	    histories->last_identity > MAX_IDENTITY_ID)
		return pki_fail(err, PKI_DAMAGED, "database '%s': no identity "
		    "has row %lld", store->path,
		    (long long)histories->last_identity);
	histories->newest = calloc((size_t)histories->last_identity + 1,
	    sizeof(*histories->newest));
	return histories->newest == NULL ? pki_fail_memory(err) : PKI_OK;
}

static pki_code
take_step(pki_sqlite_run *run, struct histories *histories, pki_err *err)
{
	int64_t cert = pki_sqlite_take_int(run);
	int64_t identity = pki_sqlite_take_int(run);
	int64_t previous = pki_sqlite_take_int(run);
	pki_code rc = pki_sqlite_taken(run, "certificate", err);

	if (rc != PKI_OK || cert > histories->last_cert)
		return rc;
	if (identity < 1 || identity > histories->last_identity ||
	    previous != histories->newest[identity])
		return fail_history(run->store, cert, err);
	histories->newest[identity] = cert;
	return PKI_OK;
}

static pki_code
compare_newest(pki_sqlite_run *run, struct histories *histories, pki_err *err)
{
	int64_t identity = pki_sqlite_take_int(run);
	int64_t newest = pki_sqlite_take_int(run);
	bool is_there = pki_sqlite_take_int(run) != 0;
	pki_code rc = pki_sqlite_taken(run, "identity", err);

	if (rc != PKI_OK || identity > histories->last_identity ||
	    newest == histories->newest[identity] ||
	    (is_there && newest > histories->last_cert))
		return rc;
	return pki_fail(err, PKI_DAMAGED, "database '%s': certificate row %lld"
	    " is not the newest of its identity", run->store->path,
	    (long long)newest);
}

static pki_code
each_row(struct sqlite_store *store, const char *sql,
    struct histories *histories,
    pki_code (*visit)(pki_sqlite_run *, struct histories *, pki_err *),
    pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start_text(store, sql, &run, err);
	bool row = true;

	while (rc == PKI_OK &&
	    (rc = pki_sqlite_next(run, &row, err)) == PKI_OK && row)
		rc = visit(run, histories, err);
	return rc;
}

pki_code
pki_sqlite_check_histories(struct sqlite_store *store, pki_err *err)
{
	struct histories histories = { 0 };
	pki_code rc = begin(store, &histories, err);

	if (rc == PKI_OK)
		rc = each_row(store, "SELECT id, identity_id, previous_id"
		    " FROM cert ORDER BY id", &histories, take_step, err);
	if (rc == PKI_OK)
		rc = each_row(store, "SELECT i.id, coalesce(n.cert_id, 0),"
		    " EXISTS (SELECT 1 FROM cert c WHERE c.id = n.cert_id"
		    " AND c.identity_id = i.id) FROM identity i"
		    " LEFT JOIN cert_newest n ON n.identity_id = i.id",
		    &histories, compare_newest, err);
	free(histories.newest);
	return rc;
}
