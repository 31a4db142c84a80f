/* Reading: get one row, or walk many in pages. */
#include "store/store.h"

#include <stddef.h>

#include "store/backend.h"

static pki_code
enter_read(pki_store *store, pki_err *err)
{
	if (store->backend->enter == NULL)
		return PKI_OK;
	return store->backend->enter(store->db, err);
}

pki_code
pki_store_get_ca(pki_store *store, const char *name, pki_ca_row *out,
    pki_buf *hold, pki_err *err)
{
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->get_ca(store->db, name, out, hold, err);
}

pki_code
pki_store_get_identity(pki_store *store, const char *name,
    pki_identity_row *out, pki_buf *hold, pki_err *err)
{
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->get_identity(store->db, name, out, hold, err);
}

pki_code
pki_store_get_pubkey(pki_store *store, const pki_digest *digest,
    pki_pubkey_row *out, pki_err *err)
{
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->get_pubkey(store->db, digest, out, err);
}

pki_code
pki_store_get_token(pki_store *store, const char *name, pki_token_row *out,
    pki_buf *hold, pki_err *err)
{
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->get_token(store->db, name, out, hold, err);
}

pki_code
pki_store_get_approval(pki_store *store, const char *name,
    pki_approval_row *out, pki_buf *hold, pki_err *err)
{
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->get_approval(store->db, name, out, hold, err);
}

pki_code
pki_store_get_cert(pki_store *store, int64_t ca_id, const pki_serial *serial,
    pki_cert_row *out, pki_buf *hold, pki_err *err)
{
	pki_code rc;

	if (!pki_row_serial_is_valid(serial))
		return pki_fail(err, PKI_USAGE, "malformed serial number");
	rc = enter_read(store, err);
	if (rc != PKI_OK)
		return rc;
	return store->backend->get_cert(store->db, ca_id, serial, out, hold,
	    err);
}

pki_code
pki_store_get_crl(pki_store *store, int64_t ca_id, int64_t scope,
    pki_crl_row *out, pki_err *err)
{
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->get_crl(store->db, ca_id, scope, out, err);
}

/* A number that the database keeps is input, like its rows. */
static pki_code
give_count(const char *what, int64_t count, int64_t least, int64_t *out,
    pki_err *err)
{
	if (count < least || count > PKI_ROW_COUNT_MAX)
		return pki_fail(err, PKI_DAMAGED, "the %s on record cannot be",
		    what);
	*out = count;
	return PKI_OK;
}

pki_code
pki_store_last_crl_number(pki_store *store, int64_t ca_id, int64_t *out,
    pki_err *err)
{
	int64_t number;
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	rc = store->backend->last_crl_number(store->db, ca_id, &number, err);
	return rc == PKI_OK ? give_count("CRL number", number, 0, out, err) :
	    rc;
}

pki_code
pki_store_get_audit_tree(pki_store *store, pki_audit_tree *out, pki_err *err)
{
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->get_audit_tree(store->db, out, err);
}

pki_code
pki_store_count_certs(pki_store *store, int64_t ca_id, int64_t *out,
    pki_err *err)
{
	int64_t count;
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	rc = store->backend->count_certs(store->db, ca_id, &count, err);
	return rc == PKI_OK ? give_count("count of certificates", count, 0,
	    out, err) : rc;
}

pki_code
pki_store_tally_certs(pki_store *store, int64_t ca_id, int64_t now,
    int64_t soon, pki_cert_counts *out, pki_err *err)
{
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->tally_certs(store->db, ca_id, now, soon, out,
	    err);
}

pki_code
pki_store_tally_approvals(pki_store *store, int64_t since,
    pki_approval_queue *out, pki_err *err)
{
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->tally_approvals(store->db, since, out, err);
}

pki_code
pki_store_last_partition(pki_store *store, int64_t ca_id, int64_t *out,
    pki_err *err)
{
	int64_t last;
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	rc = store->backend->last_partition(store->db, ca_id, &last, err);
	return rc == PKI_OK ? give_count("last CRL partition", last, -1, out,
	    err) : rc;
}

/* A walk over one kind of rows, and whom to call for each. */
struct walk {
	const pki_row_kind    *kind;
	store_fill            *fill;
	const pki_cert_filter *filter;
	int64_t                after;
	pki_code (*call)(const struct walk *walk, const void *row,
	    pki_err *err);
	union {
		pki_ca_visitor       *ca;
		pki_identity_visitor *identity;
		pki_token_visitor    *token;
		pki_approval_visitor *approval;
		pki_pubkey_visitor   *pubkey;
		pki_cert_visitor     *cert;
		pki_audit_visitor    *audit;
	} visit;
	void                  *arg;
};

/*
 * The rows of a page are copied before the first is visited, so that the
 * database holds no snapshot while a visitor writes to a slow terminal.
 */
