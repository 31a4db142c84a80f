#ifndef PKI_POLICY_ALT_PATTERN_H
#define PKI_POLICY_ALT_PATTERN_H

/*
 * Patterns of alternative names in templates: "dns:*.example.com", "ip:*",
 * "ip:10.0.0.0/8", "uri:urn:meter:*", "email:*@example.com".  In the kinds
 * other than ip, {identity} stands for the identity.
 */

#include "x509/altname.h"

/*
 * What would be right instead of this pattern, or NULL when it is.  Static.
 * The first is for patterns that a request may fill, the second for names
 * that every certificate gets.
 */
const char *pki_alt_pattern_fault(const char *pattern);
const char *pki_alt_always_fault(const char *pattern);

/* Is it a DNS name with "*" as its first label? */
bool pki_alt_text_is_wildcard(const char *text);
bool pki_altname_is_wildcard(const pki_altname *name);

/* The pattern with {identity} replaced, appended to out. */
void pki_alt_expand(const char *pattern, const char *identity, pki_buf *out);

/*
 * Does the name fit the expanded pattern?  A '*' stands for one or more
 * characters in dns, for any number in uri and email; case does not matter.
 */
bool pki_alt_pattern_match(const char *pattern, const pki_altname *name);

#endif
