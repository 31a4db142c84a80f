/* long: tables of what is refused. */

#include <criterion/criterion.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "tests/support/csr-maker.h"
#include "x509/csr.h"
#include "x509/pem.h"

/* Every request here is truly signed, unless its row says otherwise. */

TestSuite(csr_refused, .timeout = 120);
TestSuite(csr_refused_quickly, .timeout = 5);

#define REQUEST(list) "a0{" CSR_REQUEST(list) "}"
#define CN(tag, value) "30{31{30{06{550403} " tag "{" value "}}}}"
#define SAN(name) REQUEST("30{06{551d11} 04{30{" name "}}}")
#define ODD(arc) "30{06{2a0304" arc "} 0400}"
#define FIVE(n) ODD(n "1") ODD(n "2") ODD(n "3") ODD(n "4") ODD(n "5")
#define ATTR(arc) "30{06{2a0304" arc "} 31{0500}}"
#define TEN "'0123456789'"
#define EC_KEY "06{2a8648ce3d0201} 06{2a8648ce3d030107}"
#define SAN_VALUE "30{82{'a.example'}}"

/* What libcrypto's own reader and X509_REQ_verify say to the same octets. */
enum api { API_REFUSES, API_ACCEPTS };

struct row {
	const char *what;
	pki_code    code;
	const char *rule;
	enum api    api;
	struct csr_recipe recipe;
};

#define BER PKI_BAD_INPUT, "der"

