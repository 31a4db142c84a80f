#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "est/body.h"
#include "tests/lib/est/mutate.h"
#include "x509/pem.h"

TestSuite(est_body, .timeout = 60);

/* SEQUENCE { INTEGER 1, OCTET STRING "abcd" }: 11 octets, one '='. */
#define DER "\x30\x09\x02\x01\x01\x04\x04" "abcd"
#define BASE64 "MAkCAQEEBGFiY2Q="

static pki_code
decode(pki_bytes body, pki_buf **out, pki_err *err)
{
	return pki_est_body_decode(body, PKI_PEM_CSR, 100, out, err);
}

#define CSR_LINES "CERTIFICATE REQUEST-----"

static const struct {
	const char *what;
	pki_bytes   body;
} accepted[] = {
	{ "one line", { (const uint8_t *)BASE64, 16 } },
#define ROW(what, text) { what, { (const uint8_t *)(text), sizeof(text) - 1 } }
	ROW("a line end", BASE64 "\n"),
	ROW("CR LF", BASE64 "\r\n"),
	ROW("a lone CR", BASE64 "\r"),
	ROW("space in front", " \r\n\t" BASE64),
	ROW("short lines", "MAkC\nAQEE\nBGFi\nY2Q=\n"),
	ROW("lines of odd width", "MAkCA\r\nQEEBG\r\nFiY2Q=\r\n"),
	ROW("space anywhere", "M A\tk\rC\nA QEEBGFiY2Q \n = "),
	ROW("a PEM block", "-----BEGIN " CSR_LINES "\n" BASE64 "\n"
	    "-----END " CSR_LINES "\n"),
	ROW("a PEM block without the last end", "-----BEGIN " CSR_LINES
	    "\r\n" BASE64 "\r\n-----END " CSR_LINES),
	ROW("a PEM block of an old program", "\n-----BEGIN NEW " CSR_LINES
	    "\n" BASE64 "\n-----END NEW " CSR_LINES "\n"),
};

Test(est_body, accepts_what_clients_send)
{
	for (size_t i = 0; i < PKI_COUNT(accepted); i++) {
		PKI_AUTO(pki_buf) der = NULL;
		pki_err err = { 0 };

		cr_expect(decode(accepted[i].body, &der, &err) == PKI_OK,
		    "%s: %s", accepted[i].what, err.msg);
		cr_expect(der != NULL && pki_bytes_equal(pki_buf_bytes(der),
		    PKI_BYTES_TEXT(DER)), "%s", accepted[i].what);
	}
}

static const struct {
	const char *what, *rule;
	pki_bytes   body;
} refused[] = {
#undef ROW
#define ROW(what, rule, text) \
	{ what, rule, { (const uint8_t *)(text), sizeof(text) - 1 } }
	ROW("nothing", "body", ""),
	ROW("white space", "body", " \r\n\t"),
	ROW("DER itself", "body", DER),
	ROW("a NUL behind", "body", BASE64 "\0"),
	ROW("a form feed", "body", BASE64 "\f"),
	ROW("a byte order mark", "body", "\xef\xbb\xbf" BASE64),
	ROW("no padding", "body", "MAkCAQEEBGFiY2Q"),
	ROW("more padding", "body", "MAkCAQEEBGFiY2Q=="),
	ROW("padding inside", "body", "MAkCAQEEBGFiY2Q=MAkC"),
	ROW("bits behind the last octet", "body", "MAkCAQEEBGFiY2R="),
	ROW("base64url", "body", "MAkCAQEEBGFi-_Q="),
	ROW("percent signs", "body", "MAkCAQEEBGFiY2Q%3D"),
	ROW("quotes", "body", "\"" BASE64 "\""),
	ROW("text", "body", "Certificate Request:\n"),
	ROW("base64 of text", "body", "SGVsbG8="),
	ROW("base64 of PEM", "body", "LS0tLS1CRUdJTiBDRVJU"),
	ROW("base64 of base64", "body", "TUFrQ0FRRUVCR0ZpWTJRPQ=="),
	ROW("a SEQUENCE that is cut", "body", "MAkCAQEEBGFiYw=="),
	ROW("an octet behind the SEQUENCE", "body", "MAkCAQEEBGFiY2QA"),
	ROW("another element", "body", "BARhYmNk"),
	ROW("indefinite length", "body", "MIACAQEAAA=="),
	ROW("a PEM block of a certificate", "pem",
	    "-----BEGIN CERTIFICATE-----\n" BASE64
	    "\n-----END CERTIFICATE-----\n"),
	ROW("a PEM block on one line", "pem", "-----BEGIN " CSR_LINES
	    BASE64 "-----END " CSR_LINES),
	ROW("a PEM block without END", "pem", "-----BEGIN " CSR_LINES
	    "\n" BASE64 "\n"),
	ROW("two PEM blocks", "pem", "-----BEGIN " CSR_LINES "\n" BASE64
	    "\n-----END " CSR_LINES "\n-----BEGIN " CSR_LINES "\n" BASE64
	    "\n-----END " CSR_LINES "\n"),
	ROW("END glued to the text", "pem", "-----BEGIN " CSR_LINES "\n"
	    BASE64 "-----END " CSR_LINES "\n"),
};

