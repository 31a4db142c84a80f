#include <criterion/criterion.h>

#include <openssl/ec.h>

#include "x509/linking.h"
#include "tests/support/csr-maker.h"

TestSuite(linking, .timeout = 60);

#define PASSWORD "06{2a864886f70d010907}"
#define OTP "06{2a864886f70d0109100238}"
#define REVOCATION "06{2a864886f70d0109100239}"
#define LINKING "06{2a864886f70d010910023a}"
#define ATTRIBUTE(oid, value) "30{" oid " 31{" value "}}"

/* Twelve and 32 octets, and their base64 by another program. */
#define UNIQUE "unique-12oct"
#define UNIQUE_TEXT "dW5pcXVlLTEyb2N0"
#define EXPORTER "an exporter of thirty-two octets"
#define EXPORTER_TEXT "YW4gZXhwb3J0ZXIgb2YgdGhpcnR5LXR3byBvY3RldHM="

static const pki_binding tls12 = { .unique = PKI_BYTES_TEXT(UNIQUE),
	.exporter = PKI_BYTES_TEXT(EXPORTER) };
static const pki_binding tls13 = { .exporter = PKI_BYTES_TEXT(EXPORTER) };
static const pki_binding unbound = { .unique = { NULL, 0 } };

static EVP_PKEY *signer;

static void
make_signer(void)
{
	signer = EVP_EC_gen("P-256");
}

static void
free_signer(void)
{
	EVP_PKEY_free(signer);
}

static pki_csr *
make_csr(const char *attributes)
{
	struct csr_recipe recipe = { .signer = signer,
		.attributes = attributes };
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_csr *csr = NULL;
	pki_err err = { 0 };

	cr_assert(csr_make(&recipe, der), "%s", attributes);
	cr_assert(pki_csr_parse(pki_buf_bytes(der), &csr, &err) == PKI_OK,
	    "%s: %s", attributes, err.msg);
	return csr;
}

/* One attribute's value; by each connection. */
static const struct {
	const char *what, *value;
	pki_link    on_tls12, on_tls13;
} values[] = {
	{ "tls-unique", "13{'" UNIQUE_TEXT "'}", PKI_LINK_MATCHES,
	    PKI_LINK_DIFFERS },
	{ "tls-exporter", "13{'" EXPORTER_TEXT "'}", PKI_LINK_MATCHES,
	    PKI_LINK_MATCHES },
	{ "UTF8String", "0c{'" UNIQUE_TEXT "'}", PKI_LINK_MATCHES,
	    PKI_LINK_DIFFERS },
	{ "IA5String", "16{'" UNIQUE_TEXT "'}", PKI_LINK_MATCHES,
	    PKI_LINK_DIFFERS },
	{ "TeletexString", "14{'" UNIQUE_TEXT "'}", PKI_LINK_MATCHES,
	    PKI_LINK_DIFFERS },
	{ "a line end", "16{'" UNIQUE_TEXT "' 0a}", PKI_LINK_MATCHES,
	    PKI_LINK_DIFFERS },
	{ "another first octet", "13{'eW5pcXVlLTEyb2N0'}", PKI_LINK_DIFFERS,
	    PKI_LINK_DIFFERS },
	{ "another last octet", "13{'dW5pcXVlLTEyb2N1'}", PKI_LINK_DIFFERS,
	    PKI_LINK_DIFFERS },
	{ "a prefix", "13{'dW5pcXVlLTEy'}", PKI_LINK_DIFFERS,
	    PKI_LINK_DIFFERS },
	{ "one octet more", "13{'dW5pcXVlLTEyb2N0AA=='}", PKI_LINK_DIFFERS,
	    PKI_LINK_DIFFERS },
	{ "half of tls-exporter", "13{'YW4gZXhwb3J0ZXIgb2YgdA=='}",
	    PKI_LINK_DIFFERS, PKI_LINK_DIFFERS },
	{ "both in a row", "13{'" UNIQUE_TEXT EXPORTER_TEXT "'}",
	    PKI_LINK_DIFFERS, PKI_LINK_DIFFERS },
	{ "not encoded", "0c{'" UNIQUE "'}", PKI_LINK_MALFORMED,
	    PKI_LINK_MALFORMED },
	{ "hex", "13{'756e697175652d31326f6374z'}", PKI_LINK_MALFORMED,
	    PKI_LINK_MALFORMED },
	{ "base64 cut", "13{'dW5pcXVlLTEyb2N'}", PKI_LINK_MALFORMED,
	    PKI_LINK_MALFORMED },
	{ "base64url", "13{'dW5pcXVlLTEyb2-_'}", PKI_LINK_MALFORMED,
	    PKI_LINK_MALFORMED },
	{ "a NUL behind", "16{'" UNIQUE_TEXT "' 00}", PKI_LINK_MALFORMED,
	    PKI_LINK_MALFORMED },
	{ "white space only", "13{'    '}", PKI_LINK_MALFORMED,
	    PKI_LINK_MALFORMED },
	{ "BMPString", "1e{0064 0057 0035 0070}", PKI_LINK_MALFORMED,
	    PKI_LINK_MALFORMED },
	{ "65 octets", "13{'QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
	    "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE='}",
	    PKI_LINK_MALFORMED, PKI_LINK_MALFORMED },
};