static pki_code
walk_rows(pki_store *store, const struct walk *walk, pki_err *err)
{
	PKI_AUTO(pki_page) page = pki_page_new(walk->kind);
	int64_t after = walk->after;
	bool more = true;
	const void *row;
	pki_code rc;
	size_t i;

	if (page == NULL)
		return pki_fail_memory(err);
	while (more) {
		pki_page_clear(page);
		rc = enter_read(store, err);
		if (rc == PKI_OK)
			rc = walk->fill(store->db, walk->filter, after, page,
			    err);
		for (i = 0; rc == PKI_OK && i < page->count; i++) {
			row = pki_page_row(page, i);
			after = *(const int64_t *)row;
			rc = walk->call(walk, row, err);
		}
		if (rc != PKI_OK)
			return rc;
		more = pki_page_is_full(page);
	}
	return PKI_OK;
}

static pki_code
call_ca(const struct walk *walk, const void *row, pki_err *err)
{
	return walk->visit.ca(row, walk->arg, err);
}

pki_code
pki_store_each_ca(pki_store *store, pki_ca_visitor *visit, void *arg,
    pki_err *err)
{
	return walk_rows(store, &(struct walk){
		.kind = &pki_row_ca, .fill = store->backend->fill_cas,
		.call = call_ca, .visit.ca = visit, .arg = arg,
	}, err);
}

static pki_code
call_identity(const struct walk *walk, const void *row, pki_err *err)
{
	return walk->visit.identity(row, walk->arg, err);
}

pki_code
pki_store_each_identity(pki_store *store, int64_t after,
    pki_identity_visitor *visit, void *arg, pki_err *err)
{
	return walk_rows(store, &(struct walk){
		.kind = &pki_row_identity,
		.fill = store->backend->fill_identities, .after = after,
		.call = call_identity, .visit.identity = visit, .arg = arg,
	}, err);
}

static pki_code
call_token(const struct walk *walk, const void *row, pki_err *err)
{
	return walk->visit.token(row, walk->arg, err);
}

pki_code
pki_store_each_token(pki_store *store, const char *identity, int64_t after,
    pki_token_visitor *visit, void *arg, pki_err *err)
{
	const pki_cert_filter filter = { .identity = identity };

	return walk_rows(store, &(struct walk){
		.kind = &pki_row_token, .fill = store->backend->fill_tokens,
		.filter = &filter, .after = after,
		.call = call_token, .visit.token = visit, .arg = arg,
	}, err);
}

static pki_code
call_approval(const struct walk *walk, const void *row, pki_err *err)
{
	return walk->visit.approval(row, walk->arg, err);
}

pki_code
pki_store_each_approval(pki_store *store, const char *identity, int64_t after,
    pki_approval_visitor *visit, void *arg, pki_err *err)
{
	const pki_cert_filter filter = { .identity = identity };

	return walk_rows(store, &(struct walk){
		.kind = &pki_row_approval,
		.fill = store->backend->fill_approvals,
		.filter = &filter, .after = after,
		.call = call_approval, .visit.approval = visit, .arg = arg,
	}, err);
}

static pki_code
call_pubkey(const struct walk *walk, const void *row, pki_err *err)
{
	return walk->visit.pubkey(row, walk->arg, err);
}

pki_code
pki_store_each_pubkey(pki_store *store, pki_pubkey_visitor *visit, void *arg,
    pki_err *err)
{
	return walk_rows(store, &(struct walk){
		.kind = &pki_row_pubkey, .fill = store->backend->fill_pubkeys,
		.call = call_pubkey, .visit.pubkey = visit, .arg = arg,
	}, err);
}

static pki_code
call_cert(const struct walk *walk, const void *row, pki_err *err)
{
	return walk->visit.cert(row, walk->arg, err);
}

pki_code
pki_store_each_cert(pki_store *store, const pki_cert_filter *filter,
    pki_cert_visitor *visit, void *arg, pki_err *err)
{
	static const pki_cert_filter all;

	if (filter == NULL)
		filter = &all;
	if (filter->serial_suffix != NULL && (filter->serial_suffix->len == 0 ||
	    filter->serial_suffix->len > sizeof(filter->serial_suffix->octets)))
		return pki_fail(err, PKI_USAGE, "malformed serial number");
	return walk_rows(store, &(struct walk){
		.kind = &pki_row_cert, .fill = store->backend->fill_certs,
		.filter = filter, .after = filter->after_id,
		.call = call_cert, .visit.cert = visit, .arg = arg,
	}, err);
}

static pki_code
call_audit(const struct walk *walk, const void *row, pki_err *err)
{
	return walk->visit.audit(row, walk->arg, err);
}

pki_code
pki_store_each_audit(pki_store *store, int64_t first,
    pki_audit_visitor *visit, void *arg, pki_err *err)
{
	if (first < 0)
		return pki_fail(err, PKI_USAGE,
		    "audit rows are numbered from 0, not %lld",
		    (long long)first);
	return walk_rows(store, &(struct walk){
		.kind = &pki_row_audit, .fill = store->backend->fill_audit,
		.after = first - 1,
		.call = call_audit, .visit.audit = visit, .arg = arg,
	}, err);
}

pki_code
pki_store_each_revoked(pki_store *store, int64_t ca_id, int64_t scope,
    int64_t expired_before, pki_revoked_visitor *visit, void *arg,
    pki_err *err)
{
	pki_revoked_query query = { ca_id, scope, expired_before };
	pki_code rc = enter_read(store, err);

	if (rc != PKI_OK)
		return rc;
	return store->backend->each_revoked(store->db, &query, visit, arg,
	    err);
}
