#ifndef PKI_CA_WITHDRAW_H
#define PKI_CA_WITHDRAW_H

/*
 * Ending certificates inside a transaction that somebody else began: what
 * revoking, replacing and losing a CA have in common.
 */

#include "ca/crl-list.h"
#include "ca/handle.h"
#include "x509/crl.h"

/*
 * Now; or the floor's time when the clock has gone back behind it, or is
 * beyond the end of this CA, which had worked before that.
 */
int64_t pki_withdraw_time(pki_ca *ca, const char *name);

/* An identity is held while one of its certificates is, and live again. */
pki_code pki_withdraw_settle(pki_ca *ca, const pki_cert_row *row,
    pki_err *err);

/* Mark one certificate revoked; row is changed, sealed, stored, audited. */
pki_code pki_withdraw_cert(pki_ca *ca, pki_cert_row *row, pki_reason reason,
    int64_t invalid_since, const pki_requester *who, pki_err *err);

/* What a walk over certificates does to each that is not revoked yet. */
typedef struct pki_withdraw {
	pki_ca              *ca;
	pki_reason           reason;
	int64_t              invalid_since;
	const pki_requester *who;
	size_t               count;     /* certificates ended */
} pki_withdraw;
/* Every certificate that the filter lets through. */
pki_code pki_withdraw_all(pki_withdraw *withdraw,
    const pki_cert_filter *filter, pki_err *err);

/*
 * A CA here that its issuer's CRL lists is lost: all its leaves end, so that
 * its own CRL says so.  Does nothing for those that ended before.
 */
pki_code pki_withdraw_listed(pki_ca *ca, const pki_authority *issuer,
    pki_crl_list *list, const pki_requester *who, pki_err *err);

/*
 * Who has this name, in just these letters.  PKI_DENIED, rule
 * "identity-unknown"; rule "identity-state" when held or retired.
 */
pki_code pki_holder_find(pki_ca *ca, const char *identity, int64_t *out_id,
    pki_err *err);

/* PKI_DENIED, rule "identity-reserved": it is a CA's certificate. */
pki_code pki_withdraw_spare_ca(const pki_cert_row *row, pki_err *err);

/*
 * End every good or held certificate of an identity as superseded.  A CA's
 * is refused by pki_withdraw_spare_ca(): what replaces it is none.
 */
pki_code pki_withdraw_superseded(pki_ca *ca, const char *identity,
    const pki_requester *who, size_t *out_count, pki_err *err);

#endif
