#include "pki-ctl/output.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki-ctl/managed.h"

/* More than any key or certificate chain: kept ready before issuing. */
#define OUTPUT_RESERVE (64 * 1024)

struct output {
	struct session *session;
	pki_file_new   *file;           /* until committed */
	char            path[PKI_PATH_MAX];
	char            old[PKI_PATH_MAX];      /* what it replaced, or "" */
	bool            committed;
};

/* The old file keeps a second name until all is done. */
static pki_code
keep_old(output *file, pki_err *err)
{
	const char *slash = strrchr(file->path, '/');
	int dir_len = slash == NULL ? 0 : (int)(slash - file->path) + 1;
	char name[PKI_PATH_MAX];
	pki_code rc;

	if (!pki_file_exists(file->path))
		return PKI_OK;
	rc = pki_text_format(name, sizeof(name), err, "%.*s.%s.%d.old",
	    dir_len, file->path, file->path + dir_len, (int)getpid());
	if (rc != PKI_OK)
		return rc;
	if (link(file->path, name) != 0)
		return pki_fail_errno(err, "keep %s until it is replaced",
		    file->path);
	memcpy(file->old, name, sizeof(file->old));
	return PKI_OK;
}

/* Is name one that keep_old() gave to what stood at base? */
static bool
is_old(const char *name, const char *base)
{
	size_t len = strlen(base), digits;

	if (name[0] != '.' || strncmp(name + 1, base, len) != 0 ||
	    name[1 + len] != '.')
		return false;
	name += len + 2;
	digits = strspn(name, "0123456789");
	return digits > 0 && strcmp(name + digits, ".old") == 0;
}

/* A command that was killed while it replaced a key leaves the old one. */
static void
say_old_keys(const struct session *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	const struct dirent *entry;
	char dir[PKI_PATH_MAX], old[2 * PKI_PATH_MAX], shown[PKI_PATH_MAX];
	DIR *files;

	if (pki_path_dir(dir, path, NULL) != PKI_OK ||
	    (files = opendir(dir)) == NULL)
		return;
	while ((entry = readdir(files)) != NULL) {
		if (!is_old(entry->d_name, base))
			continue;
		snprintf(old, sizeof(old), "%.*s%s", (int)(base - path), path,
		    entry->d_name);
		cli_say(s->cli, "warning: %s is a key that was being "
		    "replaced: put it back, or remove it",
		    pki_text_escape(pki_bytes_text(old), shown,
		    sizeof(shown)));
	}
	closedir(files);
}

/*
 * What stands there may go?  A device, a pipe or a link would turn into a
 * file, and nobody means to lose a key by naming it where a certificate goes.
 */
static pki_code
check_place(struct session *s, const char *path, mode_t mode)
{
	PKI_AUTO(pki_buf) text = NULL;
	pki_err *err = s->err;
	struct stat st;
	pki_code rc;

	rc = managed_check(s, path, err);
	if (rc == PKI_OK && (mode & 077) == 0)
		say_old_keys(s, path);
	if (rc != PKI_OK || lstat(path, &st) != 0)
		return rc;
	if (S_ISDIR(st.st_mode))
		return pki_fail(err, PKI_BAD_INPUT,
		    "%s is a directory, wants the name of a file", path);
	if (!S_ISREG(st.st_mode))
		return pki_fail(err, PKI_BAD_INPUT,
		    "%s is no regular file and is not replaced", path);
	if ((mode & 077) == 0)          /* a key for a key: --force */
		return PKI_OK;
	if (pki_file_read(path, OUTPUT_RESERVE, PKI_FILE_ANY, &text, NULL) !=
	    PKI_OK || !pki_key_is_in(pki_buf_bytes(text)))
		return PKI_OK;
	return pki_fail(err, PKI_EXISTS,
	    "%s holds a private key and is not replaced", path);
}

