#include "base/settings-value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

static void *
field_of(const pki_setting_slot *slot)
{
	return (char *)slot->out + slot->row->offset;
}

static pki_code
report(const pki_setting_slot *slot, const char *value, const char *wants,
    const char *problem, pki_err *err)
{
	pki_setting_place place = slot->place;

	place.value = value;
	return pki_setting_report(err, &place, wants, "%s '%s', wants %s",
	    problem, value, wants);
}

/* A number of octets, entries or units within the row's range. */
static pki_code
check_range(const pki_setting_slot *slot, int64_t value, int64_t own_max,
    const char *unit, pki_err *err)
{
	const pki_setting *row = slot->row;
	bool own = row->min == 0 && row->max == 0;
	int64_t min = own ? 0 : row->min, max = own ? own_max : row->max;
	char wants[64], found[40];

	if (value >= min && value <= max)
		return PKI_OK;
	snprintf(found, sizeof(found), "%" PRId64 "%s", value, unit);
	snprintf(wants, sizeof(wants), "%" PRId64 " to %" PRId64 "%s", min,
	    max, unit);
	return report(slot, found, wants, "out of range:", err);
}

/* The length of the UTF-8 sequence at p (RFC 3629, section 4), or 0. */
static size_t
sequence_length(const uint8_t *p)
{
	size_t len = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 :
	    *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;
	size_t i;

	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Not the shortest form, a surrogate, or beyond U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static pki_code
check_text(const pki_setting_slot *slot, const char *text, pki_err *err)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t len;

	if (strlen(text) > PKI_SETTING_TEXT_MAX)
		return report(slot, text, "at most 1000 octets", "long text",
		    err);
	for (; *p != '\0'; p += len) {
		len = sequence_length(p);
		/* C0, DEL and C1 (U+0080 to U+009F). */
		if (len == 0 || *p < 0x20 || *p == 0x7f ||
		    (*p == 0xc2 && p[1] < 0xa0))
			return report(slot, text,
			    "UTF-8 without control characters", "text", err);
	}
	return PKI_OK;
}

static pki_code
store_string(const pki_setting_slot *slot, const char *text, pki_err *err)
{
	char **field = field_of(slot);
	pki_code rc;

	rc = check_range(slot, (int64_t)strlen(text), PKI_SETTING_TEXT_MAX,
	    " octets", err);
	if (rc != PKI_OK)
		return rc;
	*field = pki_text_copy(text);
	return *field != NULL ? PKI_OK : pki_fail_memory(err);
}

static pki_code
store_duration(const pki_setting_slot *slot, const char *text, pki_err *err)
{
	const pki_setting *row = slot->row;
	int64_t seconds = 0;
	char low[PKI_DURATION_TEXT], high[PKI_DURATION_TEXT], wants[80];

	if (pki_duration_parse(text, &seconds, NULL) != PKI_OK)
		return report(slot, text, row->wants, "no duration:", err);
	if ((row->min != 0 || row->max != 0) &&
	    (seconds < row->min || seconds > row->max)) {
		snprintf(wants, sizeof(wants), "%s to %s",
		    pki_duration_format(row->min, low),
		    pki_duration_format(row->max, high));
		return report(slot, text, wants, "out of range:", err);
	}
	*(int64_t *)field_of(slot) = seconds;
	return PKI_OK;
}

static const pki_choice *
find_choice(const pki_choice *choices, const char *name)
{
	for (; choices->name != NULL; choices++)
		if (strcmp(choices->name, name) == 0)
			return choices;
	return NULL;
}

static pki_code
report_choice(const pki_setting_slot *slot, const char *text, pki_err *err)
{
	PKI_AUTO(pki_buf) wants = pki_buf_new();
	const pki_choice *choice;
	pki_code rc;

	if (wants == NULL)
		return pki_fail_memory(err);
	pki_buf_add_text(wants, slot->row->type == PKI_SET_CHOICES ?
	    "a list of" : "one of");
	for (choice = slot->row->choices; choice->name != NULL; choice++)
		pki_buf_add_format(wants, "%s %s",
		    choice == slot->row->choices ? "" : ",", choice->name);
	rc = pki_buf_check(wants, err);
	if (rc != PKI_OK)
		return rc;
	return report(slot, text, pki_buf_text(wants), "unknown value", err);
}

