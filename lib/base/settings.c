#include "base/settings.h"

#include <stdio.h>
#include <string.h>

#include <libconfig.h>

#include "base/file.h"
#include "base/settings-report.h"
#include "base/settings-scan.h"
#include "base/settings-value.h"
#include "base/text.h"

#define AUTO_CONFIG __attribute__((cleanup(config_destroy))) config_t

/* One file being read. */
typedef struct reader {
	const char        *where;
	const pki_setting *table;
	size_t             count;
	void              *out;
} reader;

/* The numbered line of text without the blanks around it. */
static pki_bytes
find_line(pki_bytes text, unsigned line)
{
	const uint8_t *p = text.data, *end = text.data + text.len, *stop;

	for (; line > 1 && p != NULL; line--) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (p != NULL)
			p++;
	}
	if (p == NULL)
		return (pki_bytes){ 0 };
	stop = memchr(p, '\n', (size_t)(end - p));
	if (stop == NULL)
		stop = end;
	while (p < stop && *p <= ' ')
		p++;
	while (p < stop && stop[-1] <= ' ')
		stop--;
	return pki_bytes_of(p, (size_t)(stop - p));
}

static pki_code
report_syntax(const config_t *config, pki_bytes text, const char *where,
    pki_err *err)
{
	char shown[80];
	int line = config_error_line(config);
	pki_setting_place place = {
		.where = where,
		.line = line > 0 ? (unsigned)line : 0,
		.value = shown,
	};

	pki_text_escape(find_line(text, place.line), shown, sizeof(shown));
	if (*shown == '\0')
		return pki_setting_report(err, &place, NULL, "%s",
		    config_error_text(config));
	return pki_setting_report(err, &place, NULL, "%s in '%s'",
	    config_error_text(config), shown);
}

/* Into a config that was initialised. */
static pki_code
read_config(pki_bytes text, const char *where, config_t *config, pki_err *err)
{
	PKI_AUTO(pki_buf) copy = NULL;
	pki_code rc;

	rc = pki_settings_scan(text, where, err);
	if (rc != PKI_OK)
		return rc;
	copy = pki_buf_copy(text);
	/* libconfig wants a line end after a comment, also after the last. */
	if (copy != NULL)
		pki_buf_add_byte(copy, '\n');
	rc = pki_buf_check(copy, err);
	if (rc != PKI_OK)
		return rc;
	if (config_read_string(config, pki_buf_text(copy)) != CONFIG_TRUE)
		return report_syntax(config, text, where, err);
	return PKI_OK;
}

static const char *
describe_type(int type)
{
	static const char *const names[] = {
		[CONFIG_TYPE_GROUP] = "a group",
		[CONFIG_TYPE_INT] = "a number",
		[CONFIG_TYPE_INT64] = "a number",
		[CONFIG_TYPE_FLOAT] = "a fraction",
		[CONFIG_TYPE_STRING] = "a text",
		[CONFIG_TYPE_BOOL] = "true or false",
		[CONFIG_TYPE_ARRAY] = "a list",
		[CONFIG_TYPE_LIST] = "a list in parentheses",
	};

	return type >= 0 && (size_t)type < PKI_COUNT(names) &&
	    names[type] != NULL ? names[type] : "nothing";
}

static pki_code
report_type(const pki_setting_slot *slot, int type, pki_err *err)
{
	return pki_setting_report(err, &slot->place, slot->row->wants,
	    "found %s, wants %s", describe_type(type), slot->row->wants);
}

static pki_code
store_entries(const pki_setting_slot *slot, config_setting_t *setting,
    pki_err *err)
{
	int count = config_setting_length(setting), i;
	pki_code rc;

	rc = pki_setting_check_entries(slot, (size_t)count, err);
	for (i = 0; rc == PKI_OK && i < count; i++) {
		config_setting_t *entry =
		    config_setting_get_elem(setting, (unsigned)i);

		if (config_setting_type(entry) != CONFIG_TYPE_STRING)
			return report_type(slot, config_setting_type(entry),
			    err);
		rc = pki_setting_store_entry(slot,
		    config_setting_get_string(entry), err);
	}
	return rc;
}

static pki_code
store_setting(const pki_setting_slot *slot, config_setting_t *setting,
    pki_err *err)
{
	int type = config_setting_type(setting);

	switch (slot->row->type) {
	case PKI_SET_TEXT:
	case PKI_SET_DURATION:
	case PKI_SET_CHOICE:
		if (type != CONFIG_TYPE_STRING)
			break;
		return pki_setting_store_text(slot,
		    config_setting_get_string(setting), err);
	case PKI_SET_BOOL:
		if (type != CONFIG_TYPE_BOOL)
			break;
		pki_setting_store_bool(slot,
		    config_setting_get_bool(setting) != 0);
		return PKI_OK;
	case PKI_SET_INT:
		if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
			break;
		return pki_setting_store_int(slot, type == CONFIG_TYPE_INT ?
		    config_setting_get_int(setting) :
		    config_setting_get_int64(setting), err);
	case PKI_SET_CHOICES:
	case PKI_SET_LIST:
	case PKI_SET_ARGS:
		if (type != CONFIG_TYPE_ARRAY)
			break;
		return store_entries(slot, setting, err);
	}
	return report_type(slot, type, err);
}

