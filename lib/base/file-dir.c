#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

/* A descriptor that closes itself. */
static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define AUTO_FD __attribute__((cleanup(close_fd))) int

pki_code
pki_dir_sync(const char *path, pki_err *err)
{
	AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return pki_fail_errno(err, "sync directory %s", path);
	return PKI_OK;
}

/* The directory itself, not what its name means a moment later. */
static pki_code
open_dir(const char *path, int *out, struct stat *st, pki_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return pki_fail(err, PKI_EXISTS,
		    "%s exists and is no directory", path);
	if (fd < 0 || fstat(fd, st) != 0) {
		pki_code rc = pki_fail_errno(err, "look at %s", path);

		close(fd);
		return rc;
	}
	*out = fd;
	return PKI_OK;
}

pki_code
pki_dir_check(const char *path, pki_err *err)
{
	AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return pki_fail(err, PKI_NOT_FOUND, "%s does not exist", path);
	if (fd < 0 || fstat(fd, &st) != 0)
		return pki_fail_errno(err, "open directory %s", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return pki_refuse(err, PKI_DENIED, "file-owner",
		    "a directory of this user or root", "%s of user %u", path,
		    (unsigned)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return pki_refuse(err, PKI_DENIED, "file-mode",
		    "a directory that no group and no others can write: "
		    "chmod go-w", "%s mode %04o", path,
		    (unsigned)(st.st_mode & 07777));
	return PKI_OK;
}

pki_code
pki_dir_make(const char *path, mode_t mode, pki_err *err)
{
	char parent[PKI_PATH_MAX];
	bool made = mkdir(path, 0700) == 0;
	struct stat st;
	pki_code rc;
	int fd = -1;

	if (!made && errno != EEXIST)
		return pki_fail_errno(err, "make directory %s", path);
	rc = open_dir(path, &fd, &st, err);
	if (rc != PKI_OK)
		return rc;
	if (!made)
		mode = st.st_mode & 07777 & ~(mode_t)(S_IWGRP | S_IWOTH);
	if (st.st_uid != geteuid())
		rc = pki_refuse(err, PKI_DENIED, "file-owner",
		    "a directory of the user who runs this",
		    "%s of user %u", path, (unsigned)st.st_uid);
	else if ((st.st_mode & 07777) != mode && fchmod(fd, mode) != 0)
		rc = pki_fail_errno(err, "set the mode of %s", path);
	close(fd);
	if (rc == PKI_OK && made)
		rc = pki_path_dir(parent, path, err);
	return rc == PKI_OK && made ? pki_dir_sync(parent, err) : rc;
}

/* A symbolic link under a name that nobody has, beside path. */
static pki_code
make_link(const char *path, const char *dir, const char *target,
    char temp[PKI_PATH_MAX], pki_err *err)
{
	const char *slash = strrchr(path, '/');
	pki_code rc;

	for (int tries = 0; tries < 100; tries++) {
		rc = pki_text_format(temp, PKI_PATH_MAX, err,
		    "%s/.%s.%d-%d.tmp", dir, slash == NULL ? path : slash + 1,
		    (int)getpid(), tries);
		if (rc != PKI_OK)
			return rc;
		if (symlink(target, temp) == 0)
			return PKI_OK;
		if (errno != EEXIST)
			break;
	}
	return pki_fail_errno(err, "cannot write in %s", dir);
}

pki_code
pki_link_replace(const char *path, const char *target, pki_err *err)
{
	char dir[PKI_PATH_MAX], temp[PKI_PATH_MAX];
	pki_code rc = pki_path_dir(dir, path, err);

	if (rc == PKI_OK)
		rc = make_link(path, dir, target, temp, err);
	if (rc != PKI_OK)
		return rc;
	if (rename(temp, path) != 0) {
		rc = pki_fail_errno(err, "rename to %s", path);
		unlink(temp);
		return rc;
	}
	return pki_dir_sync(dir, err);
}

/* ".cert.pem.1234-0.tmp", as a writer's temporary files are called. */
static bool
is_temporary(const char *name)
{
	static const char end[] = ".tmp";
	size_t len = strlen(name);

	return name[0] == '.' && len > sizeof(end) &&
	    strcmp(name + len - strlen(end), end) == 0;
}

pki_code
pki_dir_sweep(const char *path, pki_err *err)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	pki_code rc = PKI_OK;

	if (dir == NULL)
		return pki_fail_errno(err, "open directory %s", path);
	while (rc == PKI_OK && (entry = readdir(dir)) != NULL)
		if (is_temporary(entry->d_name) &&
		    unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			rc = pki_fail_errno(err, "remove %s/%s", path,
			    entry->d_name);
	closedir(dir);
	return rc;
}
