#include "common/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <libsmartcols/libsmartcols.h>

#define CHUNK 500       /* rows of a table in memory at once */

struct print_doc {
	enum print_format          format;
	enum print_layout          layout;
	bool                       in_object, in_list;
	const char                *key;         /* of the list, or NULL */
	const struct print_column *columns;
	size_t                     count;
	size_t                     members;     /* of the object so far */
	size_t                     rows;        /* of the list so far */
	bool                       headed;      /* the header is printed */
	struct libscols_table     *table;
};

static const struct state_colour {
	const char *state, *colour;
} state_colours[] = {
	{ "good", "green" },
	{ "expired", "yellow" },
	{ "held", "yellow" },
	{ "revoked", "red" },
};

/* What can go wrong with stdout is one thing to the caller. */
static pki_code
fail_stdout(pki_err *err)
{
	return pki_fail_errno(err, "write to standard output");
}

pki_code
print_flush(pki_err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return fail_stdout(err);
	return PKI_OK;
}

pki_code
print_bytes(pki_bytes bytes, pki_err *err)
{
	if (bytes.len != 0 && fwrite(bytes.data, bytes.len, 1, stdout) != 1)
		return fail_stdout(err);
	return print_flush(err);
}

static pki_code
put(const char *text, pki_err *err)
{
	if (fputs(text, stdout) == EOF)
		return fail_stdout(err);
	return PKI_OK;
}

/* Text as a terminal may see it.  What is escaped already stays as it is. */
static void
add_escaped(pki_buf *out, const char *text)
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
		add_escaped(out, list->items[i]);
	}
}

/* A value as people read it, appended to out. */
static void
add_text(pki_buf *out, const struct print_column *column,
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
			add_escaped(out, value->text);
		break;
	}
	if (out->len == before)
		pki_buf_add_text(out, "-");
}

/* Text as a JSON string; octets that are no UTF-8 as \xNN. */
static json_t *
json_of_text(const char *text)
{
	PKI_AUTO(pki_buf) escaped = NULL;
	json_t *string;

	if (text == NULL)
		return json_null();
	string = json_string(text);
	if (string != NULL)
		return string;
	escaped = pki_buf_new();
	if (escaped == NULL)
		return NULL;
	add_escaped(escaped, text);
	return json_string(pki_buf_text(escaped));
}

