#include "pki-ctl/devices.h"

#include <stdlib.h>
#include <string.h>

const struct print_column devices_columns[DEVICES_COLUMNS] = {
	{ .key = "name" },
	{ .key = "state", .kind = PRINT_STATE },
	{ .key = "profile" },
	{ .key = "groups", .kind = PRINT_LIST, .spare = 2 },
	{ .key = "tags", .kind = PRINT_LIST, .spare = 3 },
	{ .key = "created", .kind = PRINT_TIME, .spare = 4 },
	{ .key = "notes", .spare = 5 },
	{ .key = "id", .kind = PRINT_NUMBER, .json_only = true },
};

const struct print_column tokens_columns[TOKENS_COLUMNS] = {
	{ .key = "token" },
	{ .key = "name" },
	{ .key = "profile", .spare = 3 },
	{ .key = "state", .kind = PRINT_STATE },
	{ .key = "created", .kind = PRINT_TIME, .spare = 4 },
	{ .key = "expires", .kind = PRINT_TIME, .spare = 1 },
	{ .key = "used", .kind = PRINT_TIME, .spare = 2 },
	{ .key = "serial", .json_only = true },
	{ .key = "id", .kind = PRINT_NUMBER, .json_only = true },
};

/* "a,b" as a list. */
static pki_code
split(const char *words, pki_text_list *out, pki_err *err)
{
	size_t len;

	out->items = calloc(strlen(words) + 1, sizeof(*out->items));
	if (out->items == NULL)
		return pki_fail_memory(err);
	for (; words[0] != '\0'; words += len + (words[len] == ',')) {
		len = strcspn(words, ",");
		out->items[out->count] = strndup(words, len);
		if (out->items[out->count] == NULL)
			return pki_fail_memory(err);
		out->count++;
	}
	return PKI_OK;
}

pki_code
devices_fields(const pki_identity_row *row, struct device_fields *out,
    pki_err *err)
{
	const struct print_value values[DEVICES_COLUMNS] = {
		{ .text = row->name },
		{ .text = pki_device_state(row->state) },
		{ .text = row->profile },
		{ .list = &out->groups },
		{ .list = &out->tags },
		{ .number = row->created_at },
		{ .text = row->notes[0] == '\0' ? NULL : row->notes },
		{ .number = row->id },
	};
	pki_code rc;

	memset(out, 0, sizeof(*out));
	memcpy(out->values, values, sizeof(values));
	rc = split(row->groups, &out->groups, err);
	return rc == PKI_OK ? split(row->tags, &out->tags, err) : rc;
}

void
devices_fields_clear(struct device_fields *fields)
{
	pki_text_list_clear(&fields->groups);
	pki_text_list_clear(&fields->tags);
}

pki_code
devices_print_row(print_doc *doc, const pki_identity_row *row, pki_err *err)
{
	struct device_fields fields;
	pki_code rc = devices_fields(row, &fields, err);

	if (rc == PKI_OK)
		rc = print_row(doc, fields.values, err);
	devices_fields_clear(&fields);
	return rc;
}

pki_buf *
devices_join(const struct cli *cli, const char *option)
{
	pki_buf *out = pki_buf_new();
	const char *value;
	size_t i;

	for (i = 0; (value = cli_value_at(cli, option, i)) != NULL; i++) {
		if (i > 0)
			pki_buf_add_byte(out, ',');
		pki_buf_add_text(out, value);
	}
	return out;
}

pki_code
tokens_print_row(print_doc *doc, const pki_token_row *row, int64_t now,
    pki_err *err)
{
	bool used = row->use.used_at != 0;
	char serial[PKI_SERIAL_TEXT];
	const struct print_value values[TOKENS_COLUMNS] = {
		{ .text = row->name },
		{ .text = row->identity },
		{ .text = row->profile },
		{ .text = pki_token_state(row, now) },
		{ .number = row->created_at },
		{ .number = row->expires_at },
		{ .number = row->use.used_at },
		{ .text = used ? pki_serial_format(&row->use.serial, serial) :
		    NULL },
		{ .number = row->id },
	};

	return print_row(doc, values, err);
}
