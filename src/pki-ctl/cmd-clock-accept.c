#include "pki-ctl/cmd.h"

static pki_code
accept_clock(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "accepted", .kind = PRINT_TIME },
	};
	const struct print_value value = { .number = session_now() };
	pki_code rc;

	rc = pki_ca_accept_clock(s->ca, &s->who, s->err);
	if (rc != PKI_OK)
		return rc;
	return print_record(s->cli->format, columns, 1, &value, s->err);
}

const struct cli_command cmd_clock_accept = {
	.noun = "clock",
	.verb = "accept",
	.summary = "believe the clock as it stands now",
	.description =
"After the clock went back, nothing is issued or signed until it is right\n"
"again.  When it is right and was wrong before, say so by this command.  It\n"
"is written to the audit log.",
	.flags = SESSION_NEEDS_CA,
	.run = accept_clock,
};
