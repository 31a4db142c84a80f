#ifndef PKI_CA_REGISTRY_H
#define PKI_CA_REGISTRY_H

/* What devices and their tokens have in common, inside lib/ca. */

#include "ca/handle.h"

/*
 * The row of a device, verified.  PKI_DENIED, rule "identity-unknown": none
 * with a profile has this name in just these letters.
 */
pki_code pki_registry_get(pki_ca *ca, const char *name, pki_identity_row *out,
    pki_buf *hold, pki_err *err);

/*
 * Make the registered holder of a name live, inside the issuing transaction.
 * PKI_DENIED: rule "identity-taken" (he is live, or writes the name
 * otherwise), "identity-state" (held), "device-profile" (registered for
 * another one).
 */
pki_code pki_registry_activate(pki_ca *ca, const char *name,
    const char *profile, int64_t *out_id, pki_err *err);
/* The same question of a holder's row, without changing anything. */
pki_code pki_registry_may_activate(const pki_identity_row *holder,
    const char *name, const char *profile, pki_err *err);

/* Revoke a token, inside a transaction: sealed, stored, audited. */
pki_code pki_registry_end_token(pki_ca *ca, const pki_token_row *row,
    const pki_requester *who, pki_err *err);

#endif
