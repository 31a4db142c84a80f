#include "base/settings-report.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define NAME_MAX_COMPARED 40

pki_code
pki_setting_report(pki_err *err, const pki_setting_place *place,
    const char *accepts, const char *fmt, ...)
{
	char text[sizeof(err->msg)], line[16] = "";
	const char *name = place->name;
	pki_err refusal;
	va_list args;

	if (err == NULL)
		return PKI_BAD_INPUT;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (place->line != 0)
		snprintf(line, sizeof(line), ":%u", place->line);
	/* The refusal fills rule, value and accepts; the sentence is ours. */
	pki_refuse(err, PKI_BAD_INPUT, "setting",
	    accepts != NULL ? accepts : "", "%s",
	    place->value != NULL ? place->value : "");
	refusal = *err;
	pki_fail(err, PKI_BAD_INPUT, "%s%s: %s%s%s", place->where, line,
	    name != NULL ? name : "", name != NULL ? ": " : "", text);
	memcpy(refusal.msg, err->msg, sizeof(refusal.msg));
	*err = refusal;
	return PKI_BAD_INPUT;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance; large when a name is too long to be a slip. */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_COMPARED + 1];
	size_t a_len = strlen(a), b_len = strlen(b), i, j;

	if (a_len > NAME_MAX_COMPARED || b_len > NAME_MAX_COMPARED)
		return SIZE_MAX;
	for (j = 0; j <= b_len; j++)
		row[j] = j;
	for (i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(change,
			    least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

static const char *
last_part(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL ? dot + 1 : name;
}

/* The row probably meant: two slips at most, or the wrong group. */
static const char *
find_nearest(const char *name, const pki_setting *table, size_t count)
{
	const char *nearest = NULL;
	size_t best = least(3, strlen(last_part(name)));
	size_t i, distance;

	for (i = 0; i < count; i++) {
		distance = edit_distance(name, table[i].name);
		if (strcmp(last_part(name), last_part(table[i].name)) == 0)
			distance = 0;
		if (distance < best) {
			best = distance;
			nearest = table[i].name;
		}
	}
	return nearest;
}

/* The names that may stand where name stands: "types, origin". */
static void
list_known(const char *name, const pki_setting *table, size_t count,
    pki_buf *out)
{
	size_t group = (size_t)(last_part(name) - name), i, length;
	const char *part, *before = "";

	for (i = 0; i < count; i++) {
		if (strncmp(table[i].name, name, group) != 0)
			continue;
		part = table[i].name + group;
		length = strcspn(part, ".");
		/* The rows of one group stand together. */
		if (strncmp(part, before, length) == 0 &&
		    strcspn(before, ".") == length)
			continue;
		pki_buf_add_format(out, "%s%.*s", *before == '\0' ? "" : ", ",
		    (int)length, part);
		before = part;
	}
}

pki_code
pki_setting_report_unknown(pki_err *err, const pki_setting_place *place,
    const pki_setting *table, size_t count)
{
	PKI_AUTO(pki_buf) known = pki_buf_new();
	const char *nearest = find_nearest(place->name, table, count);
	pki_code rc;

	if (known == NULL)
		return pki_fail_memory(err);
	list_known(place->name, table, count, known);
	rc = pki_buf_check(known, err);
	if (rc != PKI_OK)
		return rc;
	return pki_setting_report(err, place, pki_buf_text(known),
	    "unknown setting, %s%s%sknown here: %s",
	    nearest != NULL ? "perhaps " : "", nearest != NULL ? nearest : "",
	    nearest != NULL ? ", " : "", pki_buf_text(known));
}
