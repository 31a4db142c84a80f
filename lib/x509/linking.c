#include "x509/linking.h"

#include "base/text.h"

/* tls-unique has 12 octets with all suites of today, tls-exporter has 32. */
#define BINDING_MAX 64

pki_link
pki_csr_check_link(const pki_csr *csr, pki_csr_challenge which,
    const pki_binding *binding)
{
	pki_bytes text = pki_csr_challenge_text(csr, which);
	PKI_AUTO(pki_buf) value = NULL;
	bool unique, exporter;

	if (text.data == NULL)
		return PKI_LINK_ABSENT;
	if (pki_base64_parse(text, BINDING_MAX, &value, NULL) != PKI_OK ||
	    value->len == 0)
		return PKI_LINK_MALFORMED;
	/* Both, so that which one it was does not show. */
	unique = pki_bytes_equal_secret(pki_buf_bytes(value),
	    binding->unique);
	exporter = pki_bytes_equal_secret(pki_buf_bytes(value),
	    binding->exporter);
	return unique || exporter ? PKI_LINK_MATCHES : PKI_LINK_DIFFERS;
}

pki_link
pki_csr_check_links(const pki_csr *csr, const pki_binding *binding)
{
	pki_link password = pki_csr_check_link(csr,
	    PKI_CSR_CHALLENGE_PASSWORD, binding);
	pki_link linking = pki_csr_check_link(csr, PKI_CSR_IDENTITY_LINKING,
	    binding);

	/* The enumeration goes from best to worst, but for absence. */
	return password > linking ? password : linking;
}

pki_link
pki_csr_check_secret(const pki_csr *csr, pki_csr_challenge which,
    pki_bytes secret)
{
	pki_bytes text = pki_csr_challenge_text(csr, which);

	if (text.data == NULL)
		return PKI_LINK_ABSENT;
	return pki_bytes_equal_secret(text, secret) ? PKI_LINK_MATCHES :
	    PKI_LINK_DIFFERS;
}
