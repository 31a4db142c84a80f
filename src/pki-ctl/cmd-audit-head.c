#include "pki-ctl/cmd.h"

static pki_code
show_head(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "head" },
		{ .key = "size", .kind = PRINT_NUMBER },
		{ .key = "root" },
	};
	char text[PKI_AUDIT_HEAD_TEXT], root[PKI_DIGEST_TEXT];
	pki_audit_head head;
	pki_code rc;

	rc = pki_audit_get_head(s->ca, &head, s->err);
	if (rc != PKI_OK)
		return rc;
	pki_audit_head_format(&head, text);
	if (s->cli->format == PRINT_JSON) {
		const struct print_value values[] = {
			{ .text = text },
			{ .number = head.size },
			{ .text = pki_digest_format(&head.root, root) },
		};

		return print_record(s->cli->format, columns,
		    PKI_COUNT(columns), values, s->err);
	}
	printf("%s\n", text);
	return print_flush(s->err);
}

const struct cli_command cmd_audit_head = {
	.noun = "audit",
	.verb = "head",
	.summary = "print size and root of the audit log",
	.description =
"Keep the line somewhere else.  'audit verify --head' finds any change to\n"
"what was logged before.",
	.flags = SESSION_NEEDS_CA,
	.run = show_head,
};
