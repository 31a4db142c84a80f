#ifndef PKI_POLICY_CHECK_NAMES_H
#define PKI_POLICY_CHECK_NAMES_H

/* Who it is for, and by which names: these steps of pki_policy_check(). */

#include "policy/check.h"

/* One request on its way through the rules. */
typedef struct pki_question {
	const pki_profile      *profile;
	const pki_request      *request;
	const pki_policy_facts *facts;
	pki_grant              *grant;
} pki_question;

/* Each is the rule of its name.  PKI_DENIED, PKI_NO_MEMORY. */
pki_code pki_check_identity(const pki_question *q, pki_err *err);
pki_code pki_check_identity_allow(const pki_question *q, pki_err *err);
pki_code pki_check_identity_reserved(const pki_question *q, pki_err *err);
/* Fills the grant's alternative names. */
pki_code pki_check_alt_names(const pki_question *q, pki_err *err);
pki_code pki_check_wildcards(const pki_question *q, pki_err *err);
pki_code pki_check_alt_name_missing(const pki_question *q, pki_err *err);

#endif
