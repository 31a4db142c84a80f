#include "x509/pem.h"

#include <string.h>

#include "base/text.h"
#include "x509/der.h"

#define DASHES "-----"
#define BEGIN "-----BEGIN "
#define END "-----END "

/* One block as it stands in the text. */
struct block {
	pki_bytes label;
	pki_bytes base64;
};

static const char accepts[] = "one PEM block as in RFC 7468";

void
pki_pem_add(pki_buf *out, const char *label, pki_bytes der)
{
	pki_buf_add_format(out, BEGIN "%s" DASHES "\n", label);
	pki_base64_add(out, der, 64);
	pki_buf_add_format(out, END "%s" DASHES "\n", label);
}

static pki_bytes
skip(pki_bytes in, size_t count)
{
	return pki_bytes_of(in.data + count, in.len - count);
}

/* Where word begins in text; text.len when it is not there. */
static size_t
find(pki_bytes text, const char *word)
{
	const uint8_t *at;

	if (text.len == 0)
		return 0;
	at = memmem(text.data, text.len, word, strlen(word));
	return at == NULL ? text.len : (size_t)(at - text.data);
}

static bool
begins_with(pki_bytes text, pki_bytes word)
{
	return text.len >= word.len &&
	    pki_bytes_equal(pki_bytes_of(text.data, word.len), word);
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_blank(pki_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_space(text.data[i]))
			return false;
	return true;
}

/* After a boundary only blanks may stand on its line. */
static bool
skip_line_end(pki_bytes *rest)
{
	size_t end = find(*rest, "\n");

	if (!is_blank(pki_bytes_of(rest->data, end)))
		return false;
	*rest = skip(*rest, end == rest->len ? end : end + 1);
	return true;
}

/* Is position at the beginning of a line of text? */
static bool
is_line_start(pki_bytes text, size_t position)
{
	return position == 0 || text.data[position - 1] == '\n';
}

/*
 * Take the next block from rest.  Without one rest becomes empty and found
 * stays false.
 */
static pki_code
take_block(pki_bytes *rest, struct block *out, bool *found, pki_err *err)
{
	pki_bytes text = *rest;
	size_t at = find(text, DASHES);

	*found = false;
	*rest = pki_bytes_of(NULL, 0);
	if (at == text.len)
		return PKI_OK;
	if (!is_line_start(text, at) ||
	    !begins_with(skip(text, at), PKI_BYTES_TEXT(BEGIN)))
		return pki_refuse(err, PKI_BAD_INPUT, "pem", accepts,
		    "dashes outside a block");
	text = skip(text, at + strlen(BEGIN));
	at = find(text, DASHES);
	out->label = pki_bytes_of(text.data, at);
	if (at == text.len || !pki_text_is_printable(out->label))
		return pki_refuse(err, PKI_BAD_INPUT, "pem", accepts,
		    "a BEGIN line that does not end");
	text = skip(text, at + strlen(DASHES));
	if (!skip_line_end(&text))
		return pki_refuse(err, PKI_BAD_INPUT, "pem", accepts,
		    "text after the BEGIN line's dashes");
	at = find(text, DASHES);
	out->base64 = pki_bytes_of(text.data, at);
	if (at == text.len || !is_line_start(text, at) ||
	    !begins_with(skip(text, at), PKI_BYTES_TEXT(END)))
		return pki_refuse(err, PKI_BAD_INPUT, "pem", accepts,
		    "a block without its END line");
	text = skip(text, at + strlen(END));
	if (!begins_with(text, out->label) ||
	    !begins_with(skip(text, out->label.len), PKI_BYTES_TEXT(DASHES)))
		return pki_refuse(err, PKI_BAD_INPUT, "pem", accepts,
		    "an END line of another label");
	text = skip(text, out->label.len + strlen(DASHES));
	if (!skip_line_end(&text))
		return pki_refuse(err, PKI_BAD_INPUT, "pem", accepts,
		    "text after the END line's dashes");
	*rest = text;
	*found = true;
	return PKI_OK;
}

