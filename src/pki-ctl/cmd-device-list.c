#include "pki-ctl/devices.h"
#include "pki-ctl/listing.h"

static const struct cli_option options[] = {
	{ .name = "profile", .arg = "PROFILE", .help = "only of this profile" },
	{ .name = "group", .arg = "GROUP", .help = "only of this group" },
	{ .name = "tag", .arg = "TAG", .help = "only with this tag" },
	{ .name = "state", .arg = "STATE",
	  .help = "only registered, live, held or retired ones" },
	LISTING_OPTIONS("devices"),
	{ .name = NULL },
};

static const pki_choice states[] = {
	{ "registered", PKI_IDENTITY_REGISTERED },
	{ "live", PKI_IDENTITY_LIVE },
	{ "held", PKI_IDENTITY_HELD },
	{ "retired", PKI_IDENTITY_RETIRED },
	{ NULL, 0 },
};

static pki_code
list_one(const pki_identity_row *row, void *arg, pki_err *err)
{
	struct listing *listing = arg;
	pki_code rc = listing_step(listing, row->id);

	return rc == PKI_OK ? devices_print_row(listing->doc, row, err) : rc;
}

static pki_code
list_devices(struct session *s)
{
	pki_device_filter filter = {
		.profile = cli_value(s->cli, "profile"),
		.group = cli_value(s->cli, "group"),
		.tag = cli_value(s->cli, "tag"),
		.by_state = cli_has(s->cli, "state"),
	};
	struct listing listing;
	pki_code rc;

	rc = cli_choice(s->cli, "state", states, &filter.state, s->err);
	if (rc == PKI_OK)
		rc = listing_read(s, &listing);
	if (rc == PKI_OK)
		rc = listing_begin(&listing, "device list", devices_columns,
		    DEVICES_COLUMNS);
	if (rc != PKI_OK)
		return rc;
	filter.after_id = listing.after;
	rc = pki_ca_each_device(s->ca, &filter, list_one, &listing, s->err);
	return listing_end(&listing, rc, "No device fits.");
}

const struct cli_command cmd_device_list = {
	.noun = "device",
	.verb = "list",
	.summary = "list devices",
	.description =
"Everything that has a profile: registered, or with a certificate.",
	.options = options,
	.flags = SESSION_NEEDS_CA,
	.run = list_devices,
};
