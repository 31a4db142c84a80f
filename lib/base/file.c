#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

/* What is copied at once, on the stack. */
#define BLOCK 65536
#define COPIED_AT_ONCE ((size_t)1 << 30)

/* A descriptor that closes itself. */
static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define AUTO_FD __attribute__((cleanup(close_fd))) int

bool
pki_file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

pki_code
pki_path_join(char out[PKI_PATH_MAX], const char *dir, const char *name,
    pki_err *err)
{
	return pki_text_format(out, PKI_PATH_MAX, err, "%s/%s", dir, name);
}

pki_code
pki_path_dir(char out[PKI_PATH_MAX], const char *path, pki_err *err)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return pki_text_format(out, PKI_PATH_MAX, err, ".");
	if (slash == path)
		return pki_text_format(out, PKI_PATH_MAX, err, "/");
	return pki_text_format(out, PKI_PATH_MAX, err, "%.*s",
	    (int)(slash - path), path);
}

static pki_code
check_trust(const char *path, const struct stat *st, pki_file_trust trust,
    pki_err *err)
{
	bool ours = st->st_uid == geteuid();
	mode_t others = st->st_mode & (S_IRWXG | S_IRWXO);

	if (trust == PKI_FILE_SECRET && !ours)
		return pki_refuse(err, PKI_DENIED, "file-owner",
		    "a file of the user who runs this", "%s of user %u", path,
		    (unsigned)st->st_uid);
	if (trust == PKI_FILE_SECRET && others != 0)
		return pki_refuse(err, PKI_DENIED, "file-mode",
		    "no access for group and others: chmod 600", "%s mode %04o",
		    path, (unsigned)(st->st_mode & 07777));
	if (trust == PKI_FILE_OURS && !ours && st->st_uid != 0)
		return pki_refuse(err, PKI_DENIED, "file-owner",
		    "one of this user or root", "%s of user %u", path,
		    (unsigned)st->st_uid);
	/* Where each user has a group of his own, files are born 0664. */
	if (trust == PKI_FILE_OURS && ((others & S_IWOTH) != 0 ||
	    ((others & S_IWGRP) != 0 && st->st_gid != getegid())))
		return pki_refuse(err, PKI_DENIED, "file-mode",
		    "not writable by others or a foreign group: chmod go-w",
		    "%s mode %04o", path, (unsigned)(st->st_mode & 07777));
	return PKI_OK;
}

pki_code
pki_file_read_fd(int fd, const char *what, size_t max_bytes, pki_buf **out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) buf = pki_buf_new();

	for (;;) {
		uint8_t *at = pki_buf_reserve(buf, 4096);
		ssize_t got;

		if (at == NULL)
			return pki_fail_memory(err);
		got = read(fd, at, 4096);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pki_fail_errno(err, "read %s", what);
		buf->len += (size_t)got;
		buf->data[buf->len] = '\0';
		if (buf->len > max_bytes)
			return pki_fail(err, PKI_BAD_INPUT,
			    "%s is larger than %zu octets", what, max_bytes);
		if (got == 0)
			break;
	}
	*out = PKI_TAKE(buf);
	return PKI_OK;
}

pki_code
pki_file_read(const char *path, size_t max_bytes, pki_file_trust trust,
    pki_buf **out, pki_err *err)
{
	/* root would follow where another points. */
	bool itself = trust == PKI_FILE_SECRET ||
	    (trust == PKI_FILE_OURS && geteuid() == 0);
	/* Where no pipe will do, opening one must not wait for its writer. */
	int how = (itself ? O_NOFOLLOW : 0) |
	    (trust == PKI_FILE_ANY ? 0 : O_NONBLOCK);
	AUTO_FD fd = -1;
	struct stat st;
	pki_code rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | how);
	if (fd < 0 && errno == ENOENT)
		return pki_fail(err, PKI_NOT_FOUND, "%s does not exist", path);
	if (fd < 0 && errno == ELOOP && itself)
		return pki_refuse(err, PKI_DENIED, "file-link",
		    "the file itself, no symbolic link", "%s", path);
	if (fd < 0 || fstat(fd, &st) != 0)
		return pki_fail_errno(err, "open %s", path);
	if (!S_ISREG(st.st_mode) &&
	    (trust != PKI_FILE_ANY || S_ISDIR(st.st_mode)))
		return pki_fail(err, PKI_BAD_INPUT, "%s is %s", path,
		    S_ISDIR(st.st_mode) ? "a directory, wants a file" :
		    "no regular file");
	rc = check_trust(path, &st, trust, err);
	if (rc != PKI_OK)
		return rc;
	return pki_file_read_fd(fd, path, max_bytes, out, err);
}

