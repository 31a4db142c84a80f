#include "pki-enroll/cmd.h"

static pki_code
show_help(struct session *s)
{
	return cli_help(&program, s->cli, s->err);
}

const struct cli_command cmd_help = {
	.noun = "help",
	.args = "[COMMAND]",
	.summary = "explain a command, or list all",
	.options = cli_help_options,
	.max_args = 2,
	.run = show_help,
};
