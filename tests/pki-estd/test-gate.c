#include "pki-estd/gate.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(gate_check, .timeout = 30);

#define HEADERS 4

typedef struct gate_sample {
	const char *method, *target, *version;
	const char *headers[HEADERS];   /* "name:value" */
	unsigned    status;
	const char *rule;
} gate_sample;

static gate_verdict
check(const gate_sample *sample, gate_facts *facts)
{
	gate_header headers[HEADERS];
	gate_head head = {
		.method = pki_bytes_text(sample->method),
		.target = pki_bytes_text(sample->target),
		.version = pki_bytes_text(sample->version),
		.headers = headers,
	};

	while (head.count < HEADERS && sample->headers[head.count] != NULL) {
		const char *line = sample->headers[head.count];
		const char *colon = strchr(line, ':');

		headers[head.count++] = (gate_header){
			pki_bytes_of(line, (size_t)(colon - line)),
			pki_bytes_text(colon + 1),
		};
	}
	return gate_check(&head, facts);
}

#define GET "GET", "/a", "HTTP/1.1"
#define POST "POST", "/a", "HTTP/1.1"
#define TARGET(target) "GET", target, "HTTP/1.1"
#define H "Host: a.example:8443"

static const gate_sample refused[] = {
	{ GET, { NULL }, 400, "host-missing" },
	{ GET, { H, H }, 400, "host-twice" },
	{ GET, { H, "host:b" }, 400, "host-twice" },
	{ GET, { "Host:" }, 400, "host" },
	{ GET, { "Host: a/b" }, 400, "host" },
	{ GET, { H, "X Y: b" }, 400, "header-name" },
	{ GET, { H, "X : b" }, 400, "header-name" },
	{ GET, { H, ": b" }, 400, "header-name" },
	{ GET, { H, "X: \x01" }, 400, "header-value" },
	{ GET, { H, "X: \x7f" }, 400, "header-value" },
	{ POST, { H, "Content-Length: 3", "content-length: 3" }, 400,
	    "length-twice" },
	{ POST, { H, "Content-Length: 3", "Transfer-Encoding: chunked" }, 400,
	    "length-and-transfer" },
	{ POST, { H, "Content-Length: +3" }, 400, "length" },
	{ POST, { H, "Content-Length: 3,3" }, 400, "length" },
	{ POST, { H, "Content-Length:" }, 400, "length" },
	{ POST, { H, "Transfer-Encoding: gzip" }, 501, "transfer-coding" },
	{ POST, { H, "Transfer-Encoding: chunked, chunked" }, 501,
	    "transfer-coding" },
	{ POST, { H, "Expect: 200-ok" }, 417, "expect" },
	{ POST, { H, "Content-Encoding: gzip" }, 415, "content-encoding" },
	{ POST, { H, "Authorization: a", "Authorization: b" }, 400,
	    "authorization-twice" },
	{ "POST", "/a", "HTTP/1.0", { "Transfer-Encoding: chunked" }, 400,
	    "transfer-version" },
	{ "GET", "/a", "HTTP/1.2", { H }, 505, "version" },
	{ "GET", "/a", "", { H }, 505, "version" },
	{ "", "/a", "HTTP/1.1", { H }, 400, "method" },
	{ "G T", "/a", "HTTP/1.1", { H }, 400, "method" },
	{ TARGET(""), { H }, 400, "target" },
	{ TARGET("a"), { H }, 400, "target" },
	{ TARGET("*"), { H }, 400, "target" },
	{ TARGET("/a%41"), { H }, 400, "path-character" },
	{ TARGET("/a?b"), { H }, 400, "path-character" },
	{ TARGET("/a;b"), { H }, 400, "path-character" },
	{ TARGET("/\xc3\xa4"), { H }, 400, "path-character" },
	{ TARGET("//a"), { H }, 400, "path-shape" },
	{ TARGET("/a/../b"), { H }, 400, "path-shape" },
	{ TARGET("https://b/a"), { H }, 400, "target-host" },
	{ TARGET("https://a.example:8443"), { H }, 400, "target" },
	{ TARGET("https://a.example:8443//"), { H }, 400, "path-shape" },
	{ TARGET("http://a.example:8443/"), { H }, 400, "target" },
	{ "GET", "https:///a", "HTTP/1.0", { NULL }, 400, "target-host" },
};

