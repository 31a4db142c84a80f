#include "pki-ctl/cmd.h"

static pki_code
show_version(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "version" },
	};
	const struct print_value value = { .text = PACKAGE_VERSION };

	if (s->cli->format == PRINT_JSON)
		return print_record(s->cli->format, columns, 1, &value,
		    s->err);
	printf("%s %s\n", program.name, PACKAGE_VERSION);
	return print_flush(s->err);
}

const struct cli_command cmd_version = {
	.noun = "version",
	.summary = "print the version",
	.run = show_version,
};
