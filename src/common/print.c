#include "common/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <libsmartcols/libsmartcols.h>

#include "common/print-fit.h"
#include "common/print-text.h"

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
	bool                       fitted;      /* columns are left out */
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

static pki_code
put(const char *text, pki_err *err)
{
	if (fputs(text, stdout) == EOF)
		return print_fail(err);
	return PKI_OK;
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
	print_text_escape(escaped, text);
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
	return rc < 0 ? print_fail(err) : PKI_OK;
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

/* A column is never narrower than its heading, also when that is hidden. */
static pki_code
keep_widths(struct libscols_table *table, pki_err *err)
{
	size_t i, ncols = scols_table_get_ncols(table);

	for (i = 0; i < ncols; i++) {
		struct libscols_column *column =
		    scols_table_get_column(table, i);
		struct libscols_cell *head = scols_column_get_header(column);
		PKI_AUTO(pki_buf) name = pki_buf_new();

		pki_buf_add_format(name, "%-*s",
		    (int)scols_column_get_width(column),
		    scols_cell_get_data(head));
		if (pki_buf_check(name, err) != PKI_OK ||
		    scols_cell_set_data(head, pki_buf_text(name)) != 0)
			return pki_fail_memory(err);
	}
	return PKI_OK;
}

/* Print the rows gathered, and let the next ones stand below them. */
static pki_code
put_table(print_doc *doc, pki_err *err)
{
	pki_code rc;

	if (doc->table == NULL || scols_table_is_empty(doc->table))
		return PKI_OK;
	if (!doc->fitted)
		print_fit_columns(doc->table, doc->columns, doc->count);
	doc->fitted = true;
	rc = print_fit_objects(doc->table, doc->columns, doc->count, err);
	if (rc != PKI_OK)
		return rc;
	if (scols_print_table(doc->table) != 0)
		return print_fail(err);
	rc = keep_widths(doc->table, err);
	if (rc != PKI_OK)
		return rc;
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
		return print_fail(err);
	return PKI_OK;
}

static pki_code
put_block(const struct print_column *columns, size_t count,
    const struct print_value *values, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_code rc;

	if (text == NULL)
		return pki_fail_memory(err);
	print_text_block(text, columns, count, values);
	rc = pki_buf_check(text, err);
	return rc == PKI_OK ? put(pki_buf_text(text), err) : rc;
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

static pki_code
make_table(print_doc *doc, pki_err *err)
{
	size_t i;

	doc->fitted = false;
	doc->table = scols_new_table();
	if (doc->table == NULL)
		return pki_fail_memory(err);
	scols_table_enable_colors(doc->table, isatty(STDOUT_FILENO) == 1);
	/* No column is cut or folded: what is shown can be copied. */
	scols_table_set_termforce(doc->table, SCOLS_TERMFORCE_NEVER);
	for (i = 0; i < doc->count; i++) {
		const struct print_column *column = &doc->columns[i];
		PKI_AUTO(pki_buf) name = pki_buf_new();

		if (column->json_only)
			continue;
		if (name == NULL)
			return pki_fail_memory(err);
		/* A heading is the only least width libsmartcols keeps. */
		print_text_heading(name, column,
		    i + 1 == doc->count ? PRINT_LAST : PRINT_AMONG);
		if (pki_buf_check(name, err) != PKI_OK ||
		    scols_table_new_column(doc->table, pki_buf_text(name), 0,
		    0) == NULL)
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

/* Has the table a column for this member of an object? */
static bool
has_column(const print_doc *doc, const char *key)
{
	size_t i;

	for (i = 0; i < doc->count; i++)
		if (strcmp(doc->columns[i].key, key) == 0)
			return true;
	return false;
}

/* A JSON object as "key=value key=value"; what is no object, as it is. */
static void
add_object(pki_buf *out, const print_doc *doc, const char *text)
{
	json_t *object = json_loads(text, 0, NULL), *value;
	const char *key;

	if (!json_is_object(object))
		pki_buf_add_text(out, text);
	json_object_foreach(object, key, value) {
		char *dump = json_is_string(value) ? NULL :
		    json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		if (!has_column(doc, key))
			pki_buf_add_format(out, "%s%s=%s",
			    out->len == 0 ? "" : " ", key,
			    dump != NULL ? dump : json_string_value(value));
		free(dump);
	}
	json_decref(object);
}

static pki_code
add_line(print_doc *doc, const struct print_value *values, pki_err *err)
{
	struct libscols_line *line = scols_table_new_line(doc->table, NULL);
	PKI_AUTO(pki_buf) cell = pki_buf_new();
	PKI_AUTO(pki_buf) object = pki_buf_new();
	size_t i, at = 0;

	if (line == NULL || cell == NULL || object == NULL)
		return pki_fail_memory(err);
	for (i = 0; i < doc->count; i++) {
		struct print_value value = values[i];

		if (doc->columns[i].json_only)
			continue;
		if (doc->columns[i].kind == PRINT_OBJECT) {
			pki_buf_cut(object, 0);
			add_object(object, doc, value.text);
			value.text = pki_buf_text(object);
		}
		pki_buf_cut(cell, 0);
		print_text_cell(cell, &doc->columns[i], &value);
		if (pki_buf_check(cell, err) != PKI_OK ||
		    scols_line_set_data(line, at, pki_buf_text(cell)) != 0)
			return pki_fail_memory(err);
		scols_cell_set_color(scols_line_get_cell(line, at++),
		    colour_of(&doc->columns[i], pki_buf_text(cell)));
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
