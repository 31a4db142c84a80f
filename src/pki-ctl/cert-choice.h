#ifndef PKI_CTL_CERT_CHOICE_H
#define PKI_CTL_CERT_CHOICE_H

/* Which of the certificates that an id fits is meant. */

#include "pki-ctl/certs.h"

enum choice_extent {
	CHOICE_ONE,     /* several: they are listed, and none is taken */
	CHOICE_ALL,     /* everything not revoked yet */
};

/*
 * Append what id means to out: of those it fits the good and held ones; if
 * there is none, the expired ones; if there is none, the revoked ones.
 * PKI_DENIED, rule "ambiguous", after printing the list, or rule
 * "already-revoked"; PKI_NOT_FOUND.
 */
PKI_CHECKED pki_code choose_certs(struct session *s, const char *id,
    enum choice_extent extent, found_certs *out);

#endif
