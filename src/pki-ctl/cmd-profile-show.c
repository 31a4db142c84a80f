#include <assert.h>
#include <string.h>

#include "pki-ctl/cmd.h"

/* The value of one setting, where its row of the table says it is. */
static const void *
value_at(const pki_profile *profile, const pki_setting *row)
{
	return (const char *)profile + row->offset;
}

static const char *
choice_name(const pki_choice *choices, int code)
{
	for (; choices->name != NULL; choices++)
		if (choices->code == code)
			return choices->name;
	return NULL;
}

/* The names of a set, borrowed; out has room for all of them. */
static void
list_choices(const pki_choice *choices, uint32_t set, char **names,
    pki_text_list *out)
{
	*out = (pki_text_list){ .items = names };
	for (; choices->name != NULL; choices++)
		if ((set & 1U << choices->code) != 0)
			memcpy(&names[out->count++], &choices->name,
			    sizeof(*names));
}

/* What the value of a setting borrows. */
struct setting_text {
	char          duration[PKI_DURATION_TEXT];
	char         *names[32];
	pki_text_list list;
};

static struct print_value
setting_value(const pki_profile *profile, const pki_setting *row,
    struct setting_text *own, enum print_kind *kind)
{
	const void *at = value_at(profile, row);

	*kind = PRINT_TEXT;
	switch (row->type) {
	case PKI_SET_TEXT:
		break;
	case PKI_SET_BOOL:
		*kind = PRINT_BOOL;
		return (struct print_value){ .number = *(const bool *)at };
	case PKI_SET_INT:
		*kind = PRINT_NUMBER;
		return (struct print_value){ .number = *(const int64_t *)at };
	case PKI_SET_DURATION:
		return (struct print_value){ .text = pki_duration_format(
		    *(const int64_t *)at, own->duration) };
	case PKI_SET_CHOICE:
		return (struct print_value){ .text = choice_name(row->choices,
		    *(const int *)at) };
	case PKI_SET_CHOICES:
		*kind = PRINT_LIST;
		list_choices(row->choices, *(const uint32_t *)at, own->names,
		    &own->list);
		return (struct print_value){ .list = &own->list };
	case PKI_SET_LIST:
	case PKI_SET_ARGS:
		*kind = PRINT_LIST;
		return (struct print_value){ .list = at };
	}
	return (struct print_value){ .text = *(char *const *)at };
}

#define FIELDS_MAX 64

static pki_code
print_profile(struct session *s, const pki_profile *profile)
{
	struct print_column columns[FIELDS_MAX];
	struct print_value values[FIELDS_MAX];
	struct setting_text own[FIELDS_MAX];
	char digest[PKI_DIGEST_TEXT];
	size_t i, count = pki_profile_setting_count;

	assert(count + 2 <= FIELDS_MAX);
	for (i = 0; i < count; i++) {
		columns[i] = (struct print_column){
			.key = pki_profile_settings[i].name,
		};
		values[i] = setting_value(profile, &pki_profile_settings[i],
		    &own[i], &columns[i].kind);
	}
	columns[count] = (struct print_column){ .key = "file" };
	values[count++] = (struct print_value){ .text = profile->path };
	columns[count] = (struct print_column){ .key = "digest" };
	values[count++] = (struct print_value){
		.text = pki_digest_format(&profile->digest, digest),
	};
	return print_record(s->cli->format, columns, count, values, s->err);
}

static pki_code
show_profile(struct session *s)
{
	const pki_profiles *profiles;
	const pki_profile *profile;
	pki_code rc;

	rc = pki_ca_profiles(s->ca, &profiles, s->err);
	if (rc == PKI_OK)
		rc = pki_profiles_find(profiles, s->cli->args[0], &profile,
		    s->err);
	return rc == PKI_OK ? print_profile(s, profile) : rc;
}

const struct cli_command cmd_profile_show = {
	.noun = "profile",
	.verb = "show",
	.args = "NAME",
	.summary = "show what a profile allows",
	.description =
"Every setting with the value in force, given or not; pki-template(5)\n"
"explains them.",
	.min_args = 1,
	.max_args = 1,
	.flags = SESSION_NEEDS_CA,
	.run = show_profile,
};
