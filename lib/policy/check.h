#ifndef PKI_POLICY_CHECK_H
#define PKI_POLICY_CHECK_H

/*
 * Does this request fit this profile?  The answer is a grant, the complete
 * contents of the certificate made from profile and identity, or a refusal
 * that names the rule.  Nothing is trimmed silently.
 */

#include "policy/profile.h"
#include "x509/altname.h"
#include "x509/name.h"

PKI_BEGIN_DECLS

typedef struct pki_request {
	const char         *identity;   /* for whom; a CA: any text of a CN */
	const pki_pubkey   *key;
	pki_key_origin      key_origin;
	const pki_name     *subject;    /* asked for, or NULL */
	const pki_altnames *alt_names;  /* asked for, or NULL */
	uint32_t            key_usage;  /* asked for; 0: nothing */
	uint32_t            ext_usage;
	pki_requester_kind  requester;
	int64_t             validity;   /* asked for; 0: the profile's */
} pki_request;

/* What surrounds the request. */
typedef struct pki_policy_facts {
	const pki_profiles *profiles;   /* for reserved names */
	/* Does a CA have this name, in any case of letters?  NULL: none. */
	bool              (*is_ca)(const void *cas, const char *name);
	const void         *cas;
	int64_t             now;
	int64_t             issuer_not_before, issuer_not_after;
} pki_policy_facts;

/* The contents granted; owned by the grant. */
typedef struct pki_grant {
	pki_name     *subject;
	pki_altnames *alt_names;        /* may be empty */
	int64_t       not_before, not_after;    /* both inclusive */
	uint32_t      key_usage, ext_usage;
	bool          is_ca;
	int           path_len;
	bool          ocsp_no_check;
} pki_grant;

/*
 * Rules, in this order: "requester", "identity" (syntax), "identity-allow",
 * "identity-reserved", "key-origin", "key-type", "key-usage", "extended-usage"
 * (each one asked for must be granted), "subject" (every attribute
 * asked for must be one the profile sets, with its value; CN = identity),
 * "alt-name" (each one asked for must fit a pattern), "alt-name-reserved" (a
 * DNS name that another profile's identity.reserve fits), "wildcard",
 * "alt-name-missing" (serverAuth and no name at all), "validity" (longer
 * than the profile's, or beyond the issuer's: refused, never cut).
 * notAfter = notBefore + validity - 1 s; notBefore = now - backdate, not
 * before the issuer's.  G12.  PKI_DENIED, PKI_BAD_INPUT, PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_policy_check(const pki_profile *profile,
    const pki_request *request, const pki_policy_facts *facts,
    pki_grant **out, pki_err *err);
/* Of these only the three rules about the identity: may a device be so? */
PKI_CHECKED pki_code pki_policy_check_name(const pki_profile *profile,
    const char *identity, const pki_policy_facts *facts, pki_err *err);
void pki_grant_free(pki_grant *grant);
PKI_DEFINE_CLEANUP(pki_grant)

PKI_END_DECLS

#endif
