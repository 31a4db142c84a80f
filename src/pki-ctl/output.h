#ifndef PKI_CTL_OUTPUT_H
#define PKI_CTL_OUTPUT_H

/*
 * A file that a command makes where the caller asked, with the caller's
 * rights and as his: it is prepared before the work, appears whole after it,
 * and can be taken back when the work fails later.
 */

#include "pki-ctl/session.h"

typedef struct output output;

/* For --dry-run: what output_begin would say, but nothing is made. */
PKI_CHECKED pki_code output_check(struct session *s, const char *path,
    mode_t mode, pki_file_clash clash);
/*
 * PKI_DENIED (managed-file), PKI_EXISTS (clash), PKI_BAD_INPUT, PKI_SYSTEM:
 * nothing can be written there.
 */
PKI_CHECKED pki_code output_begin(struct session *s, const char *path,
    mode_t mode, pki_file_clash clash, output **out);
PKI_CHECKED pki_code output_commit(output *file, pki_bytes bytes,
    pki_err *err);
/*
 * The same, but until it is freed it can be undone: the file goes, and one
 * that it replaced is back.  That needs a file system with hard links.
 */
PKI_CHECKED pki_code output_commit_for_now(output *file, pki_bytes bytes,
    pki_err *err);
void output_undo(output *file);
void output_free(output *file);
PKI_DEFINE_CLEANUP(output)

#endif
