#include "x509/names-same.h"

typedef void print_names(const void *names, pki_buf *out);

static void
print_subject(const void *names, pki_buf *out)
{
	if (names != NULL)
		pki_name_print(names, out);
}

static void
print_alt_names(const void *names, pki_buf *out)
{
	pki_altnames_print(names, out);
}

/* What is asked for and what the certificate has, each as text. */
static pki_code
refuse(const char *rule, print_names *print, const void *asked,
    const void *certified, pki_err *err)
{
	PKI_AUTO(pki_buf) value = pki_buf_new();
	PKI_AUTO(pki_buf) wanted = pki_buf_new();

	if (value == NULL || wanted == NULL)
		return pki_fail_memory(err);
	print(asked, value);
	print(certified, wanted);
	if (wanted->len == 0)
		pki_buf_add_text(wanted, "none, as in the certificate");
	if (value->len == 0)
		pki_buf_add_text(value, "none");
	if (pki_buf_check(value, err) != PKI_OK ||
	    pki_buf_check(wanted, err) != PKI_OK)
		return PKI_NO_MEMORY;
	return pki_refuse(err, PKI_DENIED, rule, pki_buf_text(wanted), "%s",
	    pki_buf_text(value));
}

static bool
same_subject(const pki_name *subject, const pki_cert *cert)
{
	return subject == NULL ?
	    pki_name_count(pki_cert_subject(cert)) == 0 :
	    pki_name_match(subject, pki_cert_subject(cert));
}

pki_code
pki_names_check_same(const pki_name *subject, const pki_altnames *alt_names,
    const pki_cert *cert, pki_err *err)
{
	if (!same_subject(subject, cert))
		return refuse("renew-subject", print_subject, subject,
		    pki_cert_subject(cert), err);
	if (!pki_altnames_equal(alt_names, pki_cert_alt_names(cert)))
		return refuse("renew-alt-names", print_alt_names, alt_names,
		    pki_cert_alt_names(cert), err);
	return PKI_OK;
}
