#ifndef PKI_STORE_STORE_SQLITE_H
#define PKI_STORE_STORE_SQLITE_H

/*
 * Inside the SQLite backend.  A handle is used by one thread at a time.
 *
 * Nothing may open() ca.db or ca.db-shm besides SQLite: closing any
 * descriptor of a file drops all fcntl locks that the process has on it.
 */

#include <sqlite3.h>

#include "base/file.h"
#include "base/lock.h"
#include "store/backend.h"

enum sqlite_sql {
	SQL_MARK,
	SQL_KEEP,
	SQL_UNDO,
	SQL_DATA_VERSION,
	SQL_PUT_CA,
	SQL_COUNT_CA,
	SQL_GET_CA,
	SQL_FILL_CAS,
	SQL_PUT_PROFILE,
	SQL_FIND_PROFILE,
	SQL_PUT_CRL,
	SQL_GET_CRL,
	SQL_LAST_CRL_NUMBER,
	SQL_CLAIM_IDENTITY,
	SQL_UPDATE_IDENTITY,
	SQL_ACTIVATE_IDENTITY,
	SQL_GET_TAKEN,
	SQL_GET_RETIRED,
	SQL_FILL_IDENTITIES,
	SQL_PUT_TOKEN,
	SQL_UPDATE_TOKEN,
	SQL_USE_TOKEN,
	SQL_GET_TOKEN,
	SQL_FILL_TOKENS,
	SQL_FILL_TOKENS_OF,
	SQL_PUT_APPROVAL,
	SQL_UPDATE_APPROVAL,
	SQL_GET_APPROVAL,
	SQL_FILL_APPROVALS,
	SQL_FILL_APPROVALS_OF,
	SQL_TALLY_APPROVALS,
	SQL_CLAIM_PUBKEY,
	SQL_BLOCK_PUBKEY,
	SQL_GET_PUBKEY,
	SQL_FILL_PUBKEYS,
	SQL_PUT_CERT,
	SQL_PUT_NEWEST,
	SQL_PUT_HOST,
	SQL_COUNT_CERT,
	SQL_UPDATE_CERT_STATUS,
	SQL_GET_CERT,
	SQL_COUNT_CERTS,
	SQL_TALLY_CERTS,
	SQL_LAST_PARTITION,
	SQL_EACH_REVOKED,
	SQL_EACH_REVOKED_IN_SCOPE,
	SQL_GROW_AUDIT_TREE,
	SQL_PUT_AUDIT,
	SQL_GET_AUDIT_TREE,
	SQL_FILL_AUDIT,
	SQL_COUNT,
};

extern const char *const pki_sqlite_sql[SQL_COUNT];

/* What a certificate row is read from; conditions on c may follow. */
#define SQLITE_SELECT_CERT                                              \
	"SELECT c.id, c.ca_id, c.identity_id, c.pubkey_id, c.profile_id," \
	" c.serial, c.not_before, c.not_after, c.issued_at, c.key_origin," \
	" c.crl_partition, c.status, c.revoked_at, c.reason,"           \
	" c.invalid_since, c.der, c.row_hash, a.name, i.name, p.name,"  \
	" p.digest, k.digest_head, k.digest_tail FROM cert c"           \
	" LEFT JOIN ca a ON a.id = c.ca_id"                             \
	" LEFT JOIN identity i ON i.id = c.identity_id"                 \
	" LEFT JOIN profile p ON p.id = c.profile_id"                   \
	" LEFT JOIN pubkey k ON k.id = c.pubkey_id "

struct sqlite_store;

/*
 * One run of a statement: put the parameters in order, then for each row
 * take the columns in order.  Put and take never fail by themselves;
 * pki_sqlite_next() and pki_sqlite_taken() tell.
 */
typedef struct pki_sqlite_run {
	struct sqlite_store *store;
	sqlite3_stmt        *stmt;
	int                  next;      /* parameter or column */
	int                  bind_rc;
	bool                 damaged;   /* a column was not what we write */
	bool                 running;
	bool                 cached;
} pki_sqlite_run;

