/*
 * The store in an SQLite database with a write-ahead log.
 *
 * Every commit and every checkpoint of every process happens under
 * DIR/write.lock: SQLite before 3.51.3 loses commits, or the database, when
 * a checkpoint and a commit of two connections meet in the wrong moment.
 */
#include "store/store-sqlite.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/fault.h"

/* Checkpoint when this much of the log is not in the database yet. */
#define CHECKPOINT_OCTETS ((int64_t)16 << 20)

/* Before the alarm at 256 MiB: look whether the log is only long, not full. */
#define LONG_LOG_OCTETS ((int64_t)64 << 20)

/*
 * The control of G6's test: with neither our lock nor SQLite's before the
 * first write, it must see that writers meet.
 */
static bool
is_unlocked(void)
{
	return pki_fault_number("PKI_BUG_NO_WRITE_LOCK", 0) != 0;
}

static pki_code
lock_writing(struct sqlite_store *store, pki_err *err)
{
	return is_unlocked() ? PKI_OK :
	    pki_lock_take(store->lock, SQLITE_LOCK_WAIT_MS, err);
}

static void
unlock_writing(struct sqlite_store *store)
{
	if (!is_unlocked())
		pki_lock_drop(store->lock);
}

static pki_code
begin_locked(struct sqlite_store *store, pki_err *err)
{
	pki_code code = PKI_OK;
	int rc;

	if (store->suspect)
		code = pki_sqlite_reopen(store, err);
	if (code != PKI_OK)
		return code;
	rc = sqlite3_exec(store->db, is_unlocked() ? "BEGIN" :
	    "BEGIN IMMEDIATE", NULL, NULL, NULL);
	return rc == SQLITE_OK ? PKI_OK : pki_sqlite_fail(store, rc, err);
}

static pki_code
begin_writing(void *db, pki_err *err)
{
	struct sqlite_store *store = db;
	pki_code rc = lock_writing(store, err);

	if (rc != PKI_OK)
		return rc;
	rc = begin_locked(store, err);
	if (rc != PKI_OK)
		unlock_writing(store);
	return rc;
}

/*
 * Under the write lock.  Never waits for readers: what they still need stays
 * in the log.  A failure hurts nobody, for the log has it all.
 */
static bool
checkpoint(struct sqlite_store *store)
{
	int frames = -1, done = -1;
	int rc = sqlite3_wal_checkpoint_v2(store->db, "main",
	    SQLITE_CHECKPOINT_PASSIVE, &frames, &done);

	if ((rc & 0xff) == SQLITE_IOERR)
		store->suspect = true;
	if (rc != SQLITE_OK || frames < 0 || done < 0)
		return false;
	store->wal_frames = frames;
	store->wal_done = done;
	return true;
}

static int64_t
pending_octets(struct sqlite_store *store)
{
	/* The log has begun anew. */
	if (store->wal_frames < store->wal_done)
		store->wal_done = 0;
	return (store->wal_frames - store->wal_done) * store->page_size;
}

static pki_code
commit_locked(struct sqlite_store *store, pki_err *err)
{
	pki_code code;
	int rc;

	if (sqlite3_get_autocommit(store->db))
		return pki_fail(err, PKI_STORE, "database '%s': the "
		    "transaction was rolled back by an earlier error",
		    store->path);
	rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return PKI_OK;
	code = pki_sqlite_fail(store, rc, err);
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return code;
}

static pki_code
commit_writing(void *db, pki_err *err)
{
	struct sqlite_store *store = db;
	pki_code rc = commit_locked(store, err);

	if (rc == PKI_OK && pending_octets(store) >= CHECKPOINT_OCTETS)
		checkpoint(store);
	unlock_writing(store);
	return rc;
}

static void
roll_back(void *db)
{
	struct sqlite_store *store = db;

	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	unlock_writing(store);
}

/* A statement without parameters and rows. */
static pki_code
run_plain(void *db, enum sqlite_sql which, pki_err *err)
{
	PKI_AUTO(pki_sqlite_run) run = NULL;
	pki_code rc = pki_sqlite_start(db, which, &run, err);
	bool row;

	return rc == PKI_OK ? pki_sqlite_next(run, &row, err) : rc;
}

static pki_code
mark_point(void *db, pki_err *err)
{
	return run_plain(db, SQL_MARK, err);
}

