/* The layout: made, brought up to date, and compared with what is found. */
#include "store/store-sqlite.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/schema-sqlite.h"

/* All that is missing, in the transaction that is open. */
static pki_code
add_objects(sqlite3 *db, const char *path, pki_err *err)
{
	char sql[96];
	int64_t version;
	pki_code rc;
	size_t i;

	/* Asked again: who had the lock before may have done it. */
	rc = pki_sqlite_ask_int(db, path, "PRAGMA user_version", &version, err);
	for (i = 0; rc == PKI_OK && i < PKI_COUNT(schema); i++)
		if (schema[i].version > version && schema[i].sql != NULL)
			rc = pki_sqlite_run_sql(db, path, schema[i].sql, err);
	snprintf(sql, sizeof(sql),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    SQLITE_APPLICATION_ID, PKI_STORE_VERSION);
	return rc == PKI_OK ? pki_sqlite_run_sql(db, path, sql, err) : rc;
}

/* Under the write lock (G9: one transaction, old or new, never mixed). */
pki_code
pki_sqlite_migrate(sqlite3 *db, const char *path, pki_err *err)
{
	pki_code rc = pki_sqlite_run_sql(db, path, "BEGIN IMMEDIATE", err);

	if (rc != PKI_OK)
		return rc;
	rc = add_objects(db, path, err);
	if (rc == PKI_OK)
		rc = pki_sqlite_run_sql(db, path, "COMMIT", err);
	if (rc != PKI_OK)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static bool
same_text(sqlite3_stmt *stmt, int column, const char *text)
{
	const char *found = (const char *)sqlite3_column_text(stmt, column);

	if (found == NULL || text == NULL)
		return found == text &&
		    sqlite3_column_type(stmt, column) == SQLITE_NULL;
	/* A NUL inside would hide the rest from strcmp(). */
	return strcmp(found, text) == 0 && strlen(text) ==
	    (size_t)sqlite3_column_bytes(stmt, column);
}

/* Which object a row of sqlite_schema is; PKI_COUNT(schema): none of ours. */
static size_t
find_object(sqlite3_stmt *stmt, size_t expected)
{
	size_t i, at;

	/* In order, but for a database that was vacuumed. */
	for (i = 0; i < PKI_COUNT(schema); i++) {
		at = (expected + i) % PKI_COUNT(schema);
		if (schema[at].type != NULL &&
		    same_text(stmt, 1, schema[at].name))
			return same_text(stmt, 0, schema[at].type) &&
			    same_text(stmt, 2, schema[at].table) &&
			    same_text(stmt, 3, schema[at].sql) ? at :
			    PKI_COUNT(schema);
	}
	return PKI_COUNT(schema);
}

static void
escape_column(sqlite3_stmt *stmt, int column, char *out, size_t room)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	pki_text_escape(pki_bytes_text(text == NULL ? "" : text), out, room);
}

static pki_code
fail_object(const char *path, sqlite3_stmt *stmt, pki_err *err)
{
	char type[24], name[100];

	escape_column(stmt, 0, type, sizeof(type));
	escape_column(stmt, 1, name, sizeof(name));
	return pki_fail(err, PKI_DAMAGED, "database '%s': its layout was "
	    "changed by another program: %s '%s' is not as this library makes "
	    "it", path, type, name);
}

static pki_code
find_missing(const bool *seen, const char *path, pki_err *err)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(schema); i++)
		if (schema[i].type != NULL && !seen[i])
			return pki_fail(err, PKI_DAMAGED, "database '%s': its "
			    "layout was changed by another program: %s '%s' "
			    "is missing", path, schema[i].type,
			    schema[i].name);
	return PKI_OK;
}

pki_code
pki_sqlite_check_schema(sqlite3 *db, const char *path, pki_err *err)
{
	bool seen[PKI_COUNT(schema)] = { false };
	sqlite3_stmt *stmt = NULL;
	pki_code code = PKI_OK;
	size_t at = 0;
	int rc = sqlite3_prepare_v2(db, "SELECT type, name, tbl_name, sql"
	    " FROM sqlite_schema", -1, &stmt, NULL);

	while (rc == SQLITE_OK && code == PKI_OK &&
	    (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = SQLITE_OK;
		at = find_object(stmt, at);
		if (at == PKI_COUNT(schema) || seen[at])
			code = fail_object(path, stmt, err);
		else
			seen[at++] = true;
	}
	if (rc != SQLITE_OK && rc != SQLITE_DONE)
		code = pki_sqlite_fail_db(db, path, rc, err);
	sqlite3_finalize(stmt);
	return code == PKI_OK ? find_missing(seen, path, err) : code;
}
