#include "pki-ctl/cmd.h"

static pki_code
print_ca(const pki_ca_info *info, void *arg, pki_err *err)
{
	int64_t now = session_now();
	int64_t until = pki_cert_not_after(info->cert);
	const struct print_value values[] = {
		{ .text = info->row->name },
		{ .text = info->row->parent },
		{ .text = pki_key_type_name(
		    pki_pubkey_type(pki_cert_key(info->cert))) },
		{ .text = info->revoked ? "revoked" :
		    now > until ? "expired" : "good" },
		{ .text = info->has_key ? "here" : "elsewhere" },
		{ .number = info->issued },
		{ .number = until },
		{ .number = until - now },
	};

	return print_row(arg, values, err);
}

static pki_code
list_cas(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "name" },
		{ .key = "parent" },
		{ .key = "key-type", .spare = 2 },
		{ .key = "state", .kind = PRINT_STATE },
		{ .key = "key" },
		{ .key = "issued", .kind = PRINT_NUMBER, .spare = 1 },
		{ .key = "expires", .kind = PRINT_TIME },
		{ .key = "expires-in", .kind = PRINT_SPAN, .spare = 3 },
	};
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;

	rc = print_open_rows(s->cli->format, columns, PKI_COUNT(columns), &doc,
	    s->err);
	if (rc == PKI_OK)
		rc = pki_ca_each(s->ca, print_ca, doc, s->err);
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

const struct cli_command cmd_ca_list = {
	.noun = "ca",
	.verb = "list",
	.summary = "list the CAs",
	.flags = SESSION_NEEDS_CA,
	.run = list_cas,
};
