#include <unistd.h>

#include "common/term.h"
#include "pki-ctl/cmd.h"
#include "pki-ctl/devices.h"

static const struct cli_option options[] = {
	{ .name = "profile", .arg = "PROFILE", .help = "only of this profile" },
	{ .name = "group", .arg = "GROUP", .help = "only of this group" },
	{ .name = "tag", .arg = "TAG", .help = "only with this tag" },
	{ .name = "state", .arg = "STATE",
	  .help = "only registered, live, held or retired ones" },
	{ .name = "limit", .arg = "N", .help = "at most N devices" },
	{ .name = "after", .arg = "ID",
	  .help = "go on behind the one whose \"id\" this is" },
	{ .name = NULL },
};

static const pki_choice states[] = {
	{ "registered", PKI_IDENTITY_REGISTERED },
	{ "live", PKI_IDENTITY_LIVE },
	{ "held", PKI_IDENTITY_HELD },
	{ "retired", PKI_IDENTITY_RETIRED },
	{ NULL, 0 },
};

struct listing {
	print_doc           *doc;
	struct term_progress progress;
	int64_t              left, shown, last_id;
};

static pki_code
list_one(const pki_identity_row *row, void *arg, pki_err *err)
{
	struct listing *listing = arg;

	/* Any code ends the walk; this one cannot come from the store. */
	if (listing->left == 0)
		return PKI_PENDING;
	listing->left--;
	listing->last_id = row->id;
	term_progress_step(++listing->shown, 0, &listing->progress);
	return devices_print_row(listing->doc, row, err);
}

static pki_code
list_devices(struct session *s)
{
	PKI_AUTO(print_doc) doc = NULL;
	struct listing listing = { .left = INT64_MAX };
	pki_device_filter filter = {
		.profile = cli_value(s->cli, "profile"),
		.group = cli_value(s->cli, "group"),
		.tag = cli_value(s->cli, "tag"),
		.by_state = cli_has(s->cli, "state"),
	};
	bool more;
	pki_code rc;

	rc = cli_choice(s->cli, "state", states, &filter.state, s->err);
	if (rc == PKI_OK)
		rc = cli_number(s->cli, "limit", 1, &listing.left, s->err);
	if (rc == PKI_OK)
		rc = cli_number(s->cli, "after", 0, &filter.after_id, s->err);
	if (rc == PKI_OK)
		rc = print_open_rows(s->cli->format, devices_columns,
		    DEVICES_COLUMNS, &doc, s->err);
	if (rc != PKI_OK)
		return rc;
	listing.doc = doc;
	term_progress_begin(&listing.progress, "device list",
	    s->cli->quiet || isatty(STDOUT_FILENO) == 1);
	rc = pki_ca_each_device(s->ca, &filter, list_one, &listing, s->err);
	term_progress_end(&listing.progress);
	more = rc == PKI_PENDING && listing.left == 0;
	if (more)
		rc = PKI_OK;
	if (rc == PKI_OK)
		rc = print_close(doc, s->err);
	if (rc == PKI_OK && more)
		cli_say(s->cli, "There are more: --after %lld",
		    (long long)listing.last_id);
	else if (rc == PKI_OK && listing.shown == 0)
		cli_say(s->cli, "No device fits.");
	return rc;
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