static pki_code
check_all(struct session *s, const char *path, mode_t mode,
    pki_file_clash clash)
{
	char dir[PKI_PATH_MAX];
	pki_code rc = check_place(s, path, mode);

	if (rc == PKI_OK && clash == PKI_FILE_KEEP && pki_file_exists(path))
		return pki_fail(s->err, PKI_EXISTS, "%s exists", path);
	if (rc == PKI_OK)
		rc = pki_path_dir(dir, path, s->err);
	if (rc == PKI_OK &&
	    faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) != 0)
		rc = pki_fail_errno(s->err, "cannot write in %s", dir);
	return rc;
}

pki_code
output_check(struct session *s, const char *path, mode_t mode,
    pki_file_clash clash)
{
	pki_code rc, back;

	rc = owner_leave(&s->owner, s->err);
	if (rc != PKI_OK)
		return rc;
	rc = check_all(s, path, mode, clash);
	back = owner_become(&s->owner, rc == PKI_OK ? s->err : NULL);
	return rc == PKI_OK ? back : rc;
}

pki_code
output_begin(struct session *s, const char *path, mode_t mode,
    pki_file_clash clash, output **out)
{
	PKI_AUTO(output) file = calloc(1, sizeof(*file));
	pki_code rc, back;

	if (file == NULL)
		return pki_fail_memory(s->err);
	file->session = s;
	rc = pki_text_format(file->path, sizeof(file->path), s->err, "%s",
	    path);
	if (rc == PKI_OK)
		rc = owner_leave(&s->owner, s->err);
	if (rc != PKI_OK)
		return rc;
	rc = check_place(s, path, mode);
	if (rc == PKI_OK)
		rc = pki_file_begin(path, mode, clash, &file->file, s->err);
	if (rc == PKI_OK)
		rc = pki_file_reserve(file->file, OUTPUT_RESERVE, s->err);
	back = owner_become(&s->owner, rc == PKI_OK ? s->err : NULL);
	if (rc == PKI_OK)
		rc = back;
	if (rc == PKI_OK)
		*out = PKI_TAKE(file);
	return rc;
}

pki_code
output_commit(output *file, pki_bytes bytes, pki_err *err)
{
	const struct owner *owner = &file->session->owner;
	pki_code rc, back;

	rc = pki_file_write(file->file, bytes, err);
	if (rc == PKI_OK)
		rc = owner_leave(owner, err);
	if (rc != PKI_OK)
		return rc;
	rc = pki_file_commit(file->file, err);
	file->committed = rc == PKI_OK;
	back = owner_become(owner, rc == PKI_OK ? err : NULL);
	return rc == PKI_OK ? back : rc;
}

pki_code
output_commit_for_now(output *file, pki_bytes bytes, pki_err *err)
{
	const struct owner *owner = &file->session->owner;
	pki_code rc, back;

	rc = owner_leave(owner, err);
	if (rc != PKI_OK)
		return rc;
	rc = keep_old(file, err);
	back = owner_become(owner, rc == PKI_OK ? err : NULL);
	if (rc == PKI_OK)
		rc = back;
	return rc == PKI_OK ? output_commit(file, bytes, err) : rc;
}

void
output_undo(output *file)
{
	const struct owner *owner = &file->session->owner;

	if (!file->committed || owner_leave(owner, NULL) != PKI_OK)
		return;
	if (file->old[0] != '\0' ? rename(file->old, file->path) == 0 :
	    unlink(file->path) == 0)
		file->old[0] = '\0';
	file->committed = false;
	/* Never go on with rights that were meant for this file only. */
	if (owner_become(owner, NULL) != PKI_OK)
		abort();
}

void
output_free(output *file)
{
	if (file == NULL)
		return;
	if (owner_leave(&file->session->owner, NULL) == PKI_OK) {
		pki_file_new_free(file->file);
		if (file->old[0] != '\0')
			unlink(file->old);
	}
	if (owner_become(&file->session->owner, NULL) != PKI_OK)
		abort();
	free(file);
}
