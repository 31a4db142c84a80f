/* The audit log, and the check of everything. */
#include "store/store-sqlite.h"

#include <string.h>

static pki_code
grow_tree(void *db, int64_t seq, const pki_audit_tree *tree, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_GROW_AUDIT_TREE, &run, err);
	int changed;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_bytes(run, pki_bytes_of(tree->frontier,
	    tree->count * sizeof(tree->frontier[0])));
	pki_sqlite_put_int(run, seq);
	rc = pki_sqlite_change(run, &changed, err);
	if (rc == PKI_OK && changed != 1)
		return pki_fail(err, PKI_EXISTS,
		    "audit row %lld is not the next one", (long long)seq);
	return rc;
}

pki_code
pki_sqlite_put_audit(void *db, const pki_audit_row *row,
    const pki_audit_tree *tree, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = grow_tree(db, row->seq, tree, err);
	int changed;

	if (rc == PKI_OK)
		rc = pki_sqlite_start(db, SQL_PUT_AUDIT, &run, err);
	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, row->seq);
	pki_sqlite_put_int(run, row->at);
	pki_sqlite_put_text(run, row->line);
	pki_sqlite_put_digest(run, &row->leaf);
	rc = pki_sqlite_change(run, &changed, err);
	/* The tree did not know this row. */
	if (rc == PKI_EXISTS)
		return pki_wrap(err, PKI_DAMAGED, "audit row %lld",
		    (long long)row->seq);
	return rc;
}

pki_code
pki_sqlite_get_audit_tree(void *db, pki_audit_tree *out, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_GET_AUDIT_TREE, &run, err);
	pki_bytes frontier;
	int64_t size;
	bool found;

	if (rc == PKI_OK)
		rc = pki_sqlite_next(run, &found, err);
	if (rc != PKI_OK)
		return rc;
	if (!found)
		return pki_fail(err, PKI_DAMAGED, "the audit tree is missing");
	size = pki_sqlite_take_int(run);
	frontier = pki_sqlite_take_bytes(run);
	if (size < 0 || size > PKI_ROW_COUNT_MAX || frontier.len !=
	    pki_row_subtrees(size) * sizeof(out->frontier[0]))
		run->damaged = true;
	rc = pki_sqlite_taken(run, "audit tree", err);
	if (rc != PKI_OK)
		return rc;
	memset(out, 0, sizeof(*out));
	out->size = size;
	out->count = pki_row_subtrees(size);
	if (frontier.len != 0)
		memcpy(out->frontier, frontier.data, frontier.len);
	return PKI_OK;
}

/* The row borrows from the run. */
static pki_code
take_audit(pki_sqlite_run *run, void *out, pki_err *err)
{
	pki_audit_row *row = out;
	const char *flaw;
	pki_code rc;

	row->seq = pki_sqlite_take_int(run);
	row->at = pki_sqlite_take_int(run);
	row->line = pki_sqlite_take_text(run);
	row->leaf = pki_sqlite_take_digest(run);
	rc = pki_sqlite_taken(run, "audit", err);
	if (rc != PKI_OK)
		return rc;
	flaw = pki_row_audit_flaw(row);
	return flaw == NULL ? PKI_OK
	    : pki_sqlite_fail_flaw(run, "audit", flaw, err);
}

pki_code
pki_sqlite_fill_audit(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	(void)filter;
	return pki_sqlite_fill(db, &(struct sqlite_fill){
		.sql = SQL_FILL_AUDIT, .take = take_audit,
	}, after, page, err);
}

/*
 * Each question answers with what is wrong, one text per row, or with "ok"
 * or nothing.
 */
static const char *const questions[] = {
	"PRAGMA integrity_check(1)",
	"SELECT 'row ' || coalesce(rowid, '?') || ' of ' || \"table\" ||"
	" ' refers to a row of ' || parent || ' that is missing'"
	" FROM pragma_foreign_key_check",
	"SELECT 'CA ' || ca.name || ' was counted wrongly' FROM ca"
	" LEFT JOIN ca_count n ON n.ca_id = ca.id WHERE n.issued IS NOT"
	" (SELECT count(*) FROM cert WHERE cert.ca_id = ca.id)",
	"SELECT 'the last CRL partition of CA ' || ca.name || ' is another'"
	" FROM ca JOIN ca_count n ON n.ca_id = ca.id"
	" WHERE n.last_partition IS NOT (SELECT coalesce(max(crl_partition),"
	" -1) FROM cert WHERE cert.ca_id = ca.id)",
	"SELECT 'certificate row ' || c.id || ' has the key of another '"
	" || 'identity' FROM cert c JOIN pubkey k ON k.id = c.pubkey_id"
	" WHERE k.identity_id IS NOT c.identity_id",
	"SELECT 'the audit tree has another size than the audit log'"
	" WHERE (SELECT size FROM audit_tree WHERE id = 1) IS NOT"
	" (SELECT count(*) FROM audit)"
	" OR (SELECT coalesce(max(seq) + 1, 0) FROM audit) IS NOT"
	" (SELECT count(*) FROM audit)",
};

static pki_code
ask(struct sqlite_store *store, const char *question, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start_text(store, question, &run, err);
	const char *answer;
	bool row;

	if (rc == PKI_OK)
		rc = pki_sqlite_next(run, &row, err);
	if (rc != PKI_OK || !row)
		return rc;
	answer = pki_sqlite_take_text(run);
	if (strcmp(answer, "ok") == 0)
		return PKI_OK;
	return pki_fail(err, PKI_DAMAGED, "database '%s': %s", store->path,
	    answer);
}

pki_code
pki_sqlite_check(void *db, pki_err *err)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < PKI_COUNT(questions); i++)
		rc = ask(db, questions[i], err);
	return rc == PKI_OK ? pki_sqlite_check_histories(db, err) : rc;
}
