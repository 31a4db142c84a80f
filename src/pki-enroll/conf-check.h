#ifndef PKI_ENROLL_CONF_CHECK_H
#define PKI_ENROLL_CONF_CHECK_H

/* What the table of conf.c cannot state, and what follows from its values. */

#include "pki-enroll/conf.h"

/*
 * Check, and fill in what is not in the file: name, pin, renew_ppm, owner,
 * group.  PKI_BAD_INPUT, with where and the setting's line in text.
 */
PKI_CHECKED pki_code enroll_conf_check(enroll_conf *conf, pki_bytes text,
    const char *where, pki_err *err);

#endif
