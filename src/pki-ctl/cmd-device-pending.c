#include <string.h>

#include "pki-ctl/approvals.h"
#include "pki-ctl/cmd.h"

static const struct cli_option options[] = {
	{ .name = "name", .arg = "NAME", .help = "only of this device" },
	{ .name = "all", .help = "those decided on, or expired, too" },
	{ .name = NULL },
};

struct listing {
	print_doc *doc;
	bool       all;
	int64_t    now, shown;
};

static pki_code
list_one(const pki_approval_row *row, void *arg, pki_err *err)
{
	struct listing *listing = arg;
	const char *state = pki_approval_state_name(row, listing->now);

	if (!listing->all && strcmp(state, "waiting") != 0)
		return PKI_OK;
	listing->shown++;
	return approvals_print_row(listing->doc, row, state, err);
}

static pki_code
list_pending(struct session *s)
{
	PKI_AUTO(print_doc) doc = NULL;
	struct listing listing = {
		.all = cli_has(s->cli, "all"), .now = session_now(),
	};
	pki_code rc;

	rc = print_open_rows(s->cli->format, approvals_columns,
	    APPROVALS_COLUMNS, &doc, s->err);
	listing.doc = doc;
	if (rc == PKI_OK)
		rc = pki_approval_each(s->ca, cli_value(s->cli, "name"),
		    list_one, &listing, s->err);
	if (rc == PKI_OK)
		rc = print_close(doc, s->err);
	if (rc == PKI_OK && listing.shown == 0)
		cli_say(s->cli, "No device waits for approval.");
	return rc;
}

const struct cli_command cmd_device_pending = {
	.noun = "device",
	.verb = "pending",
	.summary = "list first requests that wait for approval",
	.description =
"Of profiles with est.approval = \"manual\".  Compare the key, the SHA-256 of\n"
"SubjectPublicKeyInfo, with what the device itself shows before approving.",
	.options = options,
	.flags = SESSION_NEEDS_CA,
	.run = list_pending,
};
