#include "policy/profile-rules.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/settings-report.h"
#include "policy/alt-pattern.h"

#define KU(name) (UINT32_C(1) << PKI_KU_##name)
#define EKU(name) (UINT32_C(1) << PKI_EKU_##name)
#define KEY(name) (UINT32_C(1) << PKI_KEY_##name)

const pki_profile_attribute pki_profile_attributes[PKI_PROFILE_ATTRIBUTES] = {
	{ PKI_NAME_COUNTRY, "subject.country",
	    offsetof(pki_profile, country) },
	{ PKI_NAME_STATE, "subject.state", offsetof(pki_profile, state) },
	{ PKI_NAME_LOCALITY, "subject.locality",
	    offsetof(pki_profile, locality) },
	{ PKI_NAME_ORGANIZATION, "subject.organization",
	    offsetof(pki_profile, organization) },
	{ PKI_NAME_ORGANIZATIONAL_UNIT, "subject.organizational-unit",
	    offsetof(pki_profile, unit) },
};

const char *
pki_profile_attribute_value(const pki_profile *profile,
    const pki_profile_attribute *attribute)
{
	return *(char *const *)((const char *)profile + attribute->offset);
}

bool
pki_patterns_match(const pki_text_list *patterns, const char *identity)
{
	size_t i;

	for (i = 0; i < patterns->count; i++)
		if (pki_pattern_match(patterns->items[i], identity))
			return true;
	return false;
}

/* Is any of these patterns of alternative names one of a DNS name? */
static bool
have_dns(const pki_text_list *patterns)
{
	size_t i;

	for (i = 0; i < patterns->count; i++)
		if (strncmp(patterns->items[i], "dns:", 4) == 0)
			return true;
	return false;
}

/* The line of a setting; of its group, or of the name, when not given. */
static unsigned
find_place(const pki_profile *profile, const char *setting)
{
	pki_bytes text = pki_buf_bytes(profile->text);
	char group[64];
	unsigned line = pki_settings_line(text, setting);
	size_t len = strcspn(setting, ".");

	if (line == 0 && len < sizeof(group)) {
		memcpy(group, setting, len);
		group[len] = '\0';
		line = pki_settings_line(text, group);
	}
	return line != 0 ? line : pki_settings_line(text, "name");
}

pki_code
pki_profile_report(const pki_profile *profile, const char *setting,
    const char *value, const char *wants, const char *problem, pki_err *err)
{
	pki_setting_place place = {
		.where = profile->path,
		.line = find_place(profile, setting),
		.name = setting,
		.value = value,
	};

	if (value == NULL)
		return pki_setting_report(err, &place, wants, "%s, wants %s",
		    problem, wants);
	return pki_setting_report(err, &place, wants, "%s '%s', wants %s",
	    problem, value, wants);
}

static bool
is_ca(const pki_profile *p)
{
	return p->kind != PKI_PROFILE_END_ENTITY;
}

static bool
ca_cannot_sign(const pki_profile *p)
{
	uint32_t needed = KU(KEY_CERT_SIGN) | KU(CRL_SIGN);

	return is_ca(p) && (p->key_usage & needed) != needed;
}

static bool
leaf_signs(const pki_profile *p)
{
	return !is_ca(p) &&
	    (p->key_usage & (KU(KEY_CERT_SIGN) | KU(CRL_SIGN))) != 0;
}

static bool
leaf_has_path(const pki_profile *p)
{
	return !is_ca(p) && p->path_length >= 0;
}

static bool
leaf_has_no_purpose(const pki_profile *p)
{
	return !is_ca(p) && p->ext_usage == 0;
}

static bool
leaf_lives_long(const pki_profile *p)
{
	return !is_ca(p) && p->validity > 10 * PKI_YEAR;
}

static bool
ca_has_purpose(const pki_profile *p)
{
	return is_ca(p) && p->ext_usage != 0;
}

static bool
ca_has_allowed_names(const pki_profile *p)
{
	return is_ca(p) && p->alt_allow.count > 0;
}

static bool
ca_has_names(const pki_profile *p)
{
	return is_ca(p) && p->alt_always.count > 0;
}

