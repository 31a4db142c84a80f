/* Opening and creating the database file. */
#include "store/store-sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* SQLite's own limit of a path, less the longest suffix it appends. */
#define PATH_MAX_OCTETS (512 - 10)

static pki_code
check_file(const char *path, off_t *size, pki_err *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR
		    ? pki_fail(err, PKI_NOT_FOUND, "no database '%s'", path)
		    : pki_fail_errno(err, "cannot examine '%s'", path);
	if (S_ISLNK(st.st_mode))
		return pki_fail(err, PKI_DENIED,
		    "database '%s' is a symbolic link", path);
	if (!S_ISREG(st.st_mode))
		return pki_fail(err, PKI_DENIED,
		    "database '%s' is not a regular file", path);
	if (st.st_uid != geteuid())
		return pki_fail(err, PKI_DENIED,
		    "database '%s' belongs to user %lu, expected %lu", path,
		    (unsigned long)st.st_uid, (unsigned long)geteuid());
	if ((st.st_mode & 022) != 0)
		return pki_fail(err, PKI_DENIED, "database '%s' has mode "
		    "%04o, expected 0600", path,
		    (unsigned)(st.st_mode & 07777));
	*size = st.st_size;
	return PKI_OK;
}

/* SQLite gives its other files the mode of this one, whatever the umask. */
static pki_code
make_file(const char *path, bool *made, pki_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	pki_code rc = PKI_OK;

	if (fd < 0 && errno == EEXIST)
		return PKI_OK;
	if (fd < 0)
		return pki_fail_errno(err, "cannot create database '%s'",
		    path);
	*made = true;
	if (fchmod(fd, 0600) != 0)
		rc = pki_fail_errno(err, "cannot change the mode of '%s'",
		    path);
	close(fd);
	return rc;
}

/*
 * A creation that was killed leaves an empty database, sometimes with a
 * journal that SQLite rolls back now.  Anything else is somebody's.
 */
static pki_code
check_unused(sqlite3 *db, const char *path, pki_err *err)
{
	int64_t application = 0, version = 0, things = 0;
	pki_code rc = pki_sqlite_read_versions(db, path, &application, &version,
	    err);

	if (rc == PKI_OK)
		rc = pki_sqlite_ask_int(db, path,
		    "SELECT count(*) FROM sqlite_schema", &things, err);
	if (rc == PKI_OK && application == 0 && version == 0 && things == 0)
		return PKI_OK;
	if (rc == PKI_OK || rc == PKI_DAMAGED)
		return pki_fail(err, PKI_EXISTS, "database '%s' exists", path);
	return rc;
}

static void
remove_file(const char *path)
{
	char journal[PKI_PATH_MAX + 16];

	snprintf(journal, sizeof(journal), "%s-journal", path);
	unlink(journal);
	unlink(path);
}

/* The layout is made with a rollback journal: whole, or an empty file. */
static pki_code
fill_file(sqlite3 *db, const char *path, pki_err *err)
{
	pki_code rc = check_unused(db, path, err);

	if (rc == PKI_OK)
		rc = pki_sqlite_configure(db, path, err);
	if (rc == PKI_OK)
		rc = pki_sqlite_migrate(db, path, err);
	return rc == PKI_OK ? pki_sqlite_switch_to_wal(db, path, err) : rc;
}

/* Under the write lock. */
static pki_code
create_file(const char *dir, const char *path, sqlite3 **out, pki_err *err)
{
	sqlite3 *db = NULL;
	bool made = false;
	off_t size;
	pki_code rc = make_file(path, &made, err);

	if (rc == PKI_OK)
		rc = check_file(path, &size, err);
	if (rc == PKI_OK)
		rc = pki_sqlite_connect(path, &db, err);
	if (rc == PKI_OK)
		rc = fill_file(db, path, err);
	if (rc == PKI_OK)
		rc = pki_dir_sync(dir, err);
	if (rc == PKI_OK) {
		*out = db;
		return PKI_OK;
	}
	sqlite3_close(db);
	if (made)
		remove_file(path);
	return rc;
}

/* Bring an old database up to date, and finish a creation that was killed. */
static pki_code
update_file(sqlite3 *db, const char *path, pki_lock *lock, pki_err *err)
{
	int64_t version;
	bool wal;
	pki_code rc = pki_sqlite_check_versions(db, path, &version, err);

	if (rc == PKI_OK)
		rc = pki_sqlite_configure(db, path, err);
	if (rc == PKI_OK)
		rc = pki_sqlite_is_wal(db, path, &wal, err);
	if (rc != PKI_OK || (version == PKI_STORE_VERSION && wal))
		return rc;
	rc = pki_lock_take(lock, SQLITE_LOCK_WAIT_MS, err);
	if (rc != PKI_OK)
		return rc;
	rc = pki_sqlite_migrate(db, path, err);
	if (rc == PKI_OK)
		rc = pki_sqlite_switch_to_wal(db, path, err);
	pki_lock_drop(lock);
	return rc;
}

static pki_code
open_file(const char *path, pki_lock *lock, sqlite3 **out, pki_err *err)
{
	sqlite3 *db = NULL;
	pki_code rc = pki_sqlite_connect(path, &db, err);

	if (rc == PKI_OK)
		rc = update_file(db, path, lock, err);
	if (rc == PKI_OK)
		rc = pki_sqlite_check_schema(db, path, err);
	if (rc == PKI_OK)
		*out = db;
	else
		sqlite3_close(db);
	return rc;
}

