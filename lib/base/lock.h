#ifndef PKI_BASE_LOCK_H
#define PKI_BASE_LOCK_H

/*
 * A lock between processes and threads: flock(2) on a file, with a mutex of
 * the process in front of it.  The kernel drops it when its holder dies.
 *
 * Waiting blocks in the kernel, in line, up to a limit; it never polls, since
 * who polls starves behind who waits.  While it is held, SIGINT and SIGTSTP
 * wait: a stopped or half-interrupted holder would stop everyone.
 */

#include "base/auto.h"
#include "base/err.h"

#include <stdint.h>

PKI_BEGIN_DECLS

typedef struct pki_lock pki_lock;

/* Open (make, mode 0600) the lock file.  PKI_DENIED, PKI_SYSTEM. */
PKI_CHECKED pki_code pki_lock_open(const char *path, pki_lock **out,
    pki_err *err);
void pki_lock_free(pki_lock *lock);
PKI_DEFINE_CLEANUP(pki_lock)

/* Wait at most wait_ms for the lock.  PKI_BUSY when it was not had. */
PKI_CHECKED pki_code pki_lock_take(pki_lock *lock, int64_t wait_ms,
    pki_err *err);
void pki_lock_drop(pki_lock *lock);

PKI_END_DECLS

#endif