static bool
ca_by_est(const pki_profile *p)
{
	return is_ca(p) &&
	    (p->requesters & (UINT32_C(1) << PKI_BY_EST)) != 0;
}

static bool
server_has_no_names(const pki_profile *p)
{
	return (p->ext_usage & EKU(SERVER_AUTH)) != 0 &&
	    p->alt_allow.count == 0 && p->alt_always.count == 0;
}

static bool
no_check_without_ocsp(const pki_profile *p)
{
	return p->ocsp_no_check && (p->ext_usage & EKU(OCSP_SIGNING)) == 0;
}

static bool
only_without_agreement(const pki_profile *p)
{
	return (p->key_usage & (KU(ENCIPHER_ONLY) | KU(DECIPHER_ONLY))) != 0 &&
	    (p->key_usage & KU(KEY_AGREEMENT)) == 0;
}

static bool
expired_at_birth(const pki_profile *p)
{
	return p->backdate >= p->validity;
}

static bool
wildcards_without_dns(const pki_profile *p)
{
	return p->alt_wildcards && !have_dns(&p->alt_allow) &&
	    !have_dns(&p->alt_always);
}

/* Only who has a certificate for clients can renew by it. */
static bool
grace_for_nobody(const pki_profile *p)
{
	return p->est_grace > 0 &&
	    ((p->requesters & (UINT32_C(1) << PKI_BY_EST)) == 0 ||
	    (p->ext_usage & EKU(CLIENT_AUTH)) == 0);
}

static bool
grace_is_long(const pki_profile *p)
{
	return p->est_grace > p->validity;
}

static bool
approval_without_est(const pki_profile *p)
{
	return p->est_approval != 0 &&
	    (p->requesters & (UINT32_C(1) << PKI_BY_EST)) == 0;
}

static bool
width_breaks_groups(const pki_profile *p)
{
	return p->est_line_width % 4 != 0;
}

static const struct rule {
	bool      (*broken)(const pki_profile *p);
	const char *setting, *problem, *wants;
} rules[] = {
	{ ca_cannot_sign, "key.usage", "a CA that cannot sign",
	    "key-cert-sign and crl-sign" },
	{ leaf_signs, "key.usage", "an end entity that signs certificates",
	    "neither key-cert-sign nor crl-sign" },
	{ leaf_has_path, "path-length", "an end entity with a path length",
	    "it left out, or a CA's kind" },
	{ leaf_has_no_purpose, "key.extended-usage",
	    "an end entity without a purpose",
	    "at least one, such as client-auth" },
	{ leaf_lives_long, "validity", "too long for an end entity",
	    "at most 10y" },
	{ ca_has_purpose, "key.extended-usage", "a CA with a purpose",
	    "it left out" },
	{ ca_has_allowed_names, "alt-names.allow",
	    "a CA with alternative names", "them left out" },
	{ ca_has_names, "alt-names.always", "a CA with alternative names",
	    "them left out" },
	{ ca_by_est, "issue.by", "a CA on request over the network",
	    "operator only" },
	{ server_has_no_names, "alt-names",
	    "server-auth without any alternative name",
	    "allow or always, as clients look at nothing else" },
	{ no_check_without_ocsp, "ocsp-no-check", "true without ocsp-signing",
	    "false" },
	{ only_without_agreement, "key.usage",
	    "encipher-only or decipher-only alone", "key-agreement with it" },
	{ expired_at_birth, "backdate", "not shorter than the validity",
	    "a certificate that is valid when it is issued" },
	{ wildcards_without_dns, "alt-names.wildcards",
	    "true without any dns name", "false, or a dns: pattern" },
	{ grace_for_nobody, "est.grace", "nobody could renew in it",
	    "0s, or est in issue.by and client-auth" },
	{ grace_is_long, "est.grace", "longer than the validity",
	    "at most as much" },
	{ approval_without_est, "est.approval",
	    "of requests that nobody may make", "automatic, or est in "
	    "issue.by" },
	{ width_breaks_groups, "est.line-width", "base64 comes in fours",
	    "0 (one line) or a multiple of 4 up to 76" },
};

