#include "x509/pem.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* RFC 7468: 64 characters a line, 48 octets. */
#define LINE_OCTETS 48
#define LINE_TEXT 65
#define FLUSH_AT (512 * LINE_TEXT)
/* Behind them the last line, and the boundary of the longest label. */
#define TEXT_ROOM (FLUSH_AT + 3 * LINE_TEXT)

struct pki_pem_writer {
	pki_sink    sink;
	const char *label;
	uint8_t     rest[LINE_OCTETS];  /* of a line not full yet */
	size_t      rest_len;
	uint8_t     text[TEXT_ROOM];
	size_t      text_len;
};

static pki_code
flush(pki_pem_writer *writer, pki_err *err)
{
	pki_bytes text = pki_bytes_of(writer->text, writer->text_len);

	writer->text_len = 0;
	return writer->sink.put(writer->sink.arg, text, err);
}

/* pki_base64_add is for any length; this is for a million lines. */
static void
encode_line(const uint8_t *in, uint8_t *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (int i = 0; i < LINE_OCTETS; i += 3, in += 3, out += 4) {
		uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 |
		    in[2];

		out[0] = (uint8_t)alphabet[bits >> 18];
		out[1] = (uint8_t)alphabet[bits >> 12 & 63];
		out[2] = (uint8_t)alphabet[bits >> 6 & 63];
		out[3] = (uint8_t)alphabet[bits & 63];
	}
	*out = '\n';
}

static pki_code
add_line(pki_pem_writer *writer, const uint8_t *octets, pki_err *err)
{
	encode_line(octets, writer->text + writer->text_len);
	writer->text_len += LINE_TEXT;
	return writer->text_len >= FLUSH_AT ? flush(writer, err) : PKI_OK;
}

void
pki_pem_writer_free(pki_pem_writer *writer)
{
	free(writer);
}

static pki_code
add_text(pki_pem_writer *writer, const pki_buf *text, pki_err *err)
{
	pki_code rc = pki_buf_check(text, err);

	if (rc != PKI_OK)
		return rc;
	if (text->len > TEXT_ROOM - writer->text_len)
		return pki_fail(err, PKI_USAGE, "PEM label '%s' is too long",
		    writer->label);
	memcpy(writer->text + writer->text_len, text->data, text->len);
	writer->text_len += text->len;
	return PKI_OK;
}

pki_code
pki_pem_begin(const char *label, const pki_sink *sink, pki_pem_writer **out,
    pki_err *err)
{
	PKI_AUTO(pki_pem_writer) writer = malloc(sizeof(*writer));
	PKI_AUTO(pki_buf) line = pki_buf_new();
	pki_code rc;

	if (writer == NULL)
		return pki_fail_memory(err);
	writer->sink = *sink;
	writer->label = label;
	writer->rest_len = writer->text_len = 0;
	pki_buf_add_format(line, "-----BEGIN %s-----\n", label);
	rc = add_text(writer, line, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(writer);
	return rc;
}

pki_code
pki_pem_put(pki_pem_writer *writer, pki_bytes piece, pki_err *err)
{
	pki_code rc = PKI_OK;

	while (rc == PKI_OK && piece.len > 0) {
		size_t take = LINE_OCTETS - writer->rest_len;
		const uint8_t *line = piece.data;

		if (take > piece.len)
			take = piece.len;
		if (take < LINE_OCTETS) {
			memcpy(writer->rest + writer->rest_len, piece.data,
			    take);
			writer->rest_len += take;
			line = writer->rest;
		}
		piece = pki_bytes_of(piece.data + take, piece.len - take);
		if (line == writer->rest && writer->rest_len < LINE_OCTETS)
			break;
		writer->rest_len = 0;
		rc = add_line(writer, line, err);
	}
	return rc;
}

pki_code
pki_pem_end(pki_pem_writer *writer, pki_err *err)
{
	PKI_AUTO(pki_buf) last = pki_buf_new();
	pki_code rc;

	pki_base64_add(last, pki_bytes_of(writer->rest, writer->rest_len),
	    LINE_TEXT - 1);
	pki_buf_add_format(last, "-----END %s-----\n", writer->label);
	rc = add_text(writer, last, err);
	return rc == PKI_OK ? flush(writer, err) : rc;
}
