#include <string.h>

#include "pki-ctl/certs.h"
#include "pki-ctl/cmd.h"
#include "pki-ctl/crls.h"

static const struct cli_option options[] = {
	{ .name = "issuer", .arg = "CERT",
	  .help = "a CA certificate file; else the CAs here" },
	{ .name = NULL },
};

/* Whose CRL is it? */
struct search {
	const pki_crl *crl;
	char           issuer[PKI_CA_NAME_MAX + 1];
	bool           found;
	pki_err        last;            /* why a CA of the right name is not */
};

static pki_code
try_ca(const pki_ca_info *info, void *arg, pki_err *err)
{
	struct search *search = arg;
	pki_err reason;

	if (search->found)
		return PKI_OK;
	if (pki_crl_check_issuer(search->crl, info->cert, &reason) == PKI_OK) {
		search->found = true;
		return pki_text_format(search->issuer, sizeof(search->issuer),
		    err, "%s", info->row->name);
	}
	if (strcmp(reason.rule, "issuer") != 0)
		search->last = reason;
	return PKI_OK;
}

static pki_code
find_issuer(struct session *s, struct search *search)
{
	PKI_AUTO(pki_buf) issuer = pki_buf_new();
	pki_code rc;

	rc = session_open(s);
	if (rc == PKI_OK)
		rc = pki_ca_each(s->ca, try_ca, search, s->err);
	if (rc != PKI_OK || search->found)
		return rc;
	if (search->last.code != PKI_OK) {
		*s->err = search->last;
		return search->last.code;
	}
	pki_name_print(pki_crl_issuer(search->crl), issuer);
	return pki_refuse(s->err, PKI_DENIED, "issuer",
	    "a CRL of a CA here, or --issuer", "%s", pki_buf_text(issuer));
}

static pki_code
check_times(struct session *s, const pki_crl *crl)
{
	int64_t now = session_now();
	char text[PKI_TIME_TEXT];

	if (pki_crl_this_update(crl) > now)
		return pki_refuse(s->err, PKI_DENIED, "crl-time",
		    "a thisUpdate that is not in the future", "%s",
		    pki_time_format(pki_crl_this_update(crl), text));
	if (pki_crl_next_update(crl) < now)
		return pki_refuse(s->err, PKI_DENIED, "crl-expired",
		    "a nextUpdate that is not past", "%s",
		    pki_time_format(pki_crl_next_update(crl), text));
	return PKI_OK;
}

static pki_code
print_result(struct session *s, const pki_crl *crl, const char *issuer)
{
	static const struct print_column columns[] = {
		{ .key = "result" },
		{ .key = "issuer" },
		{ .key = "number", .kind = PRINT_NUMBER },
		{ .key = "next-update", .kind = PRINT_TIME },
		{ .key = "life-left", .kind = PRINT_SPAN },
		{ .key = "entries", .kind = PRINT_NUMBER },
	};
	const struct print_value values[] = {
		{ .text = "ok" },
		{ .text = issuer },
		{ .number = pki_crl_number(crl) },
		{ .number = pki_crl_next_update(crl) },
		{ .number = pki_crl_next_update(crl) - session_now() },
		{ .number = (int64_t)pki_crl_count(crl) },
	};

	return print_record(s->cli->format, columns, PKI_COUNT(columns),
	    values, s->err);
}

static pki_code
verify_crl(struct session *s)
{
	const char *path = s->cli->args[0];
	const char *issuer = cli_value(s->cli, "issuer");
	PKI_AUTO(pki_crl) crl = NULL;
	PKI_AUTO(pki_cert) cert = NULL;
	struct search search = { .found = false };
	pki_code rc;

	rc = crls_read(s, path, &crl);
	search.crl = crl;
	if (rc == PKI_OK && issuer != NULL)
		rc = certs_read_file(s, issuer, &cert);
	if (rc != PKI_OK)
		return rc;
	rc = issuer != NULL ? pki_crl_check_issuer(crl, cert, s->err) :
	    find_issuer(s, &search);
	if (rc == PKI_OK)
		rc = check_times(s, crl);
	if (rc != PKI_OK)
		return rc;
	return print_result(s, crl, issuer != NULL ? issuer : search.issuer);
}

const struct cli_command cmd_crl_verify = {
	.noun = "crl",
	.verb = "verify",
	.args = "FILE",
	.summary = "check a CRL's signature and times",
	.description =
"FILE is PEM or DER; '-' is standard input.  With --issuer no CA is needed\n"
"here.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = verify_crl,
};
