/* First requests that an operator decides on. */
#include "store/store-sqlite.h"

/* The row borrows from the run. */
static pki_code
take_approval(pki_sqlite_run *run, pki_approval_row *row, pki_err *err)
{
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
	bool done;

	if (rc != PKI_OK)
		return rc;
	put_columns(run, row);
	pki_sqlite_put_int(run, row->identity_id);
	rc = pki_sqlite_insert(run, &row->id, &done, err);
	if (rc == PKI_OK && !done)
		return pki_fail(err, PKI_EXISTS, "request '%s' exists",
		    row->name);
	return rc;
}

pki_code
pki_sqlite_update_approval(void *db, const pki_approval_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_UPDATE_APPROVAL, &run, err);
	int changed;

	if (rc != PKI_OK)
		return rc;
	put_columns(run, row);
	pki_sqlite_put_int(run, row->id);
	rc = pki_sqlite_change(run, &changed, err);
	if (rc == PKI_OK && changed == 0)
		return pki_fail(err, PKI_NOT_FOUND, "no request '%s'",
		    row->name);
	return rc;
}

pki_code
pki_sqlite_get_approval(void *db, const char *name, pki_approval_row *out,
    pki_buf *hold, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_GET_APPROVAL, &run, err);
	pki_approval_row row;
	bool found;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_text(run, name);
	rc = pki_sqlite_next(run, &found, err);
	if (rc == PKI_OK && !found)
		return pki_fail(err, PKI_NOT_FOUND, "no request '%s'", name);
	if (rc == PKI_OK)
		rc = take_approval(run, &row, err);
	if (rc == PKI_OK)
		rc = pki_row_hold(&pki_row_approval, &row, hold, err);
	if (rc == PKI_OK)
		*out = row;
	return rc;
}

pki_code
pki_sqlite_fill_approvals(void *db, const pki_cert_filter *filter,
    int64_t after, pki_page *page, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, filter->identity == NULL ?
	    SQL_FILL_APPROVALS : SQL_FILL_APPROVALS_OF, &run, err);
	pki_approval_row row;
	bool more;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, after);
	pki_sqlite_put_int(run, PKI_PAGE_ROWS);
	if (filter->identity != NULL)
		pki_sqlite_put_text(run, filter->identity);
	while ((rc = pki_sqlite_next(run, &more, err)) == PKI_OK && more) {
		rc = take_approval(run, &row, err);
		if (rc == PKI_OK)
			rc = pki_page_add(page, &row, err);
		if (rc != PKI_OK)
			break;
	}
	return rc;
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