static const struct row encodings[] = {
	{ "long length outside", BER, API_ACCEPTS,
	    { .outside = "30!{$i $g 03{00$b}}" } },
	{ "indefinite outside", BER, API_ACCEPTS,
	    { .outside = "30~{$i $g 03{00$b}}" } },
	{ "long tag of info", BER, API_ACCEPTS,
	    { .info = "3f10{$v $s $k $a}" } },
	{ "fourth element", BER, API_REFUSES,
	    { .outside = "30{$i $g 03{00$b} 0500}" } },
	{ "trailing octet", BER, API_ACCEPTS,
	    { .outside = "30{$i $g 03{00$b}} 00" } },
	{ "no signature", BER, API_REFUSES, { .outside = "30{$i $g}" } },
	{ "long length of info", BER, API_ACCEPTS,
	    { .info = "30!{$v $s $k $a}" } },
	{ "indefinite info", BER, API_ACCEPTS, { .info = "30~{$v $s $k $a}" } },
	{ "trailing in info", BER, API_REFUSES,
	    { .info = "30{$v $s $k $a 0500}" } },
	{ "no attributes at all", BER, API_ACCEPTS,
	    { .info = "30{$v $s $k}" } },
	{ "long length of version", BER, API_ACCEPTS,
	    { .version = "02!{00}" } },
	{ "version not minimal", BER, API_REFUSES, { .version = "02020000" } },
	{ "version empty", BER, API_REFUSES, { .version = "0200" } },
	{ "version 1", PKI_BAD_INPUT, "version", API_ACCEPTS,
	    { .version = "020101" } },
	{ "version 2", PKI_BAD_INPUT, "version", API_ACCEPTS,
	    { .version = "020102" } },
	{ "negative version", BER, API_ACCEPTS, { .version = "0201ff" } },
	{ "long length of subject", BER, API_ACCEPTS,
	    { .subject = "30!{31{30{06{550403} 0c{'a'}}}}" } },
	{ "indefinite subject", BER, API_ACCEPTS,
	    { .subject = "30~{31{30{06{550403} 0c{'a'}}}}" } },
	{ "long length of RDN", BER, API_ACCEPTS,
	    { .subject = "30{31!{30{06{550403} 0c{'a'}}}}" } },
	{ "indefinite RDN", BER, API_ACCEPTS,
	    { .subject = "30{31~{30{06{550403} 0c{'a'}}}}" } },
	{ "indefinite pair in RDN", BER, API_ACCEPTS,
	    { .subject = "30{31{30~{06{550403} 0c{'a'}}}}" } },
	{ "long length of CN", BER, API_ACCEPTS,
	    { .subject = "30{31{30{06{550403} 0c!{'a'}}}}" } },
	{ "CN in pieces", BER, API_ACCEPTS,
	    { .subject = "30{31{30{06{550403} 0c~{'a'}}}}" } },
	{ "type not minimal", BER, API_REFUSES,
	    { .subject = "30{31{30{06{55048003} 0c{'a'}}}}" } },
	{ "long length of SPKI", BER, API_ACCEPTS,
	    { .spki = "30!{30{" EC_KEY "} 03{00$p}}" } },
	{ "indefinite SPKI", BER, API_ACCEPTS,
	    { .spki = "30~{30{" EC_KEY "} 03{00$p}}" } },
	{ "long length in SPKI", BER, API_ACCEPTS,
	    { .spki = "30{30!{" EC_KEY "} 03{00$p}}" } },
	{ "indefinite in SPKI", BER, API_ACCEPTS,
	    { .spki = "30{30~{" EC_KEY "} 03{00$p}}" } },
	{ "long length of the point", BER, API_ACCEPTS,
	    { .spki = "30{30{" EC_KEY "} 03!{00$p}}" } },
	{ "point in pieces", BER, API_ACCEPTS,
	    { .spki = "30{30{" EC_KEY "} 03~{00$p}}" } },
	{ "trailing in SPKI", BER, API_REFUSES,
	    { .spki = "30{30{" EC_KEY "} 03{00$p} 0500}" } },
	{ "long length of attributes", BER, API_ACCEPTS,
	    { .attributes = "a0!{" CSR_REQUEST(CSR_SAN) "}" } },
	{ "indefinite attributes", BER, API_ACCEPTS,
	    { .attributes = "a0~{" CSR_REQUEST(CSR_SAN) "}" } },
	{ "indefinite attribute", BER, API_ACCEPTS, { .attributes =
	    "a0{30~{06{2a864886f70d01090e} 31{30{" CSR_SAN "}}}}" } },
	{ "long length of values", BER, API_ACCEPTS, { .attributes =
	    "a0{30{06{2a864886f70d01090e} 31!{30{" CSR_SAN "}}}}" } },
	{ "indefinite extensions", BER, API_ACCEPTS, { .attributes =
	    "a0{30{06{2a864886f70d01090e} 31{30~{" CSR_SAN "}}}}" } },
	{ "long length of an extension", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30!{06{551d11} 04{" SAN_VALUE "}}") } },
	{ "indefinite extension", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30~{06{551d11} 04{" SAN_VALUE "}}") } },
	{ "long length of extnValue", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d11} 04!{" SAN_VALUE "}}") } },
	{ "extnValue in pieces", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d11} 04~{" SAN_VALUE "}}") } },
	{ "long length in extnValue", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d11} 04{30{82!{'a.example'}}}}") } },
	{ "indefinite in extnValue", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d11} 04{30~{82{'a.example'}}}}") } },
	{ "trailing in extnValue", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d11} 04{" SAN_VALUE "0500}}") } },
	{ "trailing in an extension", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d11} 04{" SAN_VALUE "} 0500}") } },
	{ "critical FALSE written", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d11} 010100 04{" SAN_VALUE "}}") } },
	{ "critical 01", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d11} 010101 04{" SAN_VALUE "}}") } },
	{ "CA:FALSE written", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d13} 04{30{010100}}}") } },
	{ "key usage with zero bits", BER, API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d0f} 04{03020080}}") } },
	{ "empty extended key usage", PKI_BAD_INPUT, "extension", API_ACCEPTS,
	    { .attributes =
	    REQUEST("30{06{551d25} 04{3000}}") } },
	{ "attributes out of order", BER, API_ACCEPTS,
	    { .attributes = "a0{30{06{2a0304} "
	    "31{0500}} 30{06{2a0303} 31{0500}}}" } },
	{ "values out of order", BER, API_ACCEPTS,
	    { .attributes = "a0{30{06{2a0304} 31{020101 020100}}}" } },
	{ "BER in an unknown attribute", BER, API_ACCEPTS,
	    { .attributes = "a0{30{06{2a0304} 31{30~{0500}}}}" } },
	{ "half a character in an unknown attribute", BER, API_REFUSES,
	    { .attributes = "a0{30{06{2a0304} 31{1e{00}}}}" } },
	{ "part of a character in an unknown attribute", BER, API_REFUSES,
	    { .attributes = "a0{30{06{2a0304} 31{1c{004142}}}}" } },
	{ "long length of algorithm", BER, API_ACCEPTS,
	    { .algorithm = "30!{06{2a8648ce3d040302}}" } },
	{ "indefinite algorithm", BER, API_ACCEPTS,
	    { .algorithm = "30~{06{2a8648ce3d040302}}" } },
	{ "long length of signature", BER, API_ACCEPTS,
	    { .outside = "30{$i $g 03!{00$b}}" } },
	{ "signature in pieces", BER, API_ACCEPTS,
	    { .outside = "30{$i $g 03~{00$b}}" } },
	{ "signature not whole octets", BER, API_REFUSES,
	    { .outside = "30{$i $g 03{01 $b 00}}" } },
};