static json_t *
json_of_list(const pki_text_list *list)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; list != NULL && i < list->count; i++) {
		/* Takes the string, and refuses NULL. */
		if (json_array_append_new(array,
		    json_of_text(list->items[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* A new reference, or NULL when memory is out. */
static json_t *
json_of_value(const struct print_column *column,
    const struct print_value *value)
{
	char text[PKI_TIME_TEXT];
	json_t *object;

	if (value->none)
		return json_null();
	switch (column->kind) {
	case PRINT_NUMBER:
		return json_integer(value->number);
	case PRINT_BOOL:
		return json_boolean(value->number != 0);
	case PRINT_TIME:
		return value->number == 0 ? json_null() :
		    json_string(pki_time_format(value->number, text));
	case PRINT_SPAN:
		return value->number == 0 ? json_null() :
		    json_integer(value->number);
	case PRINT_LIST:
		return json_of_list(value->list);
	case PRINT_OBJECT:
		object = value->text == NULL ? NULL :
		    json_loads(value->text, JSON_REJECT_DUPLICATES, NULL);
		return object != NULL ? object : json_of_text(value->text);
	case PRINT_TEXT:
	case PRINT_STATE:
		break;
	}
	return json_of_text(value->text);
}

/* Print before, the value on one line, and free it. */
static pki_code
put_json(const char *before, json_t *value, pki_err *err)
{
	char *text;
	int rc;

	text = json_dumps(value,
	    JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	json_decref(value);
	if (text == NULL)
		return pki_fail_memory(err);
	rc = printf("%s%s", before, text);
	free(text);
	return rc < 0 ? fail_stdout(err) : PKI_OK;
}

pki_code
print_open(enum print_format format, print_doc **out, pki_err *err)
{
	print_doc *doc = calloc(1, sizeof(*doc));

	if (doc == NULL)
		return pki_fail_memory(err);
	doc->format = format;
	*out = doc;
	return PKI_OK;
}

void
print_doc_free(print_doc *doc)
{
	if (doc == NULL)
		return;
	if (doc->table != NULL)
		scols_unref_table(doc->table);
	free(doc);
}

/* Aligned "key: value" lines. */
static pki_code
put_block(const struct print_column *columns, size_t count,
    const struct print_value *values, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	size_t width = 0, i;
	pki_code rc;

	if (text == NULL)
		return pki_fail_memory(err);
	for (i = 0; i < count; i++)
		if (!columns[i].json_only && strlen(columns[i].key) > width)
			width = strlen(columns[i].key);
	for (i = 0; i < count; i++) {
		size_t len = strlen(columns[i].key);

		if (columns[i].json_only)
			continue;
		pki_buf_add_format(text, "%s:%*s", columns[i].key,
		    (int)(width - len + 1), "");
		add_text(text, &columns[i], &values[i]);
		pki_buf_add_text(text, "\n");
	}
	rc = pki_buf_check(text, err);
	return rc == PKI_OK ? put(pki_buf_text(text), err) : rc;
}

/* Print the rows gathered, and let the next ones stand below them. */
static pki_code
put_table(print_doc *doc, pki_err *err)
{
	size_t i;

	if (doc->table == NULL || scols_table_is_empty(doc->table))
		return PKI_OK;
	if (scols_print_table(doc->table) != 0)
		return fail_stdout(err);
	for (i = 0; i < scols_table_get_ncols(doc->table); i++) {
		struct libscols_column *column =
		    scols_table_get_column(doc->table, i);

		scols_column_set_whint(column,
		    (double)scols_column_get_width(column));
	}
	scols_table_remove_lines(doc->table);
	scols_table_enable_noheadings(doc->table, 1);
	return print_flush(err);
}

static pki_code
end_list(print_doc *doc, pki_err *err)
{
	pki_code rc;

	if (!doc->in_list)
		return PKI_OK;
	doc->in_list = false;
	if (doc->format == PRINT_JSON) {
		if (doc->rows == 0)
			return put(doc->key != NULL ? "[]" : "[]\n", err);
		return put(doc->key != NULL ? "\n  ]" : "\n]\n", err);
	}
	rc = put_table(doc, err);
	if (doc->table != NULL)
		scols_unref_table(doc->table);
	doc->table = NULL;
	return rc;
}

/* What stands before the next member of the object. */
static pki_code
put_member_key(print_doc *doc, const char *key, pki_err *err)
{
	if (printf("%s  \"%s\": ", doc->members++ == 0 ? "{\n" : ",\n",
	    key) < 0)
		return fail_stdout(err);
	return PKI_OK;
}

pki_code
print_fields(print_doc *doc, const struct print_column *columns, size_t count,
    const struct print_value *values, pki_err *err)
{
	pki_code rc;
	size_t i;

	rc = end_list(doc, err);
	doc->in_object = true;
	if (rc != PKI_OK)
		return rc;
	if (doc->format == PRINT_TABLE)
		return put_block(columns, count, values, err);
	for (i = 0; i < count && rc == PKI_OK; i++) {
		rc = put_member_key(doc, columns[i].key, err);
		if (rc == PKI_OK)
			rc = put_json("", json_of_value(&columns[i],
			    &values[i]), err);
	}
	return rc;
}

static int
column_width(const struct print_column *column)
{
	size_t len = strlen(column->key);

	return (int)(len < column->width ? column->width : len);
}

/* Where the text of a cell begins: numbers stand on the right. */
static int
indent_of(const struct print_column *column, size_t len)
{
	int width = column_width(column);

	return column->kind == PRINT_NUMBER && len < (size_t)width ?
	    width - (int)len : 0;
}

/* Upper-case headings, as tables of other tools have them. */
static const char *
heading(const struct print_column *column, char *out, size_t room)
{
	size_t i;

	snprintf(out, room, "%*s%s", indent_of(column, strlen(column->key)),
	    "", column->key);
	for (i = 0; out[i] != '\0'; i++)
		if (out[i] >= 'a' && out[i] <= 'z')
			out[i] = (char)(out[i] - 'a' + 'A');
	return out;
}

static pki_code
make_table(print_doc *doc, pki_err *err)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;
	char name[64];
	size_t i;

	doc->table = scols_new_table();
	if (doc->table == NULL)
		return pki_fail_memory(err);
	scols_table_enable_colors(doc->table, terminal);
	/* Only a terminal has a width; COLUMNS is not looked at elsewhere. */
	scols_table_set_termforce(doc->table,
	    terminal ? SCOLS_TERMFORCE_AUTO : SCOLS_TERMFORCE_NEVER);
	for (i = 0; i < doc->count; i++) {
		const struct print_column *column = &doc->columns[i];

		if (column->json_only)
			continue;
		/* Strict: the hint is the least width, not a wish. */
		if (scols_table_new_column(doc->table,
		    heading(column, name, sizeof(name)),
		    (double)column_width(column), SCOLS_FL_STRICTWIDTH) == NULL)
			return pki_fail_memory(err);
	}
	return PKI_OK;
}

pki_code
print_rows(print_doc *doc, const char *key, enum print_layout layout,
    const struct print_column *columns, size_t count, pki_err *err)
{
	pki_code rc;

	rc = end_list(doc, err);
	if (rc != PKI_OK)
		return rc;
	doc->in_list = true;
	doc->in_object = doc->in_object || key != NULL;
	doc->key = key;
	doc->layout = layout;
	doc->columns = columns;
	doc->count = count;
	doc->rows = 0;
	if (doc->format == PRINT_TABLE)
		return layout == PRINT_LINES ? make_table(doc, err) : PKI_OK;
	/* The bracket comes with the first row: a failure before it leaves
	 * nothing on stdout. */
	return key != NULL ? put_member_key(doc, key, err) : PKI_OK;
}

/* The colour of a state, or NULL. */
static const char *
colour_of(const struct print_column *column, const char *text)
{
	size_t i;

	for (i = 0; column->kind == PRINT_STATE &&
	    i < PKI_COUNT(state_colours); i++)
		if (strcmp(text, state_colours[i].state) == 0)
			return state_colours[i].colour;
	return NULL;
}

static pki_code
add_line(print_doc *doc, const struct print_value *values, pki_err *err)
{
	struct libscols_line *line = scols_table_new_line(doc->table, NULL);
	PKI_AUTO(pki_buf) text = pki_buf_new();
	PKI_AUTO(pki_buf) cell = pki_buf_new();
	size_t i, at = 0;

	if (line == NULL || text == NULL || cell == NULL)
		return pki_fail_memory(err);
	for (i = 0; i < doc->count; i++) {
		if (doc->columns[i].json_only)
			continue;
		pki_buf_cut(text, 0);
		pki_buf_cut(cell, 0);
		add_text(text, &doc->columns[i], &values[i]);
		pki_buf_add_format(cell, "%*s", indent_of(&doc->columns[i],
		    text->len), "");
		pki_buf_add(cell, pki_buf_bytes(text));
		if (pki_buf_check(cell, err) != PKI_OK ||
		    scols_line_set_data(line, at, pki_buf_text(cell)) != 0)
			return pki_fail_memory(err);
		scols_cell_set_color(scols_line_get_cell(line, at++),
		    colour_of(&doc->columns[i], pki_buf_text(text)));
	}
	return doc->rows % CHUNK == 0 ? put_table(doc, err) : PKI_OK;
}

pki_code
print_row(print_doc *doc, const struct print_value *values, pki_err *err)
{
	json_t *object;
	pki_code rc;
	size_t i;

	doc->rows++;
	if (doc->format == PRINT_TABLE && doc->layout == PRINT_LINES)
		return add_line(doc, values, err);
	if (doc->format == PRINT_TABLE) {
		rc = doc->rows == 1 ? PKI_OK : put("\n", err);
		return rc != PKI_OK ? rc :
		    put_block(doc->columns, doc->count, values, err);
	}
	object = json_object();
	for (i = 0; i < doc->count; i++) {
		/* Takes the value, and refuses NULL. */
		if (json_object_set_new(object, doc->columns[i].key,
		    json_of_value(&doc->columns[i], &values[i])) != 0) {
			json_decref(object);
			return pki_fail_memory(err);
		}
	}
	return put_json(doc->rows == 1 ? "[\n" : ",\n", object, err);
}

pki_code
print_close(print_doc *doc, pki_err *err)
{
	pki_code rc;

	rc = end_list(doc, err);
	if (rc == PKI_OK && doc->in_object && doc->format == PRINT_JSON)
		rc = put(doc->members == 0 ? "{}\n" : "\n}\n", err);
	return rc == PKI_OK ? print_flush(err) : rc;
}

pki_code
print_record(enum print_format format, const struct print_column *columns,
    size_t count, const struct print_value *values, pki_err *err)
{
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;

	rc = print_open(format, &doc, err);
	if (rc == PKI_OK)
		rc = print_fields(doc, columns, count, values, err);
	return rc == PKI_OK ? print_close(doc, err) : rc;
}

pki_code
print_open_rows(enum print_format format, const struct print_column *columns,
    size_t count, print_doc **out, pki_err *err)
{
	PKI_AUTO(print_doc) doc = NULL;
	pki_code rc;

	rc = print_open(format, &doc, err);
	if (rc == PKI_OK)
		rc = print_rows(doc, NULL, PRINT_LINES, columns, count, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(doc);
	return rc;
}

/* NULL for what is empty. */
static json_t *
json_of_filled(const char *text)
{
	return json_of_text(text[0] == '\0' ? NULL : text);
}

void
print_error(enum print_format format, const char *program,
    const char *command, const pki_err *err)
{
	json_t *object;
	char *text;

	if (format == PRINT_TABLE) {
		fprintf(stderr, "%s: %s%s%s\n", program, command,
		    command[0] == '\0' ? "" : ": ", err->msg);
		return;
	}
	object = json_object();
	json_object_set_new(object, "error", json_of_text(err->msg));
	json_object_set_new(object, "code",
	    json_of_text(pki_code_name(err->code)));
	json_object_set_new(object, "rule", json_of_filled(err->rule));
	json_object_set_new(object, "value", json_of_filled(err->value));
	json_object_set_new(object, "accepts", json_of_filled(err->accepts));
	text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(object);
	fprintf(stderr, "%s\n", text != NULL ? text :
	    "{\"error\":\"out of memory\",\"code\":\"no-memory\"}");
	free(text);
}