Test(gate_check, refuses_what_has_no_single_meaning)
{
	for (size_t i = 0; i < PKI_COUNT(refused); i++) {
		gate_facts facts;
		gate_verdict verdict = check(&refused[i], &facts);

		cr_expect_eq(verdict.status, refused[i].status, "row %zu: %u",
		    i, verdict.status);
		cr_expect_str_eq(verdict.rule, refused[i].rule, "row %zu: %s",
		    i, verdict.rule);
	}
}

Test(gate_check, tells_framing_and_type)
{
	const gate_sample sample = { POST, { H, "Content-Length: 900",
	    "Content-Type: Text/Plain ; charset=x", "Expect: 100-Continue" },
	    0, NULL };
	gate_facts facts;

	cr_assert_eq(check(&sample, &facts).status, 0);
	cr_expect_eq(facts.framing, GATE_LENGTH);
	cr_expect_eq(facts.length, 900);
	cr_expect(facts.expects);
	cr_expect(gate_equal(facts.type, "text/plain"));
	cr_expect(pki_bytes_equal(facts.path, PKI_BYTES_TEXT("/a")));
}

Test(gate_check, takes_the_path_of_an_absolute_target)
{
	const gate_sample sample = { TARGET("HTTPS://A.example:8443/b/c"),
	    { H }, 0, NULL };
	gate_facts facts;

	cr_assert_eq(check(&sample, &facts).status, 0);
	cr_expect(pki_bytes_equal(facts.path, PKI_BYTES_TEXT("/b/c")));
	cr_expect_eq(facts.framing, GATE_NO_BODY);
}

Test(gate_check, a_length_beyond_64_bits_stays_great)
{
	const gate_sample sample = { POST, { H,
	    "Content-Length: 18446744073709551617000" }, 0, NULL };
	gate_facts facts;

	cr_assert_eq(check(&sample, &facts).status, 0);
	cr_expect_gt(facts.length, UINT64_C(1) << 40);
}

Test(gate_check, counts_and_measures_headers)
{
	static uint8_t filler[GATE_VALUE_MAX + 1];
	gate_header headers[GATE_HEADERS_MAX + 1];
	gate_head head = {
		.method = PKI_BYTES_TEXT("GET"), .target = PKI_BYTES_TEXT("/a"),
		.version = PKI_BYTES_TEXT("HTTP/1.1"), .headers = headers,
		.count = GATE_HEADERS_MAX,
	};
	gate_facts facts;

	memset(filler, 'a', sizeof(filler));
	for (size_t i = 0; i <= GATE_HEADERS_MAX; i++)
		headers[i] = (gate_header){ pki_bytes_text("X"),
		    pki_bytes_of(filler, GATE_VALUE_MAX) };
	headers[0] = (gate_header){ pki_bytes_text("Host"),
	    pki_bytes_text("a") };
	cr_expect_eq(gate_check(&head, &facts).status, 0);
	head.count++;
	cr_expect_str_eq(gate_check(&head, &facts).rule, "headers-many");
	head.count--;
	headers[5].value.len++;
	cr_expect_str_eq(gate_check(&head, &facts).rule, "header-long");
	headers[5].value.len--;
	head.lines = GATE_LINES_BROKEN;
	cr_expect_str_eq(gate_check(&head, &facts).rule, "lines");
}

Test(gate_check, measures_the_target)
{
	char target[GATE_TARGET_MAX + 2] = "/";
	gate_sample sample = { TARGET(target), { H }, 0, NULL };
	gate_facts facts;

	memset(target + 1, 'a', GATE_TARGET_MAX - 1);
	cr_expect_eq(check(&sample, &facts).status, 0);
	target[GATE_TARGET_MAX] = 'a';
	cr_expect_eq(check(&sample, &facts).status, 414);
}
