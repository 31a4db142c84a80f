#ifndef PKI_CTL_FIND_CA_H
#define PKI_CTL_FIND_CA_H

/* One CA out of those here. */

#include "pki-ctl/session.h"

/*
 * Call visit with the CA of this name.  PKI_NOT_FOUND, rule "ca", lists the
 * names there are.
 */
PKI_CHECKED pki_code find_ca(struct session *s, const char *name,
    pki_ca_info_visitor *visit, void *arg);

#endif
