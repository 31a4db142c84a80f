#include "base/base32.h"

#include <criterion/criterion.h>

TestSuite(base32, .timeout = 10);

/* RFC 4648, section 10, in lower case and without padding. */
Test(base32, is_that_of_the_rfc)
{
	static const char *const cases[][2] = {
		{ "f", "my" }, { "fo", "mzxq" }, { "foo", "mzxw6" },
		{ "foob", "mzxw6yq" }, { "fooba", "mzxw6ytb" },
		{ "foobar", "mzxw6ytboi" },
	};
	char out[16];
	size_t i;

	for (i = 0; i < PKI_COUNT(cases); i++) {
		size_t count = pki_bytes_text(cases[i][1]).len;

		cr_expect_str_eq(pki_base32_format(
		    pki_bytes_text(cases[i][0]), count, out), cases[i][1]);
	}
	/* Of more octets, the first bits. */
	cr_expect_str_eq(pki_base32_format(PKI_BYTES_TEXT("foobar"), 5, out),
	    "mzxw6");
}

Test(base32, knows_its_alphabet)
{
	cr_expect(pki_base32_check(PKI_BYTES_TEXT("az27")));
	cr_expect(!pki_base32_check(PKI_BYTES_TEXT("aZ")));
	cr_expect(!pki_base32_check(PKI_BYTES_TEXT("a1")));
	cr_expect(!pki_base32_check(PKI_BYTES_TEXT("a8")));
	cr_expect(!pki_base32_check(pki_bytes_of("a\0", 2)));
}
