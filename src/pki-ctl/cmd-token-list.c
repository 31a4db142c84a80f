#include <string.h>
#include <unistd.h>

#include "common/term.h"
#include "pki-ctl/cmd.h"
#include "pki-ctl/devices.h"

static const struct cli_option options[] = {
	{ .name = "name", .arg = "NAME", .help = "only of this device" },
	{ .name = "state", .arg = "STATE",
	  .help = "only unused, used, expired or revoked ones" },
	{ .name = "limit", .arg = "N", .help = "at most N tokens" },
	{ .name = "after", .arg = "ID",
	  .help = "go on behind the one whose \"id\" this is" },
	{ .name = NULL },
};

static const pki_choice states[] = {
	{ "unused", 0 }, { "used", 1 }, { "expired", 2 }, { "revoked", 3 },
	{ NULL, 0 },
};

struct listing {
	print_doc           *doc;
	struct term_progress progress;
	const char          *state;     /* NULL: any */
	int64_t              now, left, shown, last_id;
};

static pki_code
list_one(const pki_token_row *row, void *arg, pki_err *err)
{
	struct listing *listing = arg;

	if (listing->state != NULL &&
	    strcmp(pki_token_state(row, listing->now), listing->state) != 0)
		return PKI_OK;
	/* Any code ends the walk; this one cannot come from the store. */
	if (listing->left == 0)
		return PKI_PENDING;
	listing->left--;
	listing->last_id = row->id;
	term_progress_step(++listing->shown, 0, &listing->progress);
	return tokens_print_row(listing->doc, row, listing->now, err);
}

static pki_code
list_tokens(struct session *s)
{
	PKI_AUTO(print_doc) doc = NULL;
	struct listing listing = {
		.now = session_now(), .left = INT64_MAX,
		.state = cli_value(s->cli, "state"),
	};
	int64_t after = 0;
	int state;
	bool more;
	pki_code rc;

	rc = cli_choice(s->cli, "state", states, &state, s->err);
	if (rc == PKI_OK)
		rc = cli_number(s->cli, "limit", 1, &listing.left, s->err);
	if (rc == PKI_OK)
		rc = cli_number(s->cli, "after", 0, &after, s->err);
	if (rc == PKI_OK)
		rc = print_open_rows(s->cli->format, tokens_columns,
		    TOKENS_COLUMNS, &doc, s->err);
	if (rc != PKI_OK)
		return rc;
	listing.doc = doc;
	term_progress_begin(&listing.progress, "token list",
	    s->cli->quiet || isatty(STDOUT_FILENO) == 1);
	rc = pki_ca_each_token(s->ca, cli_value(s->cli, "name"), after,
	    list_one, &listing, s->err);
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
		cli_say(s->cli, "No token fits.");
	return rc;
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
