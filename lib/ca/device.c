#include "ca/device.h"

#include <string.h>

#include "base/text.h"
#include "ca/record.h"
#include "ca/registry.h"
#include "ca/rowhash.h"

const char *
pki_device_state(int state)
{
	static const char *const names[] = {
		[PKI_IDENTITY_LIVE] = "live", [PKI_IDENTITY_HELD] = "held",
		[PKI_IDENTITY_RETIRED] = "retired",
		[PKI_IDENTITY_REGISTERED] = "registered",
	};

	return state >= 0 && (size_t)state < PKI_COUNT(names) ?
	    names[state] : "unknown";
}

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' &&
	    strchr("._:=/@-", c) != NULL);
}

/* Is word (of this length) one of the words of list? */
static bool
has_word(const char *list, const char *word, size_t len)
{
	size_t next;

	for (; list[0] != '\0'; list += next + (list[next] == ',')) {
		next = strcspn(list, ",");
		if (next == len && strncmp(list, word, len) == 0)
			return true;
	}
	return false;
}

static pki_code
check_words(const char *what, const char *list, pki_err *err)
{
	size_t at, len, i;
	bool good = list == NULL || strlen(list) < 1000;

	for (at = 0; good && list != NULL && list[at] != '\0'; at += len + 1) {
		len = strcspn(list + at, ",");
		good = len >= 1 && len <= PKI_DEVICE_WORD_MAX &&
		    !has_word(list + at + len + (list[at + len] == ','),
		    list + at, len) && strcmp(list + at + len, ",") != 0;
		for (i = 0; good && i < len; i++)
			good = is_word_char(list[at + i]);
		if (list[at + len] == '\0')
			break;
	}
	return good ? PKI_OK : pki_refuse(err, PKI_DENIED, what,
	    PKI_DEVICE_WORD_RULE, "%s", list);
}

static bool
is_ca_name(const void *arg, const char *name)
{
	const pki_ca *ca = arg;
	size_t i;

	for (i = 0; i < ca->count; i++)
		if (pki_text_equal_nocase(ca->authorities[i]->name, name))
			return true;
	return false;
}

/* Everything but whether the name is free. */
static pki_code
check_device(pki_ca *ca, const pki_device *device, pki_err *err)
{
	const pki_policy_facts facts = {
		.profiles = ca->profiles, .is_ca = is_ca_name, .cas = ca,
	};
	const pki_profile *profile;
	pki_code rc;

	rc = pki_profiles_find(ca->profiles, device->profile, &profile, err);
	if (rc == PKI_OK && profile->kind != PKI_PROFILE_END_ENTITY)
		return pki_refuse(err, PKI_DENIED, "profile-kind",
		    "a profile for end entities", "%s", device->profile);
	if (rc == PKI_OK)
		rc = pki_policy_check_name(profile, device->name, &facts, err);
	if (rc == PKI_OK)
		rc = check_words("groups", device->groups, err);
	if (rc == PKI_OK)
		rc = check_words("tags", device->tags, err);
	if (rc == PKI_OK && device->notes != NULL &&
	    strlen(device->notes) > 1000)
		rc = pki_refuse(err, PKI_DENIED, "notes",
		    "1000 octets at most", "%zu", strlen(device->notes));
	return rc;
}

static pki_code
add_device(pki_ca *ca, const pki_device *device, const pki_requester *who,
    pki_err *err)
{
	pki_identity_row row = {
		.name = device->name, .state = PKI_IDENTITY_REGISTERED,
		.created_at = pki_clock_now(ca->clock),
		.profile = device->profile, .groups = device->groups,
		.tags = device->tags, .notes = device->notes,
	};
	const pki_audit_detail details[] = {
		{ .key = "profile", .text = device->profile },
		{ .key = NULL },
	};
	const pki_audit_event event = {
		.action = PKI_AUDIT_DEVICE_ADD, .who = who,
		.name = device->name, .at = row.created_at,
		.details = details,
	};
	pki_code rc = pki_row_seal_identity(&row, err);

	if (rc == PKI_OK)
		rc = pki_store_claim_identity(ca->store, &row, err);
	if (rc == PKI_EXISTS)
		return pki_refuse(err, PKI_DENIED, "identity-taken",
		    "a name that no device has in any case of letters", "%s",
		    device->name);
	if (rc == PKI_USAGE)
		return pki_refuse(err, PKI_DENIED, "notes",
		    "one line of UTF-8 without control characters", "%s",
		    device->notes == NULL ? "" : device->notes);
	return rc == PKI_OK ? pki_audit_append(ca, &event, err) : rc;
}

