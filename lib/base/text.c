#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const char *
pki_hex_format(pki_bytes bytes, char *out)
{
	size_t i;

	for (i = 0; i < bytes.len; i++) {
		out[2 * i] = hex_digits[bytes.data[i] >> 4];
		out[2 * i + 1] = hex_digits[bytes.data[i] & 15];
	}
	out[2 * bytes.len] = '\0';
	return out;
}

void
pki_hex_add(pki_buf *out, pki_bytes bytes)
{
	size_t i;

	for (i = 0; i < bytes.len; i++) {
		pki_buf_add_byte(out, (uint8_t)hex_digits[bytes.data[i] >> 4]);
		pki_buf_add_byte(out, (uint8_t)hex_digits[bytes.data[i] & 15]);
	}
}

static int
hex_value(char c)
{
	const char *at = c == '\0' ? NULL :
	    strchr(hex_digits, pki_text_lower(c));

	return at == NULL ? -1 : (int)(at - hex_digits);
}

pki_code
pki_hex_parse(const char *text, size_t max_bytes, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) bytes = pki_buf_new();
	size_t len = strlen(text), i;

	if (len % 2 != 0 || len / 2 > max_bytes)
		return pki_fail(err, PKI_BAD_INPUT,
		    "wants pairs of hex digits, at most %zu octets", max_bytes);
	for (i = 0; i < len; i += 2) {
		int high = hex_value(text[i]), low = hex_value(text[i + 1]);

		if (high < 0 || low < 0)
			return pki_fail(err, PKI_BAD_INPUT,
			    "character %zu is no hex digit",
			    i + (high < 0 ? 1 : 2));
		pki_buf_add_byte(bytes, (uint8_t)(high << 4 | low));
	}
	if (pki_buf_check(bytes, err) != PKI_OK)
		return PKI_NO_MEMORY;
	*out = PKI_TAKE(bytes);
	return PKI_OK;
}

/* Four digits for up to three octets.  Returns where the next go. */
static void
put_base64_whole(char *out, const uint8_t *octets)
{
	uint32_t group = (uint32_t)octets[0] << 16 |
	    (uint32_t)octets[1] << 8 | octets[2];

	out[0] = base64_digits[group >> 18];
	out[1] = base64_digits[group >> 12 & 63];
	out[2] = base64_digits[group >> 6 & 63];
	out[3] = base64_digits[group & 63];
}

/* The last one or two octets. */
static void
put_base64_rest(char *out, const uint8_t *octets, size_t have)
{
	const uint8_t padded[3] = { octets[0], have > 1 ? octets[1] : 0, 0 };

	put_base64_whole(out, padded);
	out[3] = '=';
	if (have < 2)
		out[2] = '=';
}

void
pki_base64_add(pki_buf *out, pki_bytes bytes, size_t line)
{
	size_t digits = (bytes.len + 2) / 3 * 4, column = 0, i;
	/* A line of w characters has as many digits as whole groups fill. */
	size_t width = (line + 3) / 4 * 4;
	size_t len = digits +
	    (line == 0 ? 0 : (digits + width - 1) / width);
	char *at = (char *)pki_buf_reserve(out, len);

	if (at == NULL)
		return;
	for (i = 0; i < bytes.len; i += 3) {
		size_t have = bytes.len - i;

		if (have >= 3)
			put_base64_whole(at, bytes.data + i);
		else
			put_base64_rest(at, bytes.data + i, have);
		at += 4;
		column += 4;
		if (line != 0 && (column >= line || i + 3 >= bytes.len)) {
			*at++ = '\n';
			column = 0;
		}
	}
	*at = '\0';
	out->len += len;
}

struct base64_reader {
	pki_buf *out;
	uint32_t group;
	int      filled, padding;
};

/* Take four digits' worth of bits; false when the padding is wrong. */
static bool
flush_group(struct base64_reader *r)
{
	int octets = 3 - r->padding, i;
	uint32_t unused = r->padding == 2 ? 0xffff : r->padding == 1 ? 0xff : 0;

	if (r->padding > 2 || (r->group & unused) != 0)
		return false;
	for (i = 0; i < octets; i++)
		pki_buf_add_byte(r->out, (uint8_t)(r->group >> (16 - 8 * i)));
	r->group = 0;
	r->filled = 0;
	return true;
}

