#include "ca/init-state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define DEFAULT_URL "http://pki.example"
#define TEMPLATE_MAX ((size_t)64 << 10)

#define INIT_LOCK "init.lock"

/* What an init that was cut off may have left, relative to the directory. */
static const char *const leftovers[] = {
	"ca.db", "ca.db-wal", "ca.db-shm", "write.lock", "floor", "keys",
	"public", "templates.new",
};

/* A state directory with an init's marker, looked at. */
struct look {
	pki_store *store;
	int        cas, published;
};

static pki_code
has_crl(const pki_ca_row *row, void *arg, pki_err *err)
{
	struct look *look = arg;
	int64_t number = 0;
	pki_code rc = PKI_OK;

	/* An offline root's CRL is made elsewhere. */
	if (strncmp(row->key_ref, "file:", 5) != 0)
		return PKI_OK;
	rc = pki_store_last_crl_number(look->store, row->id, &number, err);
	look->cas++;
	look->published += number > 0;
	return rc;
}

/* Have all CAs published?  It is the last that init does. */
static bool
has_published(const char *dir)
{
	PKI_AUTO(pki_store) store = NULL;
	struct look look = { 0 };
	char url[PKI_PATH_MAX + 8];
	pki_code rc;

	snprintf(url, sizeof(url), "sqlite:%s", dir);
	rc = pki_store_open(url, &store, NULL);
	look.store = store;
	if (rc == PKI_OK)
		rc = pki_store_each_ca(store, has_crl, &look, NULL);
	/* What cannot be read may be worth a repair. */
	return rc != PKI_OK || (look.cas > 0 && look.cas == look.published);
}

