#ifndef PKI_COMMON_PROCESS_H
#define PKI_COMMON_PROCESS_H

/* What a program takes from who started it, and what it lets others see. */

#include "pki.h"

/*
 * Before anything else in a program: descriptors 0 to 2 are open, files are
 * born private, no variable loads code or moves temporary files, and what is
 * in memory stays there.  PKI_SYSTEM, PKI_CRYPTO.
 */
PKI_CHECKED pki_code process_begin(pki_err *err);

/*
 * No core file, no debugger of the same user.  Again after each change of
 * the user or group, which makes the kernel forget it.
 */
void process_hide(void);

#endif