/* Statements made at run time that are kept, for when they come again. */
#define SQLITE_TEXTS 4

struct sqlite_store {
	sqlite3        *db;
	pki_lock       *lock;
	char            path[PKI_PATH_MAX];
	pki_sqlite_run  runs[SQL_COUNT];
	sqlite3_stmt   *texts[SQLITE_TEXTS];    /* idle; the newest first */
	int64_t         page_size;
	int             wal_frames;     /* after our last commit */
	int             wal_done;       /* of them, checkpointed by us */
	int64_t         data_version;   /* when last asked; -1: never */
	bool            suspect;        /* an I/O error: open it again */
};

/* The code for an SQLite error, with SQLite's and the system's text. */
pki_code pki_sqlite_fail_db(sqlite3 *db, const char *path, int rc,
    pki_err *err);
pki_code pki_sqlite_fail(struct sqlite_store *store, int rc, pki_err *err);

PKI_CHECKED pki_code pki_sqlite_start(struct sqlite_store *store,
    enum sqlite_sql sql, pki_sqlite_run **out, pki_err *err);
/* The same for a statement that reads, made at run time. */
PKI_CHECKED pki_code pki_sqlite_start_text(struct sqlite_store *store,
    const char *sql, pki_sqlite_run **out, pki_err *err);
void pki_sqlite_run_free(pki_sqlite_run *run);
PKI_DEFINE_CLEANUP(pki_sqlite_run)
void pki_sqlite_forget_statements(struct sqlite_store *store);

/* What is put must live until the run is freed. */
void pki_sqlite_put_int(pki_sqlite_run *run, int64_t value);
void pki_sqlite_put_reference(pki_sqlite_run *run, int64_t id); /* 0: NULL */
void pki_sqlite_put_text(pki_sqlite_run *run, const char *text);
void pki_sqlite_put_bytes(pki_sqlite_run *run, pki_bytes bytes);
void pki_sqlite_put_digest(pki_sqlite_run *run, const pki_digest *digest);

/* *row: whether there is one. */
PKI_CHECKED pki_code pki_sqlite_next(pki_sqlite_run *run, bool *row,
    pki_err *err);
/* Run to the end.  *id is what it returned; *done is false on a conflict. */
PKI_CHECKED pki_code pki_sqlite_insert(pki_sqlite_run *run, int64_t *id,
    bool *done, pki_err *err);
/* Run a statement that returns nothing; how many rows it changed. */
PKI_CHECKED pki_code pki_sqlite_change(pki_sqlite_run *run, int *changed,
    pki_err *err);
/* One row of one integer. */
PKI_CHECKED pki_code pki_sqlite_get_int(pki_sqlite_run *run, int64_t *out,
    pki_err *err);

/* The same where done is wanted: PKI_EXISTS, "token 'x' exists". */
PKI_CHECKED pki_code pki_sqlite_insert_new(pki_sqlite_run *run, int64_t *id,
    const char *what, const char *name, pki_err *err);
/* The same where a row is to change: PKI_NOT_FOUND, "no token 'x'". */
PKI_CHECKED pki_code pki_sqlite_change_one(pki_sqlite_run *run,
    const char *what, const char *name, pki_err *err);

int64_t pki_sqlite_take_int(pki_sqlite_run *run);
int pki_sqlite_take_small(pki_sqlite_run *run);
int64_t pki_sqlite_take_reference(pki_sqlite_run *run);
const char *pki_sqlite_take_text(pki_sqlite_run *run);
pki_bytes pki_sqlite_take_bytes(pki_sqlite_run *run);
pki_digest pki_sqlite_take_digest(pki_sqlite_run *run);
pki_serial pki_sqlite_take_serial(pki_sqlite_run *run);
/*
 * After a row was taken: PKI_DAMAGED when a column was not what we write.
 * Only then look for flaws in the row, and fail with their name.
 */
PKI_CHECKED pki_code pki_sqlite_taken(const pki_sqlite_run *run,
    const char *what, pki_err *err);
pki_code pki_sqlite_fail_flaw(const pki_sqlite_run *run, const char *what,
    const char *flaw, pki_err *err);

