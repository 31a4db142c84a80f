#include <string.h>

#include "pki-ctl/cmd.h"
#include "pki-ctl/crls.h"
#include "pki-ctl/find-ca.h"

static const struct cli_option options[] = {
	{ .name = "entries", .help = "with every revoked certificate" },
	{ .name = NULL },
};

static pki_code
print_entries(print_doc *doc, const pki_crl *crl, pki_err *err)
{
	static const struct print_column columns[] = {
		{ .key = "serial", .width = 40 },
		{ .key = "revoked-at", .kind = PRINT_TIME, .width = 20 },
		{ .key = "reason", .width = 20 },
		{ .key = "invalid-since", .kind = PRINT_TIME, .spare = 1 },
	};
	pki_code rc;
	size_t i;

	rc = print_rows(doc, "revoked", PRINT_LINES, columns,
	    PKI_COUNT(columns), err);
	for (i = 0; i < pki_crl_count(crl) && rc == PKI_OK; i++) {
		const pki_crl_entry *entry = pki_crl_at(crl, i);
		char serial[PKI_SERIAL_TEXT];
		const struct print_value values[] = {
			{ .text = pki_serial_format(&entry->serial, serial) },
			{ .number = entry->revoked_at },
			{ .text = pki_reason_name(entry->reason) },
			{ .number = entry->invalid_since },
		};

		rc = print_row(doc, values, err);
	}
	return rc;
}

static pki_code
print_crl(struct session *s, const char *path, const pki_crl *crl)
{
	static const struct print_column columns[] = {
		{ .key = "file" },
		{ .key = "issuer" },
		{ .key = "number", .kind = PRINT_NUMBER },
		{ .key = "this-update", .kind = PRINT_TIME },
		{ .key = "next-update", .kind = PRINT_TIME },
		{ .key = "life-left", .kind = PRINT_SPAN },
		{ .key = "entries", .kind = PRINT_NUMBER },
		{ .key = "distribution-point" },
	};
	PKI_AUTO(pki_buf) issuer = pki_buf_new();
	struct print_value values[] = {
		{ .text = path },
		{ .text = NULL },
		{ .number = pki_crl_number(crl) },
		{ .number = pki_crl_this_update(crl) },
		{ .number = pki_crl_next_update(crl) },
		{ .number = pki_crl_next_update(crl) - session_now() },
		{ .number = (int64_t)pki_crl_count(crl) },
		{ .text = pki_crl_idp_url(crl) },
	};
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;

	pki_name_print(pki_crl_issuer(crl), issuer);
	rc = pki_buf_check(issuer, s->err);
	values[1].text = pki_buf_text(issuer);
	if (rc == PKI_OK)
		rc = print_open(s->cli->format, &doc, s->err);
	if (rc == PKI_OK)
		rc = print_fields(doc, columns, PKI_COUNT(columns), values,
		    s->err);
	if (rc == PKI_OK && cli_has(s->cli, "entries"))
		rc = print_entries(doc, crl, s->err);
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

static pki_code
show_file(struct session *s, const char *path)
{
	PKI_AUTO(pki_crl) crl = NULL;
	pki_code rc;

	rc = crls_read(s, path, &crl);
	return rc == PKI_OK ? print_crl(s, path, crl) : rc;
}

static pki_code
show_of_ca(const pki_ca_info *info, void *arg, pki_err *err)
{
	struct session *s = arg;
	char path[PKI_PATH_MAX];
	pki_code rc;

	(void)err;
	rc = crls_path(s, info->row, path);
	return rc == PKI_OK ? show_file(s, path) : rc;
}

/* One line for each CA: what its published CRL says. */
struct listing {
	struct session *s;
	print_doc      *doc;
};

static pki_code
list_one(const pki_ca_info *info, void *arg, pki_err *err)
{
	struct listing *listing = arg;
	struct print_value values[6] = { { .text = info->row->name } };
	PKI_AUTO(pki_crl) crl = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = crls_path(listing->s, info->row, path);
	if (rc != PKI_OK)
		return rc;
	values[5].text = path;
	rc = crls_read(listing->s, path, &crl);
	if (rc == PKI_OK) {
		values[1].number = pki_crl_number(crl);
		values[2].number = (int64_t)pki_crl_count(crl);
		values[3].number = pki_crl_next_update(crl);
		values[4].number = pki_crl_next_update(crl) - session_now();
	} else if (rc == PKI_NOT_FOUND) {
		values[1].none = values[2].none = true;
	} else {
		return rc;
	}
	return print_row(listing->doc, values, err);
}

static pki_code
list_all(struct session *s)
{
	static const struct print_column columns[] = {
		{ .key = "ca" },
		{ .key = "number", .kind = PRINT_NUMBER },
		{ .key = "entries", .kind = PRINT_NUMBER },
		{ .key = "next-update", .kind = PRINT_TIME, .spare = 2 },
		{ .key = "life-left", .kind = PRINT_SPAN, .spare = 1 },
		{ .key = "file" },
	};
	PKI_AUTO(print_doc) doc = NULL;
	struct listing listing = { .s = s };
	pki_code rc;

	rc = print_open_rows(s->cli->format, columns, PKI_COUNT(columns), &doc,
	    s->err);
	listing.doc = doc;
	if (rc == PKI_OK)
		rc = pki_ca_each(s->ca, list_one, &listing, s->err);
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

static pki_code
show_crl(struct session *s)
{
	const char *what = s->cli->arg_count == 0 ? NULL : s->cli->args[0];
	pki_code rc;

	/* A CA's name has neither of these; such a file needs no CA. */
	if (what != NULL && (strpbrk(what, "./") != NULL ||
	    strcmp(what, "-") == 0))
		return show_file(s, what);
	if (what == NULL && cli_has(s->cli, "entries"))
		return pki_fail(s->err, PKI_USAGE,
		    "--entries needs the name of a CA, or a file");
	rc = session_open(s);
	if (rc != PKI_OK)
		return rc;
	if (what == NULL)
		return list_all(s);
	return find_ca(s, what, show_of_ca, s);
}

const struct cli_command cmd_crl_show = {
	.noun = "crl",
	.verb = "show",
	.args = "[CA|FILE]",
	.summary = "show published CRLs, or one of a file",
	.description =
"Without an argument: one line for each CA.  A name with '.' or '/' is a\n"
"file, PEM or DER, of whatever CA; '-' is standard input.",
	.options = options,
	.max_args = 1,
	.run = show_crl,
};
