#include <string.h>

#include "pki-ctl/cmd.h"

static const struct cli_option options[] = {
	{ .name = "dry-run", .help = "check everything, revoke nothing" },
	{ .name = NULL },
};

/* A whole token has a secret that no message may repeat. */
static pki_code
check_id(const char *id, pki_err *err)
{
	if (strlen(id) == PKI_TOKEN_ID_LEN &&
	    pki_base32_check(pki_bytes_text(id)))
		return PKI_OK;
	return pki_fail(err, PKI_USAGE, "that is no token's id, expected the "
	    "12 characters before the point");
}

static pki_code
print_ids(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "token" },
		{ .key = "change" },
	};
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;
	size_t i;

	rc = print_open_rows(s->cli->format, columns, PKI_COUNT(columns), &doc,
	    s->err);
	for (i = 0; rc == PKI_OK && i < s->cli->arg_count; i++) {
		const struct print_value values[] = {
			{ .text = s->cli->args[i] },
			{ .text = "revoked" },
		};

		rc = print_row(doc, values, s->err);
	}
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

static pki_code
revoke_tokens(struct session *s)
{
	const struct cli *cli = s->cli;
	bool dry = cli_has(cli, "dry-run");
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < cli->arg_count; i++)
		rc = check_id(cli->args[i], s->err);
	if (rc == PKI_OK)
		rc = session_open(s);
	for (i = 0; rc == PKI_OK && i < cli->arg_count; i++)
		rc = pki_ca_revoke_token_check(s->ca, cli->args[i], s->err);
	for (i = 0; rc == PKI_OK && !dry && i < cli->arg_count; i++)
		rc = pki_ca_revoke_token(s->ca, cli->args[i], &s->who, s->err);
	if (rc == PKI_OK && dry)
		cli_say(cli, "Nothing was revoked; this would be:");
	return rc == PKI_OK ? print_ids(s) : rc;
}

const struct cli_command cmd_token_revoke = {
	.noun = "token",
	.verb = "revoke",
	.args = "ID...",
	.summary = "end tokens",
	.description =
"ID is what stands before the point of a token, as 'token list' shows it.  A\n"
"certificate that the token has given stays: see 'cert revoke'.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = revoke_tokens,
};
