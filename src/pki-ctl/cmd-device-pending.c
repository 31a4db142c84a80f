#include <string.h>

#include "pki-ctl/approvals.h"
#include "pki-ctl/listing.h"

static const struct cli_option options[] = {
	{ .name = "name", .arg = "NAME", .help = "only of this device" },
	{ .name = "profile", .arg = "PROFILE", .help = "only of this profile" },
	{ .name = "older-than", .arg = "TIME",
	  .help = "only those that came longer than TIME ago (2h)" },
	{ .name = "all", .help = "those decided on, or expired, too" },
	LISTING_OPTIONS("requests"),
	{ .name = NULL },
};

struct pending {
	struct listing listing;
	const char    *profile;         /* NULL: any */
	int64_t        until;           /* requested then, or before */
};

static pki_code
list_one(const pki_approval_row *row, void *arg, pki_err *err)
{
	struct pending *pending = arg;
	struct listing *listing = &pending->listing;
	const char *state = pki_approval_state_name(row, listing->now);
	pki_code rc;

	if (!listing_wants(listing, state) ||
	    row->requested_at > pending->until || (pending->profile != NULL &&
	    strcmp(row->profile, pending->profile) != 0))
		return PKI_OK;
	rc = listing_step(listing, row->id);
	return rc == PKI_OK ?
	    approvals_print_row(listing->doc, row, state, err) : rc;
}

static pki_code
list_pending(struct session *s)
{
	struct pending pending;
	int64_t age = 0;
	pki_code rc;

	rc = cli_duration(s->cli, "older-than", &age, s->err);
	if (rc == PKI_OK)
		rc = listing_read(s, &pending.listing);
	if (rc == PKI_OK)
		rc = listing_begin(&pending.listing, "device pending",
		    approvals_columns, APPROVALS_COLUMNS);
	if (rc != PKI_OK)
		return rc;
	pending.listing.state = cli_has(s->cli, "all") ? NULL : "waiting";
	pending.profile = cli_value(s->cli, "profile");
	/* A request that is ahead of the clock is shown, unless asked. */
	pending.until = cli_has(s->cli, "older-than") ?
	    pending.listing.now - age : INT64_MAX;
	rc = pki_approval_each(s->ca, cli_value(s->cli, "name"),
	    pending.listing.after, list_one, &pending, s->err);
	return listing_end(&pending.listing, rc,
	    "No such request waits for approval.");
}

const struct cli_command cmd_device_pending = {
	.noun = "device",
	.verb = "pending",
	.summary = "list first requests that wait for approval",
	.description =
"Of profiles with est.approval = \"manual\".  Compare the key, the SHA-256 of\n"
"SubjectPublicKeyInfo, with what the device itself shows before approving.\n"
"In the order in which they came first; with --limit and --after in pages.",
	.options = options,
	.flags = SESSION_NEEDS_CA,
	.run = list_pending,
};
