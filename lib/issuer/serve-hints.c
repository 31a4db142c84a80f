#include "issuer/serve-parts.h"

#include <string.h>

#include "est/csrattrs.h"

/* The attributes that a profile fixes, in its template's order. */
static pki_code
add_part(pki_csrattrs *wanted, pki_name_type type, const char *value,
    pki_err *err)
{
	pki_csrattrs_part *part = &wanted->subject[wanted->subject_count];

	if (strlen(value) >= sizeof(part->value))
		return pki_fail(err, PKI_BAD_INPUT, "'%s' is too long", value);
	part->type = type;
	memcpy(part->value, value, strlen(value) + 1);
	wanted->subject_count++;
	return PKI_OK;
}

/* A name that the device fills in; what is fixed may be left out by it. */
static pki_code
add_subject(const pki_profile *profile, pki_csrattrs *wanted, pki_err *err)
{
	const struct {
		pki_name_type type;
		const char   *value;
	} parts[] = {
		{ PKI_NAME_COUNTRY, profile->country },
		{ PKI_NAME_STATE, profile->state },
		{ PKI_NAME_LOCALITY, profile->locality },
		{ PKI_NAME_ORGANIZATION, profile->organization },
		{ PKI_NAME_ORGANIZATIONAL_UNIT, profile->unit },
	};
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < PKI_COUNT(parts) && rc == PKI_OK; i++)
		if (parts[i].value != NULL && parts[i].value[0] != '\0')
			rc = add_part(wanted, parts[i].type, parts[i].value,
			    err);
	return rc == PKI_OK ?
	    add_part(wanted, PKI_NAME_COMMON_NAME, "", err) : rc;
}

/* RFC 7030, 3.5 and RFC 7894, 4: linking that is demanded must be listed. */
static uint32_t
challenges(const pki_profile *profile)
{
	return profile->est_linking != PKI_LINKING_REQUIRED ? 0 :
	    UINT32_C(1) << PKI_CSR_CHALLENGE_PASSWORD |
	    UINT32_C(1) << PKI_CSR_IDENTITY_LINKING;
}

pki_code
pki_hints_encode(const pki_profile *profile, pki_buf *out, pki_err *err)
{
	pki_csrattrs wanted = {
		.key_types = profile->key_types,
		.challenges = challenges(profile),
		.key_usage = profile->key_usage,
		.ext_usage = profile->ext_usage,
	};
	pki_code rc;

	if (profile->est_csr_hints == PKI_CSR_HINTS_NONE)
		return PKI_OK;
	rc = add_subject(profile, &wanted, err);
	if (rc == PKI_OK)
		rc = pki_csrattrs_encode(&wanted,
		    (pki_csrattrs_form)profile->est_csr_hints, out, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "profile '%s'",
	    profile->name);
}
