#include <string.h>
#include <unistd.h>

#include "common/term.h"
#include "pki-ctl/certs.h"
#include "pki-ctl/cmd.h"

static const struct cli_option options[] = {
	{ .name = "profile", .arg = "PROFILE", .help = "only of this profile" },
	{ .name = "name", .arg = "NAME", .help = "only of this identity" },
	{ .name = "state", .arg = "STATE",
	  .help = "only good, expired, held or revoked ones" },
	{ .name = "expires-in", .arg = "TIME",
	  .help = "only good ones that expire within TIME (30d)" },
	{ .name = "ca", .arg = "CA", .help = "only of this CA" },
	{ .name = "limit", .arg = "N", .help = "at most N certificates" },
	{ .name = "after", .arg = "ID",
	  .help = "go on behind the one whose \"id\" this is" },
	{ .name = NULL },
};

enum state { STATE_GOOD, STATE_EXPIRED, STATE_HELD, STATE_REVOKED, STATE_ANY };

static const pki_choice states[] = {
	{ "good", STATE_GOOD },
	{ "expired", STATE_EXPIRED },
	{ "held", STATE_HELD },
	{ "revoked", STATE_REVOKED },
	{ NULL, 0 },
};

struct listing {
	struct session      *s;
	print_doc           *doc;
	struct term_progress progress;
	const char          *state;     /* NULL: any */
	int64_t              now, left, shown, last_id;
};

/* What the store can do by itself; the state is then looked at exactly. */
static pki_code
read_filter(struct session *s, struct listing *listing, pki_cert_filter *out)
{
	int state = STATE_ANY;
	int64_t within = 0;
	pki_code rc;

	rc = cli_choice(s->cli, "state", states, &state, s->err);
	if (rc == PKI_OK)
		rc = cli_duration(s->cli, "expires-in", &within, s->err);
	if (rc == PKI_OK)
		rc = cli_number(s->cli, "limit", 1, &listing->left, s->err);
	if (rc == PKI_OK)
		rc = cli_number(s->cli, "after", 0, &out->after_id, s->err);
	if (rc != PKI_OK)
		return rc;
	if (cli_has(s->cli, "expires-in")) {
		if (state != STATE_ANY && state != STATE_GOOD)
			return pki_fail(s->err, PKI_USAGE, "--expires-in is "
			    "about good certificates, not %s ones",
			    states[state].name);
		state = STATE_GOOD;
		out->expires_until = listing->now + within;
	}
	out->identity = cli_value(s->cli, "name");
	out->profile = cli_value(s->cli, "profile");
	if (state == STATE_ANY)
		return PKI_OK;
	listing->state = states[state].name;
	if (state == STATE_GOOD)
		out->expires_from = listing->now;
	if (state == STATE_EXPIRED) {
		out->expires_until = listing->now - 1;
		return PKI_OK;
	}
	out->by_status = true;
	out->status = state == STATE_GOOD ? PKI_CERT_GOOD :
	    state == STATE_HELD ? PKI_CERT_HELD : PKI_CERT_REVOKED;
	return PKI_OK;
}

static pki_code
list_one(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct listing *listing = arg;

	if (listing->state != NULL &&
	    strcmp(pki_cert_state(row, listing->now), listing->state) != 0)
		return PKI_OK;
	/* Any code ends the walk; this one cannot come from the store. */
	if (listing->left == 0)
		return PKI_PENDING;
	listing->left--;
	listing->last_id = row->id;
	term_progress_step(++listing->shown, 0, &listing->progress);
	return certs_print_row(listing->doc, row, listing->now, err);
}

/* PKI_NOT_FOUND lists the profiles: a typing error is no empty list. */
static pki_code
check_profile(struct session *s)
{
	const char *name = cli_value(s->cli, "profile");
	const pki_profiles *profiles;
	const pki_profile *profile;
	pki_code rc;

	if (name == NULL)
		return PKI_OK;
	rc = pki_ca_profiles(s->ca, &profiles, s->err);
	return rc == PKI_OK ? pki_profiles_find(profiles, name, &profile,
	    s->err) : rc;
}

static pki_code
list_certs(struct session *s)
{
	struct listing listing = {
		.s = s, .now = session_now(), .left = INT64_MAX,
	};
	pki_cert_filter filter = { .ca_id = 0 };
	PKI_AUTO(print_doc) doc = NULL;
	bool more;
	pki_code rc;

	rc = read_filter(s, &listing, &filter);
	if (rc == PKI_OK)
		rc = check_profile(s);
	if (rc == PKI_OK)
		rc = print_open_rows(s->cli->format, certs_columns,
		    CERTS_COLUMNS, &doc, s->err);
	if (rc != PKI_OK)
		return rc;
	listing.doc = doc;
	/* On one terminal the rows themselves are the progress. */
	term_progress_begin(&listing.progress, "cert list",
	    s->cli->quiet || isatty(STDOUT_FILENO) == 1);
	rc = pki_ca_each_cert(s->ca, cli_value(s->cli, "ca"), &filter,
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
		cli_say(s->cli, "No certificate fits.");
	return rc;
}

const struct cli_command cmd_cert_list = {
	.noun = "cert",
	.verb = "list",
	.summary = "list certificates",
	.description =
"In the order of issuance.  Ten million rows stream; with --limit and --after\n"
"they come in pages.",
	.options = options,
	.flags = SESSION_NEEDS_CA,
	.run = list_certs,
};
