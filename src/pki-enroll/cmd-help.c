#include "pki-enroll/cmd.h"

static const struct cli_option options[] = {
	{ .name = "list",
	  .help = "each command and its options, for scripts" },
	{ .name = NULL },
};

static pki_code
show_help(struct session *s)
{
	const struct cli *cli = s->cli;
	const char *verb = cli->arg_count > 1 ? cli->args[1] : NULL;
	const struct cli_command *command;
	pki_code rc;

	if (cli_has(cli, "list")) {
		cli_help_list(&program, stdout);
	} else if (cli->arg_count == 0) {
		cli_help_all(&program, stdout);
	} else if (verb == NULL && cli_noun_has_verbs(&program, cli->args[0])) {
		cli_help_noun(&program, cli->args[0], stdout);
	} else {
		rc = cli_find(&program, cli->args[0], verb, &command, s->err);
		if (rc != PKI_OK)
			return rc;
		cli_help_command(&program, command, stdout);
	}
	return print_flush(s->err);
}

const struct cli_command cmd_help = {
	.noun = "help",
	.args = "[COMMAND]",
	.summary = "explain a command, or list all",
	.options = options,
	.max_args = 2,
	.run = show_help,
};
