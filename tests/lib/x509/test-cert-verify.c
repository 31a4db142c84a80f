#include "x509/cert.h"

#include <string.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "sample.h"

TestSuite(cert_check_issuer, .timeout = 60);
TestSuite(cert_verify, .timeout = 60);

/* [3] with a subjectKeyIdentifier that is not that of any key. */
#define OTHER_KEY_ID PKI_BYTES_TEXT("\xa3\x0e\x30\x0c\x30\x0a\x06\x03" \
	"\x55\x1d\x0e\x04\x03\x04\x01\x55")

/* rule NULL: accepted. */
static void
expect_issuer(const char *name, const pki_cert *cert, const pki_cert *issuer,
    const char *rule)
{
	pki_err err = { 0 };
	pki_code rc = pki_cert_check_issuer(cert, issuer, &err);

	if (rule == NULL) {
		cr_expect(rc == PKI_OK, "%s: %s", name, err.msg);
		return;
	}
	cr_expect(rc == PKI_DENIED, "%s: %s", name, pki_code_name(rc));
	cr_expect(strcmp(err.rule, rule) == 0, "%s: rule '%s': %s", name,
	    err.rule, err.msg);
}

Test(cert_check_issuer, knows_who_signed)
{
	SAMPLE ca = { 0 }, leaf = { 0 }, twin = { 0 }, other = { 0 };
	PKI_AUTO(pki_cert) flipped = NULL;
	PKI_AUTO(pki_cert) renamed = NULL;
	PKI_AUTO(pki_cert) no_id = NULL;
	PKI_AUTO(pki_buf) other_id = NULL;
	PKI_AUTO(pki_buf) der = NULL;

	sample_make(&ca, "CA", NULL, sample_ca);
	sample_make(&twin, "CA", NULL, sample_ca);
	sample_make(&other, "Other CA", NULL, sample_ca);
	sample_make(&leaf, "leaf", &ca, NULL);
	flipped = sample_flip(leaf.cert);
	other_id = sample_replace_cert(ca.cert, CERT_EXTENSIONS, OTHER_KEY_ID);
	renamed = sample_parse(pki_buf_bytes(other_id));
	der = sample_replace_cert(twin.cert, CERT_EXTENSIONS, (pki_bytes){ 0 });
	no_id = sample_parse(pki_buf_bytes(der));
	expect_issuer("its issuer", leaf.cert, ca.cert, NULL);
	expect_issuer("itself", ca.cert, ca.cert, NULL);
	expect_issuer("another name", leaf.cert, other.cert, "issuer");
	expect_issuer("another key", leaf.cert, twin.cert, "issuer");
	expect_issuer("another key id", leaf.cert, renamed, "issuer");
	expect_issuer("another key, no key id", leaf.cert, no_id,
	    "signature");
	expect_issuer("one bit", flipped, ca.cert, "signature");
}

Test(cert_check_issuer, refuses_an_unknown_algorithm)
{
	static const pki_bytes inner = PKI_BYTES_TEXT("\x30\x04\x06\x02\x2a"
	    "\x03");
	const pki_sigalg unknown = { .name = "unknown", .identifier = inner };
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_buf) tbs = NULL;
	PKI_AUTO(pki_cert) cert = NULL;
	SAMPLE ca = { 0 };

	sample_make(&ca, "CA", NULL, sample_ca);
	tbs = sample_replace(pki_cert_tbs(ca.cert), CERT_ALGORITHM, inner);
	pki_signed_add(der, pki_buf_bytes(tbs), &unknown,
	    PKI_BYTES_TEXT("signature"));
	cert = sample_parse(pki_buf_bytes(der));
	expect_issuer("unknown algorithm", cert, ca.cert,
	    "signature-algorithm");
}

static void
make_path_length_0(pki_tbs *tbs)
{
	sample_ca(tbs);
	tbs->path_len = 0;
}

static void
make_crl_signer(pki_tbs *tbs)
{
	sample_ca(tbs);
	tbs->key_usage = 1 << PKI_KU_CRL_SIGN;
}

static void
make_server(pki_tbs *tbs)
{
	tbs->ext_usage = 1 << PKI_EKU_SERVER_AUTH;
}

static void
make_unlimited(pki_tbs *tbs)
{
	tbs->ext_usage = 0;
}

static void
make_responder(pki_tbs *tbs)
{
	tbs->ext_usage = 1 << PKI_EKU_OCSP_SIGNING;
}

/* Verify cert through middle (may be NULL) to root. */
static void
expect_chain(const char *name, const pki_cert *cert, const pki_cert *middle,
    const pki_cert *root, int usage, const char *reason)
{
	const pki_chain chain = {
		.chain = &middle, .chain_count = middle != NULL ? 1 : 0,
		.roots = &root, .root_count = root != NULL ? 1 : 0,
		.at = SAMPLE_NOW, .usage = usage,
	};
	pki_err err = { 0 };
	pki_code rc = pki_cert_verify(cert, &chain, &err);

	if (reason == NULL) {
		cr_expect(rc == PKI_OK, "%s: %s", name, err.msg);
		return;
	}
	cr_expect(rc == PKI_DENIED, "%s: %s", name, pki_code_name(rc));
	cr_expect_str_eq(err.rule, "chain");
	cr_expect(strstr(err.msg, reason) != NULL, "%s: %s", name, err.msg);
}

