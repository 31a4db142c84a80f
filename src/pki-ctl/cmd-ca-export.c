#include "pki-ctl/cmd.h"
#include "pki-ctl/output.h"

static const struct cli_option options[] = {
	{ .name = "chain", .help = "with its issuers, up to the root" },
	{ .name = "out", .arg = "FILE", .help = "write FILE, not stdout" },
	{ .name = NULL },
};

static pki_code
print_pem(struct session *s, const char *name, const pki_buf *pem)
{
	static const struct print_column columns[] = {
		{ .key = "name" },
		{ .key = "out" },
		{ .key = "certificate" },
	};
	const char *out = cli_value(s->cli, "out");
	const struct print_value values[] = {
		{ .text = name },
		{ .text = out },
		{ .text = pki_buf_text(pem) },
	};

	if (s->cli->format == PRINT_JSON)
		return print_record(s->cli->format, columns,
		    PKI_COUNT(columns), values, s->err);
	return out != NULL ? PKI_OK : print_bytes(pki_buf_bytes(pem), s->err);
}

static pki_code
export_ca(struct session *s)
{
	const char *name = s->cli->args[0];
	const char *out = cli_value(s->cli, "out");
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	PKI_AUTO(output) file = NULL;
	pki_code rc;

	rc = pki_buf_check(pem, s->err);
	if (rc == PKI_OK)
		rc = pki_ca_export(s->ca, name, cli_has(s->cli, "chain") ?
		    PKI_EXPORT_CHAIN : PKI_EXPORT_CERT, pem, s->err);
	if (rc == PKI_OK && out != NULL)
		rc = output_begin(s, out, 0644, PKI_FILE_REPLACE, &file);
	if (rc == PKI_OK && out != NULL)
		rc = output_commit(file, pki_buf_bytes(pem), s->err);
	if (rc == PKI_OK)
		rc = print_pem(s, name, pem);
	if (rc == PKI_OK && out != NULL)
		cli_say(s->cli, "Wrote the certificate of '%s'%s to %s.", name,
		    cli_has(s->cli, "chain") ? " and its issuers'" : "", out);
	return rc;
}

const struct cli_command cmd_ca_export = {
	.noun = "ca",
	.verb = "export",
	.args = "NAME",
	.summary = "print a CA's certificate (PEM)",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.flags = SESSION_NEEDS_CA,
	.run = export_ca,
};
