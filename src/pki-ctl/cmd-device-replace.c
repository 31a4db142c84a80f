#include "pki-ctl/cmd.h"
#include "pki-ctl/device-change.h"

static pki_code
replace_devices(struct session *s)
{
	return device_change(s, PKI_DEVICE_REPLACE);
}

const struct cli_command cmd_device_replace = {
	.noun = "device",
	.verb = "replace",
	.args = "NAME...",
	.summary = "make room for another box of the same name",
	.description =
"What the device has is revoked (superseded), its tokens too, and the CRL is\n"
"published; then it is registered again, and waits for 'token create'.",
	.options = device_change_options,
	.min_args = 1,
	.max_args = -1,
	.flags = SESSION_NEEDS_CA,
	.run = replace_devices,
};
