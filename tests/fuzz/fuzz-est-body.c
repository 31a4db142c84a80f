#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "est/body.h"
#include "x509/pem.h"

/*
 * Bodies of EST: what is accepted is one SEQUENCE, no longer than allowed,
 * and the same again when it was written in lines of any width.
 */

#define MOST 4096

static void
check_again(pki_bytes der, size_t width)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	PKI_AUTO(pki_buf) again = NULL;

	fuzz_assert(pki_est_body_encode(der, width, text, NULL) == PKI_OK);
	fuzz_assert(pki_est_body_decode(pki_buf_bytes(text), NULL, MOST,
	    &again, NULL) == PKI_OK);
	fuzz_assert(pki_bytes_equal(pki_buf_bytes(again), der));
}

static void
check(pki_bytes in, const char *label)
{
	PKI_AUTO(pki_buf) der = NULL;
	pki_err err = { 0 };
	pki_code rc = pki_est_body_decode(in, label, MOST, &der, &err);

	if (rc != PKI_OK) {
		fuzz_assert(rc == PKI_BAD_INPUT && err.rule[0] != '\0');
		fuzz_check_refusal(rc, &err);
		return;
	}
	fuzz_assert(der->len >= 2 && der->len <= MOST);
	fuzz_assert(der->data[0] == 0x30);
	for (size_t width = 0; width <= PKI_EST_WIDTH_MAX; width += 76)
		check_again(pki_buf_bytes(der), width);
	check_again(pki_buf_bytes(der), 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(pki_bytes_of(data, size), NULL);
	check(pki_bytes_of(data, size), PKI_PEM_CSR);
	return 0;
}