static pki_code
check_table(const pki_profile *p, pki_err *err)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(rules); i++)
		if (rules[i].broken(p))
			return pki_profile_report(p, rules[i].setting, NULL,
			    rules[i].wants, rules[i].problem, err);
	return PKI_OK;
}

/* Which key usages a type of key can have at all. */
static const struct key_ability {
	uint32_t    types, usage;
	const char *wants;
} abilities[] = {
	/* RFC 5480, section 3 */
	{ KEY(P256) | KEY(P384) | KEY(P521),
	    KU(DIGITAL_SIGNATURE) | KU(NON_REPUDIATION) | KU(KEY_AGREEMENT) |
	    KU(KEY_CERT_SIGN) | KU(CRL_SIGN) | KU(ENCIPHER_ONLY) |
	    KU(DECIPHER_ONLY),
	    "no encipherment with EC keys: a profile of its own for RSA" },
	/* RFC 8410, section 5; RFC 9881, section 5 */
	{ KEY(ED25519) | KEY(ML_DSA_44) | KEY(ML_DSA_65) | KEY(ML_DSA_87),
	    KU(DIGITAL_SIGNATURE) | KU(NON_REPUDIATION) | KU(KEY_CERT_SIGN) |
	    KU(CRL_SIGN),
	    "signatures only with ed25519 and ml-dsa keys" },
	/* RFC 3279, section 2.3.1 */
	{ KEY(RSA2048) | KEY(RSA3072) | KEY(RSA4096),
	    KU(DIGITAL_SIGNATURE) | KU(NON_REPUDIATION) |
	    KU(KEY_ENCIPHERMENT) | KU(DATA_ENCIPHERMENT) | KU(KEY_CERT_SIGN) |
	    KU(CRL_SIGN),
	    "no key-agreement with RSA keys" },
};

static pki_code
report_usage(const pki_profile *p, uint32_t usage, const char *wants,
    const char *problem, pki_err *err)
{
	PKI_AUTO(pki_buf) names = pki_buf_new();
	pki_code rc;

	if (names == NULL)
		return pki_fail_memory(err);
	pki_usage_print(pki_key_usage_names, usage, names);
	rc = pki_buf_check(names, err);
	if (rc != PKI_OK)
		return rc;
	return pki_profile_report(p, "key.usage", pki_buf_text(names), wants,
	    problem, err);
}

static pki_code
check_key_abilities(const pki_profile *p, pki_err *err)
{
	size_t i;
	uint32_t excess;

	for (i = 0; i < PKI_COUNT(abilities); i++) {
		excess = p->key_usage & ~abilities[i].usage;
		if ((p->key_types & abilities[i].types) != 0 && excess != 0)
			return report_usage(p, excess, abilities[i].wants,
			    "a key of these types cannot do", err);
	}
	return PKI_OK;
}

/* RFC 5280, section 4.2.1.12: each purpose wants one of these usages. */
static const struct purpose {
	uint32_t    ext_usage, usage;
	const char *wants;
} purposes[] = {
	{ EKU(SERVER_AUTH), KU(DIGITAL_SIGNATURE) | KU(KEY_ENCIPHERMENT) |
	    KU(KEY_AGREEMENT), "digital-signature for server-auth" },
	{ EKU(CLIENT_AUTH), KU(DIGITAL_SIGNATURE) | KU(KEY_AGREEMENT),
	    "digital-signature for client-auth" },
	{ EKU(OCSP_SIGNING), KU(DIGITAL_SIGNATURE) | KU(NON_REPUDIATION),
	    "digital-signature for ocsp-signing" },
};

static pki_code
check_purposes(const pki_profile *p, pki_err *err)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(purposes); i++)
		if ((p->ext_usage & purposes[i].ext_usage) != 0 &&
		    (p->key_usage & purposes[i].usage) == 0)
			return report_usage(p, p->key_usage, purposes[i].wants,
			    "not enough for its purpose:", err);
	return PKI_OK;
}

