#include "base/settings-scan.h"

#include <string.h>

#include "base/settings-report.h"

/* Digits that always fit int, and int64_t after a final L. */
#define SHORT_DIGITS 9
#define LONG_DIGITS 18

typedef struct scan {
	const uint8_t *p, *end;
	pki_setting_place place;
	uint8_t last;           /* the first octet of the token before */
	unsigned lists;         /* open [ and ( */
} scan;

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
begins(const scan *in, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(in->end - in->p) >= len &&
	    memcmp(in->p, text, len) == 0;
}

static void
skip(scan *in, size_t count)
{
	for (; count > 0 && in->p < in->end; count--, in->p++)
		if (*in->p == '\n')
			in->place.line++;
}

static bool
at_comment(const scan *in)
{
	return *in->p == '#' || begins(in, "//") || begins(in, "/*");
}

static pki_code
scan_comment(scan *in, pki_err *err)
{
	pki_setting_place start = in->place;

	if (!begins(in, "/*")) {
		while (in->p < in->end && *in->p != '\n')
			in->p++;
		return PKI_OK;
	}
	for (skip(in, 2); in->p < in->end && !begins(in, "*/"); skip(in, 1))
		/* The end of the one before was lost, and all between. */
		if (begins(in, "/*"))
			return pki_setting_report(err, &in->place, "*/",
			    "a comment within a comment, wants */ before it");
	if (in->p == in->end)
		return pki_setting_report(err, &start, "*/",
		    "a comment that never ends, wants */");
	skip(in, 2);
	return PKI_OK;
}

/* libconfig loses memory over a text that its grammar does not expect. */
static pki_code
check_text_place(const scan *in, pki_err *err)
{
	if (in->last == '"')
		return pki_setting_report(err, &in->place, "a comma",
		    "two texts side by side, wants a comma between them");
	if (in->last != '\0' && (strchr("=:[(", in->last) != NULL ||
	    (in->last == ',' && in->lists > 0)))
		return PKI_OK;
	return pki_setting_report(err, &in->place, "name = \"...\"",
	    "a text that belongs to no setting, wants name = in front");
}

static pki_code
scan_text(scan *in, pki_err *err)
{
	pki_setting_place start = in->place;
	pki_code rc = check_text_place(in, err);

	if (rc != PKI_OK)
		return rc;
	for (skip(in, 1); in->p < in->end && *in->p != '"';)
		skip(in, *in->p == '\\' ? 2 : 1);
	if (in->p == in->end)
		return pki_setting_report(err, &start, "\"",
		    "a text that never ends, wants \"");
	skip(in, 1);
	return PKI_OK;
}

static pki_code
scan_number(scan *in, pki_err *err)
{
	static const char wants[] =
	    "decimal digits, with a final L above 9 of them";
	char token[LONG_DIGITS + 8];
	pki_setting_place place = in->place;
	const uint8_t *start = in->p;
	const char *rest;
	size_t len = 0, digits, sign;

	while (in->p < in->end && (is_digit(*in->p) || is_letter(*in->p) ||
	    *in->p == '+' || *in->p == '-' || *in->p == '.'))
		in->p++;
	while (start + len < in->p && len < sizeof(token) - 1) {
		token[len] = (char)start[len];
		len++;
	}
	token[len] = '\0';
	sign = strspn(token, "+-") == 1;
	digits = strspn(token + sign, "0123456789");
	rest = token + sign + digits;
	/* No setting is a fraction: its type refuses it by name. */
	if (*rest == '.' || (digits >= 1 && digits <= SHORT_DIGITS &&
	    *rest == '\0'))
		return PKI_OK;
	if (digits >= 1 && digits <= LONG_DIGITS &&
	    (strcmp(rest, "L") == 0 || strcmp(rest, "LL") == 0))
		return PKI_OK;
	place.value = token;
	return pki_setting_report(err, &place, wants,
	    "number '%s', wants %s", token, wants);
}

static void
scan_mark(scan *in)
{
	if (*in->p == '[' || *in->p == '(')
		in->lists++;
	else if ((*in->p == ']' || *in->p == ')') && in->lists > 0)
		in->lists--;
	in->p++;
}

static void
scan_name(scan *in)
{
	while (in->p < in->end && (is_letter(*in->p) || is_digit(*in->p) ||
	    memchr("-_*", *in->p, 3) != NULL))
		in->p++;
}

static pki_code
scan_token(scan *in, pki_err *err)
{
	uint8_t first = *in->p;
	pki_code rc = PKI_OK;

	if (first == '"')
		rc = scan_text(in, err);
	else if (is_digit(first) || memchr("+-.", first, 3) != NULL)
		rc = scan_number(in, err);
	else if (is_letter(first) || first == '*')
		scan_name(in);
	else
		scan_mark(in);
	in->last = first;
	return rc;
}

/* Lines that libconfig would replace by another file, wherever they are. */
static pki_code
refuse_include(scan in, pki_err *err)
{
	while (in.p < in.end) {
		while (in.p < in.end && (*in.p == ' ' || *in.p == '\t' ||
		    *in.p == '\r'))
			in.p++;
		if (begins(&in, "@include"))
			return pki_setting_report(err, &in.place, NULL,
			    "@include, wants all settings in one file");
		while (in.p < in.end && *in.p != '\n')
			in.p++;
		skip(&in, 1);
	}
	return PKI_OK;
}

pki_code
pki_settings_scan(pki_bytes text, const char *where, pki_err *err)
{
	scan in = { .place = { .where = where, .line = 1 } };
	pki_code rc;

	if (text.len > PKI_SETTINGS_MAX)
		return pki_fail(err, PKI_BAD_INPUT,
		    "%s: %zu octets, wants at most 65536", where, text.len);
	if (text.len == 0)
		return PKI_OK;
	in.p = text.data;
	in.end = text.data + text.len;
	if (memchr(text.data, '\0', text.len) != NULL)
		return pki_setting_report(err,
		    &(pki_setting_place){ .where = where }, NULL,
		    "a NUL octet, wants text");
	rc = refuse_include(in, err);
	while (rc == PKI_OK && in.p < in.end) {
		if (at_comment(&in))
			rc = scan_comment(&in, err);
		else if (memchr(" \t\r\n\f\v", *in.p, 6) != NULL)
			skip(&in, 1);
		else
			rc = scan_token(&in, err);
	}
	return rc;
}
