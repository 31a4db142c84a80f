#include "pki-ctl/cmd.h"
#include "pki-ctl/device-change.h"

static pki_code
release_devices(struct session *s)
{
	return device_change(s, PKI_DEVICE_RELEASE);
}

const struct cli_command cmd_device_release = {
	.noun = "device",
	.verb = "release",
	.args = "NAME...",
	.summary = "end the hold of devices",
	.description =
"Also of each certificate of it that is on hold.  The CRL is published before\n"
"the command returns.",
	.options = device_change_options,
	.min_args = 1,
	.max_args = -1,
	.flags = SESSION_NEEDS_CA,
	.run = release_devices,
};
