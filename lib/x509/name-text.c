#include "x509/name-text.h"

#include <string.h>

#include "base/text.h"

static const char length_problem[] = "a value of 1 to 64 characters wanted";

const char *
pki_name_printable_problem(pki_bytes value)
{
	/* X.680, 41.4. */
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789 '()+,-./:=?";

	if (value.len < 1 || value.len > PKI_NAME_VALUE_MAX)
		return length_problem;
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] == '\0' ||
		    strchr(allowed, value.data[i]) == NULL)
			return "a character that no PrintableString holds";
	return NULL;
}

/* Forms of UTF-8 by the first octet: RFC 3629, section 4. */
static const struct form {
	uint8_t  mask, first;
	unsigned more;          /* octets that follow */
	uint32_t least;         /* anything below is overlong */
} forms[] = {
	{ 0x80, 0x00, 0, 0 },
	{ 0xe0, 0xc0, 1, 0x80 },
	{ 0xf0, 0xe0, 2, 0x800 },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

/* Take one character from text; false when it is not UTF-8. */
static bool
take_character(pki_bytes *text, uint32_t *out)
{
	uint8_t first = text->data[0];
	const struct form *form = NULL;
	uint32_t c;

	for (size_t i = 0; i < PKI_COUNT(forms); i++)
		if ((first & forms[i].mask) == forms[i].first)
			form = &forms[i];
	if (form == NULL || form->more >= text->len)
		return false;
	c = (uint32_t)(first & ~form->mask & 0xff);
	for (size_t i = 1; i <= form->more; i++) {
		if ((text->data[i] & 0xc0) != 0x80)
			return false;
		c = c << 6 | (text->data[i] & 0x3f);
	}
	if (c < form->least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	*text = pki_bytes_of(text->data + form->more + 1,
	    text->len - form->more - 1);
	*out = c;
	return true;
}

/* Characters that act on a terminal instead of showing, or reorder text. */
static const struct {
	uint32_t    first, last;
	const char *problem;
} hidden[] = {
	{ 0x00,   0x00,   "a NUL character" },
	{ 0x01,   0x1f,   "a control character" },
	{ 0x7f,   0x9f,   "a control character" },
	{ 0x2028, 0x2029, "a line or paragraph separator" },
	{ 0x202a, 0x202e, "a character that turns the direction of text" },
	{ 0x2066, 0x2069, "a character that turns the direction of text" },
	{ 0xfeff, 0xfeff, "a byte order mark" },
};

const char *
pki_name_utf8_problem(pki_bytes value)
{
	size_t count = 0;
	uint32_t c;

	while (value.len > 0) {
		if (!take_character(&value, &c))
			return "octets that are not UTF-8";
		for (size_t i = 0; i < PKI_COUNT(hidden); i++)
			if (c >= hidden[i].first && c <= hidden[i].last)
				return hidden[i].problem;
		count++;
	}
	if (count < 1 || count > PKI_NAME_VALUE_MAX)
		return length_problem;
	return NULL;
}

void
pki_name_escape(const char *value, pki_buf *out)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++) {
		bool edge = i == 0 || i == len - 1;

		if (strchr("\"+,;<>\\", value[i]) != NULL ||
		    (value[i] == ' ' && edge) || (value[i] == '#' && i == 0))
			pki_buf_add_byte(out, '\\');
		pki_buf_add_byte(out, (uint8_t)value[i]);
	}
}

/*
 * The next octet of a value prepared for comparison: letters in lower case,
 * a run of spaces as one, none at the ends; '\0' at the end.  Only ASCII is
 * folded: other letters must be equal.
 */
static char
next_prepared(const char **at, const char *begin)
{
	const char *p = *at;

	if (*p == ' ') {
		while (*p == ' ')
			p++;
		if (*at != begin && *p != '\0') {
			*at = p;
			return ' ';
		}
	}
	if (*p == '\0') {
		*at = p;
		return '\0';
	}
	*at = p + 1;
	return pki_text_lower(*p);
}

bool
pki_name_values_match(const char *a, const char *b)
{
	const char *a_begin = a, *b_begin = b;
	char c;

	do {
		c = next_prepared(&a, a_begin);
		if (c != next_prepared(&b, b_begin))
			return false;
	} while (c != '\0');
	return true;
}