/* Take all columns of a row, which borrows from the run. */
typedef pki_code pki_sqlite_take(pki_sqlite_run *run, void *row, pki_err *err);

/* How a row is got by its name.  PKI_NOT_FOUND: "no token 'x'". */
struct sqlite_get {
	enum sqlite_sql     sql;
	const char         *what;
	const pki_row_kind *kind;
	pki_sqlite_take    *take;
};
PKI_CHECKED pki_code pki_sqlite_get_row(void *db, const struct sqlite_get *how,
    const char *name, void *out, pki_buf *hold, pki_err *err);

/* How rows behind one are put into a page; identity: a third parameter. */
struct sqlite_fill {
	enum sqlite_sql  sql;
	const char      *identity;      /* NULL: there is none */
	pki_sqlite_take *take;
};
PKI_CHECKED pki_code pki_sqlite_fill(void *db, const struct sqlite_fill *how,
    int64_t after, pki_page *page, pki_err *err);
/* The rows of a run with all its parameters. */
PKI_CHECKED pki_code pki_sqlite_fill_page(pki_sqlite_run *run,
    pki_sqlite_take *take, pki_page *page, pki_err *err);

/* A digest in two columns, as in the table pubkey. */
void pki_sqlite_put_split_digest(pki_sqlite_run *run,
    const pki_digest *digest);
pki_digest pki_sqlite_take_split_digest(pki_sqlite_run *run);

pki_code pki_sqlite_put_ca(void *db, pki_ca_row *row, pki_err *err);
pki_code pki_sqlite_get_ca(void *db, const char *name, pki_ca_row *out,
    pki_buf *hold, pki_err *err);
store_fill pki_sqlite_fill_cas;
pki_code pki_sqlite_put_profile(void *db, pki_profile_row *row, pki_err *err);
pki_code pki_sqlite_put_crl(void *db, const pki_crl_row *row, pki_err *err);
pki_code pki_sqlite_get_crl(void *db, int64_t ca_id, int64_t scope,
    pki_crl_row *out, pki_err *err);
pki_code pki_sqlite_last_crl_number(void *db, int64_t ca_id, int64_t *out,
    pki_err *err);

pki_code pki_sqlite_claim_identity(void *db, pki_identity_row *row,
    pki_err *err);
pki_code pki_sqlite_update_identity(void *db, const pki_identity_row *row,
    pki_err *err);
pki_code pki_sqlite_get_identity(void *db, const char *name,
    pki_identity_row *out, pki_buf *hold, pki_err *err);
store_fill pki_sqlite_fill_identities;
pki_code pki_sqlite_activate_identity(void *db, const pki_identity_row *row,
    pki_err *err);
pki_code pki_sqlite_put_token(void *db, pki_token_row *row, pki_err *err);
pki_code pki_sqlite_update_token(void *db, const pki_token_row *row,
    pki_err *err);
pki_code pki_sqlite_use_token(void *db, const pki_token_use *use, pki_err *err);
pki_code pki_sqlite_get_token(void *db, const char *name, pki_token_row *out,
    pki_buf *hold, pki_err *err);
store_fill pki_sqlite_fill_tokens;
pki_code pki_sqlite_put_approval(void *db, pki_approval_row *row, pki_err *err);
pki_code pki_sqlite_update_approval(void *db, const pki_approval_row *row,
    pki_err *err);
pki_code pki_sqlite_get_approval(void *db, const char *name,
    pki_approval_row *out, pki_buf *hold, pki_err *err);
store_fill pki_sqlite_fill_approvals;
pki_code pki_sqlite_tally_approvals(void *db, int64_t since,
    pki_approval_queue *out, pki_err *err);
pki_code pki_sqlite_claim_pubkey(void *db, pki_pubkey_row *row, pki_err *err);
pki_code pki_sqlite_block_pubkey(void *db, pki_pubkey_row *row, pki_err *err);
pki_code pki_sqlite_get_pubkey(void *db, const pki_digest *digest,
    pki_pubkey_row *out, pki_err *err);
