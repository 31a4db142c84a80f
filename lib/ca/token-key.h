#ifndef PKI_CA_TOKEN_KEY_H
#define PKI_CA_TOKEN_KEY_H

/*
 * keys/token.key: 32 random octets that every token's secret is made from, so
 * that no secret is at rest in the database, and who takes the database alone
 * has none.
 */

#include "ca/handle.h"
#include "ca/token.h"

/* Read it, or make it where there is none yet.  PKI_DAMAGED, PKI_SYSTEM. */
pki_code pki_token_key_load(pki_ca *ca, pki_err *err);

/* The secret of a token: HKDF-SHA-256, as text.  The key must be loaded. */
pki_code pki_token_secret(const pki_ca *ca, const char *id,
    char out[PKI_TOKEN_SECRET_LEN + 1], pki_err *err);

/*
 * Does the evidence hold the secret?  PKI_DENIED: rule "token".  In constant
 * time; safe in several threads.  The key must be loaded.
 */
pki_code pki_token_check_secret(const pki_ca *ca, const pki_evidence *evidence,
    pki_err *err);

/* PKI_DENIED, rule "token": the same for what is unknown and what is wrong. */
pki_code pki_token_refuse(pki_err *err);

#endif
