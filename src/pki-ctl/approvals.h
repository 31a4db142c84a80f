#ifndef PKI_CTL_APPROVALS_H
#define PKI_CTL_APPROVALS_H

/* First requests that wait for an operator: shown, approved and denied. */

#include "pki-ctl/session.h"

#define APPROVALS_COLUMNS 10
extern const struct print_column approvals_columns[APPROVALS_COLUMNS];
PKI_CHECKED pki_code approvals_print_row(print_doc *doc,
    const pki_approval_row *row, const char *state, pki_err *err);

extern const struct cli_option approvals_options[];

/* On all ids on the command line: none is decided unless all can be. */
PKI_CHECKED pki_code approvals_decide(struct session *s,
    pki_approval_decision decision);

#endif
