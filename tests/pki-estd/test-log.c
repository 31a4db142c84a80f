#include "pki-estd/log.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(log_format, .timeout = 30);

/* The line behind its time. */
static const char *
format(const log_field *field, pki_buf *out)
{
	log_format("test", field, 1, out);
	return strstr(pki_buf_text(out), "\"event\"");
}

Test(log_format, escapes_what_a_client_wrote)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	const log_field field = { .name = "text",
	    .text = PKI_BYTES_TEXT("a\"\\\r\n\0\x1b[1m\xe2\x80\xae\x7f") };

	cr_expect_str_eq(format(&field, out), "\"event\":\"test\",\"text\":\""
	    "a\\\"\\\\\\u000d\\u000a\\u0000\\u001b[1m\\u00e2\\u0080\\u00ae"
	    "\\u007f\"}\n");
}

Test(log_format, cuts_what_is_long)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	char text[4096];
	const log_field field = { .name = "text",
	    .text = pki_bytes_of(text, sizeof(text)) };

	memset(text, 1, sizeof(text));
	cr_expect_lt(strlen(format(&field, out)), 1100);
	cr_expect_not_null(strstr(pki_buf_text(out), "\\u0001...\"}\n"));
}

Test(log_format, leaves_out_empty_texts)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	const log_field field = LOG_AS_TEXT("text", "");

	cr_expect_str_eq(format(&field, out), "\"event\":\"test\"}\n");
}
