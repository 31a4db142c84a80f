#include "pki-ctl/approvals.h"
#include "pki-ctl/cmd.h"

static pki_code
deny_requests(struct session *s)
{
	return approvals_decide(s, PKI_APPROVAL_DENY);
}

const struct cli_command cmd_device_deny = {
	.noun = "device",
	.verb = "deny",
	.args = "REQUEST...",
	.summary = "refuse devices that wait their first certificate",
	.description =
"REQUEST is an id that 'device pending' shows.  Its key is refused to the\n"
"device from now on, until 'device approve REQUEST'.  Revoke the token too\n"
"when somebody else may have it: see 'token revoke'.",
	.options = approvals_options,
	.min_args = 1,
	.max_args = -1,
	.flags = SESSION_NEEDS_CA,
	.run = deny_requests,
};
