#include "pki-estd/gate.h"

#include <string.h>

static const gate_verdict pass = { 0, NULL };

/* The headers that the gate knows; each may come once. */
typedef enum known {
	KNOWN_HOST,
	KNOWN_LENGTH,
	KNOWN_TRANSFER,
	KNOWN_TYPE,
	KNOWN_AUTHORIZATION,
	KNOWN_ENCODING,
	KNOWN_EXPECT,
	KNOWN_MATCH,
	KNOWN_COUNT,
} known;

static const struct known_header {
	const char *name;
	const char *twice;      /* the reason code */
} known_headers[KNOWN_COUNT] = {
	[KNOWN_HOST] =          { "host", "host-twice" },
	[KNOWN_LENGTH] =        { "content-length", "length-twice" },
	[KNOWN_TRANSFER] =      { "transfer-encoding", "transfer-twice" },
	[KNOWN_TYPE] =          { "content-type", "type-twice" },
	[KNOWN_AUTHORIZATION] = { "authorization", "authorization-twice" },
	[KNOWN_ENCODING] =      { "content-encoding", "encoding-twice" },
	[KNOWN_EXPECT] =        { "expect", "expect-twice" },
	[KNOWN_MATCH] =         { "if-none-match", "match-twice" },
};

static gate_verdict
refuse(unsigned status, const char *rule)
{
	return (gate_verdict){ status, rule };
}

bool
gate_equal(pki_bytes a, const char *text)
{
	if (a.len != strlen(text))
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (pki_text_lower((char)a.data[i]) != pki_text_lower(text[i]))
			return false;
	return true;
}

static bool
is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* RFC 9110, section 5.6.2. */
static bool
is_token(pki_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.data[i]) && (text.data[i] == '\0' ||
		    strchr("!#$%&'*+-.^_`|~", text.data[i]) == NULL))
			return false;
	return text.len > 0;
}

static bool
is_digits(pki_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return text.len > 0;
}

/* RFC 9110, section 5.5: no control but the tab. */
static bool
is_value(pki_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.data[i] < 0x20 && text.data[i] != '\t') ||
		    text.data[i] == 0x7f)
			return false;
	return true;
}

/* Without white space around. */
static pki_bytes
trim(pki_bytes text)
{
	while (text.len > 0 && (text.data[text.len - 1] == ' ' ||
	    text.data[text.len - 1] == '\t'))
		text.len--;
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
		text.data++;
		text.len--;
	}
	return text;
}

static gate_verdict
check_headers(const gate_head *head, pki_bytes found[KNOWN_COUNT])
{
	if (head->count > GATE_HEADERS_MAX)
		return refuse(431, "headers-many");
	for (size_t i = 0; i < head->count; i++) {
		pki_bytes value = trim(head->headers[i].value);

		if (!is_token(head->headers[i].name))
			return refuse(400, "header-name");
		if (value.len > GATE_VALUE_MAX)
			return refuse(431, "header-long");
		if (!is_value(value))
			return refuse(400, "header-value");
		for (size_t k = 0; k < KNOWN_COUNT; k++) {
			if (!gate_equal(head->headers[i].name,
			    known_headers[k].name))
				continue;
			if (found[k].data != NULL)
				return refuse(400, known_headers[k].twice);
			found[k] = value;
		}
	}
	return pass;
}

/* Only what our paths are made of: so nothing is ever decoded. */
static gate_verdict
check_path(pki_bytes path)
{
	uint8_t before = 0;

	if (path.len == 0 || path.data[0] != '/')
		return refuse(400, "target");
	for (size_t i = 0; i < path.len; i++) {
		uint8_t c = path.data[i];

		if (!is_alnum(c) &&
		    (c == '\0' || strchr("._~/-", c) == NULL))
			return refuse(400, "path-character");
		if ((c == '/' && before == '/') || (c == '.' && before == '.'))
			return refuse(400, "path-shape");
		before = c;
	}
	return pass;
}

/*
 * RFC 9112, section 3.2: origin form, or absolute form with the authority that
 * Host names.
 */