Test(cert_verify, accepts_a_chain_and_names_what_breaks_it)
{
	SAMPLE root = { 0 }, other = { 0 }, twin = { 0 }, ca = { 0 },
	    leaf = { 0 };
	PKI_AUTO(pki_cert) flipped = NULL;
	PKI_AUTO(pki_cert) flipped_ca = NULL;
	PKI_AUTO(pki_cert) flipped_root = NULL;

	sample_make(&root, "Root", NULL, sample_ca);
	sample_make(&other, "Other root", NULL, sample_ca);
	sample_make(&twin, "Root", NULL, sample_ca);
	sample_make(&ca, "CA", &root, sample_ca);
	sample_make(&leaf, "leaf", &ca, NULL);
	flipped = sample_flip(leaf.cert);
	flipped_ca = sample_flip(ca.cert);
	flipped_root = sample_flip(root.cert);
	expect_chain("good", leaf.cert, ca.cert, root.cert, 0, NULL);
	expect_chain("good client", leaf.cert, ca.cert, root.cert,
	    PKI_EKU_CLIENT_AUTH, NULL);
	expect_chain("a CA", ca.cert, NULL, root.cert, 0, NULL);
	expect_chain("a root", root.cert, NULL, root.cert, 0, NULL);
	expect_chain("wrong root", leaf.cert, ca.cert, other.cert, 0,
	    "unable to get local issuer certificate");
	expect_chain("twin of the root", leaf.cert, ca.cert, twin.cert, 0,
	    "unable to get local issuer certificate");
	expect_chain("no root", leaf.cert, ca.cert, NULL, 0,
	    "unable to get local issuer certificate");
	expect_chain("no intermediate", leaf.cert, NULL, root.cert, 0,
	    "unable to get local issuer certificate");
	expect_chain("the intermediate as root", leaf.cert, NULL, ca.cert, 0,
	    "unable to get issuer certificate");
	expect_chain("one bit", flipped, ca.cert, root.cert, 0,
	    "certificate signature failure");
	expect_chain("one bit of the CA", leaf.cert, flipped_ca, root.cert, 0,
	    "certificate signature failure");
	expect_chain("one bit of the root", leaf.cert, ca.cert, flipped_root,
	    0, "certificate signature failure");
}

Test(cert_verify, wants_the_purpose_stated_in_the_leaf)
{
	static const struct {
		const char  *name;
		sample_edit *edit;
		int          usage;
		bool         good;
	} rows[] = {
		{ "client as client", NULL, PKI_EKU_CLIENT_AUTH, true },
		{ "client as server", NULL, PKI_EKU_SERVER_AUTH, false },
		{ "server as server", make_server, PKI_EKU_SERVER_AUTH, true },
		{ "server as client", make_server, PKI_EKU_CLIENT_AUTH,
		    false },
		{ "responder", make_responder, PKI_EKU_OCSP_SIGNING, true },
		{ "client as responder", NULL, PKI_EKU_OCSP_SIGNING, false },
		{ "unlimited as client", make_unlimited, PKI_EKU_CLIENT_AUTH,
		    false },
		{ "unlimited as responder", make_unlimited,
		    PKI_EKU_OCSP_SIGNING, false },
		{ "unlimited as anything", make_unlimited, 0, true },
	};
	SAMPLE root = { 0 };

	sample_make(&root, "Root", NULL, sample_ca);
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		SAMPLE leaf = { 0 };

		sample_make(&leaf, "leaf", &root, rows[i].edit);
		expect_chain(rows[i].name, leaf.cert, NULL, root.cert,
		    rows[i].usage, rows[i].good ? NULL : "purpose");
	}
}

Test(cert_verify, refuses_an_issuer_that_may_not_issue)
{
	SAMPLE root = { 0 }, middle = { 0 }, leaf = { 0 };
	static const struct {
		const char  *name;
		sample_edit *root, *middle;
		const char  *reason;
	} rows[] = {
		{ "an end entity", sample_ca, NULL, "invalid CA certificate" },
		{ "no keyCertSign", sample_ca, make_crl_signer,
		    "invalid CA certificate" },
		{ "a path too long", make_path_length_0, sample_ca,
		    "path length constraint exceeded" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		sample_make(&root, "Root", NULL, rows[i].root);
		sample_make(&middle, "Middle", &root, rows[i].middle);
		sample_make(&leaf, "leaf", &middle, NULL);
		expect_chain(rows[i].name, leaf.cert, middle.cert, root.cert,
		    0, rows[i].reason);
		sample_free(&root);
		sample_free(&middle);
		sample_free(&leaf);
	}
}

/* G12: both ends of a validity are inclusive. */
Test(cert_verify, is_exact_to_the_second)
{
	static const struct {
		int64_t     at;
		const char *reason;
	} rows[] = {
		{ SAMPLE_NOW - PKI_DAY / 2 - 1, "not yet valid" },
		{ SAMPLE_NOW - PKI_DAY / 2, NULL },
		{ SAMPLE_NOW + PKI_DAY / 2 - 1, NULL },
		{ SAMPLE_NOW + PKI_DAY / 2, NULL },
		{ SAMPLE_NOW + PKI_DAY / 2 + 1, "has expired" },
	};
	SAMPLE root = { 0 }, ca = { 0 }, leaf = { 0 };
	pki_chain chain = { .chain_count = 1, .root_count = 1 };

	sample_make(&root, "Root", NULL, sample_ca);
	sample_make(&ca, "CA", &root, sample_ca);
	sample_make(&leaf, "leaf", &ca, NULL);
	chain.chain = (const pki_cert *[]){ ca.cert };
	chain.roots = (const pki_cert *[]){ root.cert };
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		pki_err err = { 0 };
		pki_code rc;

		chain.at = rows[i].at;
		rc = pki_cert_verify(leaf.cert, &chain, &err);
		cr_expect(rc == (rows[i].reason == NULL ? PKI_OK : PKI_DENIED),
		    "row %zu: %s", i, err.msg);
		cr_expect(rows[i].reason == NULL ||
		    strstr(err.msg, rows[i].reason) != NULL, "row %zu: %s", i,
		    err.msg);
	}
}
