#include <stdlib.h>
#include <string.h>

#include "common/term.h"
#include "pki-ctl/cmd.h"
#include "pki-ctl/csv.h"

#define FILE_MAX ((size_t)64 << 20)

static const struct cli_option options[] = {
	{ .name = "profile", .arg = "PROFILE",
	  .help = "of those that the file gives none" },
	{ .name = "dry-run", .help = "check everything, register nothing" },
	{ .name = NULL },
};

/* What a file may say of a device. */
static const struct column {
	const char *name;
	size_t      offset;             /* in pki_device */
	bool        is_words;           /* separated by ";" or spaces, too */
} columns[] = {
	{ "name",    offsetof(pki_device, name),    false },
	{ "profile", offsetof(pki_device, profile), false },
	{ "groups",  offsetof(pki_device, groups),  true },
	{ "tags",    offsetof(pki_device, tags),    true },
	{ "notes",   offsetof(pki_device, notes),   false },
};

/* A file as it is read: rows borrow from text. */
struct import {
	struct session *s;
	const char     *path;
	struct csv      csv;
	const struct column *order[CSV_FIELDS_MAX];
	size_t          width;
	pki_device     *devices;
	size_t         *lines;
	size_t          count, room;
};

static const struct column *
find_column(const char *name)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(columns); i++)
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	return NULL;
}

static pki_code
read_header(struct import *import)
{
	pki_err *err = import->s->err;
	bool more, has_name = false;
	size_t i, k;
	pki_code rc = csv_next(&import->csv, &more, err);

	if (rc != PKI_OK)
		return rc;
	for (i = 0; more && i < import->csv.count; i++) {
		import->order[i] = find_column(import->csv.fields[i]);
		if (import->order[i] == NULL)
			return pki_refuse(err, PKI_BAD_INPUT, "column", "name, "
			    "profile, groups, tags, notes", "%s",
			    import->csv.fields[i]);
		for (k = 0; k < i; k++)
			if (import->order[k] == import->order[i])
				return pki_refuse(err, PKI_BAD_INPUT, "column",
				    "each column once", "%s",
				    import->csv.fields[i]);
		has_name |= import->order[i] == &columns[0];
	}
	if (!has_name)
		return pki_refuse(err, PKI_BAD_INPUT, "column", "a first line "
		    "with the columns' names, of them 'name'", "%s",
		    import->path);
	import->width = import->csv.count;
	return PKI_OK;
}

static pki_code
grow(struct import *import)
{
	size_t room = import->room == 0 ? 64 : 2 * import->room;
	void *devices, *lines;

	if (import->count < import->room)
		return PKI_OK;
	devices = reallocarray(import->devices, room, sizeof(pki_device));
	if (devices != NULL)
		import->devices = devices;
	lines = reallocarray(import->lines, room, sizeof(size_t));
	if (lines != NULL)
		import->lines = lines;
	if (devices == NULL || lines == NULL)
		return pki_fail_memory(import->s->err);
	import->room = room;
	return PKI_OK;
}

static pki_code
read_row(struct import *import)
{
	pki_device device = { .profile = cli_value(import->s->cli, "profile") };
	size_t i;
	char *at;

	if (import->csv.count != import->width)
		return pki_fail(import->s->err, PKI_BAD_INPUT, "line %zu: %zu "
		    "fields, expected %zu", import->csv.line,
		    import->csv.count, import->width);
	for (i = 0; i < import->width; i++) {
		const struct column *column = import->order[i];
		char *field = import->csv.fields[i];

		for (at = field; column->is_words && *at != '\0'; at++)
			if (*at == ';' || *at == ' ')
				*at = ',';
		if (field[0] != '\0')
			memcpy((char *)&device + column->offset, &field,
			    sizeof(field));
	}
	if (device.profile == NULL)
		return pki_fail(import->s->err, PKI_BAD_INPUT, "line %zu: no "
		    "profile, expected one there or --profile",
		    import->csv.line);
	if (device.name == NULL)
		return pki_fail(import->s->err, PKI_BAD_INPUT, "line %zu: no "
		    "name", import->csv.line);
	if (grow(import) != PKI_OK)
		return PKI_NO_MEMORY;
	import->lines[import->count] = import->csv.line;
	import->devices[import->count++] = device;
	return PKI_OK;
}

static pki_code
read_rows(struct import *import)
{
	pki_code rc = read_header(import);
	bool more = true;

	while (rc == PKI_OK && more) {
		rc = csv_next(&import->csv, &more, import->s->err);
		if (rc == PKI_OK && more)
			rc = read_row(import);
	}
	return rc == PKI_OK ? rc :
	    pki_wrap(import->s->err, rc, "%s", import->path);
}

static pki_code
register_rows(struct import *import)
{
	struct session *s = import->s;
	bool dry = cli_has(s->cli, "dry-run");
	struct term_progress progress;
	pki_device_adding adding = {
		.who = s->who, .progress = term_progress_step,
		.arg = &progress,
	};
	pki_code rc;

	term_progress_begin(&progress, "device import", s->cli->quiet);
	rc = dry ? pki_ca_add_devices_check(s->ca, import->devices,
	    import->count, &adding, s->err) :
	    pki_ca_add_devices(s->ca, import->devices, import->count, &adding,
	    s->err);
	term_progress_end(&progress);
	if ((rc == PKI_DENIED || rc == PKI_NOT_FOUND) &&
	    s->err->rule[0] != '\0')
		return pki_wrap(s->err, rc, "%s: line %zu", import->path,
		    import->lines[adding.at]);
	return rc;
}

static pki_code
print_result(struct import *import)
{
	static const struct print_column result[] = {
		{ .key = "file" },
		{ .key = "devices", .kind = PRINT_NUMBER },
	};
	const struct print_value values[] = {
		{ .text = import->path },
		{ .number = (int64_t)import->count },
	};

	if (cli_has(import->s->cli, "dry-run"))
		cli_say(import->s->cli, "Nothing was registered; this would "
		    "be:");
	return print_record(import->s->cli->format, result, PKI_COUNT(result),
	    values, import->s->err);
}

static pki_code
import_devices(struct session *s)
{
	struct import import = { .s = s, .path = s->cli->args[0] };
	PKI_AUTO(pki_buf) text = NULL;
	pki_code rc = session_read(s, import.path, FILE_MAX, &text);

	import.csv.text = text;
	if (rc == PKI_OK)
		rc = read_rows(&import);
	if (rc == PKI_OK)
		rc = session_open(s);
	if (rc == PKI_OK)
		rc = register_rows(&import);
	if (rc == PKI_OK)
		rc = print_result(&import);
	free(import.devices);
	free(import.lines);
	return rc;
}

const struct cli_command cmd_device_import = {
	.noun = "device",
	.verb = "import",
	.args = "FILE.csv",
	.summary = "register all devices of a list",
	.description =
"The first line names the columns: name, and of profile, groups, tags, notes\n"
"those that there are.  Groups and tags stand apart by ';' or spaces.  All\n"
"lines are registered, or none; a refusal says the line.  '-' is stdin.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = import_devices,
};
