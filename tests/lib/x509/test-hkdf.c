#include "x509/hkdf.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"

TestSuite(hkdf, .timeout = 10);

/* RFC 5869, A.3: neither salt nor info. */
Test(hkdf, is_that_of_the_rfc)
{
	static const char want[] =
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
	    "9d201395faa4b61a96c8";
	uint8_t key[22], out[42];
	char hex[2 * sizeof(out) + 1];
	pki_err err = { 0 };

	memset(key, 0x0b, sizeof(key));
	cr_assert_eq(pki_hkdf(pki_bytes_of(key, sizeof(key)),
	    PKI_BYTES_TEXT(""), out, sizeof(out), &err), PKI_OK, "%s",
	    err.msg);
	cr_expect_str_eq(pki_hex_format(pki_bytes_of(out, sizeof(out)), hex),
	    want);
}

Test(hkdf, gives_each_info_its_own)
{
	uint8_t a[32], b[32];

	cr_assert_eq(pki_hkdf(PKI_BYTES_TEXT("key"), PKI_BYTES_TEXT("a"), a,
	    sizeof(a), NULL), PKI_OK);
	cr_assert_eq(pki_hkdf(PKI_BYTES_TEXT("key"), PKI_BYTES_TEXT("b"), b,
	    sizeof(b), NULL), PKI_OK);
	cr_expect_not(pki_bytes_equal(pki_bytes_of(a, 32),
	    pki_bytes_of(b, 32)));
}

/* A context that was used before knows nothing of it any more. */
Test(hkdf, is_the_same_again_after_another_key)
{
	uint8_t a[17], b[17], other[64];

	cr_assert_eq(pki_hkdf(PKI_BYTES_TEXT("key"), PKI_BYTES_TEXT("a"), a,
	    sizeof(a), NULL), PKI_OK);
	cr_assert_eq(pki_hkdf(PKI_BYTES_TEXT("a key that is another"),
	    PKI_BYTES_TEXT("b"), other, sizeof(other), NULL), PKI_OK);
	cr_assert_eq(pki_hkdf(PKI_BYTES_TEXT("key"), PKI_BYTES_TEXT("a"), b,
	    sizeof(b), NULL), PKI_OK);
	cr_expect_arr_eq(a, b, sizeof(a));
	cr_expect_arr_neq(a, other, sizeof(a));
}

Test(hkdf, has_an_end)
{
	static uint8_t out[255 * 32 + 1];

	cr_expect_eq(pki_hkdf(PKI_BYTES_TEXT("key"), PKI_BYTES_TEXT("a"), out,
	    sizeof(out) - 1, NULL), PKI_OK);
	cr_expect_eq(pki_hkdf(PKI_BYTES_TEXT("key"), PKI_BYTES_TEXT("a"), out,
	    sizeof(out), NULL), PKI_USAGE);
}
