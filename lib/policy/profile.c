#include "policy/profile.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "policy/profile-rules.h"
#include "x509/digest.h"

static const pki_choice kinds[] = {
	{ "end-entity", PKI_PROFILE_END_ENTITY },
	{ "root-ca",    PKI_PROFILE_ROOT_CA },
	{ "issuing-ca", PKI_PROFILE_ISSUING_CA },
	{ NULL, 0 },
};

static const pki_choice origins[] = {
	{ "any",    0 },
	{ "device", 1 },
	{ NULL, 0 },
};

static const pki_choice connections[] = {
	{ "one",     0 },
	{ "several", 1 },
	{ NULL, 0 },
};

static const pki_choice requesters[] = {
	{ "operator", PKI_BY_OPERATOR },
	{ "est",      PKI_BY_EST },
	{ NULL, 0 },
};

static const pki_choice approvals[] = {
	{ "automatic", 0 },
	{ "manual",    1 },
	{ NULL, 0 },
};

static const pki_choice renew_keys[] = {
	{ "any",  PKI_RENEW_ANY_KEY },
	{ "same", PKI_RENEW_SAME_KEY },
	{ "new",  PKI_RENEW_NEW_KEY },
	{ NULL, 0 },
};

static const pki_choice linkings[] = {
	{ "off",          PKI_LINKING_OFF },
	{ "when-present", PKI_LINKING_PRESENT },
	{ "required",     PKI_LINKING_REQUIRED },
	{ NULL, 0 },
};

static const pki_choice csr_hints[] = {
	{ "none",     PKI_CSR_HINTS_NONE },
	{ "plain",    PKI_CSR_HINTS_PLAIN },
	{ "template", PKI_CSR_HINTS_TEMPLATE },
	{ "both",     PKI_CSR_HINTS_BOTH },
	{ NULL, 0 },
};

#define FIELD(member) .offset = offsetof(pki_profile, member)
#define ATTRIBUTE_WANTS "a text of at most 64 octets, \"\" for none"

const pki_setting pki_profile_settings[] = {
	{ "name", PKI_SET_TEXT, FIELD(name), .min = 1,
	    .max = PKI_PROFILE_NAME_MAX,
	    .wants = "the name of the file without .conf" },
	{ "summary", PKI_SET_TEXT, FIELD(summary), .fallback = "", .max = 200,
	    .wants = "a text of at most 200 octets" },
	{ "ca", PKI_SET_TEXT, FIELD(ca), .min = 1, .max = PKI_CA_NAME_MAX,
	    .wants = "the name of the CA that signs, such as \"issuing\"" },
	{ "kind", PKI_SET_CHOICE, FIELD(kind), .choices = kinds,
	    .wants = "one of end-entity, root-ca, issuing-ca" },
	{ "validity", PKI_SET_DURATION, FIELD(validity), .min = PKI_MINUTE,
	    .max = 30 * PKI_YEAR, .wants = "a duration such as \"90d\"" },
	{ "backdate", PKI_SET_DURATION, FIELD(backdate), .fallback = "5m",
	    .max = PKI_DAY,
	    .wants = "a duration of at most one day, such as \"5m\"" },
	{ "path-length", PKI_SET_INT, FIELD(path_length), .fallback = "-1",
	    .min = -1, .max = 10,
	    .wants = "the number of CAs below, 0 to 10, -1 for no limit" },
	{ "ocsp-no-check", PKI_SET_BOOL, FIELD(ocsp_no_check),
	    .fallback = "false", .wants = "true or false" },

	{ "key.types", PKI_SET_CHOICES, FIELD(key_types), .min = 1, .max = 32,
	    .choices = pki_key_type_names,
	    .wants = "a list of key types such as [ \"p256\" ]" },
	{ "key.origin", PKI_SET_CHOICE, FIELD(key_from_device),
	    .fallback = "any", .choices = origins,
	    .wants = "\"device\" (the CA has not seen the key) or \"any\"" },
	{ "key.usage", PKI_SET_CHOICES, FIELD(key_usage), .min = 1, .max = 32,
	    .choices = pki_key_usage_names,
	    .wants = "a list of key usages such as [ \"digital-signature\" ]" },
	{ "key.extended-usage", PKI_SET_CHOICES, FIELD(ext_usage),
	    .fallback = "[]", .choices = pki_ext_usage_names,
	    .wants = "a list of purposes such as [ \"client-auth\" ]" },

	{ "subject.country", PKI_SET_TEXT, FIELD(country), .fallback = "",
	    .max = 2, .wants = "two letters, \"\" for none" },
	{ "subject.state", PKI_SET_TEXT, FIELD(state), .fallback = "",
	    .max = 64, .wants = ATTRIBUTE_WANTS },
	{ "subject.locality", PKI_SET_TEXT, FIELD(locality), .fallback = "",
	    .max = 64, .wants = ATTRIBUTE_WANTS },
	{ "subject.organization", PKI_SET_TEXT, FIELD(organization),
	    .fallback = "", .max = 64, .wants = ATTRIBUTE_WANTS },
	{ "subject.organizational-unit", PKI_SET_TEXT, FIELD(unit),
	    .fallback = "", .max = 64, .wants = ATTRIBUTE_WANTS },

	{ "alt-names.allow", PKI_SET_LIST, FIELD(alt_allow), .fallback = "[]",
	    .wants = "a list of patterns such as [ \"dns:*.example.com\" ]" },
	{ "alt-names.always", PKI_SET_LIST, FIELD(alt_always),
	    .fallback = "[]",
	    .wants = "a list of names such as [ \"dns:{identity}\" ]" },
	{ "alt-names.wildcards", PKI_SET_BOOL, FIELD(alt_wildcards),
	    .fallback = "false", .wants = "true or false" },

	{ "identity.allow", PKI_SET_LIST, FIELD(identity_allow), .min = 1,
	    .max = 200, .fallback = "[ \"*\" ]",
	    .wants = "a list of patterns such as [ \"meter-*\" ]" },
	{ "identity.reserve", PKI_SET_LIST, FIELD(identity_reserve),
	    .fallback = "[]",
	    .wants = "a list of patterns such as [ \"broker-*\" ]" },
	{ "identity.connections", PKI_SET_CHOICE, FIELD(several_connections),
	    .fallback = "one", .choices = connections,
	    .wants = "\"one\" or \"several\"" },

	{ "issue.by", PKI_SET_CHOICES, FIELD(requesters), .min = 1, .max = 32,
	    .choices = requesters,
	    .wants = "a list of operator, est" },

	{ "est.approval", PKI_SET_CHOICE, FIELD(est_approval),
	    .fallback = "automatic", .choices = approvals,
	    .wants = "\"automatic\" or \"manual\"" },
	{ "est.grace", PKI_SET_DURATION, FIELD(est_grace), .fallback = "0s",
	    .max = PKI_YEAR, .wants = "a duration of at most 1y" },
	{ "est.renew-key", PKI_SET_CHOICE, FIELD(est_renew_key),
	    .fallback = "any", .choices = renew_keys,
	    .wants = "one of any, same, new" },
	{ "est.linking", PKI_SET_CHOICE, FIELD(est_linking),
	    .fallback = "when-present", .choices = linkings,
	    .wants = "one of off, when-present, required" },
	{ "est.csr-attributes", PKI_SET_CHOICE, FIELD(est_csr_hints),
	    .fallback = "plain", .choices = csr_hints,
	    .wants = "one of none, plain, template, both" },
	{ "est.line-width", PKI_SET_INT, FIELD(est_line_width),
	    .fallback = "76", .max = 76,
	    .wants = "0 (one line) or a multiple of 4 up to 76" },
};
const size_t pki_profile_setting_count = PKI_COUNT(pki_profile_settings);