static const struct row names[] = {
	{ "CN with NUL", PKI_BAD_INPUT, "name", API_ACCEPTS,
	    { .subject = CN("0c", "'meter' 00 '.evil'") } },
	{ "CN with a control character", PKI_BAD_INPUT, "name", API_ACCEPTS,
	    { .subject = CN("0c", "'meter' 1b '[2J'") } },
	{ "CN of 65 characters", PKI_BAD_INPUT, "name", API_ACCEPTS,
	    { .subject = CN("0c", TEN TEN TEN TEN TEN TEN "'12345'") } },
	{ "several attributes in a part", PKI_BAD_INPUT, "name", API_ACCEPTS,
	    { .subject = "30{31{30{06{550403} 0c{'a'}} "
	    "30{06{55040a} 0c{'b'}}}}" } },
	{ "CN as BMPString", PKI_BAD_INPUT, "name", API_ACCEPTS,
	    { .subject = CN("1e", "00610062") } },
	{ "emailAddress", PKI_BAD_INPUT, "name", API_ACCEPTS, { .subject =
	    "30{31{30{06{2a864886f70d010901} 16{'a@b'}}}}" } },
	{ "SAN with NUL", PKI_BAD_INPUT, "alt-name", API_ACCEPTS,
	    { .attributes = SAN("82{'a.example' 00 '.evil'}") } },
	{ "SAN directoryName", PKI_BAD_INPUT, "alt-name", API_ACCEPTS,
	    { .attributes = SAN("a4{" CSR_SUBJECT "}") } },
	{ "SAN otherName", PKI_BAD_INPUT, "alt-name", API_ACCEPTS,
	    { .attributes = SAN("a0{06{2a0304} a0{0c{'x'}}}") } },
	{ "empty SAN", PKI_BAD_INPUT, "alt-name", API_ACCEPTS,
	    { .attributes = SAN("") } },
	{ "CA:TRUE", PKI_DENIED, "basic-constraints", API_ACCEPTS,
	    { .attributes =
	    REQUEST("30{06{551d13} 0101ff 04{30{0101ff}}}") } },
	{ "CA:TRUE with path length", PKI_DENIED, "basic-constraints",
	    API_ACCEPTS,
	    { .attributes =
	    REQUEST("30{06{551d13} 04{30{0101ff 020100}}}") } },
	{ "path length without CA", PKI_DENIED, "basic-constraints",
	    API_ACCEPTS,
	    { .attributes = REQUEST("30{06{551d13} 04{30{020100}}}") } },
	{ "keyCertSign", PKI_DENIED, "key-usage", API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d0f} 0101ff 04{03020284}}") } },
	{ "cRLSign", PKI_DENIED, "key-usage", API_ACCEPTS, { .attributes =
	    REQUEST("30{06{551d0f} 0101ff 04{03020102}}") } },
	{ "unknown critical extension", PKI_BAD_INPUT, "extension", API_ACCEPTS,
	    { .attributes = REQUEST("30{06{2a030405} 0101ff 0400}") } },
	{ "name constraints", PKI_BAD_INPUT, "extension", API_ACCEPTS,
	    { .attributes =
	    REQUEST("30{06{551d1e} 0101ff 04{30{}}}") } },
	{ "SAN twice", PKI_BAD_INPUT, "extension", API_ACCEPTS,
	    { .attributes = REQUEST(CSR_SAN CSR_SAN) } },
	{ "unknown extension", PKI_DENIED, "extension", API_ACCEPTS,
	    { .attributes = REQUEST(ODD("05")) } },
	{ "unknown extension behind a good one", PKI_DENIED, "extension",
	    API_ACCEPTS, { .attributes = REQUEST(CSR_SAN ODD("05")) } },
	{ "name constraints, not critical", PKI_DENIED, "extension",
	    API_ACCEPTS,
	    { .attributes = REQUEST("30{06{551d1e} 04{30{}}}") } },
	{ "certificate policies", PKI_DENIED, "extension", API_ACCEPTS,
	    { .attributes =
	    REQUEST("30{06{551d20} 04{30{30{06{2a030405}}}}}") } },
	{ "must-staple", PKI_DENIED, "extension", API_ACCEPTS, { .attributes =
	    REQUEST("30{06{2b06010505070118} 04{30{020105}}}") } },
	{ "Microsoft's extensions", PKI_DENIED, "attribute", API_ACCEPTS,
	    { .attributes =
	    "a0{30{06{2b06010401823702010e} 31{30{" CSR_SAN "}}}}" } },
	{ "both kinds of extensions", PKI_DENIED, "attribute", API_ACCEPTS,
	    { .attributes = "a0{30{06{2b06010401823702010e} 31{30{" CSR_SAN
	    "}}}" CSR_REQUEST(CSR_SAN) "}" } },
	{ "unknown extension twice", PKI_DENIED, "extension", API_ACCEPTS,
	    { .attributes = REQUEST(ODD("05") ODD("05")) } },
	{ "21 extensions", PKI_BAD_INPUT, "extension", API_ACCEPTS,
	    { .attributes = REQUEST(FIVE("0") FIVE("1") FIVE("2") FIVE("3")
	    ODD("41")) } },
	{ "no extension", PKI_BAD_INPUT, "extension", API_ACCEPTS,
	    { .attributes = REQUEST("") } },
	{ "two extensionRequests", PKI_BAD_INPUT, "extension", API_ACCEPTS,
	    { .attributes =
	    "a0{" CSR_REQUEST(CSR_SAN) CSR_REQUEST(CSR_SAN) "}" } },
	{ "extensionRequest of two values", PKI_BAD_INPUT, "extension",
	    API_ACCEPTS,
	    { .attributes = "a0{30{06{2a864886f70d01090e} 31{30{" CSR_SAN
	    "} 30{" CSR_SAN "}}}}" } },
	{ "attribute without a value", PKI_BAD_INPUT, "attribute", API_ACCEPTS,
	    { .attributes = "a0{30{06{2a0304} 3100}}" } },
	{ "challengePassword as INTEGER", PKI_BAD_INPUT, "attribute",
	    API_ACCEPTS,
	    { .attributes = "a0{30{06{2a864886f70d010907} 31{020100}}}" } },
	{ "two challengePasswords", PKI_BAD_INPUT, "attribute", API_ACCEPTS,
	    { .attributes = "a0{30{06{2a864886f70d010907} 31{0c{'a'}}} "
	    "30{06{2a864886f70d010907} 31{0c{'b'}}}}" } },
	{ "11 attributes", PKI_BAD_INPUT, "attribute", API_ACCEPTS,
	    { .attributes = "a0{"
	    ATTR("01") ATTR("02") ATTR("03") ATTR("04") ATTR("05") ATTR("06")
	    ATTR("07") ATTR("08") ATTR("09") ATTR("0a") ATTR("0b") "}" } },
};

