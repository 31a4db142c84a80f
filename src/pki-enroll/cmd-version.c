#include "pki-enroll/cmd.h"

static pki_code
show_version(struct session *s)
{
	if (s->cli->format == PRINT_JSON)
		printf("{\"version\":\"%s\"}\n", PACKAGE_VERSION);
	else
		printf("%s %s\n", program.name, PACKAGE_VERSION);
	return print_flush(s->err);
}

const struct cli_command cmd_version = {
	.noun = "version",
	.summary = "print the version",
	.run = show_version,
};
