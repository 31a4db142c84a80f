#ifndef PKI_BASE_SANDBOX_PARTS_H
#define PKI_BASE_SANDBOX_PARTS_H

/*
 * The two steps of the sandbox that have tables of their own.  Each sets the
 * step's state and detail.
 */

#include "base/sandbox.h"

#if defined(__has_feature)
# if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#  define PKI_SANDBOX_SANITIZED 1
# endif
#endif
#if defined(PKI_SANITIZERS) || defined(__SANITIZE_ADDRESS__) || \
    defined(__SANITIZE_THREAD__)
# undef PKI_SANDBOX_SANITIZED
# define PKI_SANDBOX_SANITIZED 1
#endif

PKI_CHECKED pki_code pki_sandbox_landlock(pki_sandbox *sandbox,
    const pki_sandbox_path *paths, size_t count, pki_err *err);
PKI_CHECKED pki_code pki_sandbox_seccomp(pki_sandbox *sandbox, pki_err *err);

void pki_sandbox_set(pki_sandbox *sandbox, pki_sandbox_step step,
    pki_sandbox_state state, const char *fmt, ...) PKI_PRINTF(4, 5);

#endif