struct pki_file_new {
	char           path[PKI_PATH_MAX];
	char           temp[PKI_PATH_MAX];
	char           dir[PKI_PATH_MAX];
	pki_file_clash clash;
	mode_t         mode;
	int            fd;
	off_t          len;             /* written so far */
	bool           synced;
};

void
pki_file_new_free(pki_file_new *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0) {
		close(file->fd);
		unlink(file->temp);
	}
	free(file);
}

/* Create the temporary file beside path under a name nobody has. */
static pki_code
open_temp(pki_file_new *file, pki_err *err)
{
	const char *slash = strrchr(file->path, '/');
	const char *base = slash == NULL ? file->path : slash + 1;
	pki_code rc;
	int tries;

	for (tries = 0; tries < 100; tries++) {
		rc = pki_text_format(file->temp, sizeof(file->temp), err,
		    "%s/.%s.%d-%d.tmp", file->dir, base, (int)getpid(), tries);
		if (rc != PKI_OK)
			return rc;
		file->fd = open(file->temp,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (file->fd >= 0 || errno != EEXIST)
			break;
	}
	if (file->fd < 0)
		return pki_fail_errno(err, "cannot write in %s", file->dir);
	return PKI_OK;
}

pki_code
pki_file_begin(const char *path, mode_t mode, pki_file_clash clash,
    pki_file_new **out, pki_err *err)
{
	PKI_AUTO(pki_file_new) file = calloc(1, sizeof(*file));
	pki_code rc;

	if (file == NULL)
		return pki_fail_memory(err);
	file->fd = -1;
	file->clash = clash;
	file->mode = mode;
	rc = pki_text_format(file->path, sizeof(file->path), err, "%s", path);
	if (rc == PKI_OK)
		rc = pki_path_dir(file->dir, path, err);
	if (rc != PKI_OK)
		return rc;
	if (clash == PKI_FILE_KEEP && pki_file_exists(path))
		return pki_fail(err, PKI_EXISTS,
		    "%s exists and is not replaced", path);
	rc = open_temp(file, err);
	if (rc != PKI_OK)
		return rc;
	*out = PKI_TAKE(file);
	return PKI_OK;
}

pki_code
pki_file_reserve(pki_file_new *file, size_t len, pki_err *err)
{
	int rc = posix_fallocate(file->fd, 0, (off_t)len);

	/* A file system that cannot promise is no reason to refuse. */
	if (rc == 0 || rc == EOPNOTSUPP || rc == EINVAL)
		return PKI_OK;
	errno = rc;
	return pki_fail_errno(err, "write %s", file->path);
}

pki_code
pki_file_write(pki_file_new *file, pki_bytes bytes, pki_err *err)
{
	while (bytes.len != 0) {
		ssize_t put = write(file->fd, bytes.data, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return pki_fail_errno(err, "write %s", file->path);
		file->len += put;
		bytes.data += put;
		bytes.len -= (size_t)put;
	}
	return PKI_OK;
}

/* Where the next write goes, and what commit leaves. */
pki_code
pki_file_give(const pki_file_new *file, uid_t owner, gid_t group, pki_err *err)
{
	return fchown(file->fd, owner, group) == 0 ? PKI_OK :
	    pki_fail_errno(err, "give %s to user %u and group %u", file->path,
	    (unsigned)owner, (unsigned)group);
}

static pki_code
set_length(pki_file_new *file, off_t len, pki_err *err)
{
	if (lseek(file->fd, len, SEEK_SET) != len)
		return pki_fail_errno(err, "write %s", file->path);
	file->len = len;
	return PKI_OK;
}

pki_code
pki_file_patch(pki_file_new *file, off_t at, pki_bytes bytes, pki_err *err)
{
	while (bytes.len != 0) {
		ssize_t put = pwrite(file->fd, bytes.data, bytes.len, at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return pki_fail_errno(err, "write %s", file->path);
		bytes.data += put;
		bytes.len -= (size_t)put;
		at += put;
	}
	return at > file->len ? set_length(file, at, err) : PKI_OK;
}

/* Octets from one place to another, in the order that loses none. */
static pki_code
move_block(pki_file_new *file, off_t from, off_t to, size_t len, pki_err *err)
{
	uint8_t block[BLOCK];

	if (pread(file->fd, block, len, from) != (ssize_t)len)
		return pki_fail_errno(err, "read %s", file->path);
	return pki_file_patch(file, to, pki_bytes_of(block, len), err);
}

pki_code
pki_file_move(pki_file_new *file, off_t from, off_t to, pki_err *err)
{
	off_t len = file->len - from, done = 0;
	pki_code rc = PKI_OK;

	while (rc == PKI_OK && done < len && from != to) {
		size_t step = len - done < BLOCK ? (size_t)(len - done) : BLOCK;
		off_t at = to < from ? done : len - done - (off_t)step;

		rc = move_block(file, from + at, to + at, step, err);
		done += (off_t)step;
	}
	return rc == PKI_OK && to < from ?
	    set_length(file, to + len, err) : rc;
}

pki_code
pki_file_reopen(const pki_file_new *file, int *out, pki_err *err)
{
	int fd;

	/* What was reserved, or moved away, is not there. */
	if (ftruncate(file->fd, file->len) != 0)
		return pki_fail_errno(err, "write %s", file->path);
	fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return pki_fail_errno(err, "read %s", file->path);
	*out = fd;
	return PKI_OK;
}

/* By the kernel, as far as it can. */
static pki_code
copy_inside(pki_file_new *file, int from, pki_err *err)
{
	ssize_t put;

	while ((put = copy_file_range(from, NULL, file->fd, NULL,
	    COPIED_AT_ONCE, 0)) > 0)
		file->len += put;
	if (put < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
	    errno != EOPNOTSUPP)
		return pki_fail_errno(err, "write %s", file->path);
	return PKI_OK;
}

pki_code
pki_file_write_from(pki_file_new *file, const char *path, pki_err *err)
{
	AUTO_FD from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t block[BLOCK];
	ssize_t got;
	pki_code rc;

	if (from < 0 && errno == ENOENT)
		return pki_fail(err, PKI_NOT_FOUND, "%s does not exist", path);
	if (from < 0)
		return pki_fail_errno(err, "open %s", path);
	rc = copy_inside(file, from, err);
	while (rc == PKI_OK && (got = read(from, block, sizeof(block))) != 0) {
		if (got > 0)
			rc = pki_file_write(file,
			    pki_bytes_of(block, (size_t)got), err);
		else if (errno != EINTR)
			rc = pki_fail_errno(err, "read %s", path);
	}
	return rc;
}

/* Give the temporary file its name. */
static pki_code
name_file(pki_file_new *file, pki_err *err)
{
	if (file->clash == PKI_FILE_REPLACE) {
		if (rename(file->temp, file->path) != 0)
			return pki_fail_errno(err, "rename to %s", file->path);
		return PKI_OK;
	}
	/* link() refuses a name that appeared meanwhile; rename() would not. */
	if (link(file->temp, file->path) != 0) {
		if (errno == EEXIST)
			return pki_fail(err, PKI_EXISTS,
			    "%s exists and is not replaced", file->path);
		return pki_fail_errno(err, "create %s", file->path);
	}
	unlink(file->temp);
	return PKI_OK;
}

void
pki_file_start_sync(const pki_file_new *file)
{
	/* Nothing depends on it: what fails here, fails in fsync. */
	sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

pki_code
pki_file_sync(pki_file_new *file, pki_err *err)
{
	if (file->synced)
		return PKI_OK;
	if (fchmod(file->fd, file->mode) != 0 ||
	    ftruncate(file->fd, file->len) != 0 || fsync(file->fd) != 0)
		return pki_fail_errno(err, "write %s", file->path);
	file->synced = true;
	return PKI_OK;
}

pki_code
pki_file_commit(pki_file_new *file, pki_err *err)
{
	pki_code rc = pki_file_sync(file, err);

	if (rc == PKI_OK)
		rc = name_file(file, err);
	if (rc != PKI_OK)
		return rc;
	close(file->fd);
	file->fd = -1;
	return pki_dir_sync(file->dir, err);
}

pki_code
pki_file_replace(const char *path, pki_bytes bytes, mode_t mode, pki_err *err)
{
	PKI_AUTO(pki_file_new) file = NULL;
	pki_code rc;

	rc = pki_file_begin(path, mode, PKI_FILE_REPLACE, &file, err);
	if (rc == PKI_OK)
		rc = pki_file_write(file, bytes, err);
	if (rc == PKI_OK)
		rc = pki_file_commit(file, err);
	return rc;
}
