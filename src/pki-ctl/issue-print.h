#ifndef PKI_CTL_ISSUE_PRINT_H
#define PKI_CTL_ISSUE_PRINT_H

/* What "cert issue" prints. */

#include "pki-ctl/session.h"

/* What would be issued. */
PKI_CHECKED pki_code print_plan(struct session *s,
    const pki_issue_request *request, const pki_issue_plan *plan);
/* The PEM chain unless --out has it; talk. */
PKI_CHECKED pki_code print_issued(struct session *s,
    const pki_issue_request *request, const pki_issued *issued);

#endif
