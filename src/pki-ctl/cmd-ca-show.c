#include "pki-ctl/cmd.h"
#include "pki-ctl/find-ca.h"

static const struct print_column columns[] = {
	{ .key = "name" },
	{ .key = "subject" },
	{ .key = "parent" },
	{ .key = "serial" },
	{ .key = "state", .kind = PRINT_STATE },
	{ .key = "key-type" },
	{ .key = "key" },
	{ .key = "not-before", .kind = PRINT_TIME },
	{ .key = "not-after", .kind = PRINT_TIME },
	{ .key = "expires-in", .kind = PRINT_SPAN },
	{ .key = "issued", .kind = PRINT_NUMBER },
	{ .key = "created", .kind = PRINT_TIME },
	{ .key = "base-url" },
	{ .key = "crl-form" },
	{ .key = "partition-size", .kind = PRINT_NUMBER },
	{ .key = "fingerprint" },
	{ .key = "key-fingerprint" },
};

static pki_code
print_ca(const pki_ca_info *info, void *arg, pki_err *err)
{
	const struct session *s = arg;
	const pki_cert *cert = info->cert;
	const pki_pubkey *key = pki_cert_key(cert);
	char serial[PKI_SERIAL_TEXT], digest[PKI_DIGEST_TEXT];
	char key_digest[PKI_DIGEST_TEXT];
	PKI_AUTO(pki_buf) subject = pki_buf_new();
	int64_t now = session_now();
	int64_t until = pki_cert_not_after(cert);
	struct print_value values[PKI_COUNT(columns)] = {
		{ .text = info->row->name },
		{ .text = NULL },
		{ .text = info->row->parent },
		{ .text = pki_serial_format(pki_cert_serial(cert), serial) },
		{ .text = info->revoked ? "revoked" :
		    now > until ? "expired" : "good" },
		{ .text = pki_key_type_name(pki_pubkey_type(key)) },
		{ .text = info->has_key ? info->row->key_ref : "elsewhere" },
		{ .number = pki_cert_not_before(cert) },
		{ .number = until },
		{ .number = until - now },
		{ .number = info->issued },
		{ .number = info->row->created_at },
		{ .text = info->row->base_url },
		{ .text = info->row->crl_form == PKI_CRL_FULL ? "full" :
		    "partitioned" },
		{ .number = info->row->partition_size },
		{ .text = pki_digest_format(pki_cert_digest(cert), digest) },
		{ .text = pki_digest_format(pki_pubkey_digest(key),
		    key_digest) },
	};
	pki_code rc;

	pki_name_print(pki_cert_subject(cert), subject);
	rc = pki_buf_check(subject, err);
	if (rc != PKI_OK)
		return rc;
	values[1].text = pki_buf_text(subject);
	return print_record(s->cli->format, columns, PKI_COUNT(columns),
	    values, err);
}

static pki_code
show_ca(struct session *s)
{
	return find_ca(s, s->cli->args[0], print_ca, s);
}

const struct cli_command cmd_ca_show = {
	.noun = "ca",
	.verb = "show",
	.args = "NAME",
	.summary = "show one CA",
	.min_args = 1,
	.max_args = 1,
	.flags = SESSION_NEEDS_CA,
	.run = show_ca,
};
