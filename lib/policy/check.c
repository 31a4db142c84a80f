#include "policy/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "policy/check-names.h"
#include "policy/profile-rules.h"

#define SHORTEST_VALIDITY PKI_MINUTE

void
pki_grant_free(pki_grant *grant)
{
	if (grant == NULL)
		return;
	pki_name_free(grant->subject);
	pki_altnames_free(grant->alt_names);
	free(grant);
}

static pki_code
check_requester(const pki_question *q, pki_err *err)
{
	static const char *const names[] = {
		[PKI_BY_OPERATOR] = "operator", [PKI_BY_EST] = "est",
	};
	pki_requester_kind kind = q->request->requester;
	char accepts[64] = "";
	size_t i, used = 0;

	if ((size_t)kind < PKI_COUNT(names) &&
	    (q->profile->requesters & (UINT32_C(1) << kind)) != 0)
		return PKI_OK;
	for (i = 0; i < PKI_COUNT(names); i++) {
		if ((q->profile->requesters & (UINT32_C(1) << i)) == 0)
			continue;
		snprintf(accepts + used, sizeof(accepts) - used, "%s%s",
		    used > 0 ? ", " : "", names[i]);
		used = strlen(accepts);
	}
	return pki_refuse(err, PKI_DENIED, "requester", accepts, "%s",
	    (size_t)kind < PKI_COUNT(names) ? names[kind] : "unknown");
}

static pki_code
check_key_origin(const pki_question *q, pki_err *err)
{
	if (q->profile->key_from_device == 0 ||
	    q->request->key_origin == PKI_ORIGIN_DEVICE)
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "key-origin",
	    "a key made on the device, given by a CSR", "ca");
}

static pki_code
check_key_type(const pki_question *q, pki_err *err)
{
	pki_key_type type = pki_pubkey_type(q->request->key);
	PKI_AUTO(pki_buf) accepts = NULL;
	pki_code rc;

	if ((q->profile->key_types & (UINT32_C(1) << type)) != 0)
		return PKI_OK;
	accepts = pki_buf_new();
	if (accepts != NULL)
		pki_usage_print(pki_key_type_names, q->profile->key_types,
		    accepts);
	rc = pki_buf_check(accepts, err);
	if (rc != PKI_OK)
		return rc;
	return pki_refuse(err, PKI_DENIED, "key-type", pki_buf_text(accepts),
	    "%s", pki_key_type_name(type));
}

/* All of a set that was asked for must be in the one that is granted. */
static pki_code
check_usage(const pki_choice *names, uint32_t asked, uint32_t granted,
    const char *rule, pki_err *err)
{
	PKI_AUTO(pki_buf) accepts = NULL;
	PKI_AUTO(pki_buf) value = NULL;
	uint32_t beyond = asked & ~granted;

	if (beyond == 0)
		return PKI_OK;
	accepts = pki_buf_new();
	value = pki_buf_new();
	pki_usage_print(names, granted, accepts);
	pki_usage_print(names, beyond, value);
	if (pki_buf_check(accepts, err) != PKI_OK ||
	    pki_buf_check(value, err) != PKI_OK)
		return PKI_NO_MEMORY;
	return pki_refuse(err, PKI_DENIED, rule, pki_buf_text(accepts), "%s",
	    value->len == 0 ? "one that no template knows" :
	    pki_buf_text(value));
}

static pki_code
check_key_usage(const pki_question *q, pki_err *err)
{
	return check_usage(pki_key_usage_names, q->request->key_usage,
	    q->profile->key_usage, "key-usage", err);
}

static pki_code
check_ext_usage(const pki_question *q, pki_err *err)
{
	return check_usage(pki_ext_usage_names, q->request->ext_usage,
	    q->profile->ext_usage, "extended-usage", err);
}

/* The value that the subject has for a type; NULL: it has none. */
static const char *
granted_value(const pki_question *q, pki_name_type type)
{
	size_t i;

	if (type == PKI_NAME_COMMON_NAME)
		return q->request->identity;
	for (i = 0; i < PKI_PROFILE_ATTRIBUTES; i++) {
		const pki_profile_attribute *row = &pki_profile_attributes[i];
		const char *value = pki_profile_attribute_value(q->profile,
		    row);

		if (row->type == type && *value != '\0')
			return value;
	}
	return NULL;
}

static pki_code
check_subject(const pki_question *q, pki_err *err)
{
	const pki_name *subject = q->request->subject;
	uint32_t seen = 0;
	char accepts[192];
	size_t i;

	for (i = 0; subject != NULL && i < pki_name_count(subject); i++) {
		const pki_name_part *part = pki_name_at(subject, i);
		const char *kind = pki_name_type_short(part->type);
		const char *value = granted_value(q, part->type);

		if (value == NULL)
			snprintf(accepts, sizeof(accepts), "no %s", kind);
		else if ((seen & (UINT32_C(1) << part->type)) != 0)
			snprintf(accepts, sizeof(accepts), "one %s", kind);
		else if (strcmp(value, part->value) != 0)
			snprintf(accepts, sizeof(accepts), "%s=%s", kind,
			    value);
		else {
			seen |= UINT32_C(1) << part->type;
			continue;
		}
		return pki_refuse(err, PKI_DENIED, "subject", accepts,
		    "%s=%s", kind, part->value);
	}
	return PKI_OK;
}

