#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "est/certs-only.h"

/*
 * Certificates without a signature over them: what is accepted can be written
 * again, sorted, and is read as the same then.
 */

static bool
holds(const pki_certs_only *list, pki_bytes cert)
{
	for (size_t i = 0; i < list->count; i++)
		if (pki_bytes_equal(list->certs[i], cert))
			return true;
	return false;
}

static void
check_again(const pki_certs_only *found, size_t len)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_certs_only again;

	fuzz_assert(pki_certs_only_encode(found->certs, found->count, der,
	    NULL) == PKI_OK);
	/* One given twice is there once. */
	fuzz_assert(der->len <= len);
	fuzz_assert(pki_certs_only_parse(pki_buf_bytes(der), &again, NULL) ==
	    PKI_OK);
	fuzz_assert(again.count <= found->count);
	for (size_t i = 0; i < found->count; i++)
		fuzz_assert(holds(&again, found->certs[i]));
	for (size_t i = 1; i < again.count; i++)
		fuzz_assert(pki_bytes_compare(again.certs[i - 1],
		    again.certs[i]) < 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pki_certs_only found;
	pki_err err = { 0 };
	pki_code rc = pki_certs_only_parse(pki_bytes_of(data, size), &found,
	    &err);

	if (rc != PKI_OK) {
		fuzz_assert(rc == PKI_BAD_INPUT && err.rule[0] != '\0');
		fuzz_check_refusal(rc, &err);
		return 0;
	}
	fuzz_assert(found.count >= 1 && found.count <= PKI_CERTS_ONLY_COUNT);
	check_again(&found, size);
	return 0;
}