/* RFC 7468, appendix A, knows "NEW" from old programs. */
static bool
label_fits(pki_bytes label, const char *wanted)
{
	if (pki_bytes_equal(label, pki_bytes_text(wanted)))
		return true;
	return strcmp(wanted, PKI_PEM_CSR) == 0 &&
	    pki_bytes_equal(label, PKI_BYTES_TEXT("NEW " PKI_PEM_CSR));
}

static pki_code
check_size(size_t len, size_t max_bytes, pki_err *err)
{
	if (len > max_bytes)
		return pki_refuse(err, PKI_BAD_INPUT, "size",
		    "a shorter one", "%zu octets, more than %zu", len,
		    max_bytes);
	return PKI_OK;
}

static pki_code
check_label(const struct block *block, const char *label, pki_err *err)
{
	if (label_fits(block->label, label))
		return PKI_OK;
	return pki_refuse(err, PKI_BAD_INPUT, "pem", label,
	    "block labelled %.*s", (int)(block->label.len < 64 ?
	    block->label.len : 64), (const char *)block->label.data);
}

static pki_code
decode_block(const struct block *block, const char *label, size_t max_bytes,
    pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) der = NULL;
	pki_err reason;
	pki_code rc;

	rc = check_label(block, label, err);
	if (rc != PKI_OK)
		return rc;
	rc = pki_base64_parse(block->base64, block->base64.len, &der, &reason);
	if (rc == PKI_BAD_INPUT)
		return pki_refuse(err, rc, "pem", accepts, "%s", reason.msg);
	if (rc != PKI_OK)
		return pki_fail_memory(err);
	if (der->len == 0)
		return pki_refuse(err, PKI_BAD_INPUT, "pem", accepts,
		    "an empty block");
	rc = check_size(der->len, max_bytes, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(der);
	return rc;
}

/*
 * What begins like a SEQUENCE and cannot be text.  All objects here are long
 * enough for a length octet above 0x7f.
 */
static bool
is_der(pki_bytes in)
{
	return in.len >= 2 && in.data[0] == PKI_DER_SEQUENCE &&
	    !is_space(in.data[1]) &&
	    !pki_text_is_printable(pki_bytes_of(in.data + 1, 1));
}

pki_code
pki_pem_or_der(pki_bytes in, const char *label, size_t max_bytes,
    pki_buf **out, pki_err *err)
{
	struct block block;
	pki_bytes rest = in;
	bool found;
	pki_code rc;

	if (is_der(in)) {
		rc = check_size(in.len, max_bytes, err);
		if (rc != PKI_OK)
			return rc;
		*out = pki_buf_copy(in);
		return *out == NULL ? pki_fail_memory(err) : PKI_OK;
	}
	rc = take_block(&rest, &block, &found, err);
	if (rc != PKI_OK)
		return rc;
	if (!found)
		return pki_refuse(err, PKI_BAD_INPUT, "pem",
		    "DER, or one PEM block as in RFC 7468",
		    "%zu octets without a block", in.len);
	/* A wrong file is called so, whatever else is wrong with it. */
	rc = check_label(&block, label, err);
	if (rc == PKI_OK && !is_blank(rest))
		rc = pki_refuse(err, PKI_BAD_INPUT, "pem", accepts,
		    "text after the block");
	if (rc != PKI_OK)
		return rc;
	return decode_block(&block, label, max_bytes, out, err);
}

pki_code
pki_pem_each(pki_bytes text, const char *label, size_t max_bytes,
    pki_pem_visitor *visit, void *arg, pki_err *err)
{
	pki_bytes rest = text;
	struct block block;
	size_t count = 0;
	bool found;
	pki_code rc;

	for (;;) {
		PKI_AUTO(pki_buf) der = NULL;

		rc = take_block(&rest, &block, &found, err);
		if (rc != PKI_OK || !found)
			break;
		rc = decode_block(&block, label, max_bytes, &der, err);
		if (rc == PKI_OK)
			rc = visit(pki_buf_bytes(der), arg, err);
		if (rc != PKI_OK)
			return rc;
		count++;
	}
	if (rc == PKI_OK && count == 0)
		return pki_refuse(err, PKI_BAD_INPUT, "pem", label,
		    "%zu octets without a block", text.len);
	return rc;
}
