#include "pki-ctl/certs.h"
#include "pki-ctl/cmd.h"
#include "pki-ctl/devices.h"

/* Rows of one device, not of a namesake that was retired. */
struct showing {
	print_doc *doc;
	int64_t    device_id, now;
};

static pki_code
show_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct showing *showing = arg;

	if (row->identity_id != showing->device_id)
		return PKI_OK;
	return certs_print_row(showing->doc, row, showing->now, err);
}

static pki_code
show_token(const pki_token_row *row, void *arg, pki_err *err)
{
	struct showing *showing = arg;

	if (row->identity_id != showing->device_id)
		return PKI_OK;
	return tokens_print_row(showing->doc, row, showing->now, err);
}

static pki_code
print_device(struct session *s, const pki_identity_row *row, print_doc *doc)
{
	const pki_cert_filter filter = { .identity = row->name };
	struct showing showing = { doc, row->id, session_now() };
	struct device_fields fields;
	pki_code rc = devices_fields(row, &fields, s->err);

	if (rc == PKI_OK)
		rc = print_fields(doc, devices_columns, DEVICES_COLUMNS,
		    fields.values, s->err);
	devices_fields_clear(&fields);
	if (rc == PKI_OK)
		rc = print_rows(doc, "certificates", PRINT_LINES,
		    certs_columns, CERTS_COLUMNS, s->err);
	if (rc == PKI_OK)
		rc = pki_ca_each_cert(s->ca, NULL, &filter, show_cert,
		    &showing, s->err);
	if (rc == PKI_OK)
		rc = print_rows(doc, "tokens", PRINT_LINES, tokens_columns,
		    TOKENS_COLUMNS, s->err);
	if (rc == PKI_OK)
		rc = pki_ca_each_token(s->ca, row->name, 0, show_token,
		    &showing, s->err);
	return rc == PKI_OK ? print_close(doc, s->err) : rc;
}

static pki_code
show_device(struct session *s)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	PKI_AUTO(print_doc) doc = NULL;
	pki_identity_row row;
	pki_code rc;

	rc = pki_ca_get_device(s->ca, s->cli->args[0], &row, hold, s->err);
	if (rc == PKI_OK)
		rc = print_open(s->cli->format, &doc, s->err);
	return rc == PKI_OK ? print_device(s, &row, doc) : rc;
}

const struct cli_command cmd_device_show = {
	.noun = "device",
	.verb = "show",
	.args = "NAME",
	.summary = "show a device, its certificates and tokens",
	.min_args = 1,
	.max_args = 1,
	.flags = SESSION_NEEDS_CA,
	.run = show_device,
};
