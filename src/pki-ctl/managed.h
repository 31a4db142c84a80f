#ifndef PKI_CTL_MANAGED_H
#define PKI_CTL_MANAGED_H

/* What the CA itself keeps, which no output of a command may replace. */

#include "pki-ctl/session.h"

/*
 * Would a file at path lie in keys/, public/ or templates/, be one of the
 * CA's own beside them, or be a second name of one?  The spelling does not
 * matter.  PKI_DENIED (rule "managed-file"), PKI_SYSTEM.
 */
PKI_CHECKED pki_code managed_check(const struct session *s, const char *path,
    pki_err *err);

#endif
