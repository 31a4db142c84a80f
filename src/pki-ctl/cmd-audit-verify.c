#include "common/term.h"
#include "pki-ctl/cmd.h"

static const struct cli_option options[] = {
	{ .name = "head", .arg = "SIZE:ROOT",
	  .help = "a head that 'audit head' printed earlier" },
	{ .name = NULL },
};

static pki_code
verify_log(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "result" },
		{ .key = "rows", .kind = PRINT_NUMBER },
		{ .key = "head" },
	};
	const char *head = cli_value(s->cli, "head");
	char text[PKI_AUDIT_HEAD_TEXT];
	struct term_progress progress;
	pki_audit_head known, now;
	pki_code rc;

	if (head != NULL) {
		rc = pki_audit_head_parse(head, &known, s->err);
		if (rc != PKI_OK)
			return pki_wrap(s->err, PKI_USAGE, "--head");
	}
	term_progress_begin(&progress, "audit verify", s->cli->quiet);
	rc = pki_audit_verify(s->ca, head != NULL ? &known : NULL, &now,
	    term_progress_step, &progress, s->err);
	term_progress_end(&progress);
	if (rc == PKI_OK) {
		const struct print_value values[] = {
			{ .text = "ok" },
			{ .number = now.size },
			{ .text = pki_audit_head_format(&now, text) },
		};

		rc = print_record(s->cli->format, columns, PKI_COUNT(columns),
		    values, s->err);
	}
	return rc;
}

const struct cli_command cmd_audit_verify = {
	.noun = "audit",
	.verb = "verify",
	.summary = "check that the audit log is whole",
	.description =
"Every row, the sequence, the times and the tree of hashes; then that each\n"
"certificate, revocation and hold has its row, of the same name and reason.\n"
"With --head also that nothing before that head was changed, removed or put\n"
"in another order.",
	.options = options,
	.flags = SESSION_NEEDS_CA,
	.run = verify_log,
};
