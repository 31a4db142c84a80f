#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/crl-maker.h"
#include "x509/pem.h"

TestSuite(pem_or_der, .timeout = 30);
TestSuite(pem_add, .timeout = 30);
TestSuite(pem_put, .timeout = 30);
TestSuite(pem_each, .timeout = 30);

#define LABEL "CERTIFICATE REQUEST"
#define HEAD "-----BEGIN " LABEL "-----\n"
#define TAIL "-----END " LABEL "-----\n"
#define BODY "MAMCAQU=\n"
#define BLOCK HEAD BODY TAIL

static const char body_der[] = "\x30\x03\x02\x01\x05";

static const struct {
	const char *what, *text, *rule;
} texts[] = {
	{ "one block", BLOCK, NULL },
	{ "no last newline", HEAD BODY "-----END " LABEL "-----",
	    NULL },
	{ "CR LF", "-----BEGIN " LABEL "-----\r\nMAMCAQU=\r\n"
	    "-----END " LABEL "-----\r\n", NULL },
	{ "text before", "Subject: CN = x\n0 text\n" BLOCK, NULL },
	{ "text like DER before", "0x\n" BLOCK, NULL },
	{ "blanks after", BLOCK " \n\t\r\n", NULL },
	{ "the old label", "-----BEGIN NEW " LABEL "-----\n" BODY
	    "-----END NEW " LABEL "-----\n", NULL },
	{ "nothing", "", "pem" },
	{ "no block", "hello\n", "pem" },
	{ "text after", BLOCK "x", "pem" },
	{ "two blocks", BLOCK BLOCK, "pem" },
	{ "another label", "-----BEGIN CERTIFICATE-----\n" BODY
	    "-----END CERTIFICATE-----\n", "pem" },
	{ "a mixed label", HEAD BODY "-----END CERTIFICATE-----\n",
	    "pem" },
	{ "old and new label", HEAD BODY "-----END NEW " LABEL
	    "-----\n", "pem" },
	{ "no END", HEAD BODY, "pem" },
	{ "no BEGIN", BODY TAIL, "pem" },
	{ "BEGIN that does not end", "-----BEGIN " LABEL "\n" BODY,
	    "pem" },
	{ "BEGIN not at a line's start", "x" BLOCK, "pem" },
	{ "END not at a line's start", HEAD "MAMCAQU=" TAIL, "pem" },
	{ "text on BEGIN's line", "-----BEGIN " LABEL "-----MAMCAQU="
	    "\n" TAIL, "pem" },
	{ "dashes before", "-----\n" BLOCK, "pem" },
	{ "dashes inside", HEAD "MAMC-----AQU=\n" TAIL, "pem" },
	{ "an empty block", HEAD TAIL, "pem" },
	{ "garbage inside", HEAD "MAM*AQU=\n" TAIL, "pem" },
	{ "a header inside", HEAD "Proc-Type: 4\n\n" BODY TAIL,
	    "pem" },
	{ "cut base64", HEAD "MAMCAQ\n" TAIL, "pem" },
	{ "bits after the end", HEAD "MAMCAQV=\n" TAIL, "pem" },
	{ "more than the limit", HEAD "MAMCAQUAAAAAAAAAAAAAAAAAAAAA\n"
	    TAIL, "size" },
};

Test(pem_or_der, takes_one_block_and_refuses_all_else)
{
	for (size_t i = 0; i < PKI_COUNT(texts); i++) {
		PKI_AUTO(pki_buf) out = NULL;
		pki_err err = { 0 };
		pki_code rc;

		rc = pki_pem_or_der(pki_bytes_text(texts[i].text), PKI_PEM_CSR,
		    16, &out, &err);
		if (texts[i].rule == NULL)
			cr_expect(rc == PKI_OK && pki_bytes_equal(
			    pki_buf_bytes(out), PKI_BYTES_TEXT(body_der)),
			    "%s: %s", texts[i].what, err.msg);
		else
			cr_expect(rc == PKI_BAD_INPUT && out == NULL &&
			    strcmp(err.rule, texts[i].rule) == 0,
			    "%s: %d %s", texts[i].what, rc, err.msg);
	}
}

Test(pem_or_der, refuses_a_nul_inside_the_block)
{
	static const char text[] = HEAD "MAMC\0AQU=\n" TAIL;
	PKI_AUTO(pki_buf) out = NULL;
	pki_err err = { 0 };

	cr_expect(pki_pem_or_der(PKI_BYTES_TEXT(text), PKI_PEM_CSR, 16, &out,
	    &err) == PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "pem");
}

