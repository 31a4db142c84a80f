#include "pki-ctl/issue-print.h"

pki_code
print_plan(struct session *s, const pki_issue_request *request,
    const pki_issue_plan *plan)
{
	static const struct print_column columns[] = {
		{ .key = "name" },
		{ .key = "ca" },
		{ .key = "profile" },
		{ .key = "subject" },
		{ .key = "alt-names" },
		{ .key = "not-before", .kind = PRINT_TIME },
		{ .key = "not-after", .kind = PRINT_TIME },
		{ .key = "key-usage" },
		{ .key = "extended-key-usage" },
		{ .key = "dry-run", .kind = PRINT_BOOL, .json_only = true },
	};
	const pki_grant *grant = plan->grant;
	PKI_AUTO(pki_buf) subject = pki_buf_new();
	PKI_AUTO(pki_buf) alt_names = pki_buf_new();
	PKI_AUTO(pki_buf) usage = pki_buf_new();
	PKI_AUTO(pki_buf) ext_usage = pki_buf_new();
	pki_code rc;

	pki_name_print(grant->subject, subject);
	pki_altnames_print(grant->alt_names, alt_names);
	pki_usage_print(pki_key_usage_names, grant->key_usage, usage);
	pki_usage_print(pki_ext_usage_names, grant->ext_usage, ext_usage);
	rc = pki_buf_check(subject, s->err);
	if (rc == PKI_OK)
		rc = pki_buf_check(alt_names, s->err);
	if (rc == PKI_OK)
		rc = pki_buf_check(usage, s->err);
	if (rc == PKI_OK)
		rc = pki_buf_check(ext_usage, s->err);
	if (rc == PKI_OK) {
		const struct print_value values[] = {
			{ .text = request->identity },
			{ .text = plan->ca },
			{ .text = request->profile },
			{ .text = pki_buf_text(subject) },
			{ .text = pki_buf_text(alt_names) },
			{ .number = grant->not_before },
			{ .number = grant->not_after },
			{ .text = pki_buf_text(usage) },
			{ .text = pki_buf_text(ext_usage) },
			{ .number = 1 },
		};

		rc = print_record(s->cli->format, columns, PKI_COUNT(columns),
		    values, s->err);
	}
	if (rc == PKI_OK)
		cli_say(s->cli, "Nothing was issued.");
	return rc;
}

static pki_code
print_json(struct session *s, const pki_issue_request *request,
    const pki_issued *issued)
{
	static const struct print_column columns[] = {
		{ .key = "name" },
		{ .key = "serial" },
		{ .key = "ca" },
		{ .key = "profile" },
		{ .key = "not-before", .kind = PRINT_TIME },
		{ .key = "not-after", .kind = PRINT_TIME },
		{ .key = "fingerprint" },
		{ .key = "replaced", .kind = PRINT_NUMBER },
		{ .key = "follows" },
		{ .key = "new-key" },
		{ .key = "out" },
		{ .key = "chain" },
	};
	const pki_cert *cert = issued->cert;
	char serial[PKI_SERIAL_TEXT], digest[PKI_DIGEST_TEXT];
	char follows[PKI_SERIAL_TEXT];
	const struct print_value values[] = {
		{ .text = request->identity },
		{ .text = pki_serial_format(pki_cert_serial(cert), serial) },
		{ .text = issued->ca },
		{ .text = request->profile },
		{ .number = pki_cert_not_before(cert) },
		{ .number = pki_cert_not_after(cert) },
		{ .text = pki_digest_format(pki_cert_digest(cert), digest) },
		{ .number = (int64_t)issued->replaced },
		{ .text = request->follows == NULL ? NULL :
		    pki_serial_format(request->follows, follows) },
		{ .text = cli_value(s->cli, "new-key") },
		{ .text = cli_value(s->cli, "out") },
		{ .text = pki_buf_text(issued->chain) },
	};

	return print_record(s->cli->format, columns, PKI_COUNT(columns),
	    values, s->err);
}

pki_code
print_issued(struct session *s, const pki_issue_request *request,
    const pki_issued *issued)
{
	const char *out = cli_value(s->cli, "out");
	const char *key = cli_value(s->cli, "new-key");
	char serial[PKI_SERIAL_TEXT], until[PKI_TIME_TEXT];
	pki_code rc = PKI_OK;

	if (s->cli->format == PRINT_JSON)
		rc = print_json(s, request, issued);
	else if (out == NULL)
		rc = print_bytes(pki_buf_bytes(issued->chain), s->err);
	if (rc != PKI_OK)
		return rc;
	cli_say(s->cli, "Issued %s by %s: serial %s, good until %s%s%s.",
	    request->identity, issued->ca,
	    pki_serial_format(pki_cert_serial(issued->cert), serial),
	    pki_time_format(pki_cert_not_after(issued->cert), until),
	    out == NULL ? "" : ", in ", out == NULL ? "" : out);
	if (request->follows != NULL)
		cli_say(s->cli, "The one before it, serial %s, stays good.",
		    pki_serial_format(request->follows, serial));
	if (key != NULL)
		cli_say(s->cli, "Its new key is in %s.", key);
	if (issued->replaced != 0)
		cli_say(s->cli, "%zu certificate%s superseded by it.",
		    issued->replaced, issued->replaced == 1 ? " is" : "s are");
	return PKI_OK;
}
