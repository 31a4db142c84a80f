/* Running statements: parameters in, columns out, errors told. */
#include "store/store-sqlite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* By SQLite's primary code; what is not listed is PKI_STORE. */
static const struct {
	int      sqlite;
	pki_code code;
} primary_codes[] = {
	{ SQLITE_BUSY,    PKI_BUSY },
	{ SQLITE_LOCKED,  PKI_BUSY },
	{ SQLITE_CORRUPT, PKI_DAMAGED },
	{ SQLITE_NOTADB,  PKI_DAMAGED },
	{ SQLITE_NOMEM,   PKI_NO_MEMORY },
}, extended_codes[] = {
	{ SQLITE_CONSTRAINT_UNIQUE,     PKI_EXISTS },
	{ SQLITE_CONSTRAINT_PRIMARYKEY, PKI_EXISTS },
	{ SQLITE_CONSTRAINT_ROWID,      PKI_EXISTS },
	{ SQLITE_CONSTRAINT_FOREIGNKEY, PKI_NOT_FOUND },
};

static pki_code
map_code(int rc)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(extended_codes); i++)
		if (extended_codes[i].sqlite == rc)
			return extended_codes[i].code;
	for (i = 0; i < PKI_COUNT(primary_codes); i++)
		if (primary_codes[i].sqlite == (rc & 0xff))
			return primary_codes[i].code;
	return PKI_STORE;
}

/* SQLite's errno is stale unless the error came from the system. */
static bool
came_from_system(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		return true;
	default:
		return false;
	}
}

pki_code
pki_sqlite_fail_db(sqlite3 *db, const char *path, int rc, pki_err *err)
{
	const char *text = db == NULL ? sqlite3_errstr(rc)
	    : sqlite3_errmsg(db);
	int system = db == NULL ? 0 : sqlite3_system_errno(db);

	if (system != 0 && came_from_system(rc))
		return pki_fail(err, map_code(rc), "database '%s': %s: %s",
		    path, text, strerrordesc_np(system));
	return pki_fail(err, map_code(rc), "database '%s': %s", path, text);
}

pki_code
pki_sqlite_fail(struct sqlite_store *store, int rc, pki_err *err)
{
	if ((rc & 0xff) == SQLITE_IOERR)
		store->suspect = true;
	return pki_sqlite_fail_db(store->db, store->path, rc, err);
}

/*
 * An I/O error can make SQLite roll back by itself.  Without this check,
 * what is written afterwards would be committed row by row.
 */
static pki_code
check_transaction(const pki_sqlite_run *run, pki_err *err)
{
	if (sqlite3_stmt_readonly(run->stmt) ||
	    !sqlite3_get_autocommit(run->store->db))
		return PKI_OK;
	return pki_fail(err, PKI_STORE,
	    "database '%s': the transaction was rolled back by an earlier "
	    "error", run->store->path);
}

static pki_code
prepare(struct sqlite_store *store, const char *sql, unsigned flags,
    pki_sqlite_run *run, pki_err *err)
{
	int rc = sqlite3_prepare_v3(store->db, sql, -1, flags, &run->stmt,
	    NULL);

	if (rc != SQLITE_OK)
		return pki_sqlite_fail(store, rc, err);
	run->store = store;
	return PKI_OK;
}

pki_code
pki_sqlite_start(struct sqlite_store *store, enum sqlite_sql sql,
    pki_sqlite_run **out, pki_err *err)
{
	pki_sqlite_run *run = &store->runs[sql];
	pki_code rc = PKI_OK;

	if (run->running)
		return pki_fail(err, PKI_USAGE,
		    "the store is used by a visitor of the same walk");
	if (run->stmt == NULL)
		rc = prepare(store, pki_sqlite_sql[sql],
		    SQLITE_PREPARE_PERSISTENT, run, err);
	if (rc == PKI_OK)
		rc = check_transaction(run, err);
	if (rc != PKI_OK)
		return rc;
	run->next = 1;
	run->bind_rc = SQLITE_OK;
	run->damaged = false;
	run->running = true;
	run->cached = true;
	*out = run;
	return PKI_OK;
}

/* An idle one of this text is the caller's, if there is one. */
static sqlite3_stmt *
take_text(struct sqlite_store *store, const char *sql)
{
	sqlite3_stmt *found = NULL;

	for (size_t i = 0; i < SQLITE_TEXTS && found == NULL; i++) {
		if (store->texts[i] == NULL ||
		    strcmp(sqlite3_sql(store->texts[i]), sql) != 0)
			continue;
		found = store->texts[i];
		store->texts[i] = NULL;
	}
	return found;
}

