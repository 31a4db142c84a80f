/* Identities and their public keys. */
#include "store/store-sqlite.h"

/* The row borrows from the run. */
static pki_code
take_identity(pki_sqlite_run *run, void *out, pki_err *err)
{
	pki_identity_row *row = out;
	const char *flaw;
	pki_code rc;

	row->id = pki_sqlite_take_int(run);
	row->name = pki_sqlite_take_text(run);
	row->state = pki_sqlite_take_small(run);
	row->created_at = pki_sqlite_take_int(run);
	row->hold = pki_sqlite_take_small(run);
	row->profile = pki_sqlite_take_text(run);
	row->groups = pki_sqlite_take_text(run);
	row->tags = pki_sqlite_take_text(run);
	row->notes = pki_sqlite_take_text(run);
	row->row_hash = pki_sqlite_take_digest(run);
	rc = pki_sqlite_taken(run, "identity", err);
	if (rc != PKI_OK)
		return rc;
	flaw = pki_row_identity_flaw(row);
	return flaw == NULL ? PKI_OK
	    : pki_sqlite_fail_flaw(run, "identity", flaw, err);
}

/* Look a name up among the taken ones, or among the retired ones. */
static pki_code
find_identity(void *db, enum sqlite_sql sql, const char *name,
    pki_identity_row *out, pki_buf *hold, pki_err *err)
{
	return pki_sqlite_get_row(db, &(struct sqlite_get){
		.sql = sql, .what = "identity", .kind = &pki_row_identity,
		.take = take_identity,
	}, name, out, hold, err);
}

static void
put_note(pki_sqlite_run *run, const char *text)
{
	pki_sqlite_put_text(run, text == NULL ? "" : text);
}

/* All that can change, but the state. */
static void
put_details(pki_sqlite_run *run, const pki_identity_row *row)
{
	pki_sqlite_put_int(run, row->hold);
	put_note(run, row->profile);
	put_note(run, row->groups);
	put_note(run, row->tags);
	put_note(run, row->notes);
	pki_sqlite_put_digest(run, &row->row_hash);
}

/* The name was not to be had: tell by whom it is held. */
static pki_code
fail_taken(void *db, pki_identity_row *row, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row holder;
	pki_code rc;

	rc = find_identity(db, SQL_GET_TAKEN, row->name, &holder, hold, err);
	if (rc != PKI_OK)
		return rc;
	row->id = holder.id;
	return pki_fail(err, PKI_EXISTS, "name '%s' is taken by identity '%s'",
	    row->name, holder.name);
}

pki_code
pki_sqlite_claim_identity(void *db, pki_identity_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_CLAIM_IDENTITY, &run, err);
	bool done;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_text(run, row->name);
	pki_sqlite_put_int(run, row->state);
	pki_sqlite_put_int(run, row->created_at);
	put_details(run, row);
	rc = pki_sqlite_insert(run, &row->id, &done, err);
	return rc == PKI_OK && !done ? fail_taken(db, row, err) : rc;
}

pki_code
pki_sqlite_update_identity(void *db, const pki_identity_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_UPDATE_IDENTITY, &run, err);
	int changed;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, row->state);
	put_details(run, row);
	pki_sqlite_put_int(run, row->id);
	rc = pki_sqlite_change(run, &changed, err);
	if (rc == PKI_EXISTS)
		return pki_fail(err, PKI_EXISTS,
		    "name '%s' is taken by another identity", row->name);
	if (rc == PKI_OK && changed == 0)
		return pki_fail(err, PKI_NOT_FOUND, "no identity '%s'",
		    row->name);
	return rc;
}

pki_code
pki_sqlite_activate_identity(void *db, const pki_identity_row *row,
    pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_ACTIVATE_IDENTITY, &run, err);
	int changed;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_digest(run, &row->row_hash);
	pki_sqlite_put_int(run, row->id);
	rc = pki_sqlite_change(run, &changed, err);
	if (rc == PKI_OK && changed == 0)
		return pki_fail(err, PKI_EXISTS,
		    "identity '%s' is not registered any more", row->name);
	return rc;
}

