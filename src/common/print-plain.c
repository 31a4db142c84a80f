#include "common/print.h"
#include "common/print-text.h"

static void
add_list(pki_buf *out, const pki_text_list *list)
{
	pki_buf_add_text(out, "[");
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		pki_buf_add_text(out, i == 0 ? "" : ",");
		print_json_text(out, list->items[i]);
	}
	pki_buf_add_text(out, "]");
}

/* Numbers that stand for none are null: as print.h says. */
static void
add_value(pki_buf *out, const struct print_column *column,
    const struct print_value *value)
{
	char text[PKI_TIME_TEXT];
	bool zero = value->number == 0;

	if (value->none)
		pki_buf_add_text(out, "null");
	else if (column->kind == PRINT_LIST)
		add_list(out, value->list);
	else if (column->kind == PRINT_BOOL)
		pki_buf_add_text(out, zero ? "false" : "true");
	else if (column->kind == PRINT_TIME)
		print_json_text(out, zero ? NULL :
		    pki_time_format(value->number, text));
	else if (column->kind == PRINT_SPAN && zero)
		pki_buf_add_text(out, "null");
	else if (column->kind == PRINT_NUMBER || column->kind == PRINT_SPAN)
		pki_buf_add_format(out, "%lld", (long long)value->number);
	else
		print_json_text(out, value->text);
}

void
print_plain_add(pki_buf *out, enum print_format format,
    const struct print_column *columns, size_t count,
    const struct print_value *values)
{
	if (format == PRINT_TABLE) {
		print_text_block(out, columns, count, values);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		pki_buf_add_format(out, "%s\"%s\":", i == 0 ? "{" : ",",
		    columns[i].key);
		add_value(out, &columns[i], &values[i]);
	}
	pki_buf_add_text(out, "}");
}
