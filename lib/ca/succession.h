#ifndef PKI_CA_SUCCESSION_H
#define PKI_CA_SUCCESSION_H

/*
 * What a certificate that follows another one of its identity may be.  The
 * rest of it is in issue.h.
 */

#include "ca/job.h"

/*
 * For a replacement: every certificate of the identity is no CA's (rule
 * "identity-reserved"), and the last one's profile is the one asked for, unless
 * the request may change it ("profile-change").
 *
 * For a renewal that names the certificate it follows: that is on record
 * (PKI_NOT_FOUND), the identity's, neither revoked, held nor expired
 * ("not-in-force"), of the same profile ("profile-change"), and has the same
 * alternative names, beside those that the profile gives everybody
 * ("names-change").  PKI_DENIED.  Nothing for the rest.
 */
pki_code pki_succession_check(pki_ca *ca, const pki_job *job,
    int64_t identity_id, pki_err *err);

#endif
