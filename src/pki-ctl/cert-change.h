#ifndef PKI_CTL_CERT_CHANGE_H
#define PKI_CTL_CERT_CHANGE_H

/* What "cert hold" and "cert release" have in common. */

#include "pki-ctl/session.h"

struct cert_change {
	const char *done;               /* "held" */
	bool        is_listed;          /* by the CRL, from then on */
	pki_code  (*check)(pki_ca *ca, const pki_hold *hold, pki_err *err);
	pki_code  (*apply)(pki_ca *ca, const pki_hold *hold, pki_err *err);
};

/* Each ID of the command line; then the CRLs concerned are published. */
PKI_CHECKED pki_code cert_change(struct session *s,
    const struct cert_change *change);

extern const struct cli_option cert_change_options[];

#endif
