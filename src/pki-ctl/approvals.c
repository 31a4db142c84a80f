#include "pki-ctl/approvals.h"

const struct print_column approvals_columns[APPROVALS_COLUMNS] = {
	{ .key = "request" },
	{ .key = "name" },
	{ .key = "profile", .spare = 3 },
	{ .key = "state", .kind = PRINT_STATE },
	{ .key = "requested", .kind = PRINT_TIME, .spare = 2 },
	{ .key = "names", .spare = 4 },
	{ .key = "key", .spare = 1 },
	{ .key = "decided", .kind = PRINT_TIME, .json_only = true },
	{ .key = "by", .json_only = true },
	{ .key = "id", .kind = PRINT_NUMBER, .json_only = true },
};

const struct cli_option approvals_options[] = {
	{ .name = "dry-run", .help = "check everything, change nothing" },
	{ .name = NULL },
};

pki_code
approvals_print_row(print_doc *doc, const pki_approval_row *row,
    const char *state, pki_err *err)
{
	char key[PKI_DIGEST_TEXT];
	const struct print_value values[APPROVALS_COLUMNS] = {
		{ .text = row->name },
		{ .text = row->identity },
		{ .text = row->profile },
		{ .text = state },
		{ .number = row->requested_at },
		{ .text = row->names },
		{ .text = pki_digest_format(&row->key, key) },
		{ .number = row->decided_at },
		{ .text = row->decided_by[0] == '\0' ? NULL :
		    row->decided_by },
		{ .number = row->id },
	};

	return print_row(doc, values, err);
}

/* Read again, for what it is now; a dry run says what it would be. */
static pki_code
print_decided(struct session *s, const char *id, const char *state,
    print_doc *doc)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_approval_row row;
	pki_code rc = pki_approval_get(s->ca, id, &row, hold, s->err);

	return rc == PKI_OK ? approvals_print_row(doc, &row, state, s->err) :
	    rc;
}

static pki_code
print_all(struct session *s, const char *state)
{
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;
	size_t i;

	rc = print_open_rows(s->cli->format, approvals_columns,
	    APPROVALS_COLUMNS, &doc, s->err);
	for (i = 0; rc == PKI_OK && i < s->cli->arg_count; i++)
		rc = print_decided(s, s->cli->args[i], state, doc);
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

pki_code
approvals_decide(struct session *s, pki_approval_decision decision)
{
	const struct cli *cli = s->cli;
	bool dry = cli_has(cli, "dry-run");
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < cli->arg_count; i++)
		rc = pki_approval_decide_check(s->ca, cli->args[i], decision,
		    s->err);
	for (i = 0; rc == PKI_OK && !dry && i < cli->arg_count; i++)
		rc = pki_approval_decide(s->ca, cli->args[i], decision,
		    &s->who, s->err);
	if (rc == PKI_OK && dry)
		cli_say(cli, "Nothing was changed; this would be:");
	return rc == PKI_OK ? print_all(s, decision == PKI_APPROVAL_APPROVE ?
	    "approved" : "denied") : rc;
}