Test(pem_or_der, hands_der_through_up_to_the_limit)
{
	PKI_AUTO(pki_buf) out = NULL;
	PKI_AUTO(pki_buf) none = NULL;
	pki_bytes der = PKI_BYTES_TEXT(body_der);
	pki_err err = { 0 };

	cr_expect(pki_pem_or_der(der, PKI_PEM_CSR, 5, &out, &err) == PKI_OK);
	cr_expect(pki_bytes_equal(pki_buf_bytes(out), der));
	cr_expect(pki_pem_or_der(der, PKI_PEM_CSR, 4, &none, &err) ==
	    PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "size");
}

Test(pem_add, writes_what_is_read_back_in_lines_of_64)
{
	for (size_t len = 1; len <= 200; len++) {
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_buf) out = NULL;
		uint8_t octets[200];

		memset(octets, 0xa5, sizeof(octets));
		pki_pem_add(text, PKI_PEM_CERT, pki_bytes_of(octets, len));
		cr_assert(pki_pem_or_der(pki_buf_bytes(text), PKI_PEM_CERT,
		    sizeof(octets), &out, NULL) == PKI_OK);
		cr_expect(pki_bytes_equal(pki_buf_bytes(out),
		    pki_bytes_of(octets, len)));
		if (len == 100)
			cr_expect(strcspn(strchr(pki_buf_text(text), '\n') + 1,
			    "\n") == 64);
	}
}

static pki_code
count_visit(pki_bytes der, void *arg, pki_err *err)
{
	int *count = arg;

	(void)err;
	cr_expect(der.len == 5);
	return ++*count == 3 ? PKI_DENIED : PKI_OK;
}

Test(pem_each, visits_each_block_until_one_is_refused)
{
	static const struct {
		const char *text;
		pki_code    code;
		int         count;
	} rows[] = {
		{ BLOCK, PKI_OK, 1 },
		{ "subject\n" BLOCK "issuer\n" BLOCK "end\n", PKI_OK, 2 },
		{ BLOCK BLOCK BLOCK BLOCK, PKI_DENIED, 3 },
		{ "none\n", PKI_BAD_INPUT, 0 },
		{ "", PKI_BAD_INPUT, 0 },
		{ BLOCK HEAD, PKI_BAD_INPUT, 1 },
		{ BLOCK "-----BEGIN X509 CRL-----\n" BODY
		    "-----END X509 CRL-----\n", PKI_BAD_INPUT, 1 },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		int count = 0;
		pki_code rc;

		rc = pki_pem_each(pki_bytes_text(rows[i].text), PKI_PEM_CSR,
		    16, count_visit, &count, NULL);
		cr_expect(rc == rows[i].code && count == rows[i].count,
		    "row %zu: %d, %d blocks", i, rc, count);
	}
}

/* The same octets as pki_pem_add, whatever the pieces. */
Test(pem_put, gives_the_text_of_pem_add)
{
	static const size_t pieces[] = { 1, 47, 48, 49, 65536 };
	PKI_AUTO(pki_buf) octets = pki_buf_new();

	for (size_t i = 0; i < 70000; i++)
		pki_buf_add_byte(octets, (uint8_t)(i * 37 >> 3));
	for (size_t i = 0; i < 400 + PKI_COUNT(pieces); i++) {
		PKI_AUTO(pki_buf) want = pki_buf_new();
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_pem_writer) writer = NULL;
		const pki_sink sink = crl_sink_to(text);
		size_t len = i < 400 ? i : octets->len, at;
		size_t piece = i < 400 ? 1 + i % 60 : pieces[i - 400];

		pki_pem_add(want, LABEL, pki_bytes_of(octets->data, len));
		cr_assert(pki_pem_begin(LABEL, &sink, &writer, NULL) ==
		    PKI_OK);
		for (at = 0; at < len; at += piece)
			cr_assert(pki_pem_put(writer, pki_bytes_of(
			    octets->data + at, len - at < piece ? len - at :
			    piece), NULL) == PKI_OK);
		cr_assert(pki_pem_end(writer, NULL) == PKI_OK);
		cr_expect(pki_bytes_equal(pki_buf_bytes(text),
		    pki_buf_bytes(want)), "%zu in pieces of %zu", len, piece);
	}
}