static gate_verdict
check_target(const gate_head *head, pki_bytes host, gate_facts *facts)
{
	static const char scheme[] = "https://";
	const size_t skip = sizeof(scheme) - 1;
	pki_bytes path = head->target;

	if (path.len > GATE_TARGET_MAX)
		return refuse(414, "target-long");
	if (path.len > skip &&
	    gate_equal(pki_bytes_of(path.data, skip), scheme)) {
		const uint8_t *slash;

		path = pki_bytes_of(path.data + skip, path.len - skip);
		slash = memchr(path.data, '/', path.len);
		if (slash == NULL)
			return refuse(400, "target");
		/* RFC 9110, section 4.2.2: an empty one is invalid. */
		if (host.len == 0 || host.len != (size_t)(slash - path.data))
			return refuse(400, "target-host");
		for (size_t i = 0; i < host.len; i++)
			if (pki_text_lower((char)host.data[i]) !=
			    pki_text_lower((char)path.data[i]))
				return refuse(400, "target-host");
		path.data = slash;
		path.len -= host.len;
	}
	facts->path = path;
	return check_path(path);
}

static bool
is_host(pki_bytes host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!is_alnum(host.data[i]) && (host.data[i] == '\0' ||
		    strchr("._-:[]", host.data[i]) == NULL))
			return false;
	return host.len > 0 && host.len <= 255;
}

/* RFC 9112, section 3.2: HTTP/1.1 without Host is refused. */
static gate_verdict
check_host(const gate_head *head, pki_bytes host)
{
	if (pki_bytes_equal(head->version, PKI_BYTES_TEXT("HTTP/1.1"))) {
		if (host.data == NULL)
			return refuse(400, "host-missing");
	} else if (!pki_bytes_equal(head->version, PKI_BYTES_TEXT("HTTP/1.0")))
		return refuse(505, "version");
	if (host.data != NULL && !is_host(host))
		return refuse(400, "host");
	return pass;
}

static uint64_t
read_length(pki_bytes digits)
{
	uint64_t length = 0;

	/* Beyond any limit of ours, and still far from overflow. */
	for (size_t i = 0; i < digits.len && length < UINT64_C(1) << 48; i++)
		length = length * 10 + (digits.data[i] - '0');
	return length;
}

/* RFC 9112, section 6.3, without its ways to guess. */
static gate_verdict
check_framing(const gate_head *head, const pki_bytes found[KNOWN_COUNT],
    gate_facts *facts)
{
	pki_bytes length = found[KNOWN_LENGTH];
	pki_bytes transfer = found[KNOWN_TRANSFER];

	if (length.data != NULL && transfer.data != NULL)
		return refuse(400, "length-and-transfer");
	if (transfer.data != NULL) {
		if (!gate_equal(transfer, "chunked"))
			return refuse(501, "transfer-coding");
		if (!pki_bytes_equal(head->version,
		    PKI_BYTES_TEXT("HTTP/1.1")))
			return refuse(400, "transfer-version");
		facts->framing = GATE_CHUNKED;
	} else if (length.data != NULL) {
		if (!is_digits(length))
			return refuse(400, "length");
		facts->framing = GATE_LENGTH;
		facts->length = read_length(length);
	}
	return pass;
}

/* RFC 9110, section 8.3.1; parameters are ignored. */
static gate_verdict
check_type(pki_bytes value, gate_facts *facts)
{
	const uint8_t *end;

	if (value.data == NULL)
		return pass;
	end = memchr(value.data, ';', value.len);
	if (end != NULL)
		value.len = (size_t)(end - value.data);
	facts->type = trim(value);
	return pass;
}

gate_verdict
gate_check(const gate_head *head, gate_facts *facts)
{
	pki_bytes found[KNOWN_COUNT] = { { NULL, 0 } };
	gate_verdict verdict;

	*facts = (gate_facts){ .framing = GATE_NO_BODY };
	if (head->lines != GATE_LINES_CLEAN)
		return refuse(400, "lines");
	if (!is_token(head->method) || head->method.len > 16)
		return refuse(400, "method");
	verdict = check_headers(head, found);
	if (verdict.status == 0)
		verdict = check_host(head, found[KNOWN_HOST]);
	if (verdict.status == 0)
		verdict = check_target(head, found[KNOWN_HOST], facts);
	if (verdict.status == 0)
		verdict = check_framing(head, found, facts);
	if (verdict.status == 0)
		verdict = check_type(found[KNOWN_TYPE], facts);
	if (verdict.status != 0)
		return verdict;
	if (found[KNOWN_EXPECT].data != NULL &&
	    !gate_equal(found[KNOWN_EXPECT], "100-continue"))
		return refuse(417, "expect");
	if (found[KNOWN_ENCODING].data != NULL &&
	    !gate_equal(found[KNOWN_ENCODING], "identity"))
		return refuse(415, "content-encoding");
	facts->expects = found[KNOWN_EXPECT].data != NULL;
	facts->authorization = found[KNOWN_AUTHORIZATION];
	facts->if_none_match = found[KNOWN_MATCH];
	return pass;
}
