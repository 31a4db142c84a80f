#ifndef PKI_CTL_PASSPHRASE_H
#define PKI_CTL_PASSPHRASE_H

/* Passphrases from files and descriptors; never from argv or environment. */

#include "pki.h"

/*
 * The file's octets without the newline at its end, 1 to 1024 of them.  A
 * file must be ours and nobody else's (mode 0600); "/dev/fd/N" is read as
 * descriptor N.  PKI_NOT_FOUND, PKI_DENIED, PKI_BAD_INPUT, PKI_SYSTEM.
 */
PKI_CHECKED pki_code passphrase_read_file(const char *path, pki_buf **out,
    pki_err *err);
/* fd as the user wrote it, in decimal.  PKI_USAGE when it is no number. */
PKI_CHECKED pki_code passphrase_read_fd(const char *fd, pki_buf **out,
    pki_err *err);

/* One that always gives a copy of text, which must live as long. */
pki_passphrase passphrase_fixed(pki_buf *text);

#endif
