#include "common/print.h"

pki_code
print_record(enum print_format format, const struct print_column *columns,
    size_t count, const struct print_value *values, pki_err *err)
{
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;

	rc = print_open(format, &doc, err);
	if (rc == PKI_OK)
		rc = print_fields(doc, columns, count, values, err);
	return rc == PKI_OK ? print_close(doc, err) : rc;
}

pki_code
print_open_rows(enum print_format format, const struct print_column *columns,
    size_t count, print_doc **out, pki_err *err)
{
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;

	rc = print_open(format, &doc, err);
	if (rc == PKI_OK)
		rc = print_rows(doc, NULL, PRINT_LINES, columns, count, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(doc);
	return rc;
}
