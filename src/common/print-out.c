#include <stdio.h>

#include "common/print.h"

pki_code
print_fail(pki_err *err)
{
	return pki_fail_errno(err, "write to standard output");
}

pki_code
print_flush(pki_err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return print_fail(err);
	return PKI_OK;
}

pki_code
print_bytes(pki_bytes bytes, pki_err *err)
{
	if (bytes.len != 0 && fwrite(bytes.data, bytes.len, 1, stdout) != 1)
		return print_fail(err);
	return print_flush(err);
}

void
print_json_text(pki_buf *out, const char *text)
{
	if (text == NULL) {
		pki_buf_add_text(out, "null");
		return;
	}
	pki_buf_add_byte(out, '"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		/* RFC 8259, 7; octets that are no ASCII as if Latin-1. */
		if (c < 0x20 || c > 0x7e) {
			pki_buf_add_format(out, "\\u%04x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			pki_buf_add_byte(out, '\\');
		pki_buf_add_byte(out, c);
	}
	pki_buf_add_byte(out, '"');
}

static void
add_member(pki_buf *out, const char *key, const char *text)
{
	pki_buf_add_format(out, "%s\"%s\":", out->len == 0 ? "{" : ",", key);
	print_json_text(out, text[0] == '\0' ? NULL : text);
}

void
print_error(enum print_format format, const char *program,
    const char *command, const pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;

	if (format == PRINT_TABLE) {
		fprintf(stderr, "%s: %s%s%s\n", program, command,
		    command[0] == '\0' ? "" : ": ", err->msg);
		return;
	}
	text = pki_buf_new();
	if (text != NULL) {
		add_member(text, "error", err->msg);
		add_member(text, "code", pki_code_name(err->code));
		add_member(text, "rule", err->rule);
		add_member(text, "value", err->value);
		add_member(text, "accepts", err->accepts);
	}
	fprintf(stderr, "%s%s\n", pki_buf_check(text, NULL) == PKI_OK ?
	    pki_buf_text(text) :
	    "{\"error\":\"out of memory\",\"code\":\"no-memory\"", "}");
}
