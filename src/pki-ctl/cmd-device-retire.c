#include "pki-ctl/cmd.h"
#include "pki-ctl/device-change.h"

static pki_code
retire_devices(struct session *s)
{
	return device_change(s, PKI_DEVICE_RETIRE);
}

const struct cli_command cmd_device_retire = {
	.noun = "device",
	.verb = "retire",
	.args = "NAME...",
	.summary = "end devices and free their names",
	.description =
"Certificates are revoked (cessationOfOperation), tokens too, and the CRL is\n"
"published before the command returns.  There is no way back; the name may be\n"
"registered anew.",
	.options = device_change_options,
	.min_args = 1,
	.max_args = -1,
	.flags = SESSION_NEEDS_CA,
	.run = retire_devices,
};