/* It goes first; whatever has not been asked for longest is forgotten. */
static void
keep_text(struct sqlite_store *store, sqlite3_stmt *take)
{
	for (size_t i = 0; i < SQLITE_TEXTS && take != NULL; i++) {
		sqlite3_stmt *next = store->texts[i];

		store->texts[i] = take;
		take = next;
	}
	sqlite3_finalize(take);
}

pki_code
pki_sqlite_start_text(struct sqlite_store *store, const char *sql,
    pki_sqlite_run **out, pki_err *err)
{
	pki_sqlite_run *run = calloc(1, sizeof(*run));
	pki_code rc = PKI_OK;

	if (run == NULL)
		return pki_fail_memory(err);
	run->store = store;
	run->stmt = take_text(store, sql);
	if (run->stmt == NULL)
		rc = prepare(store, sql, SQLITE_PREPARE_PERSISTENT, run, err);
	if (rc != PKI_OK) {
		free(run);
		return rc;
	}
	run->next = 1;
	*out = run;
	return PKI_OK;
}

void
pki_sqlite_run_free(pki_sqlite_run *run)
{
	if (run == NULL)
		return;
	sqlite3_reset(run->stmt);
	sqlite3_clear_bindings(run->stmt);
	if (!run->cached) {
		keep_text(run->store, run->stmt);
		free(run);
		return;
	}
	run->running = false;
}

void
pki_sqlite_forget_statements(struct sqlite_store *store)
{
	int i;

	for (i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(store->runs[i].stmt);
		store->runs[i].stmt = NULL;
	}
	for (i = 0; i < SQLITE_TEXTS; i++) {
		sqlite3_finalize(store->texts[i]);
		store->texts[i] = NULL;
	}
}

static void
note_bind(pki_sqlite_run *run, int rc)
{
	if (run->bind_rc == SQLITE_OK)
		run->bind_rc = rc;
}

void
pki_sqlite_put_int(pki_sqlite_run *run, int64_t value)
{
	note_bind(run, sqlite3_bind_int64(run->stmt, run->next++, value));
}

void
pki_sqlite_put_reference(pki_sqlite_run *run, int64_t id)
{
	if (id == 0)
		note_bind(run, sqlite3_bind_null(run->stmt, run->next++));
	else
		pki_sqlite_put_int(run, id);
}

void
pki_sqlite_put_text(pki_sqlite_run *run, const char *text)
{
	note_bind(run, sqlite3_bind_text(run->stmt, run->next++, text, -1,
	    SQLITE_STATIC));
}

void
pki_sqlite_put_bytes(pki_sqlite_run *run, pki_bytes bytes)
{
	/* NULL would be bound as NULL, not as no octets. */
	note_bind(run, sqlite3_bind_blob64(run->stmt, run->next++,
	    bytes.len == 0 ? "" : (const void *)bytes.data, bytes.len,
	    SQLITE_STATIC));
}

void
pki_sqlite_put_digest(pki_sqlite_run *run, const pki_digest *digest)
{
	pki_sqlite_put_bytes(run, pki_digest_bytes(digest));
}

pki_code
pki_sqlite_next(pki_sqlite_run *run, bool *row, pki_err *err)
{
	int rc = run->bind_rc;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(run->stmt);
	run->next = 0;
	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return PKI_OK;
	return pki_sqlite_fail(run->store, rc, err);
}

pki_code
pki_sqlite_insert(pki_sqlite_run *run, int64_t *id, bool *done, pki_err *err)
{
	pki_code rc;
	bool row;

	*done = false;
	while ((rc = pki_sqlite_next(run, &row, err)) == PKI_OK && row) {
		*id = pki_sqlite_take_int(run);
		*done = true;
	}
	return rc;
}

pki_code
pki_sqlite_change(pki_sqlite_run *run, int *changed, pki_err *err)
{
	bool row;
	pki_code rc = pki_sqlite_next(run, &row, err);

	if (rc == PKI_OK)
		*changed = sqlite3_changes(run->store->db);
	return rc;
}

pki_code
pki_sqlite_get_int(pki_sqlite_run *run, int64_t *out, pki_err *err)
{
	int64_t value;
	bool row;
	pki_code rc = pki_sqlite_next(run, &row, err);

	if (rc != PKI_OK)
		return rc;
	if (!row)
		return pki_fail(err, PKI_DAMAGED,
		    "database '%s': a number is missing", run->store->path);
	value = pki_sqlite_take_int(run);
	rc = pki_sqlite_taken(run, "number", err);
	if (rc == PKI_OK)
		*out = value;
	return rc;
}

static bool
is_type(pki_sqlite_run *run, int type)
{
	if (sqlite3_column_type(run->stmt, run->next) == type)
		return true;
	run->damaged = true;
	run->next++;
	return false;
}