/* The value of a setting that was not given. */
static pki_code
store_fallback(const pki_setting_slot *slot, pki_err *err)
{
	const pki_setting *row = slot->row;
	AUTO_CONFIG config;
	char text[128];
	pki_code rc;

	config_init(&config);
	if (row->fallback == NULL)
		return pki_setting_report(err, &slot->place, row->wants,
		    "missing, wants %s", row->wants);
	if (row->type == PKI_SET_TEXT || row->type == PKI_SET_DURATION ||
	    row->type == PKI_SET_CHOICE)
		return pki_setting_store_text(slot, row->fallback, err);
	rc = pki_text_format(text, sizeof(text), err, "fallback = %s;",
	    row->fallback);
	if (rc == PKI_OK)
		rc = read_config(pki_bytes_text(text), row->name, &config, err);
	if (rc != PKI_OK)
		return rc;
	return store_setting(slot, config_lookup(&config, "fallback"), err);
}

static pki_code
store_row(const reader *in, const pki_setting *row, const config_t *config,
    pki_err *err)
{
	config_setting_t *setting = config_lookup(config, row->name);
	pki_setting_slot slot = {
		.row = row,
		.place = { .where = in->where, .name = row->name },
		.out = in->out,
	};

	if (setting == NULL)
		return store_fallback(&slot, err);
	slot.place.line = config_setting_source_line(setting);
	return store_setting(&slot, setting, err);
}

typedef enum meaning { UNKNOWN, SETTING, GROUP } meaning;

static meaning
find_meaning(const reader *in, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < in->count; i++) {
		if (strncmp(in->table[i].name, name, len) != 0)
			continue;
		if (in->table[i].name[len] == '\0')
			return SETTING;
		if (in->table[i].name[len] == '.')
			return GROUP;
	}
	return UNKNOWN;
}

/* Refuse any name in group that the table lacks. */
static pki_code
check_names(const reader *in, const config_setting_t *group, pki_err *err)
{
	const char *prefix = config_setting_name(group);
	int count = config_setting_length(group), i;
	char name[128];
	pki_code rc = PKI_OK;

	for (i = 0; rc == PKI_OK && i < count; i++) {
		config_setting_t *setting =
		    config_setting_get_elem(group, (unsigned)i);
		pki_setting_place place = {
			.where = in->where,
			.line = config_setting_source_line(setting),
			.name = name,
			.value = name,
		};

		snprintf(name, sizeof(name), "%s%s%s",
		    prefix != NULL ? prefix : "", prefix != NULL ? "." : "",
		    config_setting_name(setting));
		switch (find_meaning(in, name)) {
		case UNKNOWN:
			return pki_setting_report_unknown(err, &place,
			    in->table, in->count);
		case SETTING:
			break;
		case GROUP:
			if (!config_setting_is_group(setting))
				return pki_setting_report(err, &place,
				    "a group", "found %s, wants a group: "
				    "%s: { ... };", describe_type(
				    config_setting_type(setting)), name);
			rc = check_names(in, setting, err);
		}
	}
	return rc;
}

pki_code
pki_settings_parse(pki_bytes text, const char *where,
    const pki_setting *table, size_t count, void *out, pki_err *err)
{
	reader in = {
		.where = where, .table = table, .count = count, .out = out,
	};
	AUTO_CONFIG config;
	pki_code rc;
	size_t i;

	config_init(&config);
	rc = read_config(text, where, &config, err);
	if (rc == PKI_OK)
		rc = check_names(&in, config_root_setting(&config), err);
	for (i = 0; rc == PKI_OK && i < count; i++)
		rc = store_row(&in, &table[i], &config, err);
	return rc;
}

pki_code
pki_settings_load(const char *path, const pki_setting *table, size_t count,
    void *out, pki_buf **text_out, pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;
	pki_code rc;

	rc = pki_file_read(path, PKI_SETTINGS_MAX, PKI_FILE_OURS, &text, err);
	if (rc == PKI_OK)
		rc = pki_settings_parse(pki_buf_bytes(text), path, table,
		    count, out, err);
	if (rc == PKI_OK && text_out != NULL)
		*text_out = PKI_TAKE(text);
	return rc;
}

unsigned
pki_settings_line(pki_bytes text, const char *name)
{
	AUTO_CONFIG config;
	config_setting_t *setting;

	config_init(&config);
	if (read_config(text, "settings", &config, NULL) != PKI_OK)
		return 0;
	setting = config_lookup(&config, name);
	return setting != NULL ? config_setting_source_line(setting) : 0;
}

pki_code
pki_settings_refuse(pki_bytes text, const char *where, const char *name,
    const char *value, const char *wants, pki_err *err)
{
	const pki_setting_place place = {
		.where = where,
		.line = pki_settings_line(text, name),
		.name = name,
		.value = value,
	};

	if (value == NULL)
		return pki_setting_report(err, &place, wants,
		    "missing, wants %s", wants);
	return pki_setting_report(err, &place, wants,
	    "bad value '%s', wants %s", value, wants);
}
