#include "x509/altname-text.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

#define DNS_MAX 253
#define LABEL_MAX 63
#define EMAIL_MAX 254
#define URI_MAX 255

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_alphanumeric(uint8_t c)
{
	return is_digit(c) || is_lower((uint8_t)pki_text_lower((char)c));
}

/* Letters, digits and inner hyphens: RFC 1034, 3.5, and RFC 1123, 2.1. */
static bool
is_label(pki_bytes label)
{
	if (label.len < 1 || label.len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_alphanumeric(label.data[i]) && label.data[i] != '-')
			return false;
	return label.data[0] != '-' && label.data[label.len - 1] != '-';
}

static bool
is_hex_digit(uint8_t c)
{
	return is_digit(c) || (pki_text_lower((char)c) >= 'a' &&
	    pki_text_lower((char)c) <= 'f');
}

/*
 * What inet_aton() and browsers take for the end of an IPv4 address, as
 * "127.1" or "0x7f000001": digits, or hex digits behind "0x".
 */
static bool
is_number(pki_bytes label)
{
	bool hex = label.len >= 2 && label.data[0] == '0' &&
	    pki_text_lower((char)label.data[1]) == 'x';

	for (size_t i = hex ? 2 : 0; i < label.len; i++)
		if (!(hex ? is_hex_digit(label.data[i]) :
		    is_digit(label.data[i])))
			return false;
	return true;
}

/* Count the labels of a host name; 0 when it is none. */
static size_t
count_labels(pki_bytes text)
{
	pki_bytes label = { NULL, 0 };
	size_t count = 0, begin = 0;

	if (text.len > DNS_MAX)
		return 0;
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.data[i] != '.')
			continue;
		label = pki_bytes_of(text.data + begin, i - begin);
		if (!is_label(label))
			return 0;
		begin = i + 1;
		count++;
	}
	/* RFC 1123, 2.1: no top-level domain is a number, as in "10.0.0.1". */
	return is_number(label) ? 0 : count;
}

static void
copy_lower(pki_bytes text, char *out)
{
	for (size_t i = 0; i < text.len; i++)
		out[i] = pki_text_lower((char)text.data[i]);
	out[text.len] = '\0';
}

/* A wildcard stands for one label and has a domain of two above it. */
static bool
canonicalize_dns(pki_bytes text, char out[PKI_ALT_TEXT_ROOM])
{
	pki_bytes host = text;
	size_t least = 1;

	if (text.len > DNS_MAX)
		return false;
	if (text.len > 2 && text.data[0] == '*' && text.data[1] == '.') {
		host = pki_bytes_of(text.data + 2, text.len - 2);
		least = 2;
	}
	if (count_labels(host) < least)
		return false;
	copy_lower(text, out);
	return true;
}

static bool
canonicalize_ip(pki_bytes text, char out[PKI_ALT_TEXT_ROOM])
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t octets[16];
	size_t len;

	if (text.len == 0 || text.len >= sizeof(copy) ||
	    memchr(text.data, '\0', text.len) != NULL)
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	len = pki_alt_ip_octets(copy, octets);
	return len != 0 && pki_alt_ip_text(pki_bytes_of(octets, len), out);
}

/* RFC 3986: scheme, colon, and characters that need no escape. */
static bool
canonicalize_uri(pki_bytes text, char out[PKI_ALT_TEXT_ROOM])
{
	size_t scheme = 0;

	if (text.len > URI_MAX)
		return false;
	while (scheme < text.len && (is_lower(text.data[scheme]) ||
	    (scheme > 0 && (is_digit(text.data[scheme]) ||
	    memchr("+.-", text.data[scheme], 3) != NULL))))
		scheme++;
	if (scheme == 0 || scheme + 1 >= text.len || text.data[scheme] != ':')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~' ||
		    strchr("<>\"{}|\\^`", text.data[i]) != NULL)
			return false;
	memcpy(out, text.data, text.len);
	out[text.len] = '\0';
	return true;
}

/* Dot-atom "@" host: RFC 5321, 4.1.2, without quoted strings. */
static bool
canonicalize_email(pki_bytes text, char out[PKI_ALT_TEXT_ROOM])
{
	pki_bytes host;
	const uint8_t *at;
	size_t local;

	if (text.len == 0 || text.len > EMAIL_MAX)
		return false;
	at = memchr(text.data, '@', text.len);
	local = at == NULL ? 0 : (size_t)(at - text.data);
	if (local < 1 || local > 64 || text.data[0] == '.' ||
	    text.data[local - 1] == '.')
		return false;
	for (size_t i = 0; i < local; i++) {
		uint8_t c = text.data[i];

		if (!is_alphanumeric(c) &&
		    (c == '\0' || strchr("!#$%&'*+-/=?^_`{|}~.", c) == NULL))
			return false;
		if (c == '.' && text.data[i + 1] == '.')
			return false;
	}
	host = pki_bytes_of(at + 1, text.len - local - 1);
	if (count_labels(host) == 0)
		return false;
	memcpy(out, text.data, local + 1);
	copy_lower(host, out + local + 1);
	return true;
}

static const pki_alt_kind kinds[] = {
	{ PKI_ALT_EMAIL, "email", "local@host.example of at most 254 "
	    "characters", canonicalize_email },
	{ PKI_ALT_DNS, "dns", "labels of letters, digits and inner hyphens, "
	    "the last not a number; '*' only as the first, before two others",
	    canonicalize_dns },
	{ PKI_ALT_URI, "uri", "a scheme in lower case, ':' and printable "
	    "ASCII, at most 255 characters", canonicalize_uri },
	{ PKI_ALT_IP, "ip", "an IPv4 or IPv6 address", canonicalize_ip },
};

const pki_alt_kind *
pki_alt_kind_of(unsigned type)
{
	for (size_t i = 0; i < PKI_COUNT(kinds); i++)
		if ((unsigned)kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

const pki_alt_kind *
pki_alt_kind_named(pki_bytes name)
{
	for (size_t i = 0; i < PKI_COUNT(kinds); i++)
		if (pki_bytes_equal(pki_bytes_text(kinds[i].name), name))
			return &kinds[i];
	return NULL;
}

size_t
pki_alt_ip_octets(const char *text, uint8_t out[16])
{
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

bool
pki_alt_ip_text(pki_bytes octets, char out[PKI_ALT_TEXT_ROOM])
{
	if (octets.len != 4 && octets.len != 16)
		return false;
	return inet_ntop(octets.len == 4 ? AF_INET : AF_INET6, octets.data,
	    out, PKI_ALT_TEXT_ROOM) != NULL;
}
