#include "x509/openssl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "x509/crypto.h"

pki_code
pki_crypto_begin(pki_err *err)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return pki_fail_openssl(err, "start libcrypto");
	return PKI_OK;
}

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

static struct digest {
	const char *name;
	EVP_MD     *md;
} digests[] = {
	{ "SHA2-256", NULL }, { "SHA2-384", NULL }, { "SHA2-512", NULL },
};
static CRYPTO_ONCE digests_once = CRYPTO_ONCE_STATIC_INIT;

static void
fetch_digests(void)
{
	for (size_t i = 0; i < PKI_COUNT(digests); i++)
		digests[i].md = EVP_MD_fetch(NULL, digests[i].name, NULL);
}

const EVP_MD *
pki_md(const char *name)
{
	if (CRYPTO_THREAD_run_once(&digests_once, fetch_digests) != 1)
		return NULL;
	for (size_t i = 0; i < PKI_COUNT(digests); i++)
		if (strcmp(digests[i].name, name) == 0)
			return digests[i].md;
	return NULL;
}
