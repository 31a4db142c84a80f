#include "pki-ctl/cmd.h"
#include "pki-ctl/device-change.h"

static pki_code
hold_devices(struct session *s)
{
	return device_change(s, PKI_DEVICE_HOLD);
}

const struct cli_command cmd_device_hold = {
	.noun = "device",
	.verb = "hold",
	.args = "NAME...",
	.summary = "put devices on hold with all their certificates",
	.description =
"Every certificate in force is put on hold, a token waits, and no other is\n"
"issued until 'device release'.  The CRL is published before the command\n"
"returns.",
	.options = device_change_options,
	.min_args = 1,
	.max_args = -1,
	.flags = SESSION_NEEDS_CA,
	.run = hold_devices,
};
