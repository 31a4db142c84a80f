#ifndef PKI_STORE_BACKEND_H
#define PKI_STORE_BACKEND_H

/*
 * What a database must offer.  store.c checks arguments and the order of
 * calls, and forwards; a backend only moves rows.  To add one: fill this
 * table in store-<name>.c and list it in store.c.  A backend is finished
 * when tests/lib/store/test-store.c passes over it.
 */

#include "store/row.h"
#include "store/store.h"

/*
 * Add rows behind id (or seq) after to the page, in order, until it is full
 * or there are no more.  filter is NULL but for certificates, and for tokens
 * and approvals, of which it may name the identity.
 */
typedef pki_code store_fill(void *db, const pki_cert_filter *filter,
    int64_t after, pki_page *page, pki_err *err);

/* A function not commented on does what its pki_store_ namesake says. */
struct store_backend {
	const char *scheme;             /* "sqlite" in "sqlite:/var/lib/x" */

	pki_code (*create)(const char *where, void **out, pki_err *err);
	pki_code (*open)(const char *where, void **out, pki_err *err);
	void     (*close)(void *db);

	/* Called before every other call, which its failure prevents. */
	pki_code (*enter)(void *db, pki_err *err);      /* may be NULL */

	pki_code (*begin)(void *db, pki_err *err);
	/* A failure must have rolled back. */
	pki_code (*commit)(void *db, pki_err *err);
	void     (*rollback)(void *db);
	pki_code (*mark)(void *db, pki_err *err);
	pki_code (*keep)(void *db, pki_err *err);
	pki_code (*undo)(void *db, pki_err *err);
	pki_code (*changed)(void *db, bool *out, pki_err *err);

	/*
	 * Each either does all or leaves the transaction as it was, unless
	 * it returns an error of the database; then only rollback follows.
	 */
	pki_code (*put_ca)(void *db, pki_ca_row *row, pki_err *err);
	pki_code (*put_profile)(void *db, pki_profile_row *row, pki_err *err);
	pki_code (*claim_identity)(void *db, pki_identity_row *row,
	    pki_err *err);
	pki_code (*update_identity)(void *db, const pki_identity_row *row,
	    pki_err *err);
	pki_code (*activate_identity)(void *db, const pki_identity_row *row,
	    pki_err *err);
	pki_code (*put_token)(void *db, pki_token_row *row, pki_err *err);
	pki_code (*update_token)(void *db, const pki_token_row *row,
	    pki_err *err);
	pki_code (*use_token)(void *db, const pki_token_use *use,
	    pki_err *err);
	pki_code (*put_approval)(void *db, pki_approval_row *row,
	    pki_err *err);
	pki_code (*update_approval)(void *db, const pki_approval_row *row,
	    pki_err *err);
	pki_code (*claim_pubkey)(void *db, pki_pubkey_row *row, pki_err *err);
	pki_code (*block_pubkey)(void *db, pki_pubkey_row *row, pki_err *err);
	pki_code (*put_cert)(void *db, pki_cert_row *row, pki_err *err);
	pki_code (*put_host)(void *db, const pki_host_row *row, pki_err *err);
	pki_code (*update_cert_status)(void *db, const pki_cert_row *row,
	    pki_err *err);
	pki_code (*put_crl)(void *db, const pki_crl_row *row, pki_err *err);
	pki_code (*put_audit)(void *db, const pki_audit_row *row,
	    const pki_audit_tree *tree, pki_err *err);

	pki_code (*get_ca)(void *db, const char *name, pki_ca_row *out,
	    pki_buf *hold, pki_err *err);
	pki_code (*get_identity)(void *db, const char *name,
	    pki_identity_row *out, pki_buf *hold, pki_err *err);
	pki_code (*get_pubkey)(void *db, const pki_digest *digest,
	    pki_pubkey_row *out, pki_err *err);
	pki_code (*get_token)(void *db, const char *name, pki_token_row *out,
	    pki_buf *hold, pki_err *err);
	pki_code (*get_approval)(void *db, const char *name,
	    pki_approval_row *out, pki_buf *hold, pki_err *err);
	pki_code (*get_cert)(void *db, int64_t ca_id, const pki_serial *serial,
	    pki_cert_row *out, pki_buf *hold, pki_err *err);
	pki_code (*get_crl)(void *db, int64_t ca_id, int64_t scope,
	    pki_crl_row *out, pki_err *err);
	pki_code (*last_crl_number)(void *db, int64_t ca_id, int64_t *out,
	    pki_err *err);
	pki_code (*get_audit_tree)(void *db, pki_audit_tree *out,
	    pki_err *err);
	pki_code (*count_certs)(void *db, int64_t ca_id, int64_t *out,
	    pki_err *err);
	pki_code (*tally_certs)(void *db, int64_t ca_id, int64_t now,
	    int64_t soon, pki_cert_counts *out, pki_err *err);
	pki_code (*tally_approvals)(void *db, int64_t since,
	    pki_approval_queue *out, pki_err *err);
	pki_code (*last_partition)(void *db, int64_t ca_id, int64_t *out,
	    pki_err *err);

	store_fill *fill_cas, *fill_identities, *fill_tokens,
	    *fill_approvals, *fill_pubkeys, *fill_certs, *fill_audit;
	pki_code (*each_revoked)(void *db, const pki_revoked_query *query,
	    pki_revoked_visitor *visit, void *arg, pki_err *err);

	pki_code (*check)(void *db, pki_err *err);
	int64_t  (*wal_bytes)(void *db);
};

enum store_state {
	STORE_IDLE,
	STORE_WRITING,
	STORE_BROKEN,           /* only a rollback can follow */
};

struct pki_store {
	const struct store_backend *backend;
	void                       *db;
	enum store_state            state;
	/* The last one this transaction put or found; its id 0: none. */
	pki_digest                  profile_digest;
	int64_t                     profile_id;
};

extern const struct store_backend pki_store_memory;
extern const struct store_backend pki_store_sqlite;

/* For tests: the n-th call from now on fails with PKI_STORE; 0: none. */
void pki_store_memory_fail_at(pki_store *store, int n);

#endif