static pki_code
keep_since_mark(void *db, pki_err *err)
{
	return run_plain(db, SQL_KEEP, err);
}

static pki_code
undo_since_mark(void *db, pki_err *err)
{
	pki_code rc = run_plain(db, SQL_UNDO, err);

	return rc == PKI_OK ? run_plain(db, SQL_KEEP, err) : rc;
}

static pki_code
changed_by_others(void *db, bool *out, pki_err *err)
{
	struct sqlite_store *store = db;
	PKI_AUTO(pki_sqlite_run) run = NULL;
	int64_t version;
	pki_code rc = pki_sqlite_start(db, SQL_DATA_VERSION, &run, err);

	if (rc == PKI_OK)
		rc = pki_sqlite_get_int(run, &version, err);
	if (rc != PKI_OK)
		return rc;
	*out = version != store->data_version;
	store->data_version = version;
	return PKI_OK;
}

/*
 * The length of the log's file.  It stays long after a reader has let it
 * grow; then only a checkpoint tells how much of it is still needed, and
 * brings that to nothing when the reader has gone.
 */
static int64_t
count_wal_bytes(void *db)
{
	struct sqlite_store *store = db;
	char path[PKI_PATH_MAX + 8];
	struct stat st;
	bool known;

	snprintf(path, sizeof(path), "%s-wal", store->path);
	if (stat(path, &st) != 0)
		return 0;
	if (st.st_size < LONG_LOG_OCTETS ||
	    !sqlite3_get_autocommit(store->db) ||
	    pki_lock_take(store->lock, 0, NULL) != PKI_OK)
		return st.st_size;
	known = checkpoint(store);
	pki_lock_drop(store->lock);
	return known ? pending_octets(store) : st.st_size;
}

const struct store_backend pki_store_sqlite = {
	.scheme = "sqlite",
	.create = pki_sqlite_create,
	.open = pki_sqlite_open,
	.close = pki_sqlite_close,
	.begin = begin_writing,
	.commit = commit_writing,
	.rollback = roll_back,
	.mark = mark_point,
	.keep = keep_since_mark,
	.undo = undo_since_mark,
	.changed = changed_by_others,
	.put_ca = pki_sqlite_put_ca,
	.put_profile = pki_sqlite_put_profile,
	.claim_identity = pki_sqlite_claim_identity,
	.update_identity = pki_sqlite_update_identity,
	.activate_identity = pki_sqlite_activate_identity,
	.put_token = pki_sqlite_put_token,
	.update_token = pki_sqlite_update_token,
	.use_token = pki_sqlite_use_token,
	.put_approval = pki_sqlite_put_approval,
	.update_approval = pki_sqlite_update_approval,
	.claim_pubkey = pki_sqlite_claim_pubkey,
	.block_pubkey = pki_sqlite_block_pubkey,
	.put_cert = pki_sqlite_put_cert,
	.put_host = pki_sqlite_put_host,
	.update_cert_status = pki_sqlite_update_cert_status,
	.put_crl = pki_sqlite_put_crl,
	.put_audit = pki_sqlite_put_audit,
	.get_ca = pki_sqlite_get_ca,
	.get_identity = pki_sqlite_get_identity,
	.get_pubkey = pki_sqlite_get_pubkey,
	.get_token = pki_sqlite_get_token,
	.get_approval = pki_sqlite_get_approval,
	.get_cert = pki_sqlite_get_cert,
	.get_crl = pki_sqlite_get_crl,
	.last_crl_number = pki_sqlite_last_crl_number,
	.get_audit_tree = pki_sqlite_get_audit_tree,
	.count_certs = pki_sqlite_count_certs,
	.tally_certs = pki_sqlite_tally_certs,
	.tally_approvals = pki_sqlite_tally_approvals,
	.last_partition = pki_sqlite_last_partition,
	.fill_cas = pki_sqlite_fill_cas,
	.fill_identities = pki_sqlite_fill_identities,
	.fill_tokens = pki_sqlite_fill_tokens,
	.fill_approvals = pki_sqlite_fill_approvals,
	.fill_pubkeys = pki_sqlite_fill_pubkeys,
	.fill_certs = pki_sqlite_fill_certs,
	.fill_audit = pki_sqlite_fill_audit,
	.each_revoked = pki_sqlite_each_revoked,
	.check = pki_sqlite_check,
	.wal_bytes = count_wal_bytes,
};
