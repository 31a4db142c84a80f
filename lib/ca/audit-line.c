#include "ca/audit-line.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* \u00XX is the longest of an octet. */
#define ESCAPE_MAX 6

static int
by_key(const void *a, const void *b)
{
	const pki_audit_member *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* The short escapes of RFC 8259, section 7. */
static char
short_escape(uint8_t octet)
{
	switch (octet) {
	case '"': return '"';
	case '\\': return '\\';
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	default: return '\0';
	}
}

static char *
put_octet(char *at, uint8_t octet)
{
	static const char digits[] = "0123456789ABCDEF";
	char escape = short_escape(octet);

	if (escape == '\0' && octet >= ' ') {
		*at++ = (char)octet;
		return at;
	}
	*at++ = '\\';
	if (escape != '\0') {
		*at++ = escape;
		return at;
	}
	memcpy(at, "u00", 3);
	at[3] = digits[octet >> 4];
	at[4] = digits[octet & 15];
	return at + 5;
}

static pki_code
add_string(pki_buf *out, const char *text, pki_err *err)
{
	size_t len = strlen(text);
	char *at = (char *)pki_buf_reserve(out, len * ESCAPE_MAX + 2);
	char *begin = at;

	if (at == NULL)
		return PKI_OK;  /* the buffer remembers */
	*at++ = '"';
	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)text[i] >= 0x80)
			return pki_fail(err, PKI_USAGE,
			    "audit text outside ASCII");
		at = put_octet(at, (uint8_t)text[i]);
	}
	*at++ = '"';
	*at = '\0';
	out->len += (size_t)(at - begin);
	return PKI_OK;
}

static pki_code
add_member(pki_buf *out, const pki_audit_member *member, pki_err *err)
{
	pki_code rc;

	rc = add_string(out, member->key, err);
	if (rc != PKI_OK)
		return rc;
	pki_buf_add_byte(out, ':');
	if (member->text != NULL)
		return add_string(out, member->text, err);
	pki_buf_add_format(out, "%" PRId64, member->number);
	return PKI_OK;
}

pki_code
pki_audit_line_add(pki_buf *out, pki_audit_member *members, size_t count,
    pki_err *err)
{
	pki_code rc;

	qsort(members, count, sizeof(*members), by_key);
	pki_buf_add_byte(out, '{');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			pki_buf_add_byte(out, ',');
		rc = add_member(out, &members[i], err);
		if (rc != PKI_OK)
			return rc;
	}
	pki_buf_add_byte(out, '}');
	return pki_buf_check(out, err);
}