void
pki_profile_free(pki_profile *profile)
{
	if (profile == NULL)
		return;
	pki_settings_clear(pki_profile_settings, pki_profile_setting_count,
	    profile);
	free(profile->path);
	pki_buf_free(profile->text);
	free(profile);
}

/* The profile's name that a path stands for; NULL: out of memory. */
static char *
base_of(const char *path)
{
	static const char suffix[] = ".conf";
	const char *slash = strrchr(path, '/');
	char *base = pki_text_copy(slash != NULL ? slash + 1 : path);
	size_t len = base != NULL ? strlen(base) : 0;
	size_t tail = sizeof(suffix) - 1;

	if (len > tail && strcmp(base + len - tail, suffix) == 0)
		base[len - tail] = '\0';
	return base;
}

/* Digest and rules, once path and text are in place. */
static pki_code
finish(pki_profile *profile, pki_err *err)
{
	char *base;
	pki_code rc;

	rc = pki_digest_of(pki_buf_bytes(profile->text), &profile->digest, err);
	if (rc != PKI_OK)
		return rc;
	base = base_of(profile->path);
	if (base == NULL)
		return pki_fail_memory(err);
	rc = pki_profile_check_rules(profile, base, err);
	free(base);
	return rc;
}

static pki_code
new_profile(const char *path, pki_profile **out, pki_err *err)
{
	PKI_AUTO(pki_profile) profile = calloc(1, sizeof(*profile));

	if (profile != NULL)
		profile->path = pki_text_copy(path);
	if (profile == NULL || profile->path == NULL)
		return pki_fail_memory(err);
	*out = PKI_TAKE(profile);
	return PKI_OK;
}

pki_code
pki_profile_load(const char *path, pki_profile **out, pki_err *err)
{
	PKI_AUTO(pki_profile) profile = NULL;
	pki_code rc;

	rc = new_profile(path, &profile, err);
	if (rc == PKI_OK)
		rc = pki_settings_load(path, pki_profile_settings,
		    pki_profile_setting_count, profile, &profile->text, err);
	if (rc == PKI_OK)
		rc = finish(profile, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(profile);
	return rc;
}

pki_code
pki_profile_parse(pki_bytes text, const char *name, pki_profile **out,
    pki_err *err)
{
	PKI_AUTO(pki_profile) profile = NULL;
	pki_code rc;

	rc = new_profile(name, &profile, err);
	if (rc != PKI_OK)
		return rc;
	profile->text = pki_buf_copy(text);
	rc = pki_buf_check(profile->text, err);
	if (rc == PKI_OK)
		rc = pki_settings_parse(text, name, pki_profile_settings,
		    pki_profile_setting_count, profile, err);
	if (rc == PKI_OK)
		rc = finish(profile, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(profile);
	return rc;
}
