#include <string.h>

#include "pki-ctl/cmd.h"
#include "pki-ctl/crls.h"
#include "pki-ctl/publish.h"

/* Which published file holds exactly this CRL? */
struct search {
	struct session *s;
	const pki_crl  *crl;
	char            file[PKI_PATH_MAX];     /* below public/; "": none */
	char            ca[PKI_CA_NAME_MAX + 1];
};

static pki_code
look_at(const pki_ca_info *info, void *arg, pki_err *err)
{
	struct search *search = arg;
	PKI_AUTO(pki_buf) octets = NULL;
	char path[PKI_PATH_MAX];
	const char *below;
	pki_code rc;

	if (search->file[0] != '\0')
		return PKI_OK;
	rc = crls_path(search->s, info->row, path);
	if (rc != PKI_OK)
		return rc;
	/* One that is not there, or cannot be read, is not the same. */
	if (pki_file_read(path, CRL_FILE_MAX, PKI_FILE_ANY, &octets, NULL) !=
	    PKI_OK || !pki_bytes_equal(pki_buf_bytes(octets),
	    pki_crl_der(search->crl)))
		return PKI_OK;
	below = path + strlen(search->s->state_dir) + strlen("/public/");
	rc = pki_text_format(search->file, sizeof(search->file), err, "%s",
	    below);
	return rc != PKI_OK ? rc : pki_text_format(search->ca,
	    sizeof(search->ca), err, "%s", info->row->name);
}

static pki_code
find_published(struct search *search)
{
	return pki_ca_each(search->s->ca, look_at, search, search->s->err);
}

/* Once more is refused, but what an earlier run did not finish is done. */
static pki_code
refuse_again(const struct search *search)
{
	struct session *s = search->s;
	int64_t number = 0;
	pki_code rc = publish_missing(s, publish_note_number, &number);

	return rc != PKI_OK ? rc : pki_fail(s->err, PKI_EXISTS,
	    "this CRL, number %lld of '%s', is published here already",
	    (long long)pki_crl_number(search->crl), search->ca);
}

static pki_code
print_imported(struct session *s, const pki_published *published)
{
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;

	rc = print_open_rows(s->cli->format, publish_columns, PUBLISH_COLUMNS,
	    &doc, s->err);
	if (rc == PKI_OK)
		rc = publish_print(published, doc, s->err);
	/* A root that ended our CA ended its leaves: their list goes out. */
	if (rc == PKI_OK)
		rc = publish_missing(s, publish_print, doc);
	if (rc == PKI_OK)
		rc = print_close(doc, s->err);
	return rc == PKI_OK ? publish_say_head(s) : rc;
}

static pki_code
import_crl(struct session *s)
{
	PKI_AUTO(pki_crl) crl = NULL;
	struct search search = { .s = s };
	pki_published published;
	pki_code rc;

	rc = crls_read(s, s->cli->args[0], &crl);
	search.crl = crl;
	if (rc == PKI_OK)
		rc = session_open(s);
	if (rc == PKI_OK)
		rc = find_published(&search);
	if (rc == PKI_OK && search.file[0] != '\0')
		return refuse_again(&search);
	if (rc == PKI_OK)
		rc = pki_ca_import_crl(s->ca, pki_crl_der(crl), &s->who,
		    &published, s->err);
	if (rc == PKI_OK)
		rc = find_published(&search);
	if (rc == PKI_OK && search.file[0] != '\0')
		published.file = search.file;
	return rc == PKI_OK ? print_imported(s, &published) : rc;
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
