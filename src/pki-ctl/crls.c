#include "pki-ctl/crls.h"

pki_code
crls_read(struct session *s, const char *path, pki_crl **out)
{
	PKI_AUTO(pki_buf) file = NULL;
	pki_code rc;

	rc = session_read(s, path, CRL_FILE_MAX, &file);
	if (rc != PKI_OK)
		return rc;
	rc = pki_crl_parse(pki_buf_bytes(file), CRL_FILE_MAX, out, s->err);
	return rc == PKI_OK ? rc : pki_wrap(s->err, rc, "%s", path);
}

pki_code
crls_path(const struct session *s, const pki_ca_row *row,
    char out[PKI_PATH_MAX])
{
	return pki_text_format(out, PKI_PATH_MAX, s->err,
	    "%s/public/crl/%s/%s.crl", s->state_dir, row->name,
	    row->crl_form == PKI_CRL_FULL ? "full" : "complete");
}
