#include <criterion/criterion.h>

#include <openssl/x509.h>

#include "x509/key-ec.h"
#include "x509/key.h"
#include "x509/pem.h"

TestSuite(ec_key_read, .timeout = 30);

static const pki_bytes nothing;

static pki_buf *
make_pkcs8(pki_key_type type)
{
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_buf *der = NULL;
	pki_err err = { 0 };

	cr_assert_eq(pki_key_generate(type, &key, &err), PKI_OK, "%s",
	    err.msg);
	cr_assert_eq(pki_key_encode(key, nothing, text, &err), PKI_OK, "%s",
	    err.msg);
	cr_assert_eq(pki_pem_or_der(pki_buf_bytes(text), "PRIVATE KEY",
	    PKI_KEY_FILE_MAX, &der, &err), PKI_OK, "%s", err.msg);
	return der;
}

/* Ours and libcrypto's reader find the same private and public halves. */
static void
expect_same_as_libcrypto(pki_key_type type)
{
	PKI_AUTO(pki_buf) der = make_pkcs8(type);
	PKI_AUTO(pki_buf) spki = pki_buf_new();
	PKI_AUTO(EVP_PKEY) ours = NULL;
	PKI_AUTO(EVP_PKEY) theirs = NULL;
	PKI_AUTO(BIGNUM) our_scalar = NULL;
	PKI_AUTO(BIGNUM) their_scalar = NULL;
	const unsigned char *p = der->data;
	unsigned char *encoded = NULL;
	pki_err err = { 0 };
	int len;

	cr_assert_eq(pki_ec_key_read(pki_buf_bytes(der), &ours, spki, &err),
	    PKI_OK, "%s", err.msg);
	theirs = d2i_AutoPrivateKey(NULL, &p, (long)der->len);
	cr_expect_eq(EVP_PKEY_eq(ours, theirs), 1);
	cr_assert_eq(EVP_PKEY_get_bn_param(ours, "priv", &our_scalar), 1);
	cr_assert_eq(EVP_PKEY_get_bn_param(theirs, "priv", &their_scalar), 1);
	cr_expect_eq(BN_cmp(our_scalar, their_scalar), 0);
	len = i2d_PUBKEY(theirs, &encoded);
	cr_expect(pki_bytes_equal(pki_buf_bytes(spki),
	    pki_bytes_of(encoded, (size_t)len)));
	OPENSSL_free(encoded);
}

Test(ec_key_read, reads_what_libcrypto_writes_as_libcrypto_does)
{
	for (int i = 0; i < 20; i++) {
		expect_same_as_libcrypto(PKI_KEY_P256);
		expect_same_as_libcrypto(PKI_KEY_P384);
		expect_same_as_libcrypto(PKI_KEY_P521);
	}
}

Test(ec_key_read, leaves_every_other_form_to_libcrypto)
{
	PKI_AUTO(pki_buf) der = make_pkcs8(PKI_KEY_P256);
	PKI_AUTO(pki_buf) spki = pki_buf_new();
	PKI_AUTO(EVP_PKEY) pkey = NULL;
	/* Where an octet says what kind of thing comes, and how much of it. */
	static const size_t told[] = {
		0, 1, 2, 3, 4, 5, 6, 13, 24, 26, 27, 28, 29, 30, 31, 32, 33,
		34, 35, 68, 69, 70, 71, 72, 73,
	};

	for (size_t i = 0; i < PKI_COUNT(told); i++) {
		der->data[told[i]] ^= 1;
		cr_expect_eq(pki_ec_key_read(pki_buf_bytes(der), &pkey, spki,
		    NULL), PKI_NOT_FOUND, "octet %zu", told[i]);
		der->data[told[i]] ^= 1;
	}
	for (size_t len = 0; len < der->len; len++)
		cr_expect_eq(pki_ec_key_read(pki_bytes_of(der->data, len),
		    &pkey, spki, NULL), PKI_NOT_FOUND, "%zu octets", len);
	cr_expect_null(pkey);
	cr_expect_eq(spki->len, 0);
}

Test(ec_key_read, refuses_a_point_off_the_curve)
{
	PKI_AUTO(pki_buf) der = make_pkcs8(PKI_KEY_P256);
	PKI_AUTO(pki_buf) spki = pki_buf_new();
	PKI_AUTO(EVP_PKEY) pkey = NULL;
	pki_err err = { 0 };

	der->data[der->len - 1] ^= 1;
	cr_expect_eq(pki_ec_key_read(pki_buf_bytes(der), &pkey, spki, &err),
	    PKI_BAD_INPUT);
	cr_expect_null(pkey);
}
