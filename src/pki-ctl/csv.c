#include "pki-ctl/csv.h"

#include <string.h>

/* What ends a field. */
enum end { END_COMMA, END_LINE };

static pki_code
fail(const struct csv *csv, const char *what, pki_err *err)
{
	return pki_fail(err, PKI_BAD_INPUT, "line %zu: %s", csv->line, what);
}

static bool
is_at(const struct csv *csv, char c)
{
	return csv->at < csv->text->len &&
	    csv->text->data[csv->at] == (uint8_t)c;
}

/* Take what separates fields or rows. */
static pki_code
take_end(struct csv *csv, enum end *out, pki_err *err)
{
	*out = is_at(csv, ',') ? END_COMMA : END_LINE;
	if (csv->at == csv->text->len)
		return PKI_OK;
	if (is_at(csv, '\r'))
		csv->at++;
	if (*out == END_LINE && !is_at(csv, '\n'))
		return fail(csv, "expected a comma or the end of the line "
		    "behind a field", err);
	csv->at++;
	return PKI_OK;
}

/* The next octet of a field, moved to where the field now ends. */
static pki_code
take_octet(struct csv *csv, size_t *end, pki_err *err)
{
	uint8_t octet = csv->text->data[csv->at++];

	if (octet < ' ' || octet == 0x7f)
		return fail(csv, "a control character or a line break in a "
		    "field", err);
	csv->text->data[(*end)++] = octet;
	return PKI_OK;
}

static pki_code
take_quoted(struct csv *csv, size_t *end, pki_err *err)
{
	pki_code rc = PKI_OK;

	for (csv->at++; rc == PKI_OK; rc = take_octet(csv, end, err)) {
		if (csv->at == csv->text->len)
			return fail(csv, "a quote without its end", err);
		if (!is_at(csv, '"'))
			continue;
		csv->at++;
		if (!is_at(csv, '"'))
			return PKI_OK;
	}
	return rc;
}

static pki_code
take_plain(struct csv *csv, size_t *end, pki_err *err)
{
	pki_code rc = PKI_OK;

	while (rc == PKI_OK && csv->at < csv->text->len && !is_at(csv, ',') &&
	    !is_at(csv, '\r') && !is_at(csv, '\n')) {
		if (is_at(csv, '"'))
			return fail(csv, "a quote inside a field that does "
			    "not begin with one", err);
		rc = take_octet(csv, end, err);
	}
	return rc;
}

static pki_code
take_row(struct csv *csv, pki_err *err)
{
	enum end end = END_COMMA;
	size_t begin, len_end;
	pki_code rc = PKI_OK;

	for (csv->count = 0; rc == PKI_OK && end == END_COMMA; csv->count++) {
		if (csv->count == CSV_FIELDS_MAX)
			return fail(csv, "too many fields", err);
		begin = len_end = csv->at;
		rc = is_at(csv, '"') ? take_quoted(csv, &len_end, err) :
		    take_plain(csv, &len_end, err);
		if (rc == PKI_OK)
			rc = take_end(csv, &end, err);
		/* The separator is behind it, or the buffer's own NUL. */
		csv->text->data[len_end] = '\0';
		csv->fields[csv->count] = (char *)csv->text->data + begin;
	}
	return rc;
}

pki_code
csv_next(struct csv *csv, bool *more, pki_err *err)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (csv->at == 0 && csv->text->len >= strlen(mark) &&
	    memcmp(csv->text->data, mark, strlen(mark)) == 0)
		csv->at = strlen(mark);
	while (is_at(csv, '\n') || is_at(csv, '\r')) {
		csv->lines += is_at(csv, '\n');
		csv->at++;
	}
	*more = csv->at < csv->text->len;
	if (!*more)
		return PKI_OK;
	csv->line = ++csv->lines;
	return take_row(csv, err);
}
