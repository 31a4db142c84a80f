#include "pki-ctl/cert-change.h"
#include "pki-ctl/cmd.h"

static pki_code
release_certs(struct session *s)
{
	static const struct cert_change change = {
		.done = "released", .check = pki_ca_release_check,
		.apply = pki_ca_release,
	};

	return cert_change(s, &change);
}

const struct cli_command cmd_cert_release = {
	.noun = "cert",
	.verb = "release",
	.args = "ID...",
	.summary = "end a hold and publish the CRL",
	.description =
"ID is as for 'cert revoke', of one certificate each.  Only a hold can be\n"
"undone.  The CRL is published before the command returns.",
	.options = cert_change_options,
	.min_args = 1,
	.max_args = -1,
	.run = release_certs,
};
