#include "policy/profile.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "policy/profile-rules.h"

#define PROFILES_MAX 200

struct pki_profiles {
	pki_profile *items[PROFILES_MAX];       /* in order of name */
	size_t       count;
};

void
pki_profiles_free(pki_profiles *profiles)
{
	size_t i;

	for (i = 0; profiles != NULL && i < profiles->count; i++)
		pki_profile_free(profiles->items[i]);
	free(profiles);
}

size_t
pki_profiles_count(const pki_profiles *profiles)
{
	return profiles != NULL ? profiles->count : 0;
}

const pki_profile *
pki_profiles_at(const pki_profiles *profiles, size_t i)
{
	return profiles->items[i];
}

pki_code
pki_profiles_find(const pki_profiles *profiles, const char *name,
    const pki_profile **out, pki_err *err)
{
	PKI_AUTO(pki_buf) known = pki_buf_new();
	size_t i;
	pki_code rc;

	for (i = 0; i < pki_profiles_count(profiles); i++) {
		if (strcmp(profiles->items[i]->name, name) == 0) {
			*out = profiles->items[i];
			return PKI_OK;
		}
		if (known != NULL)
			pki_buf_add_format(known, "%s%s", i > 0 ? ", " : "",
			    profiles->items[i]->name);
	}
	rc = pki_buf_check(known, err);
	if (rc != PKI_OK)
		return rc;
	return pki_refuse(err, PKI_NOT_FOUND, "profile",
	    known->len > 0 ? pki_buf_text(known) : "none, as there is none",
	    "%s", name);
}

static int
is_template(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	    strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* By octets: the order must not depend on the locale. */
static int
compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Patterns of two profiles of which one lies in the other. */
static pki_code
check_pair(const pki_profile *a, const pki_profile *b, pki_err *err)
{
	const pki_text_list *ours = &a->identity_reserve;
	const pki_text_list *theirs = &b->identity_reserve;
	char wants[192];
	size_t i, j;
	pki_code rc;

	for (i = 0; i < ours->count; i++)
		for (j = 0; j < theirs->count; j++) {
			const char *x = ours->items[i], *y = theirs->items[j];

			if (pki_text_equal_nocase(x, y) ||
			    (!pki_pattern_match(x, y) &&
			    !pki_pattern_match(y, x)))
				continue;
			rc = pki_text_format(wants, sizeof(wants), err,
			    "nothing of '%s', which '%s' reserves", x, a->name);
			if (rc != PKI_OK)
				return rc;
			return pki_profile_report(b, "identity.reserve", y,
			    wants, "overlapping", err);
		}
	return PKI_OK;
}

static pki_code
check_overlaps(const pki_profiles *profiles, pki_err *err)
{
	size_t i, j;
	pki_code rc = PKI_OK;

	for (i = 0; i < profiles->count; i++)
		for (j = i + 1; rc == PKI_OK && j < profiles->count; j++)
			rc = check_pair(profiles->items[i], profiles->items[j],
			    err);
	return rc;
}

static pki_code
load_entries(const char *dir, struct dirent **entries, size_t count,
    pki_profiles *profiles, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = PKI_OK;

	if (count > PROFILES_MAX)
		return pki_fail(err, PKI_BAD_INPUT,
		    "%s: %zu templates, wants at most %d", dir, count,
		    PROFILES_MAX);
	while (rc == PKI_OK && profiles->count < count) {
		rc = pki_path_join(path, dir,
		    entries[profiles->count]->d_name, err);
		if (rc == PKI_OK)
			rc = pki_profile_load(path,
			    &profiles->items[profiles->count], err);
		if (rc == PKI_OK)
			profiles->count++;
	}
	return rc == PKI_OK ? check_overlaps(profiles, err) : rc;
}

pki_code
pki_profiles_load(const char *dir, pki_profiles **out, pki_err *err)
{
	PKI_AUTO(pki_profiles) profiles = calloc(1, sizeof(*profiles));
	struct dirent **entries = NULL;
	int count, i;
	pki_code rc;

	if (profiles == NULL)
		return pki_fail_memory(err);
	count = scandir(dir, &entries, is_template, compare_entries);
	if (count < 0 && errno == ENOENT)
		return pki_fail(err, PKI_NOT_FOUND, "%s does not exist", dir);
	if (count < 0)
		return pki_fail_errno(err, "read %s", dir);
	rc = load_entries(dir, entries, (size_t)count, profiles, err);
	for (i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	if (rc == PKI_OK)
		*out = PKI_TAKE(profiles);
	return rc;
}
