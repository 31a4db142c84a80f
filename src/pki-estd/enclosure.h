#ifndef PKI_ESTD_ENCLOSURE_H
#define PKI_ESTD_ENCLOSURE_H

/* Which files each process may touch: the paths for pki_sandbox_enclose(). */

#include "pki-estd/options.h"

#define ENCLOSURE_MAX 24

typedef struct enclosure {
	pki_sandbox_path paths[ENCLOSURE_MAX];
	size_t           count;
	char             room[PKI_PATH_MAX];
} enclosure;

/*
 * Those of a role that exist on this machine.  program: what the parent
 * starts (PKI_SANDBOX_PARENT).  All is borrowed.
 */
void enclosure_list(pki_sandbox_role role, const estd_options *options,
    const char *program, enclosure *out);

/* --check: settings, CA, templates, and what holds of the sandbox. */
PKI_CHECKED pki_code enclosure_check(const estd_options *options,
    pki_err *err);

#endif