/* Keys and algorithms; those signed by P-256 are refused before that. */
static const struct row keys[] = {
	{ "compressed point", PKI_DENIED, "key-point", API_REFUSES, { .spki =
	    "30{30{" EC_KEY "} 03{00 02 6b17d1f2e12c4247f8bce6e563a440f2"
	    "77037d812deb33a0f4a13945d898c296}}" } },
	{ "point off the curve", PKI_DENIED, "key-point", API_REFUSES, { .spki =
	    "30{30{" EC_KEY "} 03{00 04 6b17d1f2e12c4247f8bce6e563a440f2"
	    "77037d812deb33a0f4a13945d898c296"
	    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f6"
	    "}}" } },
	{ "point at infinity", PKI_DENIED, "key-point", API_REFUSES,
	    { .spki = "30{30{" EC_KEY "} 03{00 00}}" } },
	{ "P-192", PKI_DENIED, "key-curve", API_REFUSES, { .spki =
	    "30{30{06{2a8648ce3d0201} 06{2a8648ce3d030101}} 03{00 04"
	    "188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012"
	    "07192b95ffc8da78631011ed6b24cdd573f977a11e794811}}" } },
	{ "no curve", PKI_DENIED, "key-curve", API_REFUSES,
	    { .spki = "30{30{06{2a8648ce3d0201}} 03{00$p}}" } },
	{ "X25519", PKI_DENIED, "key-type", API_REFUSES,
	    { .spki = "30{30{06{2b656e}} 03{00"
	    TEN TEN TEN "'12'}}" } },
	{ "ECDSA with SHA-1", PKI_DENIED, "signature-algorithm", API_ACCEPTS,
	    { .digest = "SHA1", .algorithm = "30{06{2a8648ce3d0401}}" } },
	{ "an unknown algorithm", PKI_DENIED, "signature-algorithm",
	    API_REFUSES,
	    { .algorithm = "30{06{2a0304}}" } },
	{ "ECDSA with parameters", PKI_DENIED, "signature-algorithm",
	    API_ACCEPTS,
	    { .algorithm = "30{06{2a8648ce3d040302} 0500}" } },
	{ "RSA's algorithm for an EC key", PKI_DENIED, "signature-algorithm",
	    API_REFUSES,
	    { .algorithm = "30{06{2a864886f70d01010b} 0500}" } },
	{ "an algorithm by another name", PKI_DENIED, "proof-of-possession",
	    API_REFUSES,
	    { .algorithm = "30{06{2a8648ce3d040303}}" } },
};

