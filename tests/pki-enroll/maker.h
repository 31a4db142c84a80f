#ifndef TESTS_ENROLL_MAKER_H
#define TESTS_ENROLL_MAKER_H

/* A small PKI in memory: a root, an issuing CA, and what they sign. */

#include "pki.h"

struct maker {
	pki_key  *root_key, *ca_key;
	pki_cert *root, *ca;
	int       serial;               /* of the last certificate */
};

/* Valid around TEST_BEGIN for ten years.  Ends the process on failure. */
void maker_begin(struct maker *maker, const char *name);
void maker_end(struct maker *maker);

/* A certificate of the issuing CA for key; free it. */
pki_cert *maker_issue(struct maker *maker, const pki_pubkey *key,
    const char *common_name, int64_t not_before, int64_t not_after);

/* A CA's certificate by old's root for new's root, or, for its own key, one
 * more of itself. */
pki_cert *maker_link(struct maker *old, const struct maker *next);

#endif
