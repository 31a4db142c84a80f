/* A connection: its settings and the layout it finds or makes. */
#include "store/store-sqlite.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

#define BUSY_TIMEOUT_MS 5000

/* What SQLite is told, and what it must answer when asked again. */
static const struct {
	const char *set, *ask;
	int64_t     answer;
} settings[] = {
	/* A failing disk behind a map is a SIGBUS. */
	{ "PRAGMA mmap_size = 0", "PRAGMA mmap_size", 0 },
	/* G2: NORMAL loses acknowledged certificates when power fails. */
	{ "PRAGMA synchronous = FULL", "PRAGMA synchronous", 2 },
	/* G6: checkpoints happen under the write lock only. */
	{ "PRAGMA wal_autocheckpoint = 0", "PRAGMA wal_autocheckpoint", 0 },
	{ "PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", 1 },
	{ "PRAGMA trusted_schema = OFF", "PRAGMA trusted_schema", 0 },
	{ "PRAGMA cell_size_check = ON", "PRAGMA cell_size_check", 1 },
	{ "PRAGMA temp_store = MEMORY", "PRAGMA temp_store", 2 },
	/*
	 * G7: a log that grew while a reader held it shrinks again; twice
	 * what it normally grows to, since truncating costs a fsync more.
	 */
	{ "PRAGMA journal_size_limit = 33554432",
	    "PRAGMA journal_size_limit", 33554432 },
};

pki_code
pki_sqlite_run_sql(sqlite3 *db, const char *path, const char *sql, pki_err *err)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? PKI_OK
	    : pki_sqlite_fail_db(db, path, rc, err);
}

/* The integer that a statement gives. */
pki_code
pki_sqlite_ask_int(sqlite3 *db, const char *path, const char *sql, int64_t *out,
    pki_err *err)
{
	sqlite3_stmt *stmt = NULL;
	pki_code code = PKI_OK;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	else if (rc == SQLITE_DONE)
		code = pki_fail(err, PKI_DAMAGED,
		    "database '%s': no answer to '%s'", path, sql);
	else
		code = pki_sqlite_fail_db(db, path, rc, err);
	sqlite3_finalize(stmt);
	return code;
}

pki_code
pki_sqlite_configure(sqlite3 *db, const char *path, pki_err *err)
{
	pki_code rc = PKI_OK;
	int64_t answer;
	size_t i;

	for (i = 0; rc == PKI_OK && i < PKI_COUNT(settings); i++) {
		rc = pki_sqlite_run_sql(db, path, settings[i].set, err);
		if (rc == PKI_OK)
			rc = pki_sqlite_ask_int(db, path, settings[i].ask,
			    &answer, err);
		if (rc == PKI_OK && answer != settings[i].answer)
			rc = pki_fail(err, PKI_STORE,
			    "database '%s': SQLite does not obey '%s'", path,
			    settings[i].set);
	}
	/* The control of G2's test: without FULL it must see a loss. */
	if (rc == PKI_OK && pki_fault_number("PKI_BUG_SYNC_NORMAL", 0) != 0)
		rc = pki_sqlite_run_sql(db, path, "PRAGMA synchronous = NORMAL",
		    err);
	return rc;
}

/* Nobody asks for the sums, which cost a mutex at each allocation. */
static void
count_no_memory(void)
{
	/* Refused when the program uses SQLite already: that works too. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Of every connection, before it reads the layout that it finds. */
static const struct {
	int flag, value;
} flags[] = {
	/* G6: checkpoints happen under the write lock only. */
	{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	/* What another program planted while we have the database open. */
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
};

/*
 * A connection that has not touched the file yet.  The busy timeout comes
 * before anything else: two that open at once would fail each other.
 */
pki_code
pki_sqlite_connect(const char *path, sqlite3 **out, pki_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	sqlite3 *db = NULL;
	pki_code code;
	size_t i;
	int rc;

	pthread_once(&once, count_no_memory);
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
	    NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	for (i = 0; rc == SQLITE_OK && i < PKI_COUNT(flags); i++)
		rc = sqlite3_db_config(db, flags[i].flag, flags[i].value,
		    NULL);
	if (rc != SQLITE_OK) {
		code = pki_sqlite_fail_db(db, path, rc, err);
		sqlite3_close(db);
		return code;
	}
	*out = db;
	return PKI_OK;
}

/* Whose database is it, and of which version?  0, 0: an empty one. */
pki_code
pki_sqlite_read_versions(sqlite3 *db, const char *path, int64_t *application,
    int64_t *version, pki_err *err)
{
	pki_code rc = pki_sqlite_ask_int(db, path, "PRAGMA application_id",
	    application, err);

	if (rc == PKI_OK)
		rc = pki_sqlite_ask_int(db, path, "PRAGMA user_version",
		    version, err);
	return rc;
}

pki_code
pki_sqlite_check_versions(sqlite3 *db, const char *path, int64_t *version,
    pki_err *err)
{
	char accepts[32];
	int64_t application;
	pki_code rc = pki_sqlite_read_versions(db, path, &application, version,
	    err);

	if (rc != PKI_OK)
		return rc;
	if (application != SQLITE_APPLICATION_ID)
		return pki_refuse(err, PKI_DENIED, "store-application",
		    "a database made by this library",
		    "'%s' with application id 0x%08x", path,
		    (unsigned)application);
	snprintf(accepts, sizeof(accepts), "1 to %d", PKI_STORE_VERSION);
	if (*version > PKI_STORE_VERSION)
		return pki_refuse(err, PKI_DENIED, "store-version", accepts,
		    "version %lld of '%s'", (long long)*version, path);
	if (*version < 1)
		return pki_fail(err, PKI_DAMAGED,
		    "database '%s': version %lld, expected %s", path,
		    (long long)*version, accepts);
	return PKI_OK;
}

pki_code
pki_sqlite_is_wal(sqlite3 *db, const char *path, bool *out, pki_err *err)
{
	sqlite3_stmt *stmt = NULL;
	const unsigned char *mode;
	pki_code code = PKI_OK;
	int rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &stmt,
	    NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		mode = sqlite3_column_text(stmt, 0);
		*out = mode != NULL && strcmp((const char *)mode, "wal") == 0;
	} else {
		code = pki_sqlite_fail_db(db, path, rc, err);
	}
	sqlite3_finalize(stmt);
	return code;
}

/* Under the write lock. */
pki_code
pki_sqlite_switch_to_wal(sqlite3 *db, const char *path, pki_err *err)
{
	bool done = false;
	pki_code rc = pki_sqlite_run_sql(db, path, "PRAGMA journal_mode = WAL",
	    err);

	if (rc == PKI_OK)
		rc = pki_sqlite_is_wal(db, path, &done, err);
	if (rc == PKI_OK && !done)
		return pki_fail(err, PKI_STORE,
		    "database '%s': SQLite refuses a write-ahead log", path);
	return rc;
}
