#include "pki-ctl/approvals.h"
#include "pki-ctl/cmd.h"

static pki_code
approve_requests(struct session *s)
{
	return approvals_decide(s, PKI_APPROVAL_APPROVE);
}

const struct cli_command cmd_device_approve = {
	.noun = "device",
	.verb = "approve",
	.args = "REQUEST...",
	.summary = "let devices that wait have their first certificate",
	.description =
"REQUEST is an id that 'device pending' shows.  The device gets a certificate\n"
"when it comes again, within a week, with the same key and names.",
	.options = approvals_options,
	.min_args = 1,
	.max_args = -1,
	.flags = SESSION_NEEDS_CA,
	.run = approve_requests,
};
