/* The files of the SQLite backend: made, opened, refused. */
#include "store-sample.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/support/support.h"

TestSuite(sqlite_create, .timeout = 30);
TestSuite(sqlite_open, .timeout = 30);

static mode_t
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

Test(sqlite_create, gives_every_file_mode_0600)
{
	static const char *const names[] = {
		"ca.db", "ca.db-wal", "ca.db-shm", "write.lock",
	};
	struct store_sample t;
	mode_t old = umask(0);
	size_t i;

	store_sample_open(&t, STORE_SQLITE);
	umask(old);
	for (i = 0; i < PKI_COUNT(names); i++)
		cr_expect_eq(mode_of(file_of(&t, names[i])), 0600,
		    "%s has mode %03o", names[i],
		    (unsigned)mode_of(file_of(&t, names[i])));
	cr_expect_neq(access(file_of(&t, "ca.db-journal"), F_OK), 0);
	store_sample_close(&t);
}

Test(sqlite_create, refuses_a_database_that_exists)
{
	struct store_sample t;
	pki_store *other = NULL;

	store_sample_open(&t, STORE_SQLITE);
	expect_code(pki_store_create(t.url, &other, &t.err), PKI_EXISTS, &t);
	cr_expect_null(other);
	expect_code(reopen(&t), PKI_OK, &t);
	store_sample_close(&t);
}

Test(sqlite_create, refuses_a_file_of_another_kind)
{
	struct store_sample t;
	FILE *f;

	store_sample_empty(&t, STORE_SQLITE);
	pki_store_free(t.store);
	t.store = NULL;
	f = fopen(file_of(&t, "ca.db"), "w");
	for (int i = 0; i < 1000; i++)
		fputs("my diary ", f);
	fclose(f);
	expect_code(pki_store_create(t.url, &t.store, &t.err), PKI_EXISTS, &t);
	expect_code(pki_store_open(t.url, &t.store, &t.err), PKI_DAMAGED, &t);
	store_sample_close(&t);
}

Test(sqlite_create, finishes_what_was_interrupted)
{
	struct store_sample t;
	FILE *f;

	store_sample_empty(&t, STORE_SQLITE);
	pki_store_free(t.store);
	t.store = NULL;
	unlink(file_of(&t, "ca.db-wal"));
	unlink(file_of(&t, "ca.db-shm"));
	f = fopen(file_of(&t, "ca.db"), "w");
	fclose(f);
	chmod(file_of(&t, "ca.db"), 0600);
	expect_code(pki_store_open(t.url, &t.store, &t.err), PKI_DAMAGED, &t);
	must(pki_store_create(t.url, &t.store, &t.err), &t);
	must(pki_store_check(t.store, &t.err), &t);
	/* Killed between the layout and the log. */
	tamper(&t, "PRAGMA journal_mode = DELETE");
	must(pki_store_open(t.url, &t.store, &t.err), &t);
	cr_expect_eq(tamper(&t, "PRAGMA journal_mode"), SQLITE_OK);
	store_sample_close(&t);
}

Test(sqlite_create, needs_a_directory)
{
	struct store_sample t = { .dir = "" };

	expect_code(pki_store_create("sqlite:/nonexistent/x", &t.store,
	    &t.err), PKI_NOT_FOUND, &t);
	expect_code(pki_store_open("sqlite:/nonexistent/x", &t.store, &t.err),
	    PKI_NOT_FOUND, &t);
}

Test(sqlite_open, makes_nothing_where_no_database_is)
{
	struct store_sample t;

	store_sample_empty(&t, STORE_SQLITE);
	pki_store_free(t.store);
	t.store = NULL;
	unlink(file_of(&t, "ca.db"));
	unlink(file_of(&t, "write.lock"));
	expect_code(pki_store_open(t.url, &t.store, &t.err), PKI_NOT_FOUND,
	    &t);
	cr_expect_neq(access(file_of(&t, "ca.db"), F_OK), 0);
	cr_expect_neq(access(file_of(&t, "write.lock"), F_OK), 0);
	store_sample_close(&t);
}

