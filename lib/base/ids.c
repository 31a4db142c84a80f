#include "base/ids.h"

#include <string.h>

#include "base/text.h"

const char *
pki_digest_format(const pki_digest *digest, char out[PKI_DIGEST_TEXT])
{
	return pki_hex_format(pki_digest_bytes(digest), out);
}

const char *
pki_serial_format(const pki_serial *serial, char out[PKI_SERIAL_TEXT])
{
	return pki_hex_format(pki_serial_bytes(serial), out);
}

pki_bytes
pki_digest_bytes(const pki_digest *digest)
{
	return pki_bytes_of(digest->octets, sizeof(digest->octets));
}

pki_bytes
pki_serial_bytes(const pki_serial *serial)
{
	return pki_bytes_of(serial->octets, serial->len);
}

bool
pki_digest_equal(const pki_digest *a, const pki_digest *b)
{
	return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

bool
pki_serial_equal(const pki_serial *a, const pki_serial *b)
{
	return pki_bytes_equal(pki_serial_bytes(a), pki_serial_bytes(b));
}

int
pki_serial_compare(const pki_serial *a, const pki_serial *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->octets, b->octets, a->len);
}

pki_code
pki_serial_from_bytes(pki_bytes octets, pki_serial *out, pki_err *err)
{
	if (octets.len < 1 || octets.len > sizeof(out->octets))
		return pki_refuse(err, PKI_BAD_INPUT, "serial",
		    "1 to 20 octets", "%zu octets", octets.len);
	if (octets.data[0] >= 0x80 || (octets.len == 1 && octets.data[0] == 0))
		return pki_refuse(err, PKI_BAD_INPUT, "serial",
		    "a positive number", "zero or negative");
	if (octets.len > 1 && octets.data[0] == 0 && octets.data[1] < 0x80)
		return pki_refuse(err, PKI_BAD_INPUT, "serial",
		    "no leading zero octet", "not minimal");
	memset(out, 0, sizeof(*out));
	out->len = (uint8_t)octets.len;
	memcpy(out->octets, octets.data, octets.len);
	return PKI_OK;
}

pki_code
pki_serial_parse(const char *text, pki_serial *out, pki_err *err)
{
	PKI_AUTO(pki_buf) octets = NULL;
	pki_code rc;

	rc = pki_hex_parse(text, sizeof(out->octets), &octets, err);
	if (rc == PKI_OK)
		rc = pki_serial_from_bytes(pki_buf_bytes(octets), out, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "serial '%s'", text);
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

pki_code
pki_identity_check(pki_bytes text, pki_err *err)
{
	char shown[2 * PKI_IDENTITY_MAX];
	size_t i = 0;

	while (i < text.len && (is_alnum((char)text.data[i]) ||
	    (i > 0 && text.data[i] != '\0' &&
	    strchr("._-", text.data[i]) != NULL)))
		i++;
	if (text.len >= 1 && text.len <= PKI_IDENTITY_MAX && i == text.len)
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "identity", PKI_IDENTITY_RULE, "%s",
	    pki_text_escape(text, shown, sizeof(shown)));
}

/* [a-z0-9][a-z0-9-]{0,max - 1} */
static pki_code
check_short_name(const char *text, size_t max, const char *rule, pki_err *err)
{
	size_t i = 0;

	while ((text[i] >= 'a' && text[i] <= 'z') ||
	    (text[i] >= '0' && text[i] <= '9') || (i > 0 && text[i] == '-'))
		i++;
	if (i >= 1 && i <= max && text[i] == '\0')
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, rule,
	    "1 to 32 of a-z 0-9 -, the first not -", "%s", text);
}

/* What keys/ holds besides the key of each CA, which has the CA's name. */
static const char *const reserved_names[] = { "token", "est-server" };

pki_code
pki_ca_name_check(const char *text, pki_err *err)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(reserved_names); i++)
		if (strcmp(text, reserved_names[i]) == 0)
			return pki_refuse(err, PKI_DENIED, "ca-name",
			    "a name other than token and est-server", "%s",
			    text);
	return check_short_name(text, PKI_CA_NAME_MAX, "ca-name", err);
}

pki_code
pki_profile_name_check(const char *text, pki_err *err)
{
	return check_short_name(text, PKI_PROFILE_NAME_MAX, "profile-name",
	    err);
}

bool
pki_pattern_match(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	/* On a mismatch let the last star swallow one character more. */
	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (pki_text_lower(*pattern) == pki_text_lower(*text)) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
