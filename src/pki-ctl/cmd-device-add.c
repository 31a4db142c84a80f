#include "pki-ctl/cmd.h"
#include "pki-ctl/devices.h"

static const struct cli_option options[] = {
	{ .name = "profile", .arg = "PROFILE",
	  .help = "what its certificates are for: see 'profile list'" },
	{ .name = "group", .arg = "GROUP", .kind = CLI_REPEAT,
	  .help = "it belongs to GROUP" },
	{ .name = "tag", .arg = "TAG", .kind = CLI_REPEAT,
	  .help = "a word about it, such as site=12" },
	{ .name = "note", .arg = "TEXT", .help = "a line about it" },
	{ .name = "dry-run", .help = "check everything, register nothing" },
	{ .name = NULL },
};

static pki_code
print_added(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "name" },
		{ .key = "profile" },
	};
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;
	size_t i;

	rc = print_open_rows(s->cli->format, columns, PKI_COUNT(columns), &doc,
	    s->err);
	for (i = 0; i < s->cli->arg_count && rc == PKI_OK; i++) {
		const struct print_value values[] = {
			{ .text = s->cli->args[i] },
			{ .text = cli_value(s->cli, "profile") },
		};

		rc = print_row(doc, values, s->err);
	}
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

static pki_code
add_devices(struct session *s)
{
	PKI_AUTO(pki_buf) groups = devices_join(s->cli, "group");
	PKI_AUTO(pki_buf) tags = devices_join(s->cli, "tag");
	pki_device_adding adding = { .who = s->who };
	pki_device devices[64];
	size_t i, count = s->cli->arg_count;
	pki_code rc;

	if (!cli_has(s->cli, "profile"))
		return pki_fail(s->err, PKI_USAGE, "needs --profile PROFILE");
	if (count > PKI_COUNT(devices))
		return pki_fail(s->err, PKI_USAGE, "%zu names, expected 1 to "
		    "%zu; more come by 'device import'", count,
		    PKI_COUNT(devices));
	if (pki_buf_check(groups, s->err) != PKI_OK ||
	    pki_buf_check(tags, s->err) != PKI_OK)
		return PKI_NO_MEMORY;
	for (i = 0; i < count; i++)
		devices[i] = (pki_device){
			.name = s->cli->args[i],
			.profile = cli_value(s->cli, "profile"),
			.groups = pki_buf_text(groups),
			.tags = pki_buf_text(tags),
			.notes = cli_value(s->cli, "note"),
		};
	if (cli_has(s->cli, "dry-run")) {
		rc = pki_ca_add_devices_check(s->ca, devices, count, &adding,
		    s->err);
		if (rc == PKI_OK)
			cli_say(s->cli, "Nothing was registered; this would "
			    "be:");
	} else {
		rc = pki_ca_add_devices(s->ca, devices, count, &adding,
		    s->err);
	}
	return rc == PKI_OK ? print_added(s) : rc;
}

const struct cli_command cmd_device_add = {
	.noun = "device",
	.verb = "add",
	.args = "NAME...",
	.summary = "register devices",
	.description =
"A registered device has its name, and no certificate yet: 'token create'\n"
"gives it the right to one, or 'cert issue' one at once.  All of the names\n"
"are registered, or none.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.flags = SESSION_NEEDS_CA,
	.run = add_devices,
};
