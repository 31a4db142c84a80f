/* The write-ahead log, several writers, failures, and how SQLite searches. */
#include "store-sample.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store-sqlite.h"

TestSuite(sqlite_wal, .timeout = 60);
TestSuite(sqlite_writers, .timeout = 120);
TestSuite(sqlite_failure, .timeout = 30);
TestSuite(sqlite_plan, .timeout = 30);

/* rows certificates of 64 KiB in one transaction each, from number first. */
static void
add_large(struct store_sample *t, int first, int rows)
{
	static uint8_t der[64 << 10] = { 0x30 };

	for (int i = 0; i < rows; i++) {
		pki_cert_row row = sample_cert(t, first + i);

		row.der = pki_bytes_of(der, sizeof(der));
		add_cert(t, row);
	}
}

static off_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

Test(sqlite_wal, stays_when_the_store_is_closed)
{
	struct store_sample t;
	off_t database;

	store_sample_open(&t, STORE_SQLITE);
	database = size_of(file_of(&t, "ca.db"));
	add_large(&t, 1, 20);
	cr_expect_gt(pki_store_wal_bytes(t.store), 20 << 16);
	must(reopen(&t), &t);
	cr_expect_eq(size_of(file_of(&t, "ca.db")), database);
	cr_expect_gt(pki_store_wal_bytes(t.store), 20 << 16);
	store_sample_close(&t);
}

Test(sqlite_wal, is_checkpointed_at_16_mib)
{
	struct store_sample t;
	off_t database;

	store_sample_open(&t, STORE_SQLITE);
	database = size_of(file_of(&t, "ca.db"));
	add_large(&t, 1, 100);
	cr_expect_eq(size_of(file_of(&t, "ca.db")), database);
	add_large(&t, 1001, 400);
	cr_expect_gt(size_of(file_of(&t, "ca.db")), 16 << 20);
	cr_expect_lt(size_of(file_of(&t, "ca.db-wal")), 20 << 20);
	cr_expect_lt(pki_store_wal_bytes(t.store), 20 << 20);
	must(pki_store_check(t.store, &t.err), &t);
	store_sample_close(&t);
}

Test(sqlite_wal, that_a_reader_let_grow_is_short_again)
{
	struct store_sample t;
	sqlite3 *reader;

	store_sample_open(&t, STORE_SQLITE);
	cr_assert_eq(sqlite3_open(file_of(&t, "ca.db"), &reader), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(reader, "BEGIN; SELECT * FROM cert", NULL,
	    NULL, NULL), SQLITE_OK);
	add_large(&t, 1, 1100);
	cr_expect_gt(pki_store_wal_bytes(t.store), 64 << 20);
	sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL);
	cr_expect_eq(pki_store_wal_bytes(t.store), 0);
	add_large(&t, 2000, 2);
	cr_expect_lt(size_of(file_of(&t, "ca.db-wal")), 40 << 20);
	sqlite3_close(reader);
	store_sample_close(&t);
}

#define WRITER_ROWS 200

/* A process that adds identities, one per transaction. */
static int
write_rows(const char *url, int who)
{
	pki_store *store = NULL;
	char name[32];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pki_store_open(url, &store, NULL) != PKI_OK)
		return 1;
	for (int i = 0; i < WRITER_ROWS; i++) {
		pki_identity_row row;

		snprintf(name, sizeof(name), "writer-%d-%d", who, i);
		row = sample_identity(name);
		if (pki_store_begin(store, NULL) != PKI_OK)
			return 2;
		if (pki_store_claim_identity(store, &row, NULL) != PKI_OK)
			return 3;
		if (pki_store_commit(store, NULL) != PKI_OK)
			return 4;
	}
	pki_store_free(store);
	return 0;
}

static pki_code
count_identity(const pki_identity_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)err;
	++*(int *)arg;
	return PKI_OK;
}

Test(sqlite_writers, take_turns)
{
	struct store_sample t;
	int status, count = 0;
	pid_t pids[2];

	store_sample_empty(&t, STORE_SQLITE);
	pki_store_free(t.store);
	t.store = NULL;
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(write_rows(t.url, i));
	}
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_expect_eq(status, 0, "writer %d ended with %d", i,
		    WEXITSTATUS(status));
	}
	must(reopen(&t), &t);
	must(pki_store_each_identity(t.store, 0, count_identity, &count,
	    &t.err), &t);
	cr_expect_eq(count, 2 * WRITER_ROWS);
	must(pki_store_check(t.store, &t.err), &t);
	store_sample_close(&t);
}