/* The first file in keys/ that init or an operator may have put there. */
static bool
has_keys(const char *dir)
{
	char path[PKI_PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *keys;

	if (pki_path_join(path, dir, "keys", NULL) != PKI_OK ||
	    (keys = opendir(path)) == NULL)
		return false;
	while (!found && (entry = readdir(keys)) != NULL)
		found = entry->d_name[0] != '.';
	closedir(keys);
	return found;
}

/* The marker stands in dir: is there more than an init leaves? */
static pki_code
check_leftovers(const char *dir, pki_err *err)
{
	char path[PKI_PATH_MAX];
	struct stat st;
	pki_code rc = pki_path_join(path, dir, "ca.db", err);

	/* Less than SQLite's smallest page: its creation was cut off. */
	if (rc != PKI_OK || stat(path, &st) != 0 || st.st_size < 512 ||
	    !has_keys(dir) || !has_published(dir))
		return rc;
	return pki_fail(err, PKI_EXISTS, "there is a whole CA in %s, which "
	    "init does not clear away: to keep it, remove %s/%s; to begin "
	    "anew, remove the directory", dir, dir, PKI_INIT_MARKER);
}

pki_code
pki_state_check(const char *dir, pki_err *err)
{
	char path[PKI_PATH_MAX];
	struct stat st;
	pki_code rc;
	size_t i;

	if (lstat(dir, &st) != 0 && errno == ENOENT)
		return PKI_OK;
	if (stat(dir, &st) != 0)
		return pki_fail_errno(err, "look at %s", dir);
	if (!S_ISDIR(st.st_mode))
		return pki_fail(err, PKI_EXISTS, "%s is no directory", dir);
	if (st.st_uid != geteuid())
		return pki_refuse(err, PKI_DENIED, "file-owner",
		    "a directory of the user who runs this",
		    "%s of user %u", dir, (unsigned)st.st_uid);
	rc = pki_path_join(path, dir, PKI_INIT_MARKER, err);
	if (rc != PKI_OK)
		return rc;
	if (pki_file_exists(path))
		return check_leftovers(dir, err);
	for (i = 0; i < PKI_COUNT(leftovers); i++) {
		rc = pki_path_join(path, dir, leftovers[i], err);
		if (rc == PKI_OK && pki_file_exists(path))
			rc = pki_fail(err, PKI_EXISTS, "%s exists: there is a "
			    "CA in %s already, or the rest of one", path, dir);
		if (rc != PKI_OK)
			return rc;
	}
	return PKI_OK;
}

/* Where a directory is, or would be made. */
static bool
find_place(const char *dir, struct stat *at, char name[NAME_MAX + 1])
{
	char path[PKI_PATH_MAX];
	size_t len = strlen(dir);
	char *slash;

	name[0] = '\0';
	if (stat(dir, at) == 0)
		return true;
	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (pki_text_format(path, sizeof(path), NULL, "./%.*s", (int)len,
	    dir) != PKI_OK)
		return false;
	slash = strrchr(dir[0] == '/' ? path + 2 : path, '/');
	if (pki_text_format(name, NAME_MAX + 1, NULL, "%s", slash + 1) !=
	    PKI_OK)
		return false;
	slash[1] = '\0';
	return stat(dir[0] == '/' ? path + 2 : path, at) == 0;
}

bool
pki_state_same(const char *a, const char *b)
{
	char a_name[NAME_MAX + 1], b_name[NAME_MAX + 1];
	struct stat a_at, b_at;

	return strcmp(a, b) == 0 || (find_place(a, &a_at, a_name) &&
	    find_place(b, &b_at, b_name) && a_at.st_dev == b_at.st_dev &&
	    a_at.st_ino == b_at.st_ino && strcmp(a_name, b_name) == 0);
}

/* The conf directory's templates, or where new ones come from. */
static pki_code
find_templates(const char *conf_dir, const char *templates_dir,
    char out[PKI_PATH_MAX], pki_err *err)
{
	pki_code rc = pki_path_join(out, conf_dir, "templates", err);

	if (rc != PKI_OK || pki_file_exists(out))
		return rc;
	if (templates_dir == NULL || !pki_file_exists(templates_dir))
		return pki_fail(err, PKI_NOT_FOUND, "there are no templates in "
		    "%s, and none to copy in %s", out,
		    templates_dir == NULL ? "(nowhere)" : templates_dir);
	return pki_text_format(out, PKI_PATH_MAX, err, "%s", templates_dir);
}

pki_code
pki_state_profiles(const char *conf_dir, const char *templates_dir,
    pki_profiles **out, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = find_templates(conf_dir, templates_dir, path, err);

	return rc == PKI_OK ? pki_profiles_load(path, out, err) : rc;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static pki_code
remove_leftovers(const pki_ca *ca, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < PKI_COUNT(leftovers) && rc == PKI_OK; i++) {
		rc = pki_ca_path(ca, path, err, "%s", leftovers[i]);
		if (rc == PKI_OK && pki_file_exists(path) &&
		    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
			rc = pki_fail_errno(err, "remove %s", path);
	}
	return rc;
}

static pki_code
copy_template(const char *from_dir, const char *to_dir, const char *name,
    pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;
	char from[PKI_PATH_MAX], to[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_path_join(from, from_dir, name, err);
	if (rc == PKI_OK)
		rc = pki_path_join(to, to_dir, name, err);
	if (rc == PKI_OK)
		rc = pki_file_read(from, TEMPLATE_MAX, PKI_FILE_ANY, &text,
		    err);
	if (rc == PKI_OK)
		rc = pki_file_replace(to, pki_buf_bytes(text), 0644, err);
	return rc;
}

static pki_code
copy_all(const char *from, const char *to, pki_err *err)
{
	DIR *dir = opendir(from);
	const struct dirent *entry;
	pki_code rc = PKI_OK;

	if (dir == NULL)
		return pki_fail_errno(err, "read %s", from);
	while (rc == PKI_OK && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] != '.' && len > strlen(".conf") &&
		    strcmp(entry->d_name + len - strlen(".conf"), ".conf") == 0)
			rc = copy_template(from, to, entry->d_name, err);
	}
	closedir(dir);
	return rc;
}

/* All templates appear at once: half a policy would refuse half a fleet. */
static pki_code
put_templates(const pki_ca *ca, const char *from, pki_err *err)
{
	char to[PKI_PATH_MAX], temp[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_path_join(to, ca->conf_dir, "templates", err);
	if (rc != PKI_OK || pki_file_exists(to))
		return rc;
	rc = pki_path_join(temp, ca->conf_dir, "templates.new", err);
	if (rc == PKI_OK)
		rc = pki_dir_make(temp, 0755, err);
	if (rc == PKI_OK)
		rc = copy_all(from, temp, err);
	if (rc == PKI_OK && rename(temp, to) != 0)
		rc = pki_fail_errno(err, "rename %s", temp);
	return rc == PKI_OK ? pki_dir_sync(ca->conf_dir, err) : rc;
}

static pki_code
put_config(const pki_ca *ca, const pki_state *state, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_path_join(path, ca->conf_dir, "pki.conf", err);
	if (rc != PKI_OK || pki_file_exists(path))
		return rc;
	pki_config_print(state->base_url == NULL ? DEFAULT_URL :
	    state->base_url, state->crl_form < 0 ? PKI_CRL_FULL :
	    (pki_crl_form)state->crl_form, text);
	rc = pki_buf_check(text, err);
	return rc == PKI_OK ?
	    pki_file_replace(path, pki_buf_bytes(text), 0644, err) : rc;
}

static pki_code
put_folders(const pki_ca *ca, pki_err *err)
{
	static const struct folder {
		const char *name;
		mode_t      mode;
	} folders[] = {
		{ "keys", 0700 },
		{ "public", 0755 },
	};
	char path[PKI_PATH_MAX];
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < PKI_COUNT(folders) && rc == PKI_OK; i++) {
		rc = pki_ca_path(ca, path, err, "%s", folders[i].name);
		if (rc == PKI_OK)
			rc = pki_dir_make(path, folders[i].mode, err);
	}
	return rc;
}

static pki_code
put_store(pki_ca *ca, pki_err *err)
{
	const pki_floor floor = {
		.time = pki_clock_now(ca->clock), .epoch = 1,
	};
	char path[PKI_PATH_MAX], url[PKI_PATH_MAX + 8];
	pki_code rc;

	rc = pki_ca_path(ca, path, err, "floor");
	if (rc == PKI_OK)
		rc = pki_floor_write(path, &floor, err);
	snprintf(url, sizeof(url), "sqlite:%s", ca->state_dir);
	if (rc == PKI_OK)
		rc = pki_store_create(url, &ca->store, err);
	return rc;
}

/*
 * One init at a time: another one would take this one's files for leftovers.
 * Who gets the lock looks again whether somebody else has finished meanwhile.
 * The file is ours alone (a directory can be locked by all who may read it),
 * and goes with its holder: one that was gone already locks nobody out.
 */
static pki_code
lock_state(pki_ca *ca, pki_err *err)
{
	char path[PKI_PATH_MAX];
	struct stat ours, now;
	pki_code rc = pki_ca_path(ca, path, err, INIT_LOCK);
	int fd;

	if (rc != PKI_OK)
		return rc;
	errno = 0;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return pki_fail_errno(err, "make %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 &&
	    lstat(path, &now) == 0 && ours.st_ino == now.st_ino &&
	    ours.st_dev == now.st_dev) {
		ca->init_lock = fd;
		return pki_state_check(ca->state_dir, err);
	}
	rc = errno == EWOULDBLOCK || errno == ENOENT || errno == 0 ?
	    pki_fail(err, PKI_BUSY, "another init is at work in %s",
	    ca->state_dir) : pki_fail_errno(err, "lock %s", path);
	close(fd);
	return rc;
}

void
pki_state_unlock(pki_ca *ca)
{
	char path[PKI_PATH_MAX];

	if (ca->init_lock < 0)
		return;
	if (pki_ca_path(ca, path, NULL, INIT_LOCK) == PKI_OK)
		unlink(path);
	close(ca->init_lock);
	ca->init_lock = -1;
}

/* The marker first, durably. */
static pki_code
begin_state(pki_ca *ca, pki_err *err)
{
	static const char note[] =
	    "pki-ctl init is at work here, or was cut off: run it again.\n";
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_dir_make(ca->state_dir, 0711, err);
	if (rc == PKI_OK)
		rc = lock_state(ca, err);
	/* A package brings its settings, which are root's. */
	if (rc == PKI_OK && !pki_file_exists(ca->conf_dir))
		rc = pki_dir_make(ca->conf_dir, 0755, err);
	if (rc == PKI_OK)
		rc = pki_ca_path(ca, path, err, PKI_INIT_MARKER);
	if (rc == PKI_OK)
		rc = pki_file_replace(path, PKI_BYTES_TEXT(note), 0600, err);
	return rc;
}

/* From here on what fails is ours to remove. */
static pki_code
fill_state(pki_ca *ca, const pki_state *state, const char *templates,
    pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = remove_leftovers(ca, err);
	if (rc == PKI_OK)
		rc = put_folders(ca, err);
	if (rc == PKI_OK)
		rc = put_config(ca, state, err);
	if (rc == PKI_OK)
		rc = put_templates(ca, templates, err);
	if (rc == PKI_OK)
		rc = pki_path_join(path, ca->conf_dir, "pki.conf", err);
	if (rc == PKI_OK)
		rc = pki_config_load(path, &ca->config, err);
	if (rc == PKI_OK)
		rc = put_store(ca, err);
	return rc;
}

void
pki_state_abandon(pki_ca *ca)
{
	char path[PKI_PATH_MAX];

	pki_store_free(PKI_TAKE(ca->store));
	/* While anything is left, so is the marker. */
	if (remove_leftovers(ca, NULL) == PKI_OK &&
	    pki_ca_path(ca, path, NULL, PKI_INIT_MARKER) == PKI_OK)
		unlink(path);
}

pki_code
pki_state_make(const pki_state *state, pki_ca **out, pki_err *err)
{
	const pki_ca_options options = {
		.state_dir = state->dir, .conf_dir = state->conf_dir,
		.clock = state->clock,
	};
	PKI_AUTO(pki_ca) ca = NULL;
	char templates[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_ca_prepare(&options, &ca, err);
	if (rc == PKI_OK)
		rc = find_templates(ca->conf_dir, state->templates_dir,
		    templates, err);
	if (rc == PKI_OK)
		rc = begin_state(ca, err);
	if (rc != PKI_OK)
		return rc;
	rc = fill_state(ca, state, templates, err);
	if (rc != PKI_OK) {
		pki_state_abandon(ca);
		return rc;
	}
	*out = PKI_TAKE(ca);
	return PKI_OK;
}

pki_code
pki_state_finish(pki_ca *ca, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = pki_ca_path(ca, path, err, PKI_INIT_MARKER);

	if (rc == PKI_OK && unlink(path) != 0)
		rc = pki_fail_errno(err, "remove %s", path);
	return rc == PKI_OK ? pki_dir_sync(ca->state_dir, err) : rc;
}