static int
note_frames(void *arg, sqlite3 *db, const char *name, int frames)
{
	(void)db;
	(void)name;
	((struct sqlite_store *)arg)->wal_frames = frames;
	return SQLITE_OK;
}

static pki_code
adopt(struct sqlite_store *store, sqlite3 *db, pki_err *err)
{
	store->db = db;
	store->wal_frames = 0;
	store->wal_done = 0;
	store->data_version = -1;
	store->suspect = false;
	sqlite3_wal_hook(db, note_frames, store);
	return pki_sqlite_ask_int(db, store->path, "PRAGMA page_size",
	    &store->page_size, err);
}

/* The paths in dir, which is made absolute: the process may move. */
static pki_code
find_paths(const char *dir, char full_dir[PATH_MAX],
    struct sqlite_store *store, char lock_path[PKI_PATH_MAX], pki_err *err)
{
	pki_code rc;

	if (realpath(dir, full_dir) == NULL)
		return errno == ENOENT || errno == ENOTDIR
		    ? pki_fail(err, PKI_NOT_FOUND, "no directory '%s'", dir)
		    : pki_fail_errno(err, "cannot find '%s'", dir);
	rc = pki_path_join(store->path, full_dir, "ca.db", err);
	if (rc == PKI_OK)
		rc = pki_path_join(lock_path, full_dir, "write.lock", err);
	if (rc == PKI_OK && strlen(store->path) > PATH_MAX_OCTETS)
		return pki_fail(err, PKI_BAD_INPUT,
		    "path '%s' is longer than %d octets", store->path,
		    PATH_MAX_OCTETS);
	return rc;
}

static pki_code
create_locked(struct sqlite_store *store, const char *dir, pki_err *err)
{
	sqlite3 *db = NULL;
	pki_code rc = pki_lock_take(store->lock, SQLITE_LOCK_WAIT_MS, err);

	if (rc != PKI_OK)
		return rc;
	rc = create_file(dir, store->path, &db, err);
	pki_lock_drop(store->lock);
	return rc == PKI_OK ? adopt(store, db, err) : rc;
}

pki_code
pki_sqlite_create(const char *dir, void **out, pki_err *err)
{
	struct sqlite_store *store = calloc(1, sizeof(*store));
	char full_dir[PATH_MAX], lock_path[PKI_PATH_MAX];
	pki_code rc;

	if (store == NULL)
		return pki_fail_memory(err);
	rc = find_paths(dir, full_dir, store, lock_path, err);
	if (rc == PKI_OK)
		rc = pki_lock_open(lock_path, &store->lock, err);
	if (rc == PKI_OK)
		rc = create_locked(store, full_dir, err);
	if (rc == PKI_OK)
		*out = store;
	else
		pki_sqlite_close(store);
	return rc;
}

/* Nothing is made in a directory that holds no database. */
static pki_code
check_present(const char *path, pki_err *err)
{
	off_t size;
	pki_code rc = check_file(path, &size, err);

	/* Less than the smallest page; SQLite takes that for a new database. */
	if (rc == PKI_OK && size < 512)
		return pki_fail(err, PKI_DAMAGED, "database '%s' has %lld "
		    "octets: its creation was interrupted, or it was cut",
		    path, (long long)size);
	return rc;
}

pki_code
pki_sqlite_open(const char *dir, void **out, pki_err *err)
{
	struct sqlite_store *store = calloc(1, sizeof(*store));
	char full_dir[PATH_MAX], lock_path[PKI_PATH_MAX];
	sqlite3 *db = NULL;
	pki_code rc;

	if (store == NULL)
		return pki_fail_memory(err);
	rc = find_paths(dir, full_dir, store, lock_path, err);
	if (rc == PKI_OK)
		rc = check_present(store->path, err);
	if (rc == PKI_OK)
		rc = pki_lock_open(lock_path, &store->lock, err);
	if (rc == PKI_OK)
		rc = open_file(store->path, store->lock, &db, err);
	if (rc == PKI_OK)
		rc = adopt(store, db, err);
	if (rc == PKI_OK)
		*out = store;
	else
		pki_sqlite_close(store);
	return rc;
}

void
pki_sqlite_close(void *db)
{
	struct sqlite_store *store = db;

	pki_sqlite_forget_statements(store);
	sqlite3_close(store->db);
	pki_lock_free(store->lock);
	free(store);
}

pki_code
pki_sqlite_reopen(struct sqlite_store *store, pki_err *err)
{
	sqlite3 *db = NULL, *old = store->db;
	int64_t version;
	pki_code rc = pki_sqlite_connect(store->path, &db, err);

	if (rc == PKI_OK)
		rc = pki_sqlite_check_versions(db, store->path, &version, err);
	if (rc == PKI_OK)
		rc = pki_sqlite_configure(db, store->path, err);
	if (rc == PKI_OK)
		rc = pki_sqlite_check_schema(db, store->path, err);
	if (rc != PKI_OK) {
		sqlite3_close(db);
		return rc;
	}
	/*
	 * The new connection comes before the old one goes: were there none
	 * in between, the next would recover the log, and with it what the
	 * failed commit had written of its transaction.
	 */
	pki_sqlite_forget_statements(store);
	sqlite3_close(old);
	return adopt(store, db, err);
}
