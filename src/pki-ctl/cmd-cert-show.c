#include <stdlib.h>
#include <string.h>

#include "pki-ctl/certs.h"
#include "pki-ctl/cmd.h"
#include "pki-ctl/output.h"

static const struct cli_option options[] = {
	{ .name = "pem", .help = "print only the certificate, as PEM" },
	{ .name = "chain", .help = "... and its issuing CA's below it" },
	{ .name = "out", .arg = "FILE",
	  .help = "write the PEM to FILE, not to stdout" },
	{ .name = NULL },
};

static const struct print_column columns[] = {
	{ .key = "name" },
	{ .key = "serial" },
	{ .key = "ca" },
	{ .key = "profile" },
	{ .key = "profile-digest" },
	{ .key = "state", .kind = PRINT_STATE },
	{ .key = "subject" },
	{ .key = "alt-names", .kind = PRINT_LIST },
	{ .key = "not-before", .kind = PRINT_TIME },
	{ .key = "not-after", .kind = PRINT_TIME },
	{ .key = "expires-in", .kind = PRINT_SPAN },
	{ .key = "issued-at", .kind = PRINT_TIME },
	{ .key = "key-type" },
	{ .key = "key-origin" },
	{ .key = "key-usage" },
	{ .key = "extended-key-usage" },
	{ .key = "crl-url" },
	{ .key = "fingerprint" },
	{ .key = "key-fingerprint" },
	{ .key = "revoked-at", .kind = PRINT_TIME },
	{ .key = "reason" },
	{ .key = "invalid-since", .kind = PRINT_TIME },
	{ .key = "id", .kind = PRINT_NUMBER, .json_only = true },
};

/* Texts that the fields of one certificate borrow. */
struct texts {
	char          serial[PKI_SERIAL_TEXT];
	char          profile[PKI_DIGEST_TEXT], digest[PKI_DIGEST_TEXT];
	char          key[PKI_DIGEST_TEXT];
	pki_buf      *subject, *key_usage, *ext_usage;
	pki_text_list alt_names;
};

static void
clear_texts(struct texts *texts)
{
	pki_buf_free(texts->subject);
	pki_buf_free(texts->key_usage);
	pki_buf_free(texts->ext_usage);
	pki_text_list_clear(&texts->alt_names);
}

static pki_code
list_alt_names(const pki_altnames *names, pki_text_list *out, pki_err *err)
{
	size_t i, count = pki_altnames_count(names);

	out->items = calloc(count + 1, sizeof(*out->items));
	if (out->items == NULL)
		return pki_fail_memory(err);
	for (i = 0; i < count; i++) {
		const pki_altname *name = pki_altnames_at(names, i);
		PKI_AUTO(pki_buf) text = pki_buf_new();

		pki_buf_add_format(text, "%s:%s",
		    pki_alt_type_name(name->type), name->text);
		if (pki_buf_check(text, err) != PKI_OK)
			return err->code;
		out->items[i] = pki_text_copy(pki_buf_text(text));
		if (out->items[i] == NULL)
			return pki_fail_memory(err);
		out->count++;
	}
	return PKI_OK;
}

static pki_code
make_texts(const struct found_cert *found, const pki_cert *cert,
    struct texts *out, pki_err *err)
{
	pki_code rc;