static pki_code
add_all(pki_ca *ca, const pki_device *devices, size_t count,
    pki_device_adding *adding, pki_err *err)
{
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < count; i++) {
		adding->at = i;
		rc = add_device(ca, &devices[i], &adding->who, err);
		if (adding->progress != NULL)
			adding->progress((int64_t)i + 1, (int64_t)count,
			    adding->arg);
	}
	return rc;
}

enum ending { COMMIT, ROLLBACK };

static pki_code
add_in_transaction(pki_ca *ca, const pki_device *devices, size_t count,
    pki_device_adding *adding, enum ending ending, pki_err *err)
{
	const pki_profiles *profiles;
	pki_code rc;
	size_t i;

	rc = pki_ca_check_clock(ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_profiles(ca, &profiles, err);
	if (rc == PKI_OK)
		rc = pki_authorities_load(ca, err);
	for (i = 0; rc == PKI_OK && i < count; i++) {
		adding->at = i;
		rc = check_device(ca, &devices[i], err);
	}
	if (rc == PKI_OK)
		rc = pki_store_begin(ca->store, err);
	if (rc != PKI_OK)
		return rc;
	rc = add_all(ca, devices, count, adding, err);
	if (rc == PKI_OK && ending == COMMIT)
		rc = pki_store_commit(ca->store, err);
	else
		pki_store_rollback(ca->store);
	return rc;
}

pki_code
pki_ca_add_devices(pki_ca *ca, const pki_device *devices, size_t count,
    pki_device_adding *adding, pki_err *err)
{
	return add_in_transaction(ca, devices, count, adding, COMMIT, err);
}

/* Names that clash within the list clash only when they are written. */
pki_code
pki_ca_add_devices_check(pki_ca *ca, const pki_device *devices, size_t count,
    pki_device_adding *adding, pki_err *err)
{
	return add_in_transaction(ca, devices, count, adding, ROLLBACK, err);
}

struct walk {
	const pki_device_filter *filter;
	pki_identity_visitor    *visit;
	void                    *arg;
};

static bool
fits(const pki_identity_row *row, const pki_device_filter *filter)
{
	return row->profile[0] != '\0' &&
	    (filter->profile == NULL ||
	    strcmp(filter->profile, row->profile) == 0) &&
	    (filter->group == NULL ||
	    has_word(row->groups, filter->group, strlen(filter->group))) &&
	    (filter->tag == NULL ||
	    has_word(row->tags, filter->tag, strlen(filter->tag))) &&
	    (!filter->by_state || filter->state == row->state);
}

static pki_code
visit_row(const pki_identity_row *row, void *arg, pki_err *err)
{
	struct walk *walk = arg;
	pki_code rc = pki_row_verify_identity(row, err);

	if (rc != PKI_OK || !fits(row, walk->filter))
		return rc;
	return walk->visit(row, walk->arg, err);
}

pki_code
pki_ca_each_device(pki_ca *ca, const pki_device_filter *filter,
    pki_identity_visitor *visit, void *arg, pki_err *err)
{
	struct walk walk = { filter, visit, arg };

	return pki_store_each_identity(ca->store, filter->after_id, visit_row,
	    &walk, err);
}

pki_code
pki_ca_get_device(pki_ca *ca, const char *name, pki_identity_row *out,
    pki_buf *hold, pki_err *err)
{
	return pki_registry_get(ca, name, out, hold, err);
}