Test(est_body, refuses_everything_else)
{
	for (size_t i = 0; i < PKI_COUNT(refused); i++) {
		PKI_AUTO(pki_buf) der = NULL;
		pki_err err = { 0 };

		cr_expect(decode(refused[i].body, &der, &err) ==
		    PKI_BAD_INPUT, "%s", refused[i].what);
		cr_expect(strcmp(err.rule, refused[i].rule) == 0, "%s: %s",
		    refused[i].what, err.msg);
		cr_expect(der == NULL);
	}
}

Test(est_body, says_what_is_wanted_instead_of_der)
{
	PKI_AUTO(pki_buf) der = NULL;
	pki_err err = { 0 };

	cr_assert(decode(PKI_BYTES_TEXT("\x30\x82\x01\x02"), &der, &err) ==
	    PKI_BAD_INPUT);
	cr_expect(strstr(err.msg, "DER that is not in base64") != NULL, "%s",
	    err.msg);
}

Test(est_body, refuses_armour_where_none_is_known)
{
	PKI_AUTO(pki_buf) der = NULL;
	pki_err err = { 0 };

	cr_expect(pki_est_body_decode(PKI_BYTES_TEXT("-----BEGIN "
	    CSR_LINES "\n" BASE64 "\n-----END " CSR_LINES "\n"), NULL, 100,
	    &der, &err) == PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "body");
}

/* A SEQUENCE of that many octets in all, at least 4 + 256. */
static pki_buf *
make_sequence(size_t len)
{
	pki_buf *out = pki_buf_new();

	pki_buf_add_byte(out, 0x30);
	pki_buf_add_byte(out, 0x82);
	pki_buf_add_byte(out, (uint8_t)((len - 4) >> 8));
	pki_buf_add_byte(out, (uint8_t)(len - 4));
	while (out->len < len)
		pki_buf_add_byte(out, (uint8_t)out->len);
	return out;
}

Test(est_body, is_limited_in_octets_of_der_and_of_text)
{
	for (size_t len = 298; len <= 302; len++) {
		PKI_AUTO(pki_buf) sequence = make_sequence(len);
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_buf) der = NULL;
		pki_err err = { 0 };
		pki_code rc;

		pki_base64_add(text, pki_buf_bytes(sequence), 0);
		rc = pki_est_body_decode(pki_buf_bytes(text), NULL, 300, &der,
		    &err);
		cr_expect(rc == (len <= 300 ? PKI_OK : PKI_BAD_INPUT));
		cr_expect_str_eq(err.rule, len <= 300 ? "" : "size");
	}
	for (int more = 0; more <= 1; more++) {
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_buf) der = NULL;
		pki_err err = { 0 };

		pki_buf_add_text(text, BASE64);
		while (text->len < PKI_EST_TEXT_MAX + (size_t)more)
			pki_buf_add_byte(text, ' ');
		cr_expect(decode(pki_buf_bytes(text), &der, &err) ==
		    (more ? PKI_BAD_INPUT : PKI_OK));
		cr_expect_str_eq(err.rule, more ? "size" : "");
	}
}

Test(est_body, is_written_in_lines_of_a_width)
{
	static const struct {
		size_t      width;
		const char *text;
	} rows[] = {
		{ 0, BASE64 },
		{ 4, "MAkC\nAQEE\nBGFi\nY2Q=\n" },
		{ 12, "MAkCAQEEBGFi\nY2Q=\n" },
		{ 16, BASE64 "\n" },
		{ 76, BASE64 "\n" },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();

		cr_expect(pki_est_body_encode(PKI_BYTES_TEXT(DER),
		    rows[i].width, out, NULL) == PKI_OK);
		cr_expect_str_eq(pki_buf_text(out), rows[i].text);
	}
}

Test(est_body, is_written_in_no_other_width)
{
	static const size_t widths[] = { 1, 75, 77, 78, 80, SIZE_MAX };

	for (size_t i = 0; i < PKI_COUNT(widths); i++) {
		PKI_AUTO(pki_buf) out = pki_buf_new();

		cr_expect(pki_est_body_encode(PKI_BYTES_TEXT(DER), widths[i],
		    out, NULL) == PKI_USAGE);
		cr_expect(out->len == 0);
	}
}

Test(est_body, is_read_again_as_written)
{
	for (size_t width = 0; width <= PKI_EST_WIDTH_MAX; width += 4) {
		PKI_AUTO(pki_buf) der = make_sequence(1000 + width);
		PKI_AUTO(pki_buf) text = pki_buf_new();
		PKI_AUTO(pki_buf) again = NULL;

		cr_assert(pki_est_body_encode(pki_buf_bytes(der), width, text,
		    NULL) == PKI_OK);
		cr_assert(pki_est_body_decode(pki_buf_bytes(text), NULL, 2000,
		    &again, NULL) == PKI_OK);
		cr_expect(pki_bytes_equal(pki_buf_bytes(der),
		    pki_buf_bytes(again)));
	}
}

static bool
try_body(pki_bytes in)
{
	PKI_AUTO(pki_buf) der = NULL;

	return decode(in, &der, NULL) == PKI_OK;
}

Test(est_body, survives_mutation)
{
	mutate(PKI_BYTES_TEXT(BASE64), try_body);
	/* The last octet is a dash: no line end that might be missing. */
	mutate(PKI_BYTES_TEXT("-----BEGIN " CSR_LINES "\n" BASE64
	    "\n-----END " CSR_LINES), try_body);
}
