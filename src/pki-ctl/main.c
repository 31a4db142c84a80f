#include "pki-ctl/cmd.h"

/* Every command, in the order "pki-ctl help" shows them. */
static const struct cli_command *const commands[] = {
	&cmd_init,
	&cmd_status,
	&cmd_ca_list,
	&cmd_ca_show,
	&cmd_ca_export,
	&cmd_profile_list,
	&cmd_profile_show,
	&cmd_profile_check,
	&cmd_cert_issue,
	&cmd_cert_revoke,
	&cmd_cert_hold,
	&cmd_cert_release,
	&cmd_cert_list,
	&cmd_cert_show,
	&cmd_device_add,
	&cmd_device_import,
	&cmd_device_list,
	&cmd_device_show,
	&cmd_device_pending,
	&cmd_device_approve,
	&cmd_device_deny,
	&cmd_device_hold,
	&cmd_device_release,
	&cmd_device_retire,
	&cmd_device_replace,
	&cmd_token_create,
	&cmd_token_list,
	&cmd_token_revoke,
	&cmd_crl_publish,
	&cmd_crl_show,
	&cmd_crl_verify,
	&cmd_crl_import,
	&cmd_audit_show,
	&cmd_audit_verify,
	&cmd_audit_head,
	&cmd_db_check,
	&cmd_clock_accept,
	&cmd_version,
	&cmd_help,
};

static const struct cli_option globals[] = {
	{ .name = "dir", .arg = "DIR", .where = true,
	  .help = "state and settings are in DIR (or PKI_DIR)" },
	{ .name = "conf", .arg = "DIR", .where = true,
	  .help = "pki.conf and templates are in DIR" },
	{ .name = "output", .letter = 'o', .arg = "FORMAT",
	  .help = "table or json" },
	{ .name = "passphrase-file", .arg = "FILE",
	  .help = "the passphrase of a CA key is in FILE" },
	{ .name = "passphrase-fd", .arg = "N",
	  .help = "... is read from descriptor N" },
	{ .name = "quiet", .letter = 'q', .help = "data and errors only" },
	{ .name = "help", .letter = 'h', .help = "explain the command" },
	{ .name = "version", .letter = 'V', .help = "print the version" },
	{ .name = NULL },
};

static pki_code
run(const struct cli *cli, pki_err *err)
{
	struct session session;
	pki_code rc;

	rc = session_begin(&session, cli, err);
	if (rc == PKI_OK && (cli->command->flags & SESSION_NEEDS_CA) != 0)
		rc = session_open(&session);
	if (rc == PKI_OK)
		rc = cli->command->run(&session);
	session_end(&session);
	return rc;
}

const struct cli_program program = {
	.name = "pki-ctl",
	.summary = "a private CA from the shell",
	.version = PACKAGE_VERSION,
	.closing =
"Data goes to stdout, talk to stderr.  Exit status: 0 done; 1 refused, failed\n"
"or damaged; 2 wrong usage; 3 try again later.\n"
"State is in " PKI_STATE_DIR ", settings in " PKI_CONF_DIR ", unless --dir\n"
"or PKI_DIR says otherwise.  See also: pki-ctl help COMMAND, pki-intro(7).",
	.commands = commands,
	.command_count = PKI_COUNT(commands),
	.globals = globals,
	.run = run,
};

int
main(int argc, char **argv)
{
	return cli_main(&program, argc, argv);
}