Test(sqlite_writers, die_without_a_trace)
{
	struct store_sample t;
	pki_identity_row row = sample_identity("meter-2");
	int status;
	pid_t pid;

	store_sample_open(&t, STORE_SQLITE);
	pid = fork();
	if (pid == 0) {
		pki_store *store = NULL;

		if (pki_store_open(t.url, &store, NULL) != PKI_OK ||
		    pki_store_begin(store, NULL) != PKI_OK ||
		    pki_store_claim_identity(store, &row, NULL) != PKI_OK)
			_exit(1);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	expect_code(pki_store_get_identity(t.store, "meter-2", &row, t.hold,
	    &t.err), PKI_NOT_FOUND, &t);
	add_identity(&t, "meter-2");
	store_sample_close(&t);
}

static struct sqlite_store *
inside(struct store_sample *t)
{
	return t->store->db;
}

Test(sqlite_failure, of_a_full_database_rolls_back)
{
	static uint8_t der[64 << 10] = { 0x30 };
	struct store_sample t;
	pki_identity_row identity = sample_identity("meter-2");
	pki_cert_row row;

	store_sample_open(&t, STORE_SQLITE);
	/* It cannot be less than the database has. */
	sqlite3_exec(inside(&t)->db, "PRAGMA max_page_count = 1", NULL, NULL,
	    NULL);
	row = sample_cert(&t, 1);
	row.der = pki_bytes_of(der, sizeof(der));
	store_begin(&t);
	must(pki_store_claim_identity(t.store, &identity, &t.err), &t);
	expect_code(pki_store_put_cert(t.store, &row, &t.err), PKI_STORE, &t);
	cr_expect_not_null(strstr(t.err.msg, "full"), "%s", t.err.msg);
	expect_code(pki_store_commit(t.store, &t.err), PKI_STORE, &t);
	expect_code(pki_store_get_identity(t.store, "meter-2", &identity,
	    t.hold, &t.err), PKI_NOT_FOUND, &t);
	sqlite3_exec(inside(&t)->db, "PRAGMA max_page_count = 100000", NULL,
	    NULL, NULL);
	add_cert(&t, row);
	store_sample_close(&t);
}

Test(sqlite_failure, that_ended_the_transaction_lets_nothing_through)
{
	struct store_sample t;
	pki_identity_row identity = sample_identity("meter-2");

	store_sample_open(&t, STORE_SQLITE);
	store_begin(&t);
	sqlite3_exec(inside(&t)->db, "ROLLBACK", NULL, NULL, NULL);
	expect_code(pki_store_claim_identity(t.store, &identity, &t.err),
	    PKI_STORE, &t);
	expect_code(pki_store_commit(t.store, &t.err), PKI_STORE, &t);
	store_begin(&t);
	sqlite3_exec(inside(&t)->db, "ROLLBACK", NULL, NULL, NULL);
	expect_code(pki_store_commit(t.store, &t.err), PKI_STORE, &t);
	expect_code(pki_store_get_identity(t.store, "meter-2", &identity,
	    t.hold, &t.err), PKI_NOT_FOUND, &t);
	add_identity(&t, "meter-2");
	store_sample_close(&t);
}

Test(sqlite_failure, of_the_disk_opens_the_database_again)
{
	struct store_sample t;
	sqlite3 *before;
	char moved[128];

	store_sample_open(&t, STORE_SQLITE);
	snprintf(moved, sizeof(moved), "%s/moved", t.dir);
	before = inside(&t)->db;
	inside(&t)->suspect = true;
	add_identity(&t, "meter-2");
	cr_expect_neq(inside(&t)->db, before);
	cr_expect_not(inside(&t)->suspect);
	add_identity(&t, "meter-3");
	must(pki_store_check(t.store, &t.err), &t);
	/* Not to be had: the transaction does not begin, nor lock others. */
	inside(&t)->suspect = true;
	cr_assert_eq(rename(file_of(&t, "ca.db"), moved), 0);
	cr_expect_neq(pki_store_begin(t.store, &t.err), PKI_OK);
	cr_assert_eq(rename(moved, file_of(&t, "ca.db")), 0);
	add_identity(&t, "meter-4");
	store_sample_close(&t);
}

/* How SQLite answers a statement, in its words. */
static void
expect_plan(struct store_sample *t, const char *sql, const char *want,
    const char *not_wanted)
{
	PKI_AUTO(pki_buf) plan = pki_buf_new();
	sqlite3_stmt *stmt = NULL;
	char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);

	cr_assert_eq(sqlite3_prepare_v2(inside(t)->db, text, -1, &stmt, NULL),
	    SQLITE_OK, "%s", sqlite3_errmsg(inside(t)->db));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		pki_buf_add_format(plan, "%s; ",
		    (const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	sqlite3_free(text);
	cr_expect_not_null(strstr(pki_buf_text(plan), want), "%s: %s", sql,
	    pki_buf_text(plan));
	cr_expect_null(strstr(pki_buf_text(plan), not_wanted), "%s: %s", sql,
	    pki_buf_text(plan));
}

Test(sqlite_plan, reads_a_crl_from_its_index_in_order)
{
	struct store_sample t;

	store_sample_open(&t, STORE_SQLITE);
	expect_plan(&t, pki_sqlite_sql[SQL_EACH_REVOKED],
	    "COVERING INDEX cert_revoked", "TEMP B-TREE");
	expect_plan(&t, pki_sqlite_sql[SQL_EACH_REVOKED_IN_SCOPE],
	    "COVERING INDEX cert_revoked_in_part (ca_id=? AND crl_partition=?)",
	    "TEMP B-TREE");
	store_sample_close(&t);
}

Test(sqlite_plan, finds_single_rows_by_an_index)
{
	static const enum sqlite_sql sql[] = {
		SQL_GET_CA, SQL_FIND_PROFILE, SQL_GET_CRL, SQL_LAST_CRL_NUMBER,
		SQL_GET_TAKEN, SQL_GET_RETIRED, SQL_GET_PUBKEY, SQL_GET_CERT,
		SQL_COUNT_CERTS, SQL_LAST_PARTITION, SQL_UPDATE_IDENTITY,
		SQL_UPDATE_CERT_STATUS, SQL_FILL_AUDIT, SQL_GROW_AUDIT_TREE,
	};
	struct store_sample t;
	size_t i;

	store_sample_open(&t, STORE_SQLITE);
	for (i = 0; i < PKI_COUNT(sql); i++)
		expect_plan(&t, pki_sqlite_sql[sql[i]], "SEARCH", "SCAN");
	store_sample_close(&t);
}

/* By the rows that the history names, never by reading all. */
Test(sqlite_plan, finds_certificates_of_an_identity_or_a_key_by_row)
{
	pki_digest key = sample_digest(1);
	const pki_cert_filter filters[] = {
		{ .identity = "meter-1" }, { .pubkey = &key },
		{ .host = "broker.example" },
		{ .identity = "meter-1", .pubkey = &key, .ca_id = 1 },
	};
	struct store_sample t;
	size_t i;

	store_sample_open(&t, STORE_SQLITE);
	for (i = 0; i < PKI_COUNT(filters); i++) {
		PKI_AUTO(pki_buf) sql = pki_buf_new();

		pki_sqlite_add_cert_query(sql, &filters[i]);
		expect_plan(&t, pki_buf_text(sql),
		    "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)", "SCAN c");
	}
	store_sample_close(&t);
}

/* A device comes, with a certificate, just when the certificates are read. */
static int
add_late_device(unsigned event, void *arg, void *stmt, void *sql)
{
	struct store_sample *t = arg;

	(void)event, (void)stmt;
	if (strstr(sql, "previous_id FROM cert") == NULL)
		return 0;
	cr_expect_eq(run_careless(t, "INSERT INTO identity SELECT 99, 'late',"
	    " state, created_at, hold, profile, groups, tags, notes, row_hash"
	    " FROM identity LIMIT 1;"
	    "INSERT INTO pubkey SELECT 99, 1, digest_tail, 99, blocked_at,"
	    " row_hash FROM pubkey LIMIT 1;"
	    "INSERT INTO cert SELECT 99, ca_id, 99, 99, profile_id, 0, x'7e',"
	    " not_before, not_after, issued_at, key_origin, crl_partition,"
	    " status, revoked_at, reason, invalid_since, row_hash, der"
	    " FROM cert LIMIT 1", 1), SQLITE_OK);
	return 0;
}

Test(sqlite_writers, may_add_devices_while_histories_are_checked)
{
	struct store_sample t;

	store_sample_open(&t, STORE_SQLITE);
	add_cert(&t, sample_cert(&t, 1));
	add_cert(&t, sample_cert(&t, 2));
	sqlite3_trace_v2(inside(&t)->db, SQLITE_TRACE_STMT, add_late_device,
	    &t);
	must(pki_sqlite_check_histories(inside(&t), &t.err), &t);
	sqlite3_trace_v2(inside(&t)->db, 0, NULL, NULL);
	must(pki_store_check(t.store, &t.err), &t);
	store_sample_close(&t);
}