/* As a program would that knows libcrypto only: DER, else PEM. */
static X509_REQ *
read_by_libcrypto(pki_bytes in)
{
	const uint8_t *at = in.data;
	BIO *bio;
	X509_REQ *request;

	if (in.data[0] == 0x30)
		return d2i_X509_REQ(NULL, &at, (long)in.len);
	bio = BIO_new_mem_buf(in.data, (int)in.len);
	request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return request;
}

static int
verify_by_libcrypto(pki_bytes in)
{
	X509_REQ *request = read_by_libcrypto(in);
	int result = -1;

	if (request != NULL)
		result = X509_REQ_verify(request,
		    X509_REQ_get0_pubkey(request));
	X509_REQ_free(request);
	return result;
}

static void
expect_refused(const struct row *row, pki_bytes in)
{
	PKI_AUTO(pki_csr) csr = NULL;
	pki_err err = { 0 };
	pki_code rc = pki_csr_parse(in, &csr, &err);

	cr_expect(rc == row->code && csr == NULL &&
	    strcmp(err.rule, row->rule) == 0, "%s: %s by rule '%s': %s",
	    row->what, pki_code_name(rc), err.rule, err.msg);
	cr_expect((verify_by_libcrypto(in) == 1) ==
	    (row->api == API_ACCEPTS), "%s: libcrypto", row->what);
}

static void
expect_row_refused(const struct row *row, EVP_PKEY *signer)
{
	struct csr_recipe recipe = row->recipe;
	PKI_AUTO(pki_buf) der = pki_buf_new();

	recipe.signer = signer;
	cr_assert(csr_make(&recipe, der), "%s", row->what);
	expect_refused(row, pki_buf_bytes(der));
}

static void
expect_rows_refused(const struct row *rows, size_t count)
{
	EVP_PKEY *signer = EVP_EC_gen("P-256");

	for (size_t i = 0; i < count; i++)
		expect_row_refused(&rows[i], signer);
	EVP_PKEY_free(signer);
}

Test(csr_refused, what_is_not_strict_der_at_any_level)
{
	expect_rows_refused(encodings, PKI_COUNT(encodings));
}

