#include "pki-ctl/cmd.h"

static const struct cli_option options[] = {
	{ .name = "from", .arg = "SEQ", .help = "begin with this row (0)" },
	{ .name = "limit", .arg = "N", .help = "at most N rows" },
	{ .name = NULL },
};

struct show {
	print_doc *doc;
	int64_t    left;
};

static pki_code
show_row(const pki_audit_row *row, void *arg, pki_err *err)
{
	struct show *show = arg;
	const struct print_value values[] = {
		{ .number = row->seq },
		{ .number = row->at },
		{ .text = row->line },
	};

	/* Any code ends the walk; this one cannot come from the store. */
	if (show->left == 0)
		return PKI_PENDING;
	show->left--;
	return print_row(show->doc, values, err);
}

static pki_code
show_log(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "seq", .kind = PRINT_NUMBER, .width = 6 },
		{ .key = "time", .kind = PRINT_TIME, .width = 20 },
		{ .key = "event", .kind = PRINT_OBJECT },
	};
	struct show show = { .left = INT64_MAX };
	PKI_AUTO(print_doc) doc = NULL;
	int64_t from = 0;
	pki_code rc;

	rc = cli_number(s->cli, "from", 0, &from, s->err);
	if (rc == PKI_OK)
		rc = cli_number(s->cli, "limit", 1, &show.left, s->err);
	if (rc == PKI_OK)
		rc = print_open_rows(s->cli->format, columns,
		    PKI_COUNT(columns), &doc, s->err);
	if (rc != PKI_OK)
		return rc;
	show.doc = doc;
	rc = pki_audit_each(s->ca, from, show_row, &show, s->err);
	if (rc == PKI_PENDING && show.left == 0)
		rc = PKI_OK;
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

const struct cli_command cmd_audit_show = {
	.noun = "audit",
	.verb = "show",
	.summary = "print the audit log",
	.options = options,
	.flags = SESSION_NEEDS_CA,
	.run = show_log,
};
