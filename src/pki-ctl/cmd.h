#ifndef PKI_CTL_CMD_H
#define PKI_CTL_CMD_H

/* Every command: one file each, named alike. */

#include "common/cli.h"
#include "pki-ctl/session.h"

extern const struct cli_command cmd_audit_head, cmd_audit_show,
    cmd_audit_verify, cmd_ca_export, cmd_ca_list, cmd_ca_show, cmd_cert_hold,
    cmd_cert_issue, cmd_cert_list, cmd_cert_release, cmd_cert_revoke,
    cmd_cert_show, cmd_clock_accept, cmd_crl_import, cmd_crl_publish,
    cmd_crl_show, cmd_crl_verify, cmd_db_check, cmd_device_add,
    cmd_device_approve, cmd_device_deny, cmd_device_hold, cmd_device_import,
    cmd_device_list, cmd_device_pending, cmd_device_release,
    cmd_device_replace, cmd_device_retire, cmd_device_show, cmd_help,
    cmd_init, cmd_profile_check, cmd_profile_list, cmd_profile_show,
    cmd_status, cmd_token_create, cmd_token_list, cmd_token_revoke,
    cmd_version;

/* main.c's. */
extern const struct cli_program program;

#endif
