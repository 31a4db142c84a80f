#include "pki-ctl/certs.h"
#include "pki-ctl/listing.h"

static const struct cli_option options[] = {
	{ .name = "profile", .arg = "PROFILE", .help = "only of this profile" },
	{ .name = "name", .arg = "NAME", .help = "only of this identity" },
	{ .name = "state", .arg = "STATE",
	  .help = "only good, expired, held or revoked ones" },
	{ .name = "expires-in", .arg = "TIME",
	  .help = "only good ones that expire within TIME (30d)" },
	{ .name = "ca", .arg = "CA", .help = "only of this CA" },
	LISTING_OPTIONS("certificates"),
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
	out->after_id = listing->after;
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
	pki_code rc;

	if (!listing_wants(listing, pki_cert_state(row, listing->now)))
		return PKI_OK;
	rc = listing_step(listing, row->id);
	return rc == PKI_OK ?
	    certs_print_row(listing->doc, row, listing->now, err) : rc;
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
	pki_cert_filter filter = { .ca_id = 0 };
	struct listing listing;
	pki_code rc;

	rc = listing_read(s, &listing);
	if (rc == PKI_OK)
		rc = read_filter(s, &listing, &filter);
	if (rc == PKI_OK)
		rc = check_profile(s);
	if (rc == PKI_OK)
		rc = listing_begin(&listing, "cert list", certs_columns,
		    CERTS_COLUMNS);
	if (rc != PKI_OK)
		return rc;
	rc = pki_ca_each_cert(s->ca, cli_value(s->cli, "ca"), &filter,
	    list_one, &listing, s->err);
	return listing_end(&listing, rc, "No certificate fits.");
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