static bool
take_base64(struct base64_reader *r, uint8_t c)
{
	const char *at = c == '\0' ? NULL : strchr(base64_digits, c);

	if (c == '=') {
		if (r->filled < 2)
			return false;
		r->padding++;
	} else if (at == NULL || r->padding != 0) {
		return false;
	}
	r->group = r->group << 6 |
	    (c == '=' ? 0 : (uint32_t)(at - base64_digits));
	r->filled++;
	return r->filled < 4 || flush_group(r);
}

pki_code
pki_base64_parse(pki_bytes text, size_t max_bytes, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) bytes = pki_buf_new();
	struct base64_reader r = { .out = bytes };
	size_t i;

	for (i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == '\n' || c == ' ' || c == '\t')
			continue;
		if (c == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
			continue;
		if (!take_base64(&r, c))
			return pki_fail(err, PKI_BAD_INPUT,
			    "base64: character %zu is not allowed there",
			    i + 1);
		if (bytes != NULL && bytes->len > max_bytes)
			return pki_fail(err, PKI_BAD_INPUT,
			    "base64: more than %zu octets", max_bytes);
	}
	if (r.filled != 0)
		return pki_fail(err, PKI_BAD_INPUT,
		    "base64: ends within a group of four characters");
	if (pki_buf_check(bytes, err) != PKI_OK)
		return PKI_NO_MEMORY;
	*out = PKI_TAKE(bytes);
	return PKI_OK;
}

/* How many characters stand for an octet. */
static size_t
escaped_width(uint8_t c)
{
	return c == '\\' ? 2 : c >= 0x20 && c < 0x7f ? 1 : 4;
}

const char *
pki_text_escape(pki_bytes in, char *out, size_t room)
{
	size_t i, at = 0, whole = 0, end;

	for (i = 0; i < in.len && whole < room; i++)
		whole += escaped_width(in.data[i]);
	/* What does not fit leaves room for "..." behind it. */
	end = whole < room ? room : room < 3 ? 0 : room - 3;
	for (i = 0; i < in.len; i++) {
		uint8_t c = in.data[i];
		size_t width = escaped_width(c);

		if (at + width >= end)
			break;
		if (width == 1)
			out[at] = (char)c;
		else if (width == 2)
			memcpy(out + at, "\\\\", 2);
		else
			snprintf(out + at, 5, "\\x%02x", c);
		at += width;
	}
	if (i < in.len && at + 3 < room) {
		memcpy(out + at, "...", 3);
		at += 3;
	}
	if (room != 0)
		out[at] = '\0';
	return out;
}

bool
pki_text_is_printable(pki_bytes in)
{
	size_t i;

	for (i = 0; i < in.len; i++)
		if (in.data[i] < 0x20 || in.data[i] > 0x7e)
			return false;
	return true;
}

char
pki_text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
pki_text_equal_nocase(const char *a, const char *b)
{
	while (*a != '\0' && pki_text_lower(*a) == pki_text_lower(*b)) {
		a++;
		b++;
	}
	return pki_text_lower(*a) == pki_text_lower(*b);
}

const char *
pki_text_fold(const char *in, char *out, size_t room)
{
	size_t i;

	for (i = 0; room != 0 && i < room - 1 && in[i] != '\0'; i++)
		out[i] = pki_text_lower(in[i]);
	if (room != 0)
		out[i] = '\0';
	return out;
}

pki_code
pki_text_format(char *out, size_t room, pki_err *err, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(out, room, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= room)
		return pki_fail(err, PKI_BAD_INPUT, "'%s' is longer than %zu",
		    out, room - 1);
	return PKI_OK;
}

pki_code
pki_number_parse(const char *text, int64_t min, int64_t max, int64_t *out,
    pki_err *err)
{
	char *end = NULL;
	long long value;
	bool shape = (text[0] >= '0' && text[0] <= '9') ||
	    (text[0] == '-' && text[1] >= '0' && text[1] <= '9');

	errno = 0;
	value = shape ? strtoll(text, &end, 10) : 0;
	if (!shape || *end != '\0' || errno != 0 || value < min || value > max)
		return pki_fail(err, PKI_BAD_INPUT,
		    "'%s': wants a number from %lld to %lld", text,
		    (long long)min, (long long)max);
	*out = value;
	return PKI_OK;
}

char *
pki_text_copy(const char *text)
{
	return strdup(text);
}
