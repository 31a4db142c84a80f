#ifndef PKI_CTL_CMD_H
#define PKI_CTL_CMD_H

/* Every command: one file each, named alike. */

#include "common/cli.h"
#include "pki-ctl/session.h"

extern const struct cli_command cmd_audit_head, cmd_audit_show,
    cmd_audit_verify, cmd_ca_export, cmd_ca_list, cmd_ca_show,
    cmd_cert_hold, cmd_cert_issue, cmd_cert_list, cmd_cert_release,
    cmd_cert_revoke, cmd_cert_show,
    cmd_clock_accept, cmd_crl_import, cmd_crl_publish, cmd_crl_show,
    cmd_crl_verify, cmd_db_check, cmd_help, cmd_init, cmd_profile_check,
    cmd_profile_list, cmd_profile_show, cmd_status, cmd_version;

/* main.c's. */
extern const struct cli_program program;

#endif
