#ifndef TESTS_LIB_CA_CREDENTIAL_SAMPLE_H
#define TESTS_LIB_CA_CREDENTIAL_SAMPLE_H

/* Certificates that are not what they seem, and holders that change. */

#include "ca/credential.h"
#include "tests/lib/ca/ca-sample.h"
#include "tests/lib/x509/sample.h"

/* The private key of a CA here. */
pki_key *get_ca_key(const struct test_ca *t, const char *name);

/*
 * What cert says, to be changed and signed by sample_sign(); key is its own
 * unless another is put in.
 */
pki_tbs tbs_like(const pki_cert *cert);

/* As who holds or retires a device would. */
void set_identity_state(struct test_ca *t, const char *name, int state);
/* As who revokes another certificate with it would. */
void block_key(struct test_ca *t, const pki_pubkey *key);

/* Check it; NULL: refused, and t->err says why. */
pki_credential *check_credential(struct test_ca *t, const pki_cert *cert,
    pki_credential_use use);

#endif
