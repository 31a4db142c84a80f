#ifndef TESTS_LIB_X509_UNHEX_H
#define TESTS_LIB_X509_UNHEX_H

#include <criterion/criterion.h>

#include "base/text.h"

/* The octets of a fixture; the caller frees. */
static inline pki_buf *
unhex(const char *hex)
{
	pki_buf *out = NULL;
	pki_err err;

	cr_assert(pki_hex_parse(hex, 1 << 16, &out, &err) == PKI_OK, "%s",
	    err.msg);
	return out;
}

#endif
