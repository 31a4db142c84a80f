/* Certificates. */
#include "store/store-sqlite.h"

static void
put_cert(pki_sqlite_run *run, const pki_cert_row *row)
{
	pki_sqlite_put_int(run, row->ca_id);
	pki_sqlite_put_int(run, row->identity_id);
	pki_sqlite_put_int(run, row->pubkey_id);
	pki_sqlite_put_int(run, row->profile_id);
	pki_sqlite_put_bytes(run, pki_serial_bytes(&row->serial));
	pki_sqlite_put_int(run, row->not_before);
	pki_sqlite_put_int(run, row->not_after);
	pki_sqlite_put_int(run, row->issued_at);
	pki_sqlite_put_int(run, row->key_origin);
	pki_sqlite_put_int(run, row->partition);
	pki_sqlite_put_int(run, row->status);
	pki_sqlite_put_int(run, row->revoked_at);
	pki_sqlite_put_int(run, row->reason);
	pki_sqlite_put_int(run, row->invalid_since);
	pki_sqlite_put_bytes(run, row->der);
	pki_sqlite_put_digest(run, &row->row_hash);
}

/* The next one of this identity refers to it. */
static pki_code
put_newest(void *db, const pki_cert_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_PUT_NEWEST, &run, err);
	int changed;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, row->identity_id);
	pki_sqlite_put_int(run, row->id);
	return pki_sqlite_change(run, &changed, err);
}

static pki_code
count_cert(void *db, const pki_cert_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_COUNT_CERT, &run, err);
	int changed;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, row->ca_id);
	pki_sqlite_put_int(run, row->partition);
	rc = pki_sqlite_change(run, &changed, err);
	if (rc == PKI_OK && changed != 1)
		return pki_fail(err, PKI_DAMAGED, "database '%s': the count of "
		    "certificates of CA %lld is missing", run->store->path,
		    (long long)row->ca_id);
	return rc;
}

pki_code
pki_sqlite_put_cert(void *db, pki_cert_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_PUT_CERT, &run, err);
	char text[PKI_SERIAL_TEXT];
	bool done;

	if (rc != PKI_OK)
		return rc;
	put_cert(run, row);
	rc = pki_sqlite_insert(run, &row->id, &done, err);
	if (rc == PKI_OK && !done)
		return pki_fail(err, PKI_EXISTS, "serial number %s is taken",
		    pki_serial_format(&row->serial, text));
	if (rc == PKI_OK)
		rc = put_newest(db, row, err);
	return rc == PKI_OK ? count_cert(db, row, err) : rc;
}

pki_code
pki_sqlite_update_cert_status(void *db, const pki_cert_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_UPDATE_CERT_STATUS, &run, err);
	int changed;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, row->status);
	pki_sqlite_put_int(run, row->revoked_at);
	pki_sqlite_put_int(run, row->reason);
	pki_sqlite_put_int(run, row->invalid_since);
	pki_sqlite_put_digest(run, &row->row_hash);
	pki_sqlite_put_int(run, row->id);
	rc = pki_sqlite_change(run, &changed, err);
	if (rc == PKI_OK && changed == 0)
		return pki_fail(err, PKI_NOT_FOUND, "no certificate row %lld",
		    (long long)row->id);
	return rc;
}

/* The row borrows from the run. */
static pki_code
take_cert(pki_sqlite_run *run, void *out, pki_err *err)
{
	pki_cert_row *row = out;
	const char *flaw;
	pki_code rc;

	row->id = pki_sqlite_take_int(run);
	row->ca_id = pki_sqlite_take_int(run);
	row->identity_id = pki_sqlite_take_int(run);
	row->pubkey_id = pki_sqlite_take_int(run);
	row->profile_id = pki_sqlite_take_int(run);
	row->serial = pki_sqlite_take_serial(run);
	row->not_before = pki_sqlite_take_int(run);
	row->not_after = pki_sqlite_take_int(run);
	row->issued_at = pki_sqlite_take_int(run);
	row->key_origin = pki_sqlite_take_small(run);
	row->partition = pki_sqlite_take_int(run);
	row->status = pki_sqlite_take_small(run);
	row->revoked_at = pki_sqlite_take_int(run);
	row->reason = pki_sqlite_take_small(run);
	row->invalid_since = pki_sqlite_take_int(run);
	row->der = pki_sqlite_take_bytes(run);
	row->row_hash = pki_sqlite_take_digest(run);
	row->ca = pki_sqlite_take_text(run);
	row->identity = pki_sqlite_take_text(run);
	row->profile = pki_sqlite_take_text(run);
	row->profile_digest = pki_sqlite_take_digest(run);
	row->pubkey_digest = pki_sqlite_take_split_digest(run);
	rc = pki_sqlite_taken(run, "certificate", err);
	if (rc != PKI_OK)
		return rc;
	flaw = pki_row_cert_flaw(row);
	return flaw == NULL ? PKI_OK
	    : pki_sqlite_fail_flaw(run, "certificate", flaw, err);
}

