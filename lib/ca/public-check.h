#ifndef PKI_CA_PUBLIC_CHECK_H
#define PKI_CA_PUBLIC_CHECK_H

/*
 * Are the published files of a CA what was recorded?  A publisher who was
 * killed leaves some of them behind the others.
 */

#include "ca/handle.h"

typedef struct pki_public_state {
	int64_t behind;                 /* files */
	char    file[PKI_PATH_MAX];     /* the first of them, below public/ */
} pki_public_state;

/*
 * Every CRL of this CA has the SHA-256 that is on record; its PEM twin, and
 * chain.pem, hold exactly the CRLs that lie there.  Read in fixed memory.
 * When something is behind it is asked again under the publish lock, where
 * that can be had: a publisher may be at work.  PKI_STORE, PKI_SYSTEM.
 */
pki_code pki_public_check(pki_ca *ca, const pki_authority *authority,
    pki_public_state *out, pki_err *err);

/* The same by who has the publish lock. */
pki_code pki_public_check_locked(pki_ca *ca, const pki_authority *authority,
    pki_public_state *out, pki_err *err);

/* pki_ca_unpublished() without the files. */
pki_code pki_unpublished_entries(pki_ca *ca, const pki_authority *authority,
    int64_t *out, pki_err *err);

/*
 * For a CA whose key is not at hand: make twins and chains anew of the CRLs
 * that lie there.
 */
pki_code pki_public_repair(pki_ca *ca, const pki_authority *authority,
    pki_err *err);

#endif