Test(linking, matches_what_the_connection_is_bound_to,
    .init = make_signer, .fini = free_signer)
{
	static const pki_csr_challenge which[] = {
		PKI_CSR_CHALLENGE_PASSWORD, PKI_CSR_IDENTITY_LINKING };
	static const char *const oids[] = { PASSWORD, LINKING };

	for (size_t i = 0; i < 2 * PKI_COUNT(values); i++) {
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_csr) csr = NULL;
		pki_csr_challenge one = which[i % 2];
		pki_link lost = values[i / 2].on_tls12;

		pki_buf_add_format(text, "a0{30{%s 31{%s}}}", oids[i % 2],
		    values[i / 2].value);
		csr = make_csr(pki_buf_text(text));
		cr_expect(pki_csr_check_link(csr, one, &tls12) ==
		    values[i / 2].on_tls12, "%s", values[i / 2].what);
		cr_expect(pki_csr_check_link(csr, one, &tls13) ==
		    values[i / 2].on_tls13, "%s", values[i / 2].what);
		/* Never ignored where there is no binding. */
		if (lost == PKI_LINK_MATCHES)
			lost = PKI_LINK_DIFFERS;
		cr_expect(pki_csr_check_link(csr, one, &unbound) == lost,
		    "%s", values[i / 2].what);
		cr_expect(pki_csr_check_link(csr, which[1 - i % 2], &tls12)
		    == PKI_LINK_ABSENT, "%s", values[i / 2].what);
		cr_expect(pki_csr_check_links(csr, &tls12) ==
		    values[i / 2].on_tls12, "%s", values[i / 2].what);
	}
}

#define GOOD "13{'" UNIQUE_TEXT "'}"
#define WRONG "13{'AAAA'}"
#define BROKEN "13{'A'}"

Test(linking, takes_both_attributes_when_both_match, .init = make_signer,
    .fini = free_signer)
{
	static const struct {
		const char *attributes;
		pki_link    wanted;
	} rows[] = {
		{ "a000", PKI_LINK_ABSENT },
		{ "a0{" ATTRIBUTE(OTP, GOOD) "}", PKI_LINK_ABSENT },
		{ "a0{" ATTRIBUTE(PASSWORD, GOOD) ATTRIBUTE(LINKING, GOOD)
		    "}", PKI_LINK_MATCHES },
		{ "a0{" ATTRIBUTE(LINKING, WRONG) ATTRIBUTE(PASSWORD, GOOD)
		    "}", PKI_LINK_DIFFERS },
		{ "a0{" ATTRIBUTE(PASSWORD, WRONG) ATTRIBUTE(LINKING, GOOD)
		    "}", PKI_LINK_DIFFERS },
		{ "a0{" ATTRIBUTE(LINKING, BROKEN) ATTRIBUTE(PASSWORD, GOOD)
		    "}", PKI_LINK_MALFORMED },
		{ "a0{" ATTRIBUTE(PASSWORD, BROKEN) ATTRIBUTE(LINKING, WRONG)
		    "}", PKI_LINK_MALFORMED },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_csr) csr = make_csr(rows[i].attributes);

		cr_expect(pki_csr_check_links(csr, &tls12) == rows[i].wanted,
		    "row %zu", i);
	}
}

Test(linking, compares_a_secret_as_it_stands, .init = make_signer,
    .fini = free_signer)
{
	PKI_AUTO(pki_csr) csr = make_csr("a0{" ATTRIBUTE(OTP, "0c{'one'}")
	    ATTRIBUTE(REVOCATION, "13{'later'}") "}");
	PKI_AUTO(pki_csr) none = make_csr("a000");
	static const struct {
		pki_csr_challenge which;
		const char       *secret;
		pki_link          wanted;
	} rows[] = {
		{ PKI_CSR_OTP_CHALLENGE, "one", PKI_LINK_MATCHES },
		{ PKI_CSR_OTP_CHALLENGE, "later", PKI_LINK_DIFFERS },
		{ PKI_CSR_OTP_CHALLENGE, "One", PKI_LINK_DIFFERS },
		{ PKI_CSR_OTP_CHALLENGE, "on", PKI_LINK_DIFFERS },
		{ PKI_CSR_OTP_CHALLENGE, "", PKI_LINK_DIFFERS },
		{ PKI_CSR_OTP_CHALLENGE, NULL, PKI_LINK_DIFFERS },
		{ PKI_CSR_REVOCATION_CHALLENGE, "later", PKI_LINK_MATCHES },
		{ PKI_CSR_REVOCATION_CHALLENGE, "one", PKI_LINK_DIFFERS },
		{ PKI_CSR_CHALLENGE_PASSWORD, "one", PKI_LINK_ABSENT },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		pki_bytes secret = pki_bytes_text(rows[i].secret);

		cr_expect(pki_csr_check_secret(csr, rows[i].which, secret) ==
		    rows[i].wanted, "row %zu", i);
		cr_expect(pki_csr_check_secret(none, rows[i].which, secret) ==
		    PKI_LINK_ABSENT, "row %zu", i);
	}
}