	pki_serial_format(&found->row.serial, out->serial);
	pki_digest_format(&found->row.profile_digest, out->profile);
	pki_digest_format(pki_cert_digest(cert), out->digest);
	pki_digest_format(pki_pubkey_digest(pki_cert_key(cert)), out->key);
	out->subject = pki_buf_new();
	out->key_usage = pki_buf_new();
	out->ext_usage = pki_buf_new();
	pki_name_print(pki_cert_subject(cert), out->subject);
	pki_usage_print(pki_key_usage_names, pki_cert_key_usage(cert),
	    out->key_usage);
	pki_usage_print(pki_ext_usage_names, pki_cert_ext_usage(cert),
	    out->ext_usage);
	rc = pki_buf_check(out->subject, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(out->key_usage, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(out->ext_usage, err);
	if (rc == PKI_OK)
		rc = list_alt_names(pki_cert_alt_names(cert), &out->alt_names,
		    err);
	return rc;
}

static pki_code
print_fields_of(print_doc *doc, const struct found_cert *found,
    const pki_cert *cert, const struct texts *texts, pki_err *err)
{
	const pki_cert_row *row = &found->row;
	bool revoked = row->status != PKI_CERT_GOOD;
	int64_t now = session_now();
	const struct print_value values[PKI_COUNT(columns)] = {
		{ .text = row->identity },
		{ .text = texts->serial },
		{ .text = row->ca },
		{ .text = row->profile },
		{ .text = texts->profile },
		{ .text = pki_cert_state(row, now) },
		{ .text = pki_buf_text(texts->subject) },
		{ .list = &texts->alt_names },
		{ .number = row->not_before },
		{ .number = row->not_after },
		{ .number = row->not_after - now },
		{ .number = row->issued_at },
		{ .text = pki_key_type_name(
		    pki_pubkey_type(pki_cert_key(cert))) },
		{ .text = row->key_origin == PKI_ORIGIN_DEVICE ? "device" :
		    "ca" },
		{ .text = pki_buf_text(texts->key_usage) },
		{ .text = pki_buf_text(texts->ext_usage) },
		{ .text = pki_cert_crl_url(cert) },
		{ .text = texts->digest },
		{ .text = texts->key },
		{ .number = row->revoked_at },
		{ .text = revoked ? pki_reason_name((pki_reason)row->reason) :
		    NULL },
		{ .number = row->invalid_since },
		{ .number = row->id },
	};

	return print_row(doc, values, err);
}

static pki_code
print_cert(print_doc *doc, const struct found_cert *found, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = NULL;
	struct texts texts = { .subject = NULL };
	pki_code rc;

	rc = pki_cert_parse(found->row.der, &cert, err);
	if (rc == PKI_OK)
		rc = make_texts(found, cert, &texts, err);
	if (rc == PKI_OK)
		rc = print_fields_of(doc, found, cert, &texts, err);
	clear_texts(&texts);
	return rc;
}

static pki_code
write_pem(struct session *s, const found_certs *certs, const pki_buf *pem)
{
	const char *out = cli_value(s->cli, "out");
	PKI_AUTO(output) file = NULL;
	pki_code rc;

	rc = output_begin(s, out, 0644, PKI_FILE_REPLACE, &file);
	if (rc == PKI_OK)
		rc = output_commit(file, pki_buf_bytes(pem), s->err);
	if (rc == PKI_OK)
		cli_say(s->cli, "Wrote %zu certificate%s%s to %s.",
		    certs->count, certs->count == 1 ? "" : "s",
		    cli_has(s->cli, "chain") ? " with the issuing CA's" : "",
		    out);
	return rc;
}

static pki_code
print_pem(struct session *s, const found_certs *certs)
{
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < certs->count && rc == PKI_OK; i++) {
		pki_pem_add(pem, PKI_PEM_CERT, certs->items[i]->row.der);
		if (cli_has(s->cli, "chain"))
			rc = pki_ca_export(s->ca, certs->items[i]->ca,
			    PKI_EXPORT_CERT, pem, s->err);
	}
	if (rc == PKI_OK)
		rc = pki_buf_check(pem, s->err);
	if (rc != PKI_OK)
		return rc;
	return cli_has(s->cli, "out") ? write_pem(s, certs, pem) :
	    print_bytes(pki_buf_bytes(pem), s->err);
}

static pki_code
show_certs(struct session *s)
{
	PKI_AUTO(found_certs) certs = found_certs_new();
	PKI_AUTO(print_doc) doc = NULL;
	char id[CERTS_ID_MAX];
	pki_code rc;
	size_t i;

	if (certs == NULL)
		return pki_fail_memory(s->err);
	if (cli_has(s->cli, "out") && !cli_has(s->cli, "pem") &&
	    !cli_has(s->cli, "chain"))
		return pki_fail(s->err, PKI_USAGE,
		    "--out goes with --pem or --chain");
	rc = certs_resolve_id(s, s->cli->args[0], id);
	if (rc == PKI_OK)
		rc = session_open(s);
	if (rc == PKI_OK)
		rc = certs_find(s, id, certs);
	if (rc != PKI_OK)
		return rc;
	if (cli_has(s->cli, "pem") || cli_has(s->cli, "chain"))
		return print_pem(s, certs);
	rc = print_open(s->cli->format, &doc, s->err);
	if (rc == PKI_OK)
		rc = print_rows(doc, NULL, PRINT_BLOCKS, columns,
		    PKI_COUNT(columns), s->err);
	for (i = 0; i < certs->count && rc == PKI_OK; i++)
		rc = print_cert(doc, certs->items[i], s->err);
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

const struct cli_command cmd_cert_show = {
	.noun = "cert",
	.verb = "show",
	.args = "ID",
	.summary = "show certificates",
	.description =
"ID is a name, a serial or its last 8 or more hex digits, a SHA-256 of the\n"
"certificate, or a certificate file; 'name:', 'serial:', 'sha256:' and\n"
"'file:' in front say which.  All that fit are shown; JSON is an array.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = show_certs,
};
