#ifndef PKI_CA_STANDING_H
#define PKI_CA_STANDING_H

/* A credential against the records, as often as it is relied on. */

#include "ca/credential.h"
#include "ca/handle.h"

/*
 * All of pki_ca_check_credential() that can change: CA, row, times, identity,
 * key.  cert, use and ca are given; the rest is filled.  In or outside a
 * transaction; profiles and authorities must be loaded.
 */
pki_code pki_credential_stand(pki_ca *ca, pki_credential *credential,
    pki_err *err);

#endif