pki_code
pki_sqlite_get_cert(void *db, int64_t ca_id, const pki_serial *serial,
    pki_cert_row *out, pki_buf *hold, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_GET_CERT, &run, err);
	char text[PKI_SERIAL_TEXT];
	pki_cert_row row;
	bool found;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, ca_id);
	pki_sqlite_put_bytes(run, pki_serial_bytes(serial));
	rc = pki_sqlite_next(run, &found, err);
	if (rc == PKI_OK && !found)
		return pki_fail(err, PKI_NOT_FOUND,
		    "no certificate with serial number %s",
		    pki_serial_format(serial, text));
	if (rc == PKI_OK)
		rc = take_cert(run, &row, err);
	if (rc == PKI_OK)
		rc = pki_row_hold(&pki_row_cert, &row, hold, err);
	if (rc == PKI_OK)
		*out = row;
	return rc;
}

pki_code
pki_sqlite_count_certs(void *db, int64_t ca_id, int64_t *out, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_COUNT_CERTS, &run, err);

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, ca_id);
	return pki_sqlite_get_int(run, out, err);
}

pki_code
pki_sqlite_tally_certs(void *db, int64_t ca_id, int64_t now, int64_t soon,
    pki_cert_counts *out, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	bool row;
	pki_code rc = pki_sqlite_start(db, SQL_TALLY_CERTS, &run, err);

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, ca_id);
	pki_sqlite_put_int(run, now);
	pki_sqlite_put_int(run, soon);
	rc = pki_sqlite_next(run, &row, err);
	if (rc != PKI_OK)
		return rc;
	out->good = pki_sqlite_take_int(run);
	out->expiring = pki_sqlite_take_int(run);
	out->expired = pki_sqlite_take_int(run);
	out->held = pki_sqlite_take_int(run);
	out->revoked = pki_sqlite_take_int(run);
	return pki_sqlite_taken(run, "counts", err);
}

pki_code
pki_sqlite_last_partition(void *db, int64_t ca_id, int64_t *out, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_LAST_PARTITION, &run, err);

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, ca_id);
	return pki_sqlite_get_int(run, out, err);
}

pki_code
pki_sqlite_put_host(void *db, const pki_host_row *row, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, SQL_PUT_HOST, &run, err);
	int changed;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_text(run, row->name);
	pki_sqlite_put_int(run, row->identity_id);
	return pki_sqlite_change(run, &changed, err);
}

/*
 * Those of identities: from the newest back to row ?1.  A row that precedes
 * itself would be damage; the walk ends all the same.
 */
#define OF_IDENTITIES(ids) " AND c.id IN ("                             \
	"WITH RECURSIVE history (id) AS ("                              \
	"SELECT cert_id FROM cert_newest WHERE cert_id > ?1"            \
	" AND identity_id IN (" ids ")"                                 \
	" UNION ALL SELECT p.previous_id FROM history h"                \
	" JOIN cert p ON p.id = h.id"                                   \
	" WHERE p.previous_id > ?1 AND p.previous_id < p.id)"           \
	" SELECT id FROM history)"

/*
 * The parameters are numbered and all bound,
 * whether a condition uses them or not; the limit comes last.  The unary
 * plus keeps SQLite from an index that would have to be sorted by id anew
 * for every page.
 */
