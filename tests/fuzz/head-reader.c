#include "tests/fuzz/head-reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define TOKEN LETTERS DIGITS "!#$%&'*+-.^_`|~"

static bool
is_of(pki_bytes text, const char *characters)
{
	for (size_t i = 0; i < text.len; i++)
		if (memchr(characters, text.data[i], strlen(characters)) ==
		    NULL)
			return false;
	return true;
}

static bool
is_text(pki_bytes text, const char *wanted)
{
	return text.len == strlen(wanted) &&
	    strncasecmp((const char *)text.data, wanted, text.len) == 0;
}

/* Take what stands before the mark, and the mark. */
static bool
take(pki_bytes *rest, const char *mark, pki_bytes *out)
{
	const uint8_t *at = rest->len == 0 ? NULL :
	    memmem(rest->data, rest->len, mark, strlen(mark));
	size_t len;

	if (at == NULL)
		return false;
	len = (size_t)(at - rest->data);
	*out = pki_bytes_of(rest->data, len);
	*rest = pki_bytes_of(at + strlen(mark), rest->len - len - strlen(mark));
	return true;
}

static bool
read_line(pki_bytes line, gate_header *out)
{
	pki_bytes value = line;

	if (!take(&value, ":", &out->name) || out->name.len == 0 ||
	    !is_of(out->name, TOKEN))
		return false;
	while (value.len > 0 && is_of(pki_bytes_of(value.data, 1), " \t"))
		value = pki_bytes_of(value.data + 1, value.len - 1);
	while (value.len > 0 &&
	    is_of(pki_bytes_of(value.data + value.len - 1, 1), " \t"))
		value.len--;
	for (size_t i = 0; i < value.len; i++)
		if ((value.data[i] < ' ' && value.data[i] != '\t') ||
		    value.data[i] == 0x7f)
			return false;
	out->value = value;
	return true;
}

size_t
plain_head_read(pki_bytes raw, plain_head *out)
{
	pki_bytes rest = raw, line;

	out->count = 0;
	if (!take(&rest, " ", &out->method) ||
	    !take(&rest, " ", &out->target) ||
	    !take(&rest, "\r\n", &out->version))
		return 0;
	while (take(&rest, "\r\n", &line)) {
		if (line.len == 0)
			return raw.len - rest.len;
		if (out->count == GATE_HEADERS_MAX ||
		    !read_line(line, &out->headers[out->count++]))
			return 0;
	}
	return 0;
}

/* Of the one header of this name; data NULL when there is none. */
static pki_bytes
only(const plain_head *head, const char *name)
{
	pki_bytes found = { NULL, 0 };

	for (size_t i = 0; i < head->count; i++) {
		if (!is_text(head->headers[i].name, name))
			continue;
		fuzz_assert(found.data == NULL);
		found = head->headers[i].value;
	}
	return found;
}

static void
check_target(const plain_head *head, pki_bytes path)
{
	static const char scheme[] = "https://";
	pki_bytes target = head->target, host = only(head, "host");
	size_t before = target.len - path.len;

	fuzz_assert(target.len <= GATE_TARGET_MAX && target.len >= path.len);
	fuzz_assert(memcmp(target.data + before, path.data, path.len) == 0);
	if (before > 0) {
		fuzz_assert(host.len > 0 &&
		    before == strlen(scheme) + host.len);
		fuzz_assert(strncasecmp((const char *)target.data, scheme,
		    strlen(scheme)) == 0);
		fuzz_assert(strncasecmp((const char *)target.data +
		    strlen(scheme), (const char *)host.data, host.len) == 0);
	}
	fuzz_assert(path.len > 0 && path.data[0] == '/');
	fuzz_assert(is_of(path, LETTERS DIGITS "._~/-"));
	fuzz_assert(memmem(path.data, path.len, "//", 2) == NULL);
	fuzz_assert(memmem(path.data, path.len, "..", 2) == NULL);
}

static void
check_length(pki_bytes digits, uint64_t length)
{
	char text[GATE_VALUE_MAX + 1];
	unsigned long long number;

	fuzz_assert(digits.len > 0 && is_of(digits, DIGITS));
	memcpy(text, digits.data, digits.len);
	text[digits.len] = '\0';
	number = strtoull(text, NULL, 10);
	if (number < 1ULL << 48)
		fuzz_assert(length == number);
	else
		fuzz_assert(length >= 1ULL << 48);
}

static void
check_framing(const plain_head *head, const gate_facts *facts)
{
	pki_bytes length = only(head, "content-length");
	pki_bytes transfer = only(head, "transfer-encoding");

	fuzz_assert(length.data == NULL || transfer.data == NULL);
	if (transfer.data != NULL) {
		fuzz_assert(facts->framing == GATE_CHUNKED);
		fuzz_assert(is_text(transfer, "chunked"));
		fuzz_assert(is_text(head->version, "HTTP/1.1"));
	} else if (length.data != NULL) {
		fuzz_assert(facts->framing == GATE_LENGTH);
		check_length(length, facts->length);
	} else {
		fuzz_assert(facts->framing == GATE_NO_BODY);
	}
}

static void
check_type(pki_bytes value, pki_bytes type)
{
	pki_bytes rest = value, before;

	fuzz_assert((value.data == NULL) == (type.data == NULL));
	if (value.data == NULL)
		return;
	if (!take(&rest, ";", &before))
		before = value;
	fuzz_assert(type.len <= before.len);
	fuzz_assert(type.len == 0 ||
	    (memcmp(type.data, before.data, type.len) == 0 &&
	    type.data[type.len - 1] != ' ' && type.data[type.len - 1] != '\t'));
	fuzz_assert(is_of(pki_bytes_of(before.data + type.len,
	    before.len - type.len), " \t"));
}

static void
check_same(pki_bytes value, pki_bytes fact)
{
	fuzz_assert((value.data == NULL) == (fact.data == NULL));
	fuzz_assert(pki_bytes_equal(value, fact));
}

void
plain_head_check(const plain_head *head, const gate_facts *facts)
{
	pki_bytes expect = only(head, "expect");
	pki_bytes encoding = only(head, "content-encoding");

	fuzz_assert(head->method.len > 0 && is_of(head->method, TOKEN));
	fuzz_assert(pki_bytes_equal(head->version,
	    PKI_BYTES_TEXT("HTTP/1.1")) || pki_bytes_equal(head->version,
	    PKI_BYTES_TEXT("HTTP/1.0")));
	fuzz_assert(only(head, "host").len > 0 ||
	    is_text(head->version, "HTTP/1.0"));
	for (size_t i = 0; i < head->count; i++)
		fuzz_assert(head->headers[i].value.len <= GATE_VALUE_MAX);
	check_target(head, facts->path);
	check_framing(head, facts);
	check_type(only(head, "content-type"), facts->type);
	check_same(only(head, "authorization"), facts->authorization);
	check_same(only(head, "if-none-match"), facts->if_none_match);
	fuzz_assert(facts->expects == (expect.data != NULL));
	fuzz_assert(!facts->expects || is_text(expect, "100-continue"));
	fuzz_assert(encoding.data == NULL || is_text(encoding, "identity"));
}
