#ifndef PKI_BASE_FILE_H
#define PKI_BASE_FILE_H

/*
 * Files: read with a limit, written whole or not at all.
 *
 * Every open is O_CLOEXEC; none follows a symbolic link in its last
 * component when it reads secrets or writes.  Errors name path and cause.
 */

#include "base/buf.h"

#include <sys/types.h>

PKI_BEGIN_DECLS

/* What is asked of a file before it is read. */
typedef enum pki_file_trust {
	PKI_FILE_ANY,           /* any regular file */
	/* Of us or root, written by none but us; for root no symbolic link. */
	PKI_FILE_OURS,
	PKI_FILE_SECRET,        /* owned by us, no group or other bits at all */
} pki_file_trust;

/*
 * Read all of a regular file (or, with PKI_FILE_ANY, of a pipe such as
 * /dev/stdin) of at most max_bytes.  PKI_NOT_FOUND, PKI_DENIED (trust),
 * PKI_BAD_INPUT (too large, not a file), PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_file_read(const char *path, size_t max_bytes,
    pki_file_trust trust, pki_buf **out, pki_err *err);

/* The same from an open descriptor, which stays open. */
PKI_CHECKED pki_code pki_file_read_fd(int fd, const char *what,
    size_t max_bytes, pki_buf **out, pki_err *err);

/*
 * Replace path by bytes, whole or not at all: a temporary file in the same
 * directory, fsync, rename, fsync of the directory.  mode is exact.
 */
PKI_CHECKED pki_code pki_file_replace(const char *path, pki_bytes bytes,
    mode_t mode, pki_err *err);

/*
 * A file that is prepared, then appears at once.  begin finds out early
 * whether the directory can be written; commit puts the bytes and makes the
 * file appear durably; free without commit leaves nothing behind.
 */
typedef struct pki_file_new pki_file_new;

typedef enum pki_file_clash {
	PKI_FILE_REPLACE,       /* an existing file is replaced */
	PKI_FILE_KEEP,          /* an existing file is PKI_EXISTS */
} pki_file_clash;

PKI_CHECKED pki_code pki_file_begin(const char *path, mode_t mode,
    pki_file_clash clash, pki_file_new **out, pki_err *err);
/* Have len octets of disk ready: write and commit will not lack them. */
PKI_CHECKED pki_code pki_file_reserve(pki_file_new *file, size_t len,
    pki_err *err);
PKI_CHECKED pki_code pki_file_write(pki_file_new *file, pki_bytes bytes,
    pki_err *err);
/* Who owns the file when it appears.  PKI_SYSTEM: not ours to give. */
PKI_CHECKED pki_code pki_file_give(const pki_file_new *file, uid_t owner,
    gid_t group, pki_err *err);
/* Overwrite octets written before; what goes beyond them is appended. */
PKI_CHECKED pki_code pki_file_patch(pki_file_new *file, off_t at,
    pki_bytes bytes, pki_err *err);
/* Write the contents of another file, a block at a time.  PKI_NOT_FOUND. */
PKI_CHECKED pki_code pki_file_write_from(pki_file_new *file, const char *path,
    pki_err *err);
/* Move all from there on to another place. */
PKI_CHECKED pki_code pki_file_move(pki_file_new *file, off_t from, off_t to,
    pki_err *err);
/* A descriptor of its own to read back what was written, and no more. */
PKI_CHECKED pki_code pki_file_reopen(const pki_file_new *file, int *out,
    pki_err *err);
/* A hint: what was written goes to the disk while other work is done. */
void pki_file_start_sync(const pki_file_new *file);
/* Make the contents durable before the file appears: what fails, fails now. */
PKI_CHECKED pki_code pki_file_sync(pki_file_new *file, pki_err *err);
PKI_CHECKED pki_code pki_file_commit(pki_file_new *file, pki_err *err);
void pki_file_new_free(pki_file_new *file);
PKI_DEFINE_CLEANUP(pki_file_new)

/*
 * Make path a symbolic link to target, whatever link or file it was: at once
 * and durably, by one rename.  PKI_BAD_INPUT (too long), PKI_SYSTEM: path is
 * what it was, unless the last step, the fsync of its directory, failed.
 */
PKI_CHECKED pki_code pki_link_replace(const char *path, const char *target,
    pki_err *err);

/*
 * Remove what a writer that was cut off left in a directory: the temporary
 * files of pki_file_begin and pki_link_replace.  Only where nobody else
 * writes.  PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_dir_sweep(const char *path, pki_err *err);

/*
 * Make a directory with exactly this mode.  One that exists must be a
 * directory of ours; group and others lose the right to write, and no more of
 * its mode is changed.  PKI_EXISTS (something else), PKI_DENIED, PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_dir_make(const char *path, mode_t mode, pki_err *err);

/*
 * Whoever may write to a directory may put another file in a file's place.
 * PKI_DENIED: rule "file-owner" unless it is ours or root's, rule "file-mode"
 * when group or others can write; PKI_NOT_FOUND; PKI_SYSTEM: it cannot be
 * read.
 */
PKI_CHECKED pki_code pki_dir_check(const char *path, pki_err *err);

/* fsync a directory, so that a rename or unlink in it is durable. */
PKI_CHECKED pki_code pki_dir_sync(const char *path, pki_err *err);

bool pki_file_exists(const char *path);

/* dir + "/" + name, in a buffer of PKI_PATH_MAX.  PKI_BAD_INPUT: too long. */
#define PKI_PATH_MAX 1024
PKI_CHECKED pki_code pki_path_join(char out[PKI_PATH_MAX], const char *dir,
    const char *name, pki_err *err);

/* The directory part of path: "." when there is none.  PKI_BAD_INPUT. */
PKI_CHECKED pki_code pki_path_dir(char out[PKI_PATH_MAX], const char *path,
    pki_err *err);

PKI_END_DECLS

#endif
