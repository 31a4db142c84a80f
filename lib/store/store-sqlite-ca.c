/* CAs, their profiles and their CRLs. */
#include "store/store-sqlite.h"

static pki_code
begin_count(void *db, const pki_ca_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_COUNT_CA, &run, err);
	int changed;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, row->id);
	return pki_sqlite_change(run, &changed, err);
}

pki_code
pki_sqlite_put_ca(void *db, pki_ca_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_PUT_CA, &run, err);

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_text(run, row->name);
	pki_sqlite_put_text(run, row->parent);
	pki_sqlite_put_bytes(run, row->der);
	pki_sqlite_put_text(run, row->key_ref);
	pki_sqlite_put_int(run, row->crl_form);
	pki_sqlite_put_int(run, row->partition_size);
	pki_sqlite_put_text(run, row->base_url);
	pki_sqlite_put_int(run, row->created_at);
	pki_sqlite_put_digest(run, &row->row_hash);
	rc = pki_sqlite_insert_new(run, &row->id, "CA", row->name, err);
	return rc == PKI_OK ? begin_count(db, row, err) : rc;
}

/* The row borrows from the run. */
static pki_code
take_ca(pki_sqlite_run *run, void *out, pki_err *err)
{
	pki_ca_row *row = out;
	const char *flaw;
	pki_code rc;

	row->id = pki_sqlite_take_int(run);
	row->name = pki_sqlite_take_text(run);
	row->parent = pki_sqlite_take_text(run);
	row->der = pki_sqlite_take_bytes(run);
	row->key_ref = pki_sqlite_take_text(run);
	row->crl_form = pki_sqlite_take_small(run);
	row->partition_size = pki_sqlite_take_int(run);
	row->base_url = pki_sqlite_take_text(run);
	row->created_at = pki_sqlite_take_int(run);
	row->row_hash = pki_sqlite_take_digest(run);
	rc = pki_sqlite_taken(run, "CA", err);
	if (rc != PKI_OK)
		return rc;
	flaw = pki_row_ca_flaw(row);
	return flaw == NULL ? PKI_OK
	    : pki_sqlite_fail_flaw(run, "CA", flaw, err);
}

pki_code
pki_sqlite_get_ca(void *db, const char *name, pki_ca_row *out, pki_buf *hold,
    pki_err *err)
{
	return pki_sqlite_get_row(db, &(struct sqlite_get){
		.sql = SQL_GET_CA, .what = "CA", .kind = &pki_row_ca,
		.take = take_ca,
	}, name, out, hold, err);
}

pki_code
pki_sqlite_fill_cas(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	(void)filter;
	return pki_sqlite_fill(db, &(struct sqlite_fill){
		.sql = SQL_FILL_CAS, .take = take_ca,
	}, after, page, err);
}

static pki_code
find_profile(void *db, pki_profile_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_FIND_PROFILE, &run, err);

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_digest(run, &row->digest);
	return pki_sqlite_get_int(run, &row->id, err);
}

pki_code
pki_sqlite_put_profile(void *db, pki_profile_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_PUT_PROFILE, &run, err);
	bool done;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_text(run, row->name);
	pki_sqlite_put_digest(run, &row->digest);
	pki_sqlite_put_bytes(run, row->text);
	rc = pki_sqlite_insert(run, &row->id, &done, err);
	return rc == PKI_OK && !done ? find_profile(db, row, err) : rc;
}

pki_code
pki_sqlite_put_crl(void *db, const pki_crl_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_PUT_CRL, &run, err);
	int64_t number;
	bool done;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, row->ca_id);
	pki_sqlite_put_int(run, row->number);
	pki_sqlite_put_int(run, row->scope);
	pki_sqlite_put_int(run, row->this_update);
	pki_sqlite_put_int(run, row->next_update);
	pki_sqlite_put_int(run, row->entries);
	pki_sqlite_put_digest(run, &row->digest);
	rc = pki_sqlite_insert(run, &number, &done, err);
	if (rc == PKI_OK && !done)
		return pki_fail(err, PKI_EXISTS, "CRL number %lld is taken",
		    (long long)row->number);
	return rc;
}

pki_code
pki_sqlite_get_crl(void *db, int64_t ca_id, int64_t scope, pki_crl_row *out,
    pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_GET_CRL, &run, err);
	const char *flaw;
	pki_crl_row row;
	bool found;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, ca_id);
	pki_sqlite_put_int(run, scope);
	rc = pki_sqlite_next(run, &found, err);
	if (rc != PKI_OK)
		return rc;
	if (!found)
		return pki_fail(err, PKI_NOT_FOUND, "no CRL of this scope");
	row.ca_id = pki_sqlite_take_int(run);
	row.number = pki_sqlite_take_int(run);
	row.scope = pki_sqlite_take_int(run);
	row.this_update = pki_sqlite_take_int(run);
	row.next_update = pki_sqlite_take_int(run);
	row.entries = pki_sqlite_take_int(run);
	row.digest = pki_sqlite_take_digest(run);
	rc = pki_sqlite_taken(run, "CRL", err);
	if (rc != PKI_OK)
		return rc;
	flaw = pki_row_crl_flaw(&row);
	if (flaw != NULL)
		return pki_sqlite_fail_flaw(run, "CRL", flaw, err);
	*out = row;
	return PKI_OK;
}

pki_code
pki_sqlite_last_crl_number(void *db, int64_t ca_id, int64_t *out,
    pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_LAST_CRL_NUMBER, &run, err);

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, ca_id);
	return pki_sqlite_get_int(run, out, err);
}
