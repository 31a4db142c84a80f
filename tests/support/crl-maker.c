#include "tests/support/crl-maker.h"

static pki_code
append(void *arg, pki_bytes bytes, pki_err *err)
{
	pki_buf_add(arg, bytes);
	return pki_buf_check(arg, err);
}

pki_sink
crl_sink_to(pki_buf *buf)
{
	return (pki_sink){ append, buf };
}

pki_code
crl_tbs(const pki_crl_fields *fields, const pki_crl_entry *entries,
    size_t count, pki_buf *out_tbs, pki_err *err)
{
	PKI_AUTO(pki_crl_writer) writer = NULL;
	PKI_AUTO(pki_buf) list = pki_buf_new();
	const pki_sink sink = crl_sink_to(list);
	pki_code rc = pki_crl_begin(fields, &sink, &writer, err);

	for (size_t i = 0; rc == PKI_OK && i < count; i++)
		rc = pki_crl_add(writer, &entries[i], err);
	if (rc == PKI_OK)
		rc = pki_crl_end(writer, err);
	if (rc == PKI_OK)
		rc = pki_crl_add_start(writer, list->len, out_tbs, err);
	if (rc != PKI_OK)
		return rc;
	pki_buf_add(out_tbs, pki_buf_bytes(list));
	pki_buf_add(out_tbs, pki_crl_tail(writer));
	return pki_buf_check(out_tbs, err);
}
