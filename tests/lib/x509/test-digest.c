#include "x509/digest.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(hashing, .timeout = 30);
TestSuite(digest, .timeout = 30);

/* FIPS 180-4's examples. */
static const struct known {
	const char *text, *digest;
} known[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1" },
};

Test(digest, is_sha_256)
{
	for (size_t i = 0; i < PKI_COUNT(known); i++) {
		char text[PKI_DIGEST_TEXT];
		pki_digest digest;
		pki_err err;

		cr_expect(pki_digest_of(pki_bytes_text(known[i].text),
		    &digest, &err) == PKI_OK);
		cr_expect_str_eq(pki_digest_format(&digest, text),
		    known[i].digest);
	}
}

Test(digest, of_pieces_is_the_digest_of_their_concatenation)
{
	const pki_bytes pieces[] = {
		PKI_BYTES_TEXT("a"), { NULL, 0 }, PKI_BYTES_TEXT("bc"),
	};
	pki_digest whole, parts;
	pki_err err;

	cr_assert(pki_digest_of(pki_bytes_text("abc"), &whole, &err) ==
	    PKI_OK);
	cr_assert(pki_digest_of_all(pieces, PKI_COUNT(pieces), &parts, &err)
	    == PKI_OK);
	cr_expect(pki_digest_equal(&whole, &parts));
}

Test(digest, random_octets_differ_and_stay_in_bounds)
{
	uint8_t a[34] = { 0 }, b[34] = { 0 };
	pki_err err;

	cr_assert(pki_random(a + 1, 32, &err) == PKI_OK);
	cr_assert(pki_random(b + 1, 32, &err) == PKI_OK);
	cr_expect(memcmp(a, b, sizeof(a)) != 0);
	cr_expect(a[0] == 0 && a[33] == 0);
	cr_expect(pki_random(a, 0, &err) == PKI_OK);
}

Test(hashing, gives_the_digest_of_the_whole)
{
	PKI_AUTO(pki_hashing) hashing = NULL;
	pki_digest whole, pieces;

	cr_assert(pki_digest_of(pki_bytes_text("one two"), &whole, NULL) ==
	    PKI_OK);
	cr_assert(pki_hashing_new(&hashing, NULL) == PKI_OK);
	cr_assert(pki_hashing_add(hashing, pki_bytes_text("one"), NULL) ==
	    PKI_OK);
	cr_assert(pki_hashing_add(hashing, pki_bytes_text(""), NULL) ==
	    PKI_OK);
	cr_assert(pki_hashing_add(hashing, pki_bytes_text(" two"), NULL) ==
	    PKI_OK);
	cr_assert(pki_hashing_end(hashing, &pieces, NULL) == PKI_OK);
	cr_expect(pki_digest_equal(&whole, &pieces));
}
