#ifndef PKI_STORE_STORE_MEMORY_H
#define PKI_STORE_STORE_MEMORY_H

/*
 * The store as arrays, for tests: item i of an array has id i + 1.
 */

#include "store/backend.h"

enum memory_table {
	MEMORY_CA,
	MEMORY_PROFILE,
	MEMORY_IDENTITY,
	MEMORY_TOKEN,
	MEMORY_APPROVAL,
	MEMORY_PUBKEY,
	MEMORY_HOST,
	MEMORY_CERT,
	MEMORY_CRL,
	MEMORY_AUDIT,
	MEMORY_TABLES,
};

struct memory_item {
	pki_buf *hold;          /* what the row points to */
	union {
		int64_t          id;
		pki_ca_row       ca;
		pki_profile_row  profile;
		pki_identity_row identity;
		pki_token_row    token;
		pki_approval_row approval;
		pki_pubkey_row   pubkey;
		pki_host_row     host;
		pki_cert_row     cert;
		pki_crl_row      crl;
		pki_audit_row    audit;
	} row;
};

struct memory_array {
	struct memory_item *items;
	size_t              count, room;
};

/* How an item was before the transaction changed it. */
struct memory_undo {
	enum memory_table  table;
	size_t             index;
	struct memory_item item;
	bool               replaced;    /* its hold: pki_memory_change() */
};

/* What a rollback goes back to. */
struct memory_point {
	size_t         counts[MEMORY_TABLES];
	size_t         undo_count;
	pki_audit_tree tree;
};

struct memory_store {
	struct memory_array tables[MEMORY_TABLES];
	pki_audit_tree      tree;

	/* Of the transaction, and of the mark within it. */
	struct memory_point begin, mark;
	struct memory_undo *undo;
	size_t              undo_count;

	int                 fail_at;
};

/* Append a copy of row. */
PKI_CHECKED pki_code pki_memory_add(struct memory_store *store,
    enum memory_table table, const pki_row_kind *kind, const void *row,
    pki_err *err);
/* Call before an item is changed. */
PKI_CHECKED pki_code pki_memory_save(struct memory_store *store,
    enum memory_table table, const struct memory_item *item, pki_err *err);
/* After it was saved: put another row in the item's place, copied. */
PKI_CHECKED pki_code pki_memory_change(struct memory_store *store,
    struct memory_item *item, const pki_row_kind *kind, const void *row,
    pki_err *err);
/* NULL when there is none. */
struct memory_item *pki_memory_by_id(struct memory_store *store,
    enum memory_table table, int64_t id);
PKI_CHECKED pki_code pki_memory_fill(struct memory_store *store,
    enum memory_table table, int64_t after, pki_page *page, pki_err *err);

pki_code pki_memory_claim_identity(void *db, pki_identity_row *row,
    pki_err *err);
pki_code pki_memory_update_identity(void *db, const pki_identity_row *row,
    pki_err *err);
pki_code pki_memory_get_identity(void *db, const char *name,
    pki_identity_row *out, pki_buf *hold, pki_err *err);
store_fill pki_memory_fill_identities;
pki_code pki_memory_activate_identity(void *db, const pki_identity_row *row,
    pki_err *err);
pki_code pki_memory_put_token(void *db, pki_token_row *row, pki_err *err);
pki_code pki_memory_update_token(void *db, const pki_token_row *row,
    pki_err *err);
pki_code pki_memory_use_token(void *db, const pki_token_use *use, pki_err *err);
pki_code pki_memory_get_token(void *db, const char *name, pki_token_row *out,
    pki_buf *hold, pki_err *err);
store_fill pki_memory_fill_tokens;
pki_code pki_memory_put_approval(void *db, pki_approval_row *row, pki_err *err);
pki_code pki_memory_update_approval(void *db, const pki_approval_row *row,
    pki_err *err);
pki_code pki_memory_get_approval(void *db, const char *name,
    pki_approval_row *out, pki_buf *hold, pki_err *err);
store_fill pki_memory_fill_approvals;
pki_code pki_memory_tally_approvals(void *db, int64_t since,
    pki_approval_queue *out, pki_err *err);
pki_code pki_memory_claim_pubkey(void *db, pki_pubkey_row *row, pki_err *err);
pki_code pki_memory_block_pubkey(void *db, pki_pubkey_row *row, pki_err *err);
pki_code pki_memory_get_pubkey(void *db, const pki_digest *digest,
    pki_pubkey_row *out, pki_err *err);
store_fill pki_memory_fill_pubkeys;

pki_code pki_memory_put_cert(void *db, pki_cert_row *row, pki_err *err);
pki_code pki_memory_put_host(void *db, const pki_host_row *row, pki_err *err);
pki_code pki_memory_update_cert_status(void *db, const pki_cert_row *row,
    pki_err *err);
pki_code pki_memory_get_cert(void *db, int64_t ca_id, const pki_serial *serial,
    pki_cert_row *out, pki_buf *hold, pki_err *err);
pki_code pki_memory_count_certs(void *db, int64_t ca_id, int64_t *out,
    pki_err *err);
pki_code pki_memory_tally_certs(void *db, int64_t ca_id, int64_t now,
    int64_t soon, pki_cert_counts *out, pki_err *err);
pki_code pki_memory_last_partition(void *db, int64_t ca_id, int64_t *out,
    pki_err *err);
store_fill pki_memory_fill_certs;
pki_code pki_memory_each_revoked(void *db, const pki_revoked_query *query,
    pki_revoked_visitor *visit, void *arg, pki_err *err);

#endif
