#ifndef PKI_POLICY_PROFILE_RULES_H
#define PKI_POLICY_PROFILE_RULES_H

/* What a template may not say although its table allows each part. */

#include "policy/profile.h"
#include "x509/name.h"

/* The attributes a template may fix, in the order of the subject. */
typedef struct pki_profile_attribute {
	pki_name_type type;
	const char   *setting;
	size_t        offset;           /* of the text in pki_profile */
} pki_profile_attribute;

#define PKI_PROFILE_ATTRIBUTES 5
extern const pki_profile_attribute
    pki_profile_attributes[PKI_PROFILE_ATTRIBUTES];

/* The attribute's value; empty: it does not occur. */
const char *pki_profile_attribute_value(const pki_profile *profile,
    const pki_profile_attribute *attribute);

/* Does any of the patterns match the identity? */
bool pki_patterns_match(const pki_text_list *patterns, const char *identity);

/*
 * Check a profile whose text and path are set; base is the name its file
 * gives it.  PKI_BAD_INPUT, rule "setting", with file and line.
 */
PKI_CHECKED pki_code pki_profile_check_rules(const pki_profile *profile,
    const char *base, pki_err *err);

/* Report a setting of the profile's file: "FILE:LINE: SETTING: ...". */
pki_code pki_profile_report(const pki_profile *profile, const char *setting,
    const char *value, const char *wants, const char *problem, pki_err *err);

#endif
