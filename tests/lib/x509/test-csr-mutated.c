#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>

#include "tests/support/csr-maker.h"
#include "x509/csr.h"

/* Damaged requests; run these under the sanitizers too. */

TestSuite(csr_mutated, .timeout = 120);

static void
make_usual(pki_buf *der)
{
	struct csr_recipe recipe = { .signer = EVP_EC_gen("P-256") };

	cr_assert(csr_make(&recipe, der));
	EVP_PKEY_free(recipe.signer);
}

/* An exact copy on the heap, so that a sanitizer sees the first octet over. */
static pki_code
parse_copy(pki_bytes in, pki_err *err)
{
	uint8_t *copy = malloc(in.len == 0 ? 1 : in.len);
	PKI_AUTO(pki_csr) csr = NULL;
	pki_code rc;

	cr_assert(copy != NULL);
	if (in.len > 0)
		memcpy(copy, in.data, in.len);
	rc = pki_csr_parse(pki_bytes_of(copy, in.len), &csr, err);
	free(copy);
	return rc;
}

Test(csr_mutated, a_request_cut_anywhere_or_longer_by_one)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_err err = { 0 };

	make_usual(der);
	for (size_t len = 0; len < der->len; len++) {
		pki_bytes cut = pki_bytes_of(der->data, len);

		cr_expect(parse_copy(cut, &err) == PKI_BAD_INPUT &&
		    strcmp(err.rule, len < 2 ? "pem" : "der") == 0,
		    "%zu octets: %s", len, err.msg);
	}
	cr_expect(parse_copy(pki_buf_bytes(der), &err) == PKI_OK);
	pki_buf_add_byte(der, 0);
	cr_expect(parse_copy(pki_buf_bytes(der), &err) == PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "der");
}

/* A flipped bit in what is signed, or in the signature, never passes. */
Test(csr_mutated, a_request_with_any_bit_flipped)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();

	make_usual(der);
	for (size_t bit = 0; bit < der->len * 8; bit++) {
		pki_err err = { 0 };

		der->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_expect(parse_copy(pki_buf_bytes(der), &err) != PKI_OK,
		    "bit %zu", bit);
		cr_expect(err.code != PKI_OK && err.msg[0] != '\0',
		    "bit %zu: no message", bit);
		der->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* Octets deleted, doubled and set: only that nothing reads out of bounds. */
Test(csr_mutated, a_request_mutated_at_random)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	uint32_t state = 42;

	make_usual(der);
	for (int round = 0; round < 20000; round++) {
		uint8_t octets[2048];
		size_t len = der->len, at;

		memcpy(octets, der->data, len);
		for (int i = 0; i < 3; i++) {
			state = state * 1664525 + 1013904223;
			at = (state >> 8) % len;
			switch (state >> 4 & 3) {
			case 0:
				memmove(octets + at, octets + at + 1,
				    --len - at);
				break;
			case 1:
				memmove(octets + at + 1, octets + at,
				    len++ - at);
				break;
			default:
				octets[at] = (uint8_t)(state >> 24);
			}
		}
		(void)parse_copy(pki_bytes_of(octets, len), NULL);
	}
}
