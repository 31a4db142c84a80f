#include "common/print-text.h"

#include <string.h>

void
print_text_escape(pki_buf *out, const char *text)
{
	pki_bytes raw = pki_bytes_text(text);
	uint8_t *room;

	if (pki_text_is_printable(raw)) {
		pki_buf_add(out, raw);
		return;
	}
	/* Four characters for an octet, at most. */
	room = pki_buf_reserve(out, 4 * raw.len + 1);
	if (room == NULL)
		return;
	pki_text_escape(raw, (char *)room, 4 * raw.len + 1);
	out->len += strlen((const char *)room);
}

static void
add_span(pki_buf *out, int64_t seconds)
{
	char text[PKI_DURATION_TEXT];

	pki_buf_add_format(out, "%s%s",
	    pki_duration_rough(seconds < 0 ? -seconds : seconds, text),
	    seconds < 0 ? " ago" : "");
}

static void
add_list(pki_buf *out, const pki_text_list *list)
{
	size_t i;

	for (i = 0; list != NULL && i < list->count; i++) {
		pki_buf_add_text(out, i == 0 ? "" : ", ");
		print_text_escape(out, list->items[i]);
	}
}

void
print_text_value(pki_buf *out, const struct print_column *column,
    const struct print_value *value)
{
	char text[PKI_TIME_TEXT];
	size_t before = out->len;

	if (value->none) {
		pki_buf_add_text(out, "-");
		return;
	}
	switch (column->kind) {
	case PRINT_NUMBER:
		pki_buf_add_format(out, "%lld", (long long)value->number);
		break;
	case PRINT_BOOL:
		pki_buf_add_text(out, value->number != 0 ? "yes" : "no");
		break;
	case PRINT_TIME:
		if (value->number != 0)
			pki_buf_add_text(out,
			    pki_time_format(value->number, text));
		break;
	case PRINT_SPAN:
		if (value->number != 0)
			add_span(out, value->number);
		break;
	case PRINT_LIST:
		add_list(out, value->list);
		break;
	case PRINT_TEXT:
	case PRINT_STATE:
	case PRINT_OBJECT:
		if (value->text != NULL)
			print_text_escape(out, value->text);
		break;
	}
	if (out->len == before)
		pki_buf_add_text(out, "-");
}

void
print_text_block(pki_buf *out, const struct print_column *columns,
    size_t count, const struct print_value *values)
{
	size_t width = 0, i;

	for (i = 0; i < count; i++)
		if (!columns[i].json_only && strlen(columns[i].key) > width)
			width = strlen(columns[i].key);
	for (i = 0; i < count; i++) {
		size_t len = strlen(columns[i].key);

		if (columns[i].json_only)
			continue;
		pki_buf_add_format(out, "%s:%*s", columns[i].key,
		    (int)(width - len + 1), "");
		print_text_value(out, &columns[i], &values[i]);
		pki_buf_add_text(out, "\n");
	}
}

static int
column_width(const struct print_column *column)
{
	size_t len = strlen(column->key);

	return (int)(len < column->width ? column->width : len);
}

/* Numbers stand on the right. */
static void
indent(pki_buf *out, const struct print_column *column, size_t text_len)
{
	int width = column_width(column);

	if (column->kind == PRINT_NUMBER && text_len < (size_t)width)
		pki_buf_add_format(out, "%*s", width - (int)text_len, "");
}

void
print_text_cell(pki_buf *out, const struct print_column *column,
    const struct print_value *value)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();

	if (text == NULL) {
		out->failed = true;
		return;
	}
	print_text_value(text, column, value);
	indent(out, column, text->len);
	pki_buf_add(out, pki_buf_bytes(text));
}

void
print_text_heading(pki_buf *out, const struct print_column *column,
    enum print_place place)
{
	int len = (int)strlen(column->key), width = column_width(column);
	const char *p;

	indent(out, column, (size_t)len);
	for (p = column->key; *p != '\0'; p++)
		pki_buf_add_byte(out, (uint8_t)(*p >= 'a' && *p <= 'z' ?
		    *p - 'a' + 'A' : *p));
	if (place != PRINT_LAST && column->kind != PRINT_NUMBER)
		pki_buf_add_format(out, "%*s", width - len, "");
}
