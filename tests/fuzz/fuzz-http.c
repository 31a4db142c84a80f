#include "tests/fuzz/fuzz.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pki-estd/http.h"
#include "tests/fuzz/head-reader.h"

/*
 * What a client says on one connection, through libmicrohttpd and the header
 * gate.  Each request that passes begins where a strict reader sees one begin,
 * says to it the same, and has the same octets as its body; behind one that
 * was refused nothing is read as a request.  G31.
 */

#define BODY_MAX 4096
#define INPUT_MAX 8192
#define QUIET_MS 5
#define ENDS_MS 8000

/* What the thread of HTTP looks at while an input is there. */
static struct stream {
	pki_bytes rest;         /* what the strict reader has not seen */
	bool      over;         /* no request may come any more */
	bool      has_body;     /* of the request in hand, by the reader: */
	pki_buf  *body;
} stream;

static http_daemon *http;

/* ---- the strict reader ---- */

static pki_bytes
skip(pki_bytes from, size_t len)
{
	fuzz_assert(len <= from.len);
	return pki_bytes_of(from.data + len, from.len - len);
}

/* A line that ends by CRLF, without it. */
static bool
take_line(pki_bytes *rest, pki_bytes *line)
{
	const uint8_t *end = rest->len == 0 ? NULL :
	    memmem(rest->data, rest->len, "\r\n", 2);

	if (end == NULL)
		return false;
	*line = pki_bytes_of(rest->data, (size_t)(end - rest->data));
	*rest = skip(*rest, line->len + 2);
	return true;
}

/* RFC 9112, section 7.1: hexadecimal digits; extensions are not looked at. */
static bool
read_size(pki_bytes line, size_t *out)
{
	size_t i, size = 0;

	for (i = 0; i < line.len && size <= INPUT_MAX; i++) {
		const char *digits = "0123456789abcdef";
		char c = pki_text_lower((char)line.data[i]);
		const char *at = c == '\0' ? NULL : strchr(digits, c);

		if (at == NULL)
			break;
		size = size * 16 + (size_t)(at - digits);
	}
	*out = size;
	return i > 0 && (i == line.len || line.data[i] == ';') &&
	    memchr(line.data, '\n', line.len) == NULL;
}

static bool
read_chunks(pki_bytes *rest, pki_buf *out)
{
	pki_bytes line;
	size_t size;

	do {
		if (!take_line(rest, &line) || !read_size(line, &size) ||
		    rest->len < size + 2)
			return false;
		if (size == 0)
			break;
		pki_buf_add(out, pki_bytes_of(rest->data, size));
		*rest = skip(*rest, size);
	} while (take_line(rest, &line) && line.len == 0);
	if (size != 0)
		return false;
	/* Trailers are for nobody. */
	do {
		if (!take_line(rest, &line))
			return false;
	} while (line.len > 0);
	return true;
}

/* false: not of one meaning, or not all there. */
static bool
read_body(const gate_facts *facts, pki_bytes *rest, pki_buf *out)
{
	if (facts->framing == GATE_CHUNKED)
		return read_chunks(rest, out);
	if (facts->framing == GATE_NO_BODY)
		return true;
	if (facts->length > rest->len)
		return false;
	pki_buf_add(out, pki_bytes_of(rest->data, (size_t)facts->length));
	*rest = skip(*rest, (size_t)facts->length);
	return true;
}

/*
 * Between two lines the library leaves NUL, and look_between in http.c sees
 * only how many: what a client wrote in their place is here what it stands
 * for.
 */
static size_t
read_head(pki_bytes raw, plain_head *out)
{
	static uint8_t mended[INPUT_MAX];

	memcpy(mended, raw.data, raw.len);
	for (size_t i = 3; i < raw.len; i++) {
		uint8_t *at = mended + i;

		if (at[0] != '\n')
			continue;
		if (at[-1] == '\n' && at[-3] == '\0' &&
		    (at[-2] == '\0' || at[-2] == '\r'))
			memcpy(at - 3, "\r\n\r\n", 4);
		else if (at[-1] == '\0' || (at[-1] == ':' && at[-2] == '\n'))
			at[-1] = '\r';
	}
	return plain_head_read(pki_bytes_of(mended, raw.len), out);
}

/* ---- what the server does ---- */

static void
check_head(const gate_head *head, const plain_head *plain)
{
	fuzz_assert(pki_bytes_equal(head->method, plain->method));
	fuzz_assert(pki_bytes_equal(head->target, plain->target));
	fuzz_assert(pki_bytes_equal(head->version, plain->version));
	fuzz_assert(head->count == plain->count);
	for (size_t i = 0; i < head->count; i++) {
		pki_bytes value = head->headers[i].value;

		fuzz_assert(pki_bytes_equal(head->headers[i].name,
		    plain->headers[i].name));
		/* Spaces before it are gone, those behind are not. */
		fuzz_assert(value.len >= plain->headers[i].value.len);
	}
}

