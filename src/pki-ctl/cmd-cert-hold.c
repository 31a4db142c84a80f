#include "pki-ctl/cert-change.h"
#include "pki-ctl/cmd.h"

static pki_code
hold_certs(struct session *s)
{
	static const struct cert_change change = {
		.done = "held", .is_listed = true,
		.check = pki_ca_hold_check, .apply = pki_ca_hold,
	};

	return cert_change(s, &change);
}

const struct cli_command cmd_cert_hold = {
	.noun = "cert",
	.verb = "hold",
	.args = "ID...",
	.summary = "put certificates on hold and publish the CRL",
	.description =
"ID is as for 'cert revoke', of one certificate each.  A certificate on hold\n"
"is on the CRL (certificateHold) until 'cert release' or 'cert revoke' ends\n"
"that; its identity gets no other meanwhile.  The CRL is published before the\n"
"command returns.",
	.options = cert_change_options,
	.min_args = 1,
	.max_args = -1,
	.run = hold_certs,
};