pki_code
pki_setting_store_text(const pki_setting_slot *slot, const char *text,
    pki_err *err)
{
	const pki_choice *choice;
	pki_code rc;

	rc = check_text(slot, text, err);
	if (rc != PKI_OK)
		return rc;
	if (slot->row->type == PKI_SET_TEXT)
		return store_string(slot, text, err);
	if (slot->row->type == PKI_SET_DURATION)
		return store_duration(slot, text, err);
	choice = find_choice(slot->row->choices, text);
	if (choice == NULL)
		return report_choice(slot, text, err);
	*(int *)field_of(slot) = choice->code;
	return PKI_OK;
}

pki_code
pki_setting_store_int(const pki_setting_slot *slot, int64_t value,
    pki_err *err)
{
	pki_code rc = PKI_OK;

	if (slot->row->min != 0 || slot->row->max != 0)
		rc = check_range(slot, value, 0, "", err);
	if (rc == PKI_OK)
		*(int64_t *)field_of(slot) = value;
	return rc;
}

void
pki_setting_store_bool(const pki_setting_slot *slot, bool value)
{
	*(bool *)field_of(slot) = value;
}

static pki_code
add_choice(const pki_setting_slot *slot, const char *text, pki_err *err)
{
	const pki_choice *choice = find_choice(slot->row->choices, text);
	uint32_t *set = field_of(slot);

	if (choice == NULL)
		return report_choice(slot, text, err);
	if ((*set & (UINT32_C(1) << choice->code)) != 0)
		return report(slot, text, "each entry once", "repeated", err);
	*set |= UINT32_C(1) << choice->code;
	return PKI_OK;
}

static pki_code
add_text(const pki_setting_slot *slot, const char *text, pki_err *err)
{
	pki_text_list *list = field_of(slot);
	bool free_form = slot->row->type == PKI_SET_ARGS;
	size_t i;

	if (*text == '\0' && !free_form)
		return report(slot, text, slot->row->wants, "empty entry", err);
	for (i = 0; i < list->count && !free_form; i++)
		if (strcmp(list->items[i], text) == 0)
			return report(slot, text, "each entry once",
			    "repeated", err);
	return pki_text_list_add(list, text, err);
}

pki_code
pki_setting_store_entry(const pki_setting_slot *slot, const char *text,
    pki_err *err)
{
	pki_code rc = check_text(slot, text, err);

	if (rc != PKI_OK)
		return rc;
	return slot->row->type == PKI_SET_CHOICES ?
	    add_choice(slot, text, err) : add_text(slot, text, err);
}

pki_code
pki_setting_check_entries(const pki_setting_slot *slot, size_t count,
    pki_err *err)
{
	return check_range(slot, (int64_t)count, PKI_SETTING_LIST_MAX,
	    " entries", err);
}

pki_code
pki_text_list_add(pki_text_list *list, const char *text, pki_err *err)
{
	char **items = reallocarray(list->items, list->count + 1,
	    sizeof(*items));

	if (items == NULL)
		return pki_fail_memory(err);
	list->items = items;
	items[list->count] = pki_text_copy(text);
	if (items[list->count] == NULL)
		return pki_fail_memory(err);
	list->count++;
	return PKI_OK;
}

void
pki_text_list_clear(pki_text_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (pki_text_list){ 0 };
}

void
pki_settings_clear(const pki_setting *table, size_t count, void *out)
{
	size_t i;

	for (i = 0; i < count; i++) {
		void *field = (char *)out + table[i].offset;

		if (table[i].type == PKI_SET_TEXT) {
			free(*(char **)field);
			*(char **)field = NULL;
		} else if (table[i].type == PKI_SET_LIST ||
		    table[i].type == PKI_SET_ARGS) {
			pki_text_list_clear(field);
		}
	}
}