/*
 * Before a request they are none: RFC 9112, section 2.2.  To the library those
 * that begin with NUL are empty, too.
 */
static void
skip_empty_lines(void)
{
	pki_bytes *rest = &stream.rest;
	bool skips = false;

	while (rest->len > 0) {
		uint8_t c = rest->data[0];

		if (c == '\0')
			skips = true;
		else if (c == '\n')
			skips = false;
		else if (c != '\r' && !skips)
			break;
		*rest = skip(*rest, 1);
	}
}

static http_next
on_gate(void *arg, http_request *request)
{
	static plain_head plain;
	gate_verdict verdict = gate_check(&request->head, &request->facts);
	size_t len;

	(void)arg;
	fuzz_assert(!stream.over);
	/* Unless it runs: one that is refused ends the connection. */
	stream.over = true;
	if (verdict.status != 0) {
		request->broken = true;
		http_refuse(request, verdict.status, verdict.rule);
		return HTTP_ANSWERED;
	}
	skip_empty_lines();
	len = read_head(stream.rest, &plain);
	fuzz_assert(len > 0);
	check_head(&request->head, &plain);
	plain_head_check(&plain, &request->facts);
	stream.rest = skip(stream.rest, len);
	pki_buf_cut(stream.body, 0);
	stream.has_body = read_body(&request->facts, &stream.rest,
	    stream.body);
	request->max_body = BODY_MAX;
	return HTTP_GO_ON;
}

static http_next
on_run(void *arg, http_request *request)
{
	http_answer answer = { .status = 200 };
	size_t len = request->body == NULL ? 0 : request->body->len;

	(void)arg;
	fuzz_assert(len <= BODY_MAX);
	/* Chunks that the library alone understands end the connection. */
	fuzz_assert(stream.has_body || request->facts.framing ==
	    GATE_CHUNKED);
	if (stream.has_body) {
		fuzz_assert(len == stream.body->len);
		fuzz_assert(len == 0 || memcmp(request->body->data,
		    stream.body->data, len) == 0);
	}
	stream.over = !stream.has_body;
	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}

static void
on_done(void *arg, const http_request *request)
{
	(void)arg, (void)request;
}

static void
on_closed(void *arg, void *kept, int fd, bool silent)
{
	(void)arg, (void)kept, (void)fd, (void)silent;
}

/* ---- the client ---- */

static void
start(void)
{
	http_options options = {
		.wire = HTTP_PLAIN, .threads = 1, .idle_s = 60, .head_s = 60,
		.body_s = 60, .reply_s = 60, .gate = on_gate, .run = on_run,
		.done = on_done, .closed = on_closed,
	};

	fuzz_assert(reaper_start(1024, &options.reaper, NULL) == PKI_OK);
	fuzz_assert(http_start(&options, &http, NULL) == PKI_OK);
	stream.body = pki_buf_new();
	fuzz_assert(stream.body != NULL);
}

/*
 * All answers, to the end of the connection.  For the rest of half a request
 * the server waits to its deadline: nobody here does.
 */
static void
read_answers(int fd)
{
	struct pollfd readable = { fd, POLLIN, 0 };
	char room[16384];
	bool first = true;
	ssize_t n;

	do {
		if (poll(&readable, 1, QUIET_MS) == 0)
			break;
		n = read(fd, room, sizeof(room));
		fuzz_assert(!first || n <= 0 || (n > 9 &&
		    memcmp(room, "HTTP/1.1 ", 9) == 0) ||
		    memcmp(room, "HTTP/1.0 ", 9) == 0);
		first = false;
	} while (n > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sockaddr_in from = {
		.sin_family = AF_INET, .sin_port = htons(4660),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int ends[2];

	if (size == 0 || size > INPUT_MAX)
		return 0;
	if (http == NULL)
		start();
	stream.rest = pki_bytes_of(data, size);
	stream.over = false;
	fuzz_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    ends) == 0);
	/* Before it is handed over: so it is read as one. */
	fuzz_assert(write(ends[1], data, size) == (ssize_t)size);
	fuzz_assert(shutdown(ends[1], SHUT_WR) == 0);
	fuzz_assert(http_add(http, ends[0], (const struct sockaddr *)&from,
	    sizeof(from), NULL) == PKI_OK);
	read_answers(ends[1]);
	close(ends[1]);
	for (int i = 0; http_count(http).open > 0; i++) {
		fuzz_assert(i < ENDS_MS * 10);
		usleep(100);
	}
	return 0;
}