static pki_code
build_subject(const pki_question *q, pki_err *err)
{
	pki_name_part parts[PKI_PROFILE_ATTRIBUTES + 1];
	size_t count = 0, i;

	for (i = 0; i < PKI_PROFILE_ATTRIBUTES; i++) {
		const pki_profile_attribute *row = &pki_profile_attributes[i];
		const char *value = pki_profile_attribute_value(q->profile,
		    row);

		if (*value != '\0')
			parts[count++] = (pki_name_part){ row->type, value };
	}
	parts[count++] = (pki_name_part){ PKI_NAME_COMMON_NAME,
	    q->request->identity };
	return pki_name_build(parts, count, &q->grant->subject, err);
}

/* How long it may live: the profile's time, or what was asked for within. */
static pki_code
choose_validity(const pki_question *q, int64_t *out, pki_err *err)
{
	char low[PKI_DURATION_TEXT], high[PKI_DURATION_TEXT];
	char found[PKI_DURATION_TEXT], accepts[80];
	int64_t longest = q->profile->validity, asked = q->request->validity;
	int64_t shortest = SHORTEST_VALIDITY;

	/* One that has expired when it is issued helps nobody. */
	if (shortest <= q->profile->backdate)
		shortest = q->profile->backdate + 1;
	if (asked == 0)
		asked = longest;
	if (asked >= shortest && asked <= longest) {
		*out = asked;
		return PKI_OK;
	}
	snprintf(accepts, sizeof(accepts), "%s to %s",
	    pki_duration_exact(shortest, low),
	    pki_duration_exact(longest, high));
	return pki_refuse(err, PKI_DENIED, "validity", accepts, "%s",
	    pki_duration_exact(asked, found));
}

static pki_code
refuse_beyond_issuer(int64_t not_before, int64_t not_after, int64_t limit,
    pki_err *err)
{
	char from[PKI_TIME_TEXT], until[PKI_TIME_TEXT], end[PKI_TIME_TEXT];
	char longest[PKI_DURATION_TEXT], accepts[192];
	int64_t left = limit - not_before + 1;

	pki_time_format(not_before, from);
	pki_time_format(limit, end);
	if (left >= SHORTEST_VALIDITY)
		snprintf(accepts, sizeof(accepts), "at most %s, from %s to "
		    "the issuer's end at %s",
		    pki_duration_exact(left, longest), from, end);
	else
		snprintf(accepts, sizeof(accepts), "none from %s, as the "
		    "issuer ends at %s", from, end);
	return pki_refuse(err, PKI_DENIED, "validity", accepts, "until %s",
	    pki_time_format(not_after, until));
}

/* RFC 5280, section 4.1.2.5: both ends belong to the validity. */
static pki_code
check_validity(const pki_question *q, pki_err *err)
{
	const pki_policy_facts *facts = q->facts;
	int64_t validity = 0, not_before, not_after;
	pki_code rc;

	if (facts->now < 0 || facts->now > PKI_TIME_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "validity",
		    "a time from 1970 to 9999", "%" PRId64, facts->now);
	rc = choose_validity(q, &validity, err);
	if (rc != PKI_OK)
		return rc;
	not_before = facts->now - q->profile->backdate;
	if (not_before < facts->issuer_not_before)
		not_before = facts->issuer_not_before;
	not_after = not_before + validity - 1;
	if (not_after > facts->issuer_not_after)
		return refuse_beyond_issuer(not_before, not_after,
		    facts->issuer_not_after, err);
	q->grant->not_before = not_before;
	q->grant->not_after = not_after;
	return PKI_OK;
}

/* The order is part of the interface: the first rule broken is named. */
static pki_code (*const steps[])(const pki_question *, pki_err *) = {
	check_requester,
	pki_check_identity,
	pki_check_identity_allow,
	pki_check_identity_reserved,
	check_key_origin,
	check_key_type,
	check_key_usage,
	check_ext_usage,
	check_subject,
	pki_check_alt_names,
	pki_check_wildcards,
	pki_check_alt_name_missing,
	check_validity,
	build_subject,
};

pki_code
pki_policy_check_name(const pki_profile *profile, const char *identity,
    const pki_policy_facts *facts, pki_err *err)
{
	const pki_request request = { .identity = identity };
	const pki_question q = { profile, &request, facts, NULL };
	pki_code rc = pki_check_identity(&q, err);

	if (rc == PKI_OK)
		rc = pki_check_identity_allow(&q, err);
	return rc == PKI_OK ? pki_check_identity_reserved(&q, err) : rc;
}

pki_code
pki_policy_check(const pki_profile *profile, const pki_request *request,
    const pki_policy_facts *facts, pki_grant **out, pki_err *err)
{
	PKI_AUTO(pki_grant) grant = calloc(1, sizeof(*grant));
	pki_question q = { profile, request, facts, grant };
	pki_code rc = PKI_OK;
	size_t i;

	if (grant != NULL)
		grant->alt_names = pki_altnames_new();
	if (grant == NULL || grant->alt_names == NULL)
		return pki_fail_memory(err);
	for (i = 0; rc == PKI_OK && i < PKI_COUNT(steps); i++)
		rc = steps[i](&q, err);
	if (rc != PKI_OK)
		return rc;
	grant->key_usage = profile->key_usage;
	grant->ext_usage = profile->ext_usage;
	grant->is_ca = profile->kind != PKI_PROFILE_END_ENTITY;
	grant->path_len = grant->is_ca ? (int)profile->path_length : -1;
	grant->ocsp_no_check = profile->ocsp_no_check;
	*out = PKI_TAKE(grant);
	return PKI_OK;
}