void
pki_sqlite_add_cert_query(pki_buf *sql, const pki_cert_filter *filter)
{
	const struct {
		bool        asked;
		const char *condition;
	} conditions[] = {
		{ filter->ca_id != 0, " AND +c.ca_id = ?2" },
		{ filter->identity != NULL, OF_IDENTITIES(
		    "SELECT id FROM identity WHERE name = ?3 AND state != 2"
		    " UNION ALL "
		    "SELECT id FROM identity WHERE name = ?3 AND state = 2") },
		{ filter->profile != NULL, " AND c.profile_id IN ("
		    "SELECT id FROM profile WHERE name = ?4)" },
		{ filter->by_status, " AND c.status = ?5" },
		/* So that the index on those not good is seen to fit. */
		{ filter->by_status && filter->status != PKI_CERT_GOOD,
		    " AND c.status != 0" },
		{ filter->expires_from != 0, " AND c.not_after >= ?6" },
		{ filter->expires_until != 0, " AND c.not_after <= ?7" },
		/* Reads an index: certificates are six times as long. */
		{ filter->serial_suffix != NULL, " AND c.id IN ("
		    "SELECT id FROM cert WHERE substr(serial, -length(?8)) ="
		    " ?8)" },
		/* A key has one identity. */
		{ filter->pubkey != NULL, OF_IDENTITIES(
		    "SELECT identity_id FROM pubkey WHERE digest_head = ?9"
		    " AND digest_tail = ?10") " AND c.pubkey_id = ("
		    "SELECT id FROM pubkey WHERE digest_head = ?9"
		    " AND digest_tail = ?10)" },
		{ filter->host != NULL, OF_IDENTITIES(
		    "SELECT identity_id FROM host WHERE name = ?11") },
	};
	size_t i;

	pki_buf_add_text(sql, SQLITE_SELECT_CERT "WHERE c.id > ?1");
	for (i = 0; i < PKI_COUNT(conditions); i++)
		if (conditions[i].asked)
			pki_buf_add_text(sql, conditions[i].condition);
	pki_buf_add_text(sql, " ORDER BY c.id LIMIT ?12");
}

static void
put_filter(pki_sqlite_run *run, const pki_cert_filter *filter, int64_t after)
{
	static const pki_digest none;

	pki_sqlite_put_int(run, after);
	pki_sqlite_put_int(run, filter->ca_id);
	pki_sqlite_put_text(run, filter->identity);
	pki_sqlite_put_text(run, filter->profile);
	pki_sqlite_put_int(run, filter->status);
	pki_sqlite_put_int(run, filter->expires_from);
	pki_sqlite_put_int(run, filter->expires_until);
	pki_sqlite_put_bytes(run, filter->serial_suffix == NULL
	    ? pki_bytes_of(NULL, 0)
	    : pki_serial_bytes(filter->serial_suffix));
	pki_sqlite_put_split_digest(run,
	    filter->pubkey == NULL ? &none : filter->pubkey);
	pki_sqlite_put_text(run, filter->host);
	pki_sqlite_put_int(run, PKI_PAGE_ROWS);
}

pki_code
pki_sqlite_fill_certs(void *db, const pki_cert_filter *filter, int64_t after,
    pki_page *page, pki_err *err)
{
	PKI_AUTO(pki_buf) sql = pki_buf_new();
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc;

	pki_sqlite_add_cert_query(sql, filter);
	rc = pki_buf_check(sql, err);
	if (rc == PKI_OK)
		rc = pki_sqlite_start_text(db, pki_buf_text(sql), &run, err);
	if (rc != PKI_OK)
		return rc;
	put_filter(run, filter, after);
	return pki_sqlite_fill_page(run, take_cert, page, err);
}

static void
take_revoked(pki_sqlite_run *run, pki_revoked_row *row)
{
	row->serial = pki_sqlite_take_serial(run);
	row->revoked_at = pki_sqlite_take_int(run);
	row->invalid_since = pki_sqlite_take_int(run);
	row->reason = pki_sqlite_take_small(run);
	row->damaged = run->damaged || !pki_row_reason_is_valid(row->reason);
	run->damaged = false;
}

pki_code
pki_sqlite_each_revoked(void *db, const pki_revoked_query *query,
    pki_revoked_visitor *visit, void *arg, pki_err *err)
{
	enum sqlite_sql sql = query->scope == -1 ? SQL_EACH_REVOKED
	    : SQL_EACH_REVOKED_IN_SCOPE;
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, sql, &run, err);
	pki_revoked_row row;
	bool more;

	if (rc != PKI_OK)
		return rc;
	pki_sqlite_put_int(run, query->ca_id);
	pki_sqlite_put_int(run, query->expired_before);
	if (query->scope != -1)
		pki_sqlite_put_int(run, query->scope);
	while ((rc = pki_sqlite_next(run, &more, err)) == PKI_OK && more) {
		take_revoked(run, &row);
		rc = visit(&row, arg, err);
		if (rc != PKI_OK)
			break;
	}
	return rc;
}
