#ifndef PKI_ENROLL_CMD_H
#define PKI_ENROLL_CMD_H

/* Every command: one file each, named alike. */

#include "common/cli.h"
#include "pki-enroll/work.h"

/* One call of the program. */
struct session {
	const struct cli *cli;
	pki_err          *err;
};

extern const struct cli_command cmd_bootstrap, cmd_check, cmd_enroll,
    cmd_help, cmd_probe, cmd_rekey, cmd_renew, cmd_rollback, cmd_run,
    cmd_status, cmd_version;

/* main.c's. */
extern const struct cli_program program;

/*
 * What to do for each certificate that the command line names: the one of
 * --server and its fellows, those of the arguments, or all that have a file.
 * One failure does not keep the others from their turn: it is said, and the
 * worst code is returned.  PKI_USAGE; PKI_NOT_FOUND: there is none.
 */
typedef pki_code session_run(struct session *s, const enroll_conf *conf);
PKI_CHECKED pki_code session_each(struct session *s, session_run *run);

/* The certificate of --server; PKI_USAGE when that is not given. */
PKI_CHECKED pki_code session_one_off(struct session *s, const char *server,
    enroll_conf **out, pki_err *err);

/* Open its directory for work, and say what is wrong there. */
PKI_CHECKED pki_code session_open(struct session *s, const enroll_conf *conf,
    enroll_slots **out, pki_err *err);
enroll_work session_work(struct session *s, const enroll_conf *conf,
    enroll_slots *slots);

/* A pair that is whole and not expired: its certificate, or NULL. */
const pki_cert *session_valid_cert(const enroll_slots *slots);

/* One line, or one JSON object, about the pair in use. */
PKI_CHECKED pki_code session_show(struct session *s, const enroll_conf *conf,
    const enroll_slots *slots);

#endif