static pki_code
check_names(const pki_profile *p, const char *base, pki_err *err)
{
	pki_err inner = { 0 };

	if (pki_profile_name_check(p->name, &inner) != PKI_OK)
		return pki_profile_report(p, "name", p->name, inner.accepts,
		    "no name of a profile:", err);
	if (strcmp(p->name, base) != 0)
		return pki_profile_report(p, "name", p->name,
		    "the name of its file", "not the file's name:", err);
	if (pki_ca_name_check(p->ca, &inner) != PKI_OK)
		return pki_profile_report(p, "ca", p->ca, inner.accepts,
		    "no name of a CA:", err);
	return PKI_OK;
}

static pki_code
check_subject(const pki_profile *p, pki_err *err)
{
	size_t i;

	for (i = 0; i < PKI_PROFILE_ATTRIBUTES; i++) {
		const pki_profile_attribute *row = &pki_profile_attributes[i];
		const char *value = pki_profile_attribute_value(p, row);
		pki_name_part part = { row->type, value };
		PKI_AUTO(pki_name) name = NULL;
		pki_err inner = { 0 };

		if (*value == '\0')
			continue;
		if (strpbrk(value, "{}") != NULL)
			return pki_profile_report(p, row->setting, value,
			    "fixed text without { and }", "a placeholder in",
			    err);
		if (pki_name_build(&part, 1, &name, &inner) != PKI_OK)
			return pki_profile_report(p, row->setting, value,
			    *inner.accepts != '\0' ? inner.accepts :
			    inner.msg, "bad value", err);
	}
	return PKI_OK;
}

static pki_code
check_alt_names(const pki_profile *p, pki_err *err)
{
	const char *text, *fault;
	size_t i;

	for (i = 0; i < p->alt_allow.count; i++) {
		text = p->alt_allow.items[i];
		fault = pki_alt_pattern_fault(text);
		if (fault != NULL)
			return pki_profile_report(p, "alt-names.allow", text,
			    fault, "bad pattern", err);
	}
	for (i = 0; i < p->alt_always.count; i++) {
		text = p->alt_always.items[i];
		fault = pki_alt_always_fault(text);
		if (fault == NULL && pki_alt_text_is_wildcard(text) &&
		    !p->alt_wildcards)
			fault = "alt-names.wildcards = true with it";
		if (fault != NULL)
			return pki_profile_report(p, "alt-names.always", text,
			    fault, "bad name", err);
	}
	return PKI_OK;
}

static pki_code
check_patterns(const pki_profile *p, const char *setting,
    const pki_text_list *list, pki_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*._-";
	size_t i;

	for (i = 0; i < list->count; i++) {
		const char *text = list->items[i];
		size_t len = strlen(text);

		if (len > PKI_IDENTITY_MAX || strspn(text, allowed) != len ||
		    strchr("._-", *text) != NULL)
			return pki_profile_report(p, setting, text,
			    "1 to 64 of A-Z a-z 0-9 . _ - and *, the first "
			    "not . _ -", "bad pattern", err);
	}
	return PKI_OK;
}

static pki_code
check_identities(const pki_profile *p, pki_err *err)
{
	const pki_text_list *reserve = &p->identity_reserve;
	pki_code rc;
	size_t i;

	rc = check_patterns(p, "identity.allow", &p->identity_allow, err);
	if (rc == PKI_OK)
		rc = check_patterns(p, "identity.reserve", reserve, err);
	for (i = 0; rc == PKI_OK && i < reserve->count; i++)
		if (strchr(reserve->items[i], '*') == NULL &&
		    !pki_patterns_match(&p->identity_allow, reserve->items[i]))
			return pki_profile_report(p, "identity.reserve",
			    reserve->items[i], "a name that identity.allow "
			    "matches", "nobody could have", err);
	return rc;
}

pki_code
pki_profile_check_rules(const pki_profile *profile, const char *base,
    pki_err *err)
{
	static pki_code (*const checks[])(const pki_profile *, pki_err *) = {
		check_table, check_key_abilities, check_purposes,
		check_subject, check_alt_names, check_identities,
	};
	pki_code rc = check_names(profile, base, err);
	size_t i;

	for (i = 0; rc == PKI_OK && i < PKI_COUNT(checks); i++)
		rc = checks[i](profile, err);
	return rc;
}