store_fill pki_sqlite_fill_pubkeys;

pki_code pki_sqlite_put_cert(void *db, pki_cert_row *row, pki_err *err);
pki_code pki_sqlite_put_host(void *db, const pki_host_row *row, pki_err *err);
pki_code pki_sqlite_update_cert_status(void *db, const pki_cert_row *row,
    pki_err *err);
pki_code pki_sqlite_get_cert(void *db, int64_t ca_id, const pki_serial *serial,
    pki_cert_row *out, pki_buf *hold, pki_err *err);
pki_code pki_sqlite_count_certs(void *db, int64_t ca_id, int64_t *out,
    pki_err *err);
pki_code pki_sqlite_tally_certs(void *db, int64_t ca_id, int64_t now,
    int64_t soon, pki_cert_counts *out, pki_err *err);
pki_code pki_sqlite_last_partition(void *db, int64_t ca_id, int64_t *out,
    pki_err *err);
store_fill pki_sqlite_fill_certs;
/* Append the statement of a filter. */
void pki_sqlite_add_cert_query(pki_buf *sql, const pki_cert_filter *filter);
pki_code pki_sqlite_each_revoked(void *db, const pki_revoked_query *query,
    pki_revoked_visitor *visit, void *arg, pki_err *err);

pki_code pki_sqlite_put_audit(void *db, const pki_audit_row *row,
    const pki_audit_tree *tree, pki_err *err);
pki_code pki_sqlite_get_audit_tree(void *db, pki_audit_tree *out,
    pki_err *err);
store_fill pki_sqlite_fill_audit;
pki_code pki_sqlite_check(void *db, pki_err *err);
/*
 * PKI_DAMAGED: a certificate is missing in the history of its identity, or
 * is in another's.  Takes 8 octets for each identity.  PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_sqlite_check_histories(struct sqlite_store *store,
    pki_err *err);

pki_code pki_sqlite_create(const char *dir, void **out, pki_err *err);
pki_code pki_sqlite_open(const char *dir, void **out, pki_err *err);
void pki_sqlite_close(void *db);
/* In place of a connection that had an I/O error. */
PKI_CHECKED pki_code pki_sqlite_reopen(struct sqlite_store *store,
    pki_err *err);

/* A connection that has not touched the file yet. */
PKI_CHECKED pki_code pki_sqlite_connect(const char *path, sqlite3 **out,
    pki_err *err);
/* Whose database is it, and of which version?  0, 0: an empty one. */
PKI_CHECKED pki_code pki_sqlite_read_versions(sqlite3 *db, const char *path,
    int64_t *application, int64_t *version, pki_err *err);
PKI_CHECKED pki_code pki_sqlite_check_versions(sqlite3 *db, const char *path,
    int64_t *version, pki_err *err);
PKI_CHECKED pki_code pki_sqlite_configure(sqlite3 *db, const char *path,
    pki_err *err);
PKI_CHECKED pki_code pki_sqlite_is_wal(sqlite3 *db, const char *path,
    bool *out, pki_err *err);
/* PKI_DAMAGED names an object that is not ours, not as we make it, or gone. */
PKI_CHECKED pki_code pki_sqlite_check_schema(sqlite3 *db, const char *path,
    pki_err *err);
/* Both under the write lock. */
PKI_CHECKED pki_code pki_sqlite_migrate(sqlite3 *db, const char *path,
    pki_err *err);
PKI_CHECKED pki_code pki_sqlite_switch_to_wal(sqlite3 *db, const char *path,
    pki_err *err);
/* Statements without parameters and answers. */
PKI_CHECKED pki_code pki_sqlite_run_sql(sqlite3 *db, const char *path,
    const char *sql, pki_err *err);
/* The integer that a statement gives. */
PKI_CHECKED pki_code pki_sqlite_ask_int(sqlite3 *db, const char *path,
    const char *sql, int64_t *out, pki_err *err);

/* "pkic", at offset 68 of the file. */
#define SQLITE_APPLICATION_ID 0x706b6963

#define SQLITE_LOCK_WAIT_MS 10000

#endif
