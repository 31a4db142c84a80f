#include "policy/check-names.h"

#include <stdio.h>
#include <string.h>

#include "policy/alt-pattern.h"
#include "policy/profile-rules.h"

/* The entries of a list: "a, b"; instead says what an empty one means. */
static const char *
join(const pki_text_list *list, const char *instead, char *out, size_t room)
{
	size_t i, used = 0;

	if (list->count == 0)
		return instead;
	out[0] = '\0';
	for (i = 0; i < list->count && used + 1 < room; i++) {
		snprintf(out + used, room - used, "%s%s", i > 0 ? ", " : "",
		    list->items[i]);
		used = strlen(out);
	}
	return out;
}

pki_code
pki_check_identity(const pki_question *q, pki_err *err)
{
	pki_name_part part = { PKI_NAME_COMMON_NAME, q->request->identity };
	PKI_AUTO(pki_name) name = NULL;

	/* A CA is no member: its name is any text that a CN holds. */
	if (q->profile->kind != PKI_PROFILE_END_ENTITY && part.value != NULL)
		return pki_name_build(&part, 1, &name, err);
	return pki_identity_check(pki_bytes_text(part.value), err);
}

pki_code
pki_check_identity_allow(const pki_question *q, pki_err *err)
{
	const pki_text_list *allow = &q->profile->identity_allow;
	char accepts[192];

	if (pki_patterns_match(allow, q->request->identity))
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "identity-allow",
	    join(allow, "no identity", accepts, sizeof(accepts)), "%s",
	    q->request->identity);
}

/* The profile other than this one that reserves a name; NULL: none. */
static const pki_profile *
find_reserving(const pki_question *q, const char *name)
{
	const pki_profiles *profiles = q->facts->profiles;
	size_t i;

	if (pki_patterns_match(&q->profile->identity_reserve, name))
		return NULL;
	for (i = 0; i < pki_profiles_count(profiles); i++) {
		const pki_profile *other = pki_profiles_at(profiles, i);

		if (strcmp(other->name, q->profile->name) != 0 &&
		    pki_patterns_match(&other->identity_reserve, name))
			return other;
	}
	return NULL;
}

pki_code
pki_check_identity_reserved(const pki_question *q, pki_err *err)
{
	const char *identity = q->request->identity;
	const pki_policy_facts *facts = q->facts;
	const pki_profile *other;
	char accepts[192];

	/* A CA's identity is its name, and whoever follows it ends it. */
	if (q->profile->kind == PKI_PROFILE_END_ENTITY &&
	    facts->is_ca != NULL && facts->is_ca(facts->cas, identity))
		return pki_refuse(err, PKI_DENIED, "identity-reserved",
		    "a name that no CA here has", "%s", identity);
	other = find_reserving(q, identity);
	if (other == NULL)
		return PKI_OK;
	snprintf(accepts, sizeof(accepts),
	    "a name not reserved by profile '%s'", other->name);
	return pki_refuse(err, PKI_DENIED, "identity-reserved", accepts, "%s",
	    identity);
}

static pki_code
add_always(const pki_question *q, pki_err *err)
{
	const pki_text_list *always = &q->profile->alt_always;
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; rc == PKI_OK && i < always->count; i++) {
		PKI_AUTO(pki_buf) text = pki_buf_new();

		if (text != NULL)
			pki_alt_expand(always->items[i], q->request->identity,
			    text);
		rc = pki_buf_check(text, err);
		if (rc != PKI_OK)
			return rc;
		rc = pki_altnames_add_text(q->grant->alt_names,
		    pki_buf_text(text), err);
		if (rc != PKI_OK)
			rc = pki_wrap(err, rc, "%s", always->items[i]);
	}
	return rc;
}

/* PKI_OK, PKI_NO_MEMORY, or PKI_DENIED without a report. */
static pki_code
match_allow(const pki_question *q, const pki_altname *name, pki_err *err)
{
	const pki_text_list *allow = &q->profile->alt_allow;
	pki_code rc;
	size_t i;

	for (i = 0; i < allow->count; i++) {
		PKI_AUTO(pki_buf) pattern = pki_buf_new();

		if (pattern != NULL)
			pki_alt_expand(allow->items[i], q->request->identity,
			    pattern);
		rc = pki_buf_check(pattern, err);
		if (rc != PKI_OK)
			return rc;
		if (pki_alt_pattern_match(pki_buf_text(pattern), name))
			return PKI_OK;
	}
	return PKI_DENIED;
}

static pki_code
refuse_name(const char *rule, const pki_altname *name, const char *accepts,
    pki_err *err)
{
	return pki_refuse(err, PKI_DENIED, rule, accepts, "%s:%s",
	    pki_alt_type_name(name->type), name->text);
}

/* A host called broker-1 is to others what the identity broker-1 is. */
static pki_code
check_host_reserved(const pki_question *q, const pki_altname *name,
    pki_err *err)
{
	const pki_profile *other = name->type != PKI_ALT_DNS ? NULL :
	    find_reserving(q, name->text);
	char accepts[192];

	if (other == NULL)
		return PKI_OK;
	snprintf(accepts, sizeof(accepts),
	    "a host name not reserved by profile '%s'", other->name);
	return refuse_name("alt-name-reserved", name, accepts, err);
}

/* Those of the profile first, then those asked for. */
pki_code
pki_check_alt_names(const pki_question *q, pki_err *err)
{
	const pki_altnames *asked = q->request->alt_names;
	pki_altnames *granted = q->grant->alt_names;
	char accepts[192];
	size_t i;
	pki_code rc;

	rc = add_always(q, err);
	for (i = 0; rc == PKI_OK && i < pki_altnames_count(asked); i++) {
		const pki_altname *name = pki_altnames_at(asked, i);

		if (pki_altnames_has(granted, name))
			continue;
		rc = match_allow(q, name, err);
		if (rc == PKI_DENIED)
			return refuse_name("alt-name", name,
			    join(&q->profile->alt_allow, "none asked for",
			    accepts, sizeof(accepts)), err);
		if (rc == PKI_OK)
			rc = check_host_reserved(q, name, err);
		if (rc == PKI_OK)
			rc = pki_altnames_add(granted, name->type, name->text,
			    err);
	}
	return rc;
}

pki_code
pki_check_wildcards(const pki_question *q, pki_err *err)
{
	const pki_altnames *granted = q->grant->alt_names;
	size_t i;

	for (i = 0; i < pki_altnames_count(granted); i++) {
		const pki_altname *name = pki_altnames_at(granted, i);

		if (!q->profile->alt_wildcards && pki_altname_is_wildcard(name))
			return refuse_name("wildcard", name,
			    "the whole name of one host", err);
	}
	return PKI_OK;
}

pki_code
pki_check_alt_name_missing(const pki_question *q, pki_err *err)
{
	char accepts[192];

	if ((q->profile->ext_usage & (UINT32_C(1) << PKI_EKU_SERVER_AUTH)) == 0
	    || pki_altnames_count(q->grant->alt_names) > 0)
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "alt-name-missing",
	    join(&q->profile->alt_allow, "a name", accepts, sizeof(accepts)),
	    "no alternative name");
}
