/* First requests that an operator decides on. */
#include "store/store-sqlite.h"

/* The row borrows from the run. */
static pki_code
take_approval(pki_sqlite_run *run, void *out, pki_err *err)
{
	pki_approval_row *row = out;
	const char *flaw;
	pki_code rc;

	row->id = pki_sqlite_take_int(run);
	row->name = pki_sqlite_take_text(run);
	row->identity_id = pki_sqlite_take_int(run);
	row->profile = pki_sqlite_take_text(run);
	row->key = pki_sqlite_take_digest(run);
	row->names = pki_sqlite_take_text(run);
	row->names_digest = pki_sqlite_take_digest(run);
	row->requested_at = pki_sqlite_take_int(run);
	row->state = pki_sqlite_take_small(run);
	row->decided_at = pki_sqlite_take_int(run);
	row->decided_by = pki_sqlite_take_text(run);
	row->row_hash = pki_sqlite_take_digest(run);
	row->identity = pki_sqlite_take_text(run);
	rc = pki_sqlite_taken(run, "approval", err);
	if (rc != PKI_OK)
		return rc;
	flaw = pki_row_approval_flaw(row);
	return flaw == NULL ? PKI_OK
	    : pki_sqlite_fail_flaw(run, "approval", flaw, err);
}

static void
put_columns(pki_sqlite_run *run, const pki_approval_row *row)
{
	pki_sqlite_put_text(run, row->name);
	pki_sqlite_put_text(run, row->profile);
	pki_sqlite_put_digest(run, &row->key);
	pki_sqlite_put_text(run, row->names);
	pki_sqlite_put_digest(run, &row->names_digest);
	pki_sqlite_put_int(run, row->requested_at);
	pki_sqlite_put_int(run, row->state);
	pki_sqlite_put_int(run, row->decided_at);
	pki_sqlite_put_text(run, row->decided_by);
	pki_sqlite_put_digest(run, &row->row_hash);
}

pki_code
pki_sqlite_put_approval(void *db, pki_approval_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_PUT_APPROVAL, &run, err);

	if (rc != PKI_OK)
		return rc;
	put_columns(run, row);
	pki_sqlite_put_int(run, row->identity_id);
	return pki_sqlite_insert_new(run, &row->id, "request", row->name,
	    err);
}

pki_code
pki_sqlite_update_approval(void *db, const pki_approval_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_UPDATE_APPROVAL, &run, err);

	if (rc != PKI_OK)
		return rc;
	put_columns(run, row);
	pki_sqlite_put_int(run, row->id);
	return pki_sqlite_change_one(run, "request", row->name, err);
}

pki_code
pki_sqlite_get_approval(void *db, const char *name, pki_approval_row *out,
    pki_buf *hold, pki_err *err)
{
	return pki_sqlite_get_row(db, &(struct sqlite_get){
		.sql = SQL_GET_APPROVAL, .what = "request",
		.kind = &pki_row_approval, .take = take_approval,
	}, name, out, hold, err);
}

pki_code
pki_sqlite_fill_approvals(void *db, const pki_cert_filter *filter,
    int64_t after, pki_page *page, pki_err *err)
{
	return pki_sqlite_fill(db, &(struct sqlite_fill){
		.sql = filter->identity == NULL ? SQL_FILL_APPROVALS :
		    SQL_FILL_APPROVALS_OF,
		.identity = filter->identity, .take = take_approval,
	}, after, page, err);
}

pki_code
pki_sqlite_tally_approvals(void *db, int64_t since, pki_approval_queue *out,
    pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_TALLY_APPROVALS, &run, err);
	bool row;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, since);
	rc = pki_sqlite_next(run, &row, err);
	if (rc != PKI_OK)
		return rc;
	out->waiting = pki_sqlite_take_int(run);
	out->oldest = pki_sqlite_take_int(run);
	return pki_sqlite_taken(run, "requests", err);
}
