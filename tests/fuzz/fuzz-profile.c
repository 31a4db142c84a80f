#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ca/config.h"
#include "policy/profile.h"

/*
 * Settings: what is accepted is within its table, line by line, and says the
 * same when it is read again; what is refused says where.
 */

#define WHERE "auditor"

static bool
is_choice(const pki_choice *choices, int code)
{
	for (; choices->name != NULL; choices++)
		if (choices->code == code)
			return true;
	return false;
}

static uint32_t
all_choices(const pki_choice *choices)
{
	uint32_t set = 0;

	for (; choices->name != NULL; choices++)
		set |= UINT32_C(1) << choices->code;
	return set;
}

static bool
is_in_range(const pki_setting *row, int64_t value)
{
	return (row->min == 0 && row->max == 0) ||
	    (value >= row->min && value <= row->max);
}

static void
check_value(const pki_setting *row, const void *at)
{
	const pki_text_list *list = at;

	switch (row->type) {
	case PKI_SET_TEXT:
		fuzz_assert(*(char *const *)at != NULL);
		fuzz_assert(is_in_range(row,
		    (int64_t)strlen(*(char *const *)at)));
		break;
	case PKI_SET_BOOL:
		break;
	case PKI_SET_INT:
	case PKI_SET_DURATION:
		fuzz_assert(is_in_range(row, *(const int64_t *)at));
		break;
	case PKI_SET_CHOICE:
		fuzz_assert(is_choice(row->choices, *(const int *)at));
		break;
	case PKI_SET_CHOICES:
		fuzz_assert((*(const uint32_t *)at &
		    ~all_choices(row->choices)) == 0);
		break;
	case PKI_SET_LIST:
	case PKI_SET_ARGS:
		fuzz_assert(is_in_range(row, (int64_t)list->count));
		for (size_t i = 0; i < list->count; i++)
			fuzz_assert(list->items[i] != NULL);
	}
}

static unsigned
count_lines(pki_bytes text)
{
	unsigned count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '\n';
	return count;
}

/* Fill the zeroed struct at out, which the caller clears. */
static pki_code
check_table(pki_bytes text, const pki_setting *table, size_t count, void *out)
{
	pki_err err = { 0 };
	pki_code rc = pki_settings_parse(text, WHERE, table, count, out, &err);

	if (rc != PKI_OK) {
		fuzz_check_refusal(rc, &err);
		fuzz_assert(strncmp(err.msg, WHERE, sizeof(WHERE) - 1) == 0);
		return rc;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned line = pki_settings_line(text, table[i].name);

		fuzz_assert(line <= count_lines(text));
		fuzz_assert(line > 0 || table[i].fallback != NULL);
		check_value(&table[i], (const char *)out + table[i].offset);
	}
	return rc;
}

/* What the rules of profiles promise to who issues by them. */
static void
check_promises(const pki_profile *profile)
{
	bool signs = (profile->key_usage & 1u << PKI_KU_KEY_CERT_SIGN) != 0;

	fuzz_assert(signs == (profile->kind != PKI_PROFILE_END_ENTITY));
	fuzz_assert(profile->key_types != 0 && profile->requesters != 0);
	fuzz_assert(profile->validity > 0 && profile->backdate >= 0);
	fuzz_assert(pki_profile_name_check(profile->name, NULL) == PKI_OK);
	fuzz_assert(pki_ca_name_check(profile->ca, NULL) == PKI_OK);
}

static void
check_profile(pki_bytes text, const char *name)
{
	PKI_AUTO(pki_profile) profile = NULL;
	PKI_AUTO(pki_profile) again = NULL;
	pki_err err = { 0 };
	pki_code rc = pki_profile_parse(text, name, &profile, &err);

	if (rc != PKI_OK) {
		fuzz_check_refusal(rc, &err);
		return;
	}
	fuzz_assert(strcmp(profile->name, name) == 0);
	fuzz_assert(pki_bytes_equal(pki_buf_bytes(profile->text), text));
	check_promises(profile);
	fuzz_assert(pki_profile_parse(text, name, &again, &err) == PKI_OK);
	fuzz_assert(pki_digest_equal(&profile->digest, &again->digest));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pki_bytes text = pki_bytes_of(data, size);
	pki_profile profile = { .name = NULL };
	pki_config config = { .base_url = NULL };

	if (check_table(text, pki_profile_settings, pki_profile_setting_count,
	    &profile) == PKI_OK)
		check_profile(text, profile.name);
	else
		check_profile(text, WHERE);
	(void)check_table(text, pki_config_settings, pki_config_setting_count,
	    &config);
	pki_settings_clear(pki_profile_settings, pki_profile_setting_count,
	    &profile);
	pki_settings_clear(pki_config_settings, pki_config_setting_count,
	    &config);
	return 0;
}
