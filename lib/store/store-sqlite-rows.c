/* Rows of any kind: one by its name, or a page of them. */
#include "store/store-sqlite.h"

#include <string.h>

/* Room for any. */
union sqlite_row {
	pki_ca_row       ca;
	pki_identity_row identity;
	pki_token_row    token;
	pki_approval_row approval;
	pki_pubkey_row   pubkey;
	pki_cert_row     cert;
	pki_audit_row    audit;
};

pki_code
pki_sqlite_get_row(void *db, const struct sqlite_get *how, const char *name,
    void *out, pki_buf *hold, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, how->sql, &run, err);
	union sqlite_row row;
	bool found;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_text(run, name);
	rc = pki_sqlite_next(run, &found, err);
	if (rc == PKI_OK && !found)
		return pki_fail(err, PKI_NOT_FOUND, "no %s '%s'", how->what,
		    name);
	if (rc == PKI_OK)
		rc = how->take(run, &row, err);
	if (rc == PKI_OK)
		rc = pki_row_hold(how->kind, &row, hold, err);
	if (rc == PKI_OK)
		memcpy(out, &row, how->kind->size);
	return rc;
}

pki_code
pki_sqlite_fill_page(pki_sqlite_run *run, pki_sqlite_take *take,
    pki_page *page, pki_err *err)
{
	union sqlite_row row;
	bool more;
	pki_code rc;

	while ((rc = pki_sqlite_next(run, &more, err)) == PKI_OK && more) {
		rc = take(run, &row, err);
		if (rc == PKI_OK)
			rc = pki_page_add(page, &row, err);
		if (rc != PKI_OK)
			break;
	}
	return rc;
}

pki_code
pki_sqlite_fill(void *db, const struct sqlite_fill *how, int64_t after,
    pki_page *page, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, how->sql, &run, err);

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, after);
	pki_sqlite_put_int(run, PKI_PAGE_ROWS);
	if (how->identity != NULL)
		pki_sqlite_put_text(run, how->identity);
	return pki_sqlite_fill_page(run, how->take, page, err);
}
