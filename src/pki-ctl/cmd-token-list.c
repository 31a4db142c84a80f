#include "pki-ctl/devices.h"
#include "pki-ctl/listing.h"

static const struct cli_option options[] = {
	{ .name = "name", .arg = "NAME", .help = "only of this device" },
	{ .name = "state", .arg = "STATE",
	  .help = "only unused, used, expired or revoked ones" },
	LISTING_OPTIONS("tokens"),
	{ .name = NULL },
};

static const pki_choice states[] = {
	{ "unused", 0 }, { "used", 1 }, { "expired", 2 }, { "revoked", 3 },
	{ NULL, 0 },
};

static pki_code
list_one(const pki_token_row *row, void *arg, pki_err *err)
{
	struct listing *listing = arg;
	pki_code rc;

	if (!listing_wants(listing, pki_token_state(row, listing->now)))
		return PKI_OK;
	rc = listing_step(listing, row->id);
	return rc == PKI_OK ?
	    tokens_print_row(listing->doc, row, listing->now, err) : rc;
}

static pki_code
list_tokens(struct session *s)
{
	struct listing listing;
	int state;
	pki_code rc;

	rc = cli_choice(s->cli, "state", states, &state, s->err);
	if (rc == PKI_OK)
		rc = listing_read(s, &listing);
	if (rc == PKI_OK)
		rc = listing_begin(&listing, "token list", tokens_columns,
		    TOKENS_COLUMNS);
	if (rc != PKI_OK)
		return rc;
	listing.state = cli_value(s->cli, "state");
	rc = pki_ca_each_token(s->ca, cli_value(s->cli, "name"),
	    listing.after, list_one, &listing, s->err);
	return listing_end(&listing, rc, "No token fits.");
}

const struct cli_command cmd_token_list = {
	.noun = "token",
	.verb = "list",
	.summary = "list tokens",
	.description =
"By their ids; the secrets are told by 'token create' only.",
	.options = options,
	.flags = SESSION_NEEDS_CA,
	.run = list_tokens,
};