pki_code
pki_sqlite_get_identity(void *db, const char *name, pki_identity_row *out,
    pki_buf *hold, pki_err *err)
{
	pki_code rc = find_identity(db, SQL_GET_TAKEN, name, out, hold, err);

	if (rc != PKI_NOT_FOUND)
		return rc;
	return find_identity(db, SQL_GET_RETIRED, name, out, hold, err);
}

pki_code
pki_sqlite_fill_identities(void *db, const pki_cert_filter *filter,
    int64_t after, pki_page *page, pki_err *err)
{
	(void)filter;
	return pki_sqlite_fill(db, &(struct sqlite_fill){
		.sql = SQL_FILL_IDENTITIES, .take = take_identity,
	}, after, page, err);
}

static pki_code
take_pubkey(pki_sqlite_run *run, void *out, pki_err *err)
{
	pki_pubkey_row *row = out;
	const char *flaw;
	pki_code rc;

	row->id = pki_sqlite_take_int(run);
	row->digest = pki_sqlite_take_split_digest(run);
	row->identity_id = pki_sqlite_take_reference(run);
	row->blocked_at = pki_sqlite_take_int(run);
	row->row_hash = pki_sqlite_take_digest(run);
	rc = pki_sqlite_taken(run, "public key", err);
	if (rc != PKI_OK)
		return rc;
	flaw = pki_row_pubkey_flaw(row);
	return flaw == NULL ? PKI_OK
	    : pki_sqlite_fail_flaw(run, "public key", flaw, err);
}

static void
put_pubkey(pki_sqlite_run *run, const pki_pubkey_row *row)
{
	pki_sqlite_put_split_digest(run, &row->digest);
	pki_sqlite_put_reference(run, row->identity_id);
	pki_sqlite_put_int(run, row->blocked_at);
	pki_sqlite_put_digest(run, &row->row_hash);
}

/* The key is known: whose is it, and may it be used? */
static pki_code
judge_known_key(void *db, pki_pubkey_row *row, pki_err *err)
{
	char text[PKI_DIGEST_TEXT];
	pki_pubkey_row known;
	pki_code rc = pki_sqlite_get_pubkey(db, &row->digest, &known, err);

	if (rc != PKI_OK)
		return rc;
	if (known.blocked_at != 0)
		return pki_refuse(err, PKI_DENIED, "key-blocked",
		    "a new key", "public key %s",
		    pki_digest_format(&row->digest, text));
	if (known.identity_id != row->identity_id)
		return pki_fail(err, PKI_EXISTS,
		    "public key %s belongs to another identity",
		    pki_digest_format(&row->digest, text));
	*row = known;
	return PKI_OK;
}

pki_code
pki_sqlite_claim_pubkey(void *db, pki_pubkey_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_CLAIM_PUBKEY, &run, err);
	bool done;

	if (rc != PKI_OK)
		return rc;
	put_pubkey(run, row);
	rc = pki_sqlite_insert(run, &row->id, &done, err);
	return rc == PKI_OK && !done ? judge_known_key(db, row, err) : rc;
}

pki_code
pki_sqlite_block_pubkey(void *db, pki_pubkey_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_BLOCK_PUBKEY, &run, err);
	bool done;

	if (rc != PKI_OK)
		return rc;
	put_pubkey(run, row);
	return pki_sqlite_insert(run, &row->id, &done, err);
}

pki_code
pki_sqlite_get_pubkey(void *db, const pki_digest *digest, pki_pubkey_row *out,
    pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_GET_PUBKEY, &run, err);
	char text[PKI_DIGEST_TEXT];
	pki_pubkey_row row;
	bool found;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_split_digest(run, digest);
	rc = pki_sqlite_next(run, &found, err);
	if (rc == PKI_OK && !found)
		return pki_fail(err, PKI_NOT_FOUND, "no public key %s",
		    pki_digest_format(digest, text));
	if (rc == PKI_OK)
		rc = take_pubkey(run, &row, err);
	if (rc == PKI_OK)
		*out = row;
	return rc;
}

pki_code
pki_sqlite_fill_pubkeys(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	(void)filter;
	return pki_sqlite_fill(db, &(struct sqlite_fill){
		.sql = SQL_FILL_PUBKEYS, .take = take_pubkey,
	}, after, page, err);
}
