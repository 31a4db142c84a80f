#include "x509/openssl.h"

#include <stdarg.h>
#include <stdio.h>

#include <openssl/err.h>

pki_code
pki_fail_openssl(pki_err *err, const char *fmt, ...)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_reason_error_string(code);
	char context[sizeof(err->msg)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	if (code != 0 && reason == NULL)
		pki_fail(err, PKI_CRYPTO, "%s: libcrypto error %lx", context,
		    code);
	else
		pki_fail(err, PKI_CRYPTO, "%s: %s", context,
		    reason != NULL ? reason : "libcrypto gives no reason");
	ERR_clear_error();
	return PKI_CRYPTO;
}
