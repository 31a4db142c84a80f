#include "pki-ctl/cmd.h"
#include "pki-ctl/crls.h"
#include "pki-ctl/publish.h"

static pki_code
import_crl(struct session *s)
{
	PKI_AUTO(pki_crl) crl = NULL;
	PKI_AUTO(print_doc) doc = NULL;
	pki_published published;
	pki_code rc;

	rc = crls_read(s, s->cli->args[0], &crl);
	if (rc == PKI_OK)
		rc = session_open(s);
	if (rc == PKI_OK)
		rc = pki_ca_import_crl(s->ca, pki_crl_der(crl), &s->who,
		    &published, s->err);
	if (rc == PKI_OK)
		rc = print_open_rows(s->cli->format, publish_columns,
		    PUBLISH_COLUMNS, &doc, s->err);
	if (rc == PKI_OK)
		rc = publish_print(&published, doc, s->err);
	/* A root that ended our CA ended its leaves: their list goes out. */
	if (rc == PKI_OK)
		rc = publish_missing(s, publish_print, doc);
	if (rc == PKI_OK)
		rc = print_close(doc, s->err);
	return rc == PKI_OK ? publish_say_head(s) : rc;
}

const struct cli_command cmd_crl_import = {
	.noun = "crl",
	.verb = "import",
	.args = "FILE",
	.summary = "publish a CRL that an offline root made",
	.description =
"FILE is PEM or DER; '-' is standard input.  It must be signed by a CA that\n"
"is known here, and be newer than the one published.",
	.min_args = 1,
	.max_args = 1,
	.run = import_crl,
};