/* The control: but for our reader these would pass, truly signed. */
Test(csr_refused, lengths_that_libcrypto_would_take)
{
	EVP_PKEY *signer = EVP_EC_gen("P-256");

	for (size_t i = 0; i < PKI_COUNT(encodings); i++) {
		struct csr_recipe recipe = encodings[i].recipe;
		PKI_AUTO(pki_buf) der = pki_buf_new();

		if (strncmp(encodings[i].what, "long length", 11) != 0 &&
		    strncmp(encodings[i].what, "indefinite", 10) != 0)
			continue;
		recipe.signer = signer;
		cr_assert(csr_make(&recipe, der));
		cr_expect(verify_by_libcrypto(pki_buf_bytes(der)) == 1, "%s",
		    encodings[i].what);
	}
	EVP_PKEY_free(signer);
}

Test(csr_refused, names_and_extensions_that_ask_for_too_much)
{
	expect_rows_refused(names, PKI_COUNT(names));
}

Test(csr_refused, keys_and_algorithms_that_are_not_good_enough)
{
	expect_rows_refused(keys, PKI_COUNT(keys));
}

static EVP_PKEY *
generate_rsa(unsigned bits, unsigned exponent)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_uint("bits", &bits),
		OSSL_PARAM_uint("e", &exponent), OSSL_PARAM_END,
	};
	EVP_PKEY *key = NULL;

	cr_assert(EVP_PKEY_keygen_init(context) == 1 &&
	    EVP_PKEY_CTX_set_params(context, params) == 1 &&
	    EVP_PKEY_generate(context, &key) == 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *
generate_explicit(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	cr_assert(EVP_PKEY_set_utf8_string_param(key,
	    OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT) == 1);
	return key;
}

Test(csr_refused, keys_of_the_wrong_size_exponent_or_curve)
{
	const struct {
		struct row row;
		EVP_PKEY  *key;
	} rows[] = {
		{ { "RSA 1024", PKI_DENIED, "key-size", API_ACCEPTS,
		    CSR_USUAL },
		    generate_rsa(1024, 65537) },
		{ { "RSA 2056", PKI_DENIED, "key-size", API_ACCEPTS,
		    CSR_USUAL },
		    generate_rsa(2056, 65537) },
		{ { "RSA with e = 3", PKI_DENIED, "key-exponent", API_ACCEPTS,
		    CSR_USUAL },
		    generate_rsa(2048, 3) },
		{ { "explicit parameters", PKI_DENIED, "key-curve", API_ACCEPTS,
		    CSR_USUAL }, generate_explicit() },
		{ { "secp224r1", PKI_DENIED, "key-curve", API_ACCEPTS,
		    CSR_USUAL },
		    EVP_EC_gen("P-224") },
		{ { "secp256k1", PKI_DENIED, "key-curve", API_ACCEPTS,
		    CSR_USUAL },
		    EVP_EC_gen("secp256k1") },
		{ { "MD5 with RSA", PKI_DENIED, "signature-algorithm",
		    API_ACCEPTS,
		    { .digest = "MD5", .algorithm =
		    "30{06{2a864886f70d010104} 0500}" } }, EVP_RSA_gen(2048) },
		{ { "SHA-1 with RSA", PKI_DENIED, "signature-algorithm",
		    API_ACCEPTS,
		    { .digest = "SHA1", .algorithm =
		    "30{06{2a864886f70d010105} 0500}" } }, EVP_RSA_gen(2048) },
		{ { "PSS with SHA-1 by default", PKI_DENIED,
		    "signature-algorithm", API_ACCEPTS,
		    { .digest = "SHA1", .pss = true,
		    .algorithm = "30{06{2a864886f70d01010a} 3000}" } },
		    EVP_RSA_gen(2048) },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		cr_assert(rows[i].key != NULL, "%s", rows[i].row.what);
		expect_row_refused(&rows[i].row, rows[i].key);
		EVP_PKEY_free(rows[i].key);
	}
}

static void
expect_fixture_refused(const char *name, const char *rule)
{
	struct row row = { name, PKI_DENIED, rule, API_ACCEPTS, CSR_USUAL };
	PKI_AUTO(pki_buf) text = NULL;
	char path[PKI_PATH_MAX];

	cr_assert(pki_path_join(path, FIXTURES_DIR, name, NULL) == PKI_OK);
	cr_assert(pki_file_read(path, PKI_CSR_FILE_MAX, PKI_FILE_ANY, &text,
	    NULL) == PKI_OK, "%s", path);
	expect_refused(&row, pki_buf_bytes(text));
}

Test(csr_refused, a_key_with_the_roca_fingerprint)
{
	expect_fixture_refused("refused-roca.csr", "key-weak");
}

Test(csr_refused, a_dsa_key)
{
	expect_fixture_refused("refused-dsa.csr", "key-type");
}

/* CVE-2023-6237: checking such a key takes libcrypto seconds or hours. */
Test(csr_refused_quickly, a_huge_rsa_key)
{
	PKI_AUTO(pki_buf) spki = pki_buf_new();
	struct row row = { "RSA 8192", PKI_DENIED, "key-size", API_REFUSES,
	    CSR_USUAL };
	EVP_PKEY *signer = EVP_EC_gen("P-256");

	pki_buf_add_text(spki, "30{30{06{2a864886f70d010101} 0500} "
	    "03{00 30{02{00");
	for (size_t i = 0; i < 8192 / 8; i++)
		pki_buf_add_text(spki, "c1");
	pki_buf_add_text(spki, "} 0203010001}}}");
	row.recipe.spki = pki_buf_text(spki);
	expect_row_refused(&row, signer);
	EVP_PKEY_free(signer);
}

Test(csr_refused, a_signature_by_another_key)
{
	struct row row = { "another key", PKI_DENIED, "proof-of-possession",
	    API_REFUSES,
	    CSR_USUAL };
	EVP_PKEY *signer = EVP_EC_gen("P-256");

	row.recipe.key = EVP_EC_gen("P-256");
	expect_row_refused(&row, signer);
	EVP_PKEY_free(row.recipe.key);
	EVP_PKEY_free(signer);
}

static void
make_usual(pki_buf *der)
{
	struct csr_recipe recipe = { .signer = EVP_EC_gen("P-256") };

	cr_assert(csr_make(&recipe, der));
	EVP_PKEY_free(recipe.signer);
}

Test(csr_refused, more_octets_than_the_limit)
{
	static const uint8_t nulls[PKI_CSR_FILE_MAX + 1] = { 0x30, 0x82 };
	struct row row = { "9000 octets", PKI_BAD_INPUT, "size", API_REFUSES,
	    CSR_USUAL };
	PKI_AUTO(pki_buf) text = pki_buf_new();

	expect_refused(&row, pki_bytes_of(nulls, 9000));
	pki_pem_add(text, PKI_PEM_CSR, pki_bytes_of(nulls, 9000));
	row.what = "9000 octets of PEM";
	expect_refused(&row, pki_buf_bytes(text));
	row.what = "a file too large";
	expect_refused(&row, pki_bytes_of(nulls, sizeof(nulls)));
}

Test(csr_refused, pem_that_is_not_one_request)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_buf) two = pki_buf_new();
	PKI_AUTO(pki_buf) wrong = pki_buf_new();
	struct row row = { "garbage", PKI_BAD_INPUT, "pem", API_REFUSES,
	    CSR_USUAL };

	make_usual(der);
	expect_refused(&row, PKI_BYTES_TEXT("-----BEGIN CERTIFICATE REQUEST"
	    "-----\n!!!!\n-----END CERTIFICATE REQUEST-----\n"));
	row.what = "text";
	expect_refused(&row, PKI_BYTES_TEXT("hello\n"));
	pki_pem_add(two, PKI_PEM_CSR, pki_buf_bytes(der));
	pki_pem_add(two, PKI_PEM_CSR, pki_buf_bytes(der));
	row.what = "two blocks";
	row.api = API_ACCEPTS;
	expect_refused(&row, pki_buf_bytes(two));
	pki_pem_add(wrong, PKI_PEM_CERT, pki_buf_bytes(der));
	row.what = "wrong label";
	row.api = API_REFUSES;
	expect_refused(&row, pki_buf_bytes(wrong));
}