int64_t
pki_sqlite_take_int(pki_sqlite_run *run)
{
	if (!is_type(run, SQLITE_INTEGER))
		return 0;
	return sqlite3_column_int64(run->stmt, run->next++);
}

int
pki_sqlite_take_small(pki_sqlite_run *run)
{
	int64_t value = pki_sqlite_take_int(run);

	if (value >= INT_MIN && value <= INT_MAX)
		return (int)value;
	run->damaged = true;
	return 0;
}

int64_t
pki_sqlite_take_reference(pki_sqlite_run *run)
{
	if (sqlite3_column_type(run->stmt, run->next) != SQLITE_NULL)
		return pki_sqlite_take_int(run);
	run->next++;
	return 0;
}

/* Never NULL, also when the column is wrong or memory is out. */
const char *
pki_sqlite_take_text(pki_sqlite_run *run)
{
	const char *text;
	int column;

	if (!is_type(run, SQLITE_TEXT))
		return "";
	column = run->next++;
	text = (const char *)sqlite3_column_text(run->stmt, column);
	if (text != NULL && strlen(text) ==
	    (size_t)sqlite3_column_bytes(run->stmt, column))
		return text;
	run->damaged = true;
	return "";
}

pki_bytes
pki_sqlite_take_bytes(pki_sqlite_run *run)
{
	const void *data;
	int column;

	if (!is_type(run, SQLITE_BLOB))
		return pki_bytes_of(NULL, 0);
	column = run->next++;
	data = sqlite3_column_blob(run->stmt, column);
	return pki_bytes_of(data, data == NULL ? 0
	    : (size_t)sqlite3_column_bytes(run->stmt, column));
}

static void
copy_exactly(pki_sqlite_run *run, uint8_t *out, size_t len)
{
	pki_bytes bytes = pki_sqlite_take_bytes(run);

	if (bytes.len == len)
		memcpy(out, bytes.data, len);
	else
		run->damaged = true;
}

pki_digest
pki_sqlite_take_digest(pki_sqlite_run *run)
{
	pki_digest digest = { { 0 } };

	copy_exactly(run, digest.octets, sizeof(digest.octets));
	return digest;
}

pki_serial
pki_sqlite_take_serial(pki_sqlite_run *run)
{
	pki_serial serial = { 0 };

	if (pki_serial_from_bytes(pki_sqlite_take_bytes(run), &serial, NULL) !=
	    PKI_OK)
		run->damaged = true;
	return serial;
}

void
pki_sqlite_put_split_digest(pki_sqlite_run *run, const pki_digest *digest)
{
	uint64_t head = 0;
	int i;

	for (i = 0; i < 8; i++)
		head = head << 8 | digest->octets[i];
	pki_sqlite_put_int(run, (int64_t)head);
	pki_sqlite_put_bytes(run, pki_bytes_of(digest->octets + 8, 24));
}

pki_digest
pki_sqlite_take_split_digest(pki_sqlite_run *run)
{
	uint64_t head = (uint64_t)pki_sqlite_take_int(run);
	pki_digest digest = { { 0 } };
	int i;

	for (i = 0; i < 8; i++)
		digest.octets[i] = (uint8_t)(head >> (56 - 8 * i));
	copy_exactly(run, digest.octets + 8, 24);
	return digest;
}

pki_code
pki_sqlite_taken(const pki_sqlite_run *run, const char *what, pki_err *err)
{
	if (!run->damaged)
		return PKI_OK;
	return pki_fail(err, PKI_DAMAGED,
	    "database '%s': %s row has a column of wrong type or length",
	    run->store->path, what);
}

pki_code
pki_sqlite_fail_flaw(const pki_sqlite_run *run, const char *what,
    const char *flaw, pki_err *err)
{
	return pki_fail(err, PKI_DAMAGED, "database '%s': %s row has a bad %s",
	    run->store->path, what, flaw);
}

pki_code
pki_sqlite_insert_new(pki_sqlite_run *run, int64_t *id, const char *what,
    const char *name, pki_err *err)
{
	bool done;
	pki_code rc = pki_sqlite_insert(run, id, &done, err);

	return rc != PKI_OK || done ? rc :
	    pki_fail(err, PKI_EXISTS, "%s '%s' exists", what, name);
}

pki_code
pki_sqlite_change_one(pki_sqlite_run *run, const char *what, const char *name,
    pki_err *err)
{
	int changed;
	pki_code rc = pki_sqlite_change(run, &changed, err);

	return rc != PKI_OK || changed != 0 ? rc :
	    pki_fail(err, PKI_NOT_FOUND, "no %s '%s'", what, name);
}
