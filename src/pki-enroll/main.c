#include "pki-enroll/cmd.h"

/* Every command, in the order "pki-enroll help" shows them. */
static const struct cli_command *const commands[] = {
	&cmd_bootstrap,
	&cmd_enroll,
	&cmd_renew,
	&cmd_rekey,
	&cmd_run,
	&cmd_status,
	&cmd_check,
	&cmd_rollback,
	&cmd_probe,
	&cmd_version,
	&cmd_help,
};

static const struct cli_option globals[] = {
	{ .name = "conf", .arg = "DIR", .where = true,
	  .help = "a file for each certificate is in DIR" },
	{ .name = "server", .arg = "URL", .where = true,
	  .help = "no file: the server is https://HOST or https://HOST:PORT" },
	{ .name = "dir", .arg = "DIR", .where = true,
	  .help = "... keys and certificates are in DIR" },
	{ .name = "device", .arg = "NAME", .where = true,
	  .help = "... the certificate is for NAME" },
	{ .name = "name", .arg = "KIND:NAME", .kind = CLI_REPEAT,
	  .where = true, .help = "... and for dns:NAME, ip:ADDRESS, too" },
	{ .name = "label", .arg = "LABEL", .where = true,
	  .help = "... the server's part is called LABEL" },
	{ .name = "anchors", .arg = "FILE", .where = true,
	  .help = "... the roots to believe are in FILE" },
	{ .name = "fingerprint", .arg = "SHA256", .where = true,
	  .help = "... or the root has this SHA-256" },
	{ .name = "token-file", .arg = "FILE", .where = true,
	  .help = "... the token is in FILE" },
	{ .name = "user", .arg = "NAME", .where = true,
	  .help = "... and is sent with this user name" },
	{ .name = "key", .arg = "TYPE", .where = true,
	  .help = "... the key is p256, p384, ed25519, rsa3072..." },
	{ .name = "timeout", .arg = "TIME", .where = true,
	  .help = "... each exchange takes at most TIME" },
	{ .name = "output", .letter = 'o', .arg = "FORMAT",
	  .help = "table or json" },
	{ .name = "quiet", .letter = 'q', .help = "data and errors only" },
	{ .name = "help", .letter = 'h', .help = "explain the command" },
	{ .name = "version", .letter = 'V', .help = "print the version" },
	{ .name = NULL },
};

static pki_code
run(const struct cli *cli, pki_err *err)
{
	struct session session = { .cli = cli, .err = err };

	return cli->command->run(&session);
}

const struct cli_program program = {
	.name = "pki-enroll",
	.summary = "a certificate for this host, by EST, and its renewal",
	.version = PACKAGE_VERSION,
	.closing =
"Data goes to stdout, talk to stderr.  Exit status: 0 done; 1 refused, failed\n"
"or damaged; 2 wrong usage; 3 try again later.\n"
"Each certificate has a file NAME.conf in " ENROLL_CONF_DIR ", unless\n"
"--conf or --server says otherwise.  See also: pki-enroll help COMMAND.",
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
