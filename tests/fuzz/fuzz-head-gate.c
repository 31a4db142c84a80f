#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <string.h>

#include "tests/fuzz/head-reader.h"

/*
 * The header gate.  An input is a head as it comes, taken apart as lenient
 * parsers do it.  What passes is one that the strict reader takes as well and
 * sees the same in; neither the order of headers nor the case of their names
 * matters, and one more of those that must come once is refused.
 */

#define LINES_MAX (GATE_HEADERS_MAX + 1)

typedef struct gate_sample {
	gate_head   head;
	gate_header headers[LINES_MAX + 1];
	uint8_t     names[8192];
} gate_sample;

/* Up to the first mark, which is skipped; all of it when there is none. */
static pki_bytes
take_to(pki_bytes *rest, char mark)
{
	const uint8_t *at = rest->len == 0 ? NULL :
	    memchr(rest->data, mark, rest->len);
	pki_bytes out = *rest;

	if (at == NULL) {
		*rest = pki_bytes_of(rest->data + rest->len, 0);
		return out;
	}
	out.len = (size_t)(at - rest->data);
	*rest = pki_bytes_of(at + 1, rest->len - out.len - 1);
	return out;
}

/* A line to its LF; without CR before, or folded, it breaks the rules. */
static pki_bytes
take_line(pki_bytes *rest, gate_lines *lines)
{
	const uint8_t *end = rest->data + rest->len;
	pki_bytes line = take_to(rest, '\n');

	if (line.data + line.len == end || line.len == 0 ||
	    line.data[line.len - 1] != '\r')
		*lines = GATE_LINES_BROKEN;
	else
		line.len--;
	if (line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t'))
		*lines = GATE_LINES_BROKEN;
	return line;
}

static void
split(pki_bytes raw, gate_sample *out)
{
	gate_lines lines = GATE_LINES_CLEAN;
	pki_bytes line = take_line(&raw, &lines);

	out->head = (gate_head){ .headers = out->headers };
	out->head.method = take_to(&line, ' ');
	out->head.target = take_to(&line, ' ');
	out->head.version = line;
	while (out->head.count < LINES_MAX) {
		gate_header *header = &out->headers[out->head.count];

		line = take_line(&raw, &lines);
		if (line.len == 0)
			break;
		header->name = take_to(&line, ':');
		header->value = line;
		out->head.count++;
		/* Without a colon it is no header. */
		if (header->name.data + header->name.len == line.data)
			lines = GATE_LINES_BROKEN;
	}
	out->head.lines = lines;
}

static void
check_refusal(gate_verdict verdict)
{
	static const unsigned statuses[] = { 400, 414, 415, 417, 431, 501,
		505 };
	size_t i = 0;

	while (i < PKI_COUNT(statuses) && statuses[i] != verdict.status)
		i++;
	fuzz_assert(i < PKI_COUNT(statuses));
	fuzz_assert(verdict.rule[0] != '\0' && strspn(verdict.rule,
	    "abcdefghijklmnopqrstuvwxyz-") == strlen(verdict.rule));
}

static void
check_same_facts(const gate_facts *a, const gate_facts *b)
{
	fuzz_assert(pki_bytes_equal(a->path, b->path));
	fuzz_assert(pki_bytes_equal(a->type, b->type));
	fuzz_assert(pki_bytes_equal(a->authorization, b->authorization));
	fuzz_assert(pki_bytes_equal(a->if_none_match, b->if_none_match));
	fuzz_assert(a->framing == b->framing && a->length == b->length);
	fuzz_assert(a->expects == b->expects);
}

/* The headers in reverse, their names in the other case. */
static void
turn(const gate_sample *in, gate_sample *out)
{
	size_t used = 0;

	out->head = in->head;
	out->head.headers = out->headers;
	for (size_t i = 0; i < in->head.count; i++) {
		const gate_header *from =
		    &in->headers[in->head.count - 1 - i];
		uint8_t *name = out->names + used;

		used += from->name.len;
		fuzz_assert(used <= sizeof(out->names));
		for (size_t j = 0; j < from->name.len; j++) {
			int c = from->name.data[j];

			name[j] = (uint8_t)(islower(c) ? toupper(c) :
			    tolower(c));
		}
		out->headers[i] = (gate_header){
			pki_bytes_of(name, from->name.len), from->value };
	}
}

static gate_verdict
check_with(gate_sample *sample, gate_header more)
{
	gate_verdict verdict;
	gate_facts facts;

	sample->headers[sample->head.count++] = more;
	verdict = gate_check(&sample->head, &facts);
	sample->head.count--;
	return verdict;
}

static void
check_neighbours(gate_sample *sample, const gate_facts *facts)
{
	static const char *const once[] = { "Host", "content-length",
		"Transfer-Encoding", "content-type", "AUTHORIZATION",
		"Content-encoding", "expect", "If-None-Match" };
	static gate_sample turned;
	gate_facts again;
	gate_verdict verdict;

	turn(sample, &turned);
	fuzz_assert(gate_check(&turned.head, &again).status == 0);
	check_same_facts(facts, &again);
	for (size_t i = 0; i < sample->head.count; i++) {
		gate_header twice = sample->headers[i];

		verdict = check_with(sample, twice);
		for (size_t k = 0; k < PKI_COUNT(once); k++)
			if (gate_equal(twice.name, once[k]))
				fuzz_assert(verdict.status != 0);
	}
	verdict = check_with(sample, (gate_header){
	    PKI_BYTES_TEXT("Transfer-Encoding"), PKI_BYTES_TEXT("chunked") });
	fuzz_assert(verdict.status != 0 || (facts->framing == GATE_NO_BODY &&
	    sample->head.count < GATE_HEADERS_MAX));
	verdict = check_with(sample, (gate_header){
	    PKI_BYTES_TEXT("X-Other"), PKI_BYTES_TEXT(" a\tb ") });
	fuzz_assert(verdict.status ==
	    (sample->head.count < GATE_HEADERS_MAX ? 0 : 431));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static gate_sample sample;
	static plain_head plain;
	pki_bytes raw = pki_bytes_of(data, size);
	gate_facts facts;
	gate_verdict verdict;

	if (size > sizeof(sample.names))
		return 0;
	split(raw, &sample);
	verdict = gate_check(&sample.head, &facts);
	if (verdict.status != 0) {
		check_refusal(verdict);
		return 0;
	}
	fuzz_assert(plain_head_read(raw, &plain) != 0);
	plain_head_check(&plain, &facts);
	check_neighbours(&sample, &facts);
	return 0;
}
