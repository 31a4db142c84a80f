#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "policy/profile.h"

/* Slips of the hand in the shipped templates: G39. */

static pki_profiles *shipped;

static void
set_up(void)
{
	cr_assert_eq(pki_profiles_load(TEMPLATES_DIR, &shipped, NULL), PKI_OK);
}

static void
tear_down(void)
{
	pki_profiles_free(shipped);
}

TestSuite(profile_slips, .timeout = 60, .init = set_up, .fini = tear_down);

static bool
list_equal(const pki_text_list *a, const pki_text_list *b)
{
	size_t i;

	for (i = 0; i < a->count && i < b->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return a->count == b->count;
}

static bool
setting_equal(const pki_setting *row, const pki_profile *a,
    const pki_profile *b)
{
	const char *x = (const char *)a + row->offset;
	const char *y = (const char *)b + row->offset;

	switch (row->type) {
	case PKI_SET_TEXT:
		return strcmp(*(char *const *)x, *(char *const *)y) == 0;
	case PKI_SET_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case PKI_SET_INT:
	case PKI_SET_DURATION:
		return memcmp(x, y, sizeof(int64_t)) == 0;
	case PKI_SET_CHOICE:
	case PKI_SET_CHOICES:
		return memcmp(x, y, sizeof(int)) == 0;
	case PKI_SET_LIST:
	case PKI_SET_ARGS:
		return list_equal((const pki_text_list *)x,
		    (const pki_text_list *)y);
	}
	return false;
}

static size_t
count_changes(const pki_profile *a, const pki_profile *b)
{
	size_t i, changes = 0;

	for (i = 0; i < pki_profile_setting_count; i++)
		if (!setting_equal(&pki_profile_settings[i], a, b))
			changes++;
	return changes;
}

/* Where in its line does position stand: in a comment, in a text, a digit? */
static bool
stands_in_value(const char *text, size_t position)
{
	size_t i = position;
	bool quoted = false;

	while (i > 0 && text[i - 1] != '\n')
		i--;
	for (; i <= position; i++) {
		if (text[i] == '#' && !quoted)
			return true;
		if (text[i] == '"')
			quoted = !quoted;
	}
	return quoted || (text[position] >= '0' && text[position] <= '9');
}

static void
mutate(const char *text, size_t at, unsigned how, pki_buf *out)
{
	char c = text[at];

	pki_buf_add(out, pki_bytes_of(text, at));
	if (how == 1) {
		pki_buf_add_byte(out, (uint8_t)c);
		pki_buf_add_byte(out, (uint8_t)c);
	} else if (how == 2) {
		pki_buf_add_byte(out, (uint8_t)(c == 'z' || c < '0' ||
		    c > 'z' ? 'a' : c + 1));
	}
	pki_buf_add_text(out, text + at + 1);
}

/* One slip changes at most the value that it was made in. */
static void
try_mutations(const char *name, const char *text, size_t count,
    uint32_t *seed)
{
	PKI_AUTO(pki_profile) original = NULL;
	size_t i;

	cr_assert_eq(pki_profile_parse(pki_bytes_text(text), name, &original,
	    NULL), PKI_OK);
	for (i = 0; i < count; i++) {
		PKI_AUTO(pki_buf) changed = pki_buf_new();
		PKI_AUTO(pki_profile) profile = NULL;
		pki_err err = { 0 };
		size_t at, changes;

		*seed = *seed * 1664525u + 1013904223u;
		at = (*seed >> 8) % strlen(text);
		mutate(text, at, (unsigned)(i % 3), changed);
		if (pki_profile_parse(pki_buf_bytes(changed), name, &profile,
		    &err) != PKI_OK) {
			cr_expect_str_eq(err.rule, "setting", "%s", err.msg);
			continue;
		}
		changes = count_changes(original, profile);
		cr_expect(changes == 0 || (changes == 1 &&
		    stands_in_value(text, at)), "%s: octet %zu, way %zu: %zu",
		    name, at, i % 3, changes);
	}
}

Test(profile_slips, never_change_another_setting)
{
	uint32_t seed = 7;
	size_t i;

	for (i = 0; i < pki_profiles_count(shipped); i++) {
		const pki_profile *profile = pki_profiles_at(shipped, i);

		try_mutations(profile->name, pki_buf_text(profile->text), 100,
		    &seed);
	}
}

/* Each letter of the name that begins at `at` in turn. */
static size_t
try_name(const char *profile_name, const char *text, size_t at, size_t len)
{
	size_t i, tried = 0;
	unsigned how;

	for (i = at; i < at + len; i++)
		for (how = 0; how < 3; how++) {
			PKI_AUTO(pki_buf) changed = pki_buf_new();
			PKI_AUTO(pki_profile) profile = NULL;

			mutate(text, i, how, changed);
			cr_expect_eq(pki_profile_parse(pki_buf_bytes(changed),
			    profile_name, &profile, NULL), PKI_BAD_INPUT,
			    "%s: octet %zu, way %u", profile_name, i, how);
			tried++;
		}
	return tried;
}

Test(profile_slips, are_refused_in_the_name_of_a_setting)
{
	size_t i, j, tried = 0;

	for (i = 0; i < pki_profiles_count(shipped); i++) {
		const pki_profile *profile = pki_profiles_at(shipped, i);
		const char *text = pki_buf_text(profile->text), *p;

		for (j = 0; j < pki_profile_setting_count; j++) {
			const char *name = pki_profile_settings[j].name;
			const char *dot = strchr(name, '.');
			char token[64];

			snprintf(token, sizeof(token), "%s%s = ",
			    dot != NULL ? "\t" : "\n",
			    dot != NULL ? dot + 1 : name);
			p = strstr(text, token);
			if (p != NULL)
				tried += try_name(profile->name, text,
				    (size_t)(p + 1 - text), strlen(token) - 4);
		}
	}
	cr_expect_gt(tried, 1000u);
}
