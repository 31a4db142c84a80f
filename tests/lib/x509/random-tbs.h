#ifndef TESTS_LIB_X509_RANDOM_TBS_H
#define TESTS_LIB_X509_RANDOM_TBS_H

/*
 * Certificates to be, at random: requests that the shipped profiles grant,
 * with serial, times, issuer and URLs of all kinds.  The same seed gives the
 * same, but for keys other than RSA.
 */

#include "policy/check.h"
#include "x509/tbs.h"

#define RANDOM_KEYS 20          /* of each available type */
#define RANDOM_URL_ROOM 256

typedef struct random_source {
	uint64_t      state;
	pki_profiles *profiles;
	pki_name     *nobody;   /* without parts */
	pki_pubkey   *keys[PKI_KEY_ML_DSA_87 + 1][RANDOM_KEYS];
} random_source;

void random_open(random_source *source, uint64_t seed);
void random_close(random_source *source);
uint64_t random_below(random_source *source, uint64_t end);

typedef struct random_tbs {
	pki_tbs            tbs;         /* borrows from the rest */
	const pki_profile *profile;
	pki_grant         *grant;
	pki_name          *issuer;
	pki_altnames      *alt_names;
	char               crl_url[RANDOM_URL_ROOM], ca_url[RANDOM_URL_ROOM];
} random_tbs;

void random_tbs_make(random_source *source, random_tbs *out);
void random_tbs_clear(random_tbs *made);

#endif
