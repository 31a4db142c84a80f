/* Tokens, and what they were used for. */
#include "store/store-sqlite.h"

/* What a token was used for, when it was. */
static void
take_use(pki_sqlite_run *run, pki_token_use *use)
{
	*use = (pki_token_use){ .ca = "" };
	if (pki_sqlite_take_reference(run) == 0)
		return;
	use->used_at = pki_sqlite_take_int(run);
	use->key = pki_sqlite_take_digest(run);
	use->ca_id = pki_sqlite_take_int(run);
	use->serial = pki_sqlite_take_serial(run);
	use->row_hash = pki_sqlite_take_digest(run);
	use->ca = pki_sqlite_take_text(run);
}

/* The row borrows from the run. */
static pki_code
take_token(pki_sqlite_run *run, void *out, pki_err *err)
{
	pki_token_row *row = out;
	const char *flaw;
	pki_code rc;

	row->id = pki_sqlite_take_int(run);
	row->name = pki_sqlite_take_text(run);
	row->identity_id = pki_sqlite_take_int(run);
	row->profile = pki_sqlite_take_text(run);
	row->created_at = pki_sqlite_take_int(run);
	row->expires_at = pki_sqlite_take_int(run);
	row->revoked_at = pki_sqlite_take_int(run);
	row->row_hash = pki_sqlite_take_digest(run);
	row->identity = pki_sqlite_take_text(run);
	take_use(run, &row->use);
	row->use.token = row->name;
	rc = pki_sqlite_taken(run, "token", err);
	if (rc != PKI_OK)
		return rc;
	flaw = pki_row_token_flaw(row);
	if (flaw == NULL && row->use.used_at != 0)
		flaw = pki_row_token_use_flaw(&row->use);
	return flaw == NULL ? PKI_OK
	    : pki_sqlite_fail_flaw(run, "token", flaw, err);
}

pki_code
pki_sqlite_put_token(void *db, pki_token_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_PUT_TOKEN, &run, err);

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_text(run, row->name);
	pki_sqlite_put_int(run, row->identity_id);
	pki_sqlite_put_text(run, row->profile);
	pki_sqlite_put_int(run, row->created_at);
	pki_sqlite_put_int(run, row->expires_at);
	pki_sqlite_put_int(run, row->revoked_at);
	pki_sqlite_put_digest(run, &row->row_hash);
	return pki_sqlite_insert_new(run, &row->id, "token", row->name,
	    err);
}

pki_code
pki_sqlite_update_token(void *db, const pki_token_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_UPDATE_TOKEN, &run, err);

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, row->revoked_at);
	pki_sqlite_put_digest(run, &row->row_hash);
	pki_sqlite_put_int(run, row->id);
	return pki_sqlite_change_one(run, "token", row->name, err);
}

pki_code
pki_sqlite_use_token(void *db, const pki_token_use *use, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_USE_TOKEN, &run, err);
	int64_t id;
	bool done;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, use->used_at);
	pki_sqlite_put_digest(run, &use->key);
	pki_sqlite_put_int(run, use->ca_id);
	pki_sqlite_put_bytes(run, pki_serial_bytes(&use->serial));
	pki_sqlite_put_digest(run, &use->row_hash);
	pki_sqlite_put_text(run, use->token);
	pki_sqlite_put_text(run, use->identity);
	pki_sqlite_put_text(run, use->profile);
	rc = pki_sqlite_insert(run, &id, &done, err);
	if (rc == PKI_OK && !done)
		return pki_fail(err, PKI_EXISTS,
		    "token '%s' is not to be used (any more)", use->token);
	return rc;
}

pki_code
pki_sqlite_get_token(void *db, const char *name, pki_token_row *out,
    pki_buf *hold, pki_err *err)
{
	return pki_sqlite_get_row(db, &(struct sqlite_get){
		.sql = SQL_GET_TOKEN, .what = "token", .kind = &pki_row_token,
		.take = take_token,
	}, name, out, hold, err);
}

pki_code
pki_sqlite_fill_tokens(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	return pki_sqlite_fill(db, &(struct sqlite_fill){
		.sql = filter->identity == NULL ? SQL_FILL_TOKENS :
		    SQL_FILL_TOKENS_OF,
		.identity = filter->identity, .take = take_token,
	}, after, page, err);
}
