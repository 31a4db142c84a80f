#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki-enroll/slots-private.h"

#define READERS (S_IRGRP | S_IROTH)
#define WRITERS (S_IWGRP | S_IWOTH)

static pki_code
check_owner(const enroll_slots *slots, const char *path, const struct stat *st,
    pki_err *err)
{
	if (!S_ISREG(st->st_mode))
		return pki_fail(err, PKI_BAD_INPUT, "%s is no regular file",
		    path);
	if (st->st_uid != slots->home && st->st_uid != 0 &&
	    st->st_uid != slots->options.owner)
		return pki_refuse(err, PKI_DENIED, "file-owner",
		    "a file of the directory's owner or of the configured one",
		    "%s of user %u", path, (unsigned)st->st_uid);
	if ((st->st_mode & WRITERS) != 0)
		return pki_refuse(err, PKI_DENIED, "file-mode",
		    "not writable by group and others: chmod go-w",
		    "%s mode %04o", path, (unsigned)(st->st_mode & 07777));
	return PKI_OK;
}

/* Who can read a file with a key, and is not meant to. */
static mode_t
exposed_bits(const enroll_slots *slots, const struct stat *st)
{
	mode_t meant = slots->options.mode;

	if (st->st_gid != slots->options.group)
		meant &= ~(mode_t)S_IRWXG;
	return st->st_mode & READERS & ~meant;
}

pki_code
slots_read(const enroll_slots *slots, const char *path, size_t max_bytes,
    mode_t *out_exposed, pki_buf **out, pki_err *err)
{
	int fd = open(path,
	    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	pki_code rc;

	if (fd < 0 && errno == ENOENT)
		return pki_fail(err, PKI_NOT_FOUND, "%s does not exist", path);
	if (fd < 0 && errno == ELOOP)
		return pki_refuse(err, PKI_DENIED, "file-link",
		    "the file itself, no symbolic link", "%s", path);
	if (fd < 0 && errno == EACCES && slots->looks) {
		*out = NULL;
		return PKI_OK;
	}
	if (fd < 0)
		return pki_fail_errno(err, "open %s", path);
	rc = fstat(fd, &st) != 0 ? pki_fail_errno(err, "open %s", path) :
	    check_owner(slots, path, &st, err);
	if (rc == PKI_OK)
		rc = pki_file_read_fd(fd, path, max_bytes, out, err);
	close(fd);
	if (rc == PKI_OK && out_exposed != NULL)
		*out_exposed = exposed_bits(slots, &st);
	return rc;
}

pki_code
slots_write_secret(const enroll_slots *slots, const char *path, pki_bytes bytes,
    pki_err *err)
{
	PKI_AUTO(pki_file_new) file = NULL;
	pki_code rc;

	rc = pki_file_begin(path, slots->options.mode, PKI_FILE_REPLACE, &file,
	    err);
	if (rc == PKI_OK)
		rc = pki_file_give(file, slots->options.owner,
		    slots->options.group, err);
	if (rc == PKI_OK)
		rc = pki_file_write(file, bytes, err);
	return rc == PKI_OK ? pki_file_commit(file, err) : rc;
}

pki_code
slots_write_public(const enroll_slots *slots, const char *path, pki_bytes bytes,
    pki_err *err)
{
	(void)slots;
	return pki_file_replace(path, bytes, 0644, err);
}

pki_code
slots_remove(const char *path, pki_err *err)
{
	return unlink(path) == 0 || errno == ENOENT ? PKI_OK :
	    pki_fail_errno(err, "remove %s", path);
}

/* Others may pass through, and see no names, when a consumer is another. */
static mode_t
dir_mode(const enroll_slots *slots)
{
	return slots->options.owner == slots->home &&
	    (slots->options.mode & READERS) == 0 ? 0700 : 0711;
}

pki_code
slots_make_dir(const enroll_slots *slots, const char *path, pki_err *err)
{
	mode_t mode = dir_mode(slots);
	struct stat st;
	pki_code rc = pki_dir_make(path, mode, err);
	int fd;

	if (rc != PKI_OK)
		return rc;
	/* One that was there kept its mode; the configuration may be new. */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return pki_fail_errno(err, "open directory %s", path);
	if (fstat(fd, &st) != 0 ||
	    ((st.st_mode & 07777) != mode && fchmod(fd, mode) != 0))
		rc = pki_fail_errno(err, "set the mode of %s", path);
	close(fd);
	return rc;
}

pki_code
slots_settle_file(const enroll_slots *slots, const char *path, pki_err *err)
{
	const slots_options *want = &slots->options;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	pki_code rc = PKI_OK;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? PKI_OK :
		    pki_fail_errno(err, "open %s", path);
	if (fstat(fd, &st) != 0)
		rc = pki_fail_errno(err, "open %s", path);
	/* The mode last: a change of owner is no moment to be read by more. */
	else if (((st.st_uid != want->owner || st.st_gid != want->group) &&
	    fchown(fd, want->owner, want->group) != 0) ||
	    ((st.st_mode & 07777) != want->mode &&
	    fchmod(fd, want->mode) != 0))
		rc = pki_fail_errno(err, "change owner and mode of %s", path);
	close(fd);
	return rc;
}