Test(sqlite_open, refuses_what_is_not_for_it)
{
	static const struct {
		const char *sql;
		pki_code    code;
		const char *rule;
	} rows[] = {
		{ "PRAGMA user_version = 2", PKI_DENIED, "store-version" },
		{ "PRAGMA user_version = 0", PKI_DAMAGED, "" },
		{ "PRAGMA user_version = -1", PKI_DAMAGED, "" },
		{ "PRAGMA application_id = 7", PKI_DENIED,
		    "store-application" },
	};
	struct store_sample t;
	size_t i;

	store_sample_empty(&t, STORE_SQLITE);
	for (i = 0; i < PKI_COUNT(rows); i++) {
		cr_assert_eq(tamper(&t, rows[i].sql), SQLITE_OK);
		expect_code(reopen(&t), rows[i].code, &t);
		cr_expect_str_eq(t.err.rule, rows[i].rule);
		tamper(&t, "PRAGMA user_version = 1;"
		    "PRAGMA application_id = 0x706b6963");
	}
	expect_code(reopen(&t), PKI_OK, &t);
	store_sample_close(&t);
}

Test(sqlite_open, refuses_a_symbolic_link)
{
	struct store_sample t;
	char moved[128];

	store_sample_open(&t, STORE_SQLITE);
	pki_store_free(t.store);
	t.store = NULL;
	snprintf(moved, sizeof(moved), "%s/real.db", t.dir);
	cr_assert_eq(rename(file_of(&t, "ca.db"), moved), 0);
	cr_assert_eq(symlink("real.db", file_of(&t, "ca.db")), 0);
	expect_code(pki_store_open(t.url, &t.store, &t.err), PKI_DENIED, &t);
	expect_code(pki_store_create(t.url, &t.store, &t.err), PKI_DENIED, &t);
	store_sample_close(&t);
}

Test(sqlite_open, refuses_a_foreign_owner_and_a_mode_for_all)
{
	struct store_sample t;

	store_sample_open(&t, STORE_SQLITE);
	cr_assert_eq(chmod(file_of(&t, "ca.db"), 0666), 0);
	expect_code(reopen(&t), PKI_DENIED, &t);
	cr_expect_not_null(strstr(t.err.msg, "0666"), "%s", t.err.msg);
	cr_assert_eq(chmod(file_of(&t, "ca.db"), 0600), 0);
	if (geteuid() == 0) {
		cr_assert_eq(chown(file_of(&t, "ca.db"), 65534, 65534), 0);
		expect_code(reopen(&t), PKI_DENIED, &t);
		cr_expect_not_null(strstr(t.err.msg, "user 65534"));
	}
	store_sample_close(&t);
}

/* In a child that is nobody: the code of creating, then of opening. */
static int
codes_of_nobody(void *arg)
{
	const char *url = arg;
	pki_store *store = NULL;
	pki_code created, opened;

	created = pki_store_create(url, &store, NULL);
	opened = pki_store_open(url, &store, NULL);
	return (int)(created << 4 | opened);
}

Test(sqlite_open, fails_in_a_directory_without_permission)
{
	struct store_sample t;
	int codes;

	store_sample_empty(&t, STORE_SQLITE);
	pki_store_free(t.store);
	t.store = NULL;
	unlink(file_of(&t, "ca.db"));
	unlink(file_of(&t, "write.lock"));
	cr_assert_eq(chmod(t.dir, 0555), 0);
	codes = run_as_nobody(codes_of_nobody, t.url);
	cr_expect_eq(codes, PKI_SYSTEM << 4 | PKI_NOT_FOUND, "codes %02x",
	    (unsigned)codes);
	cr_expect_neq(access(file_of(&t, "ca.db"), F_OK), 0);
	chmod(t.dir, 0755);
	store_sample_close(&t);
}
