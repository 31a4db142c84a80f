#ifndef PKI_CA_APPROVAL_H
#define PKI_CA_APPROVAL_H

/*
 * First requests over the network that an operator decides on: those of a
 * template with est.approval "manual" (RFC 7030, 4.2.3).
 *
 * Whoever brings a good token is put on record and told to come again.  One
 * key of a device waits once: the same request again finds its row, another
 * request of the key takes its place under a new id, so that what an operator
 * has read is what he approves.  PKI_APPROVAL_WAITING_MAX keys of a device
 * can wait (PKI_DENIED, rule "approval-limit").
 *
 * An approval is for this device, template, key and names, once, and is over
 * after PKI_APPROVAL_LIFETIME; so is a request that nobody decides on.  A
 * denied key stays denied to its device (PKI_DENIED, rule "approval-denied"),
 * until somebody approves that very request.
 */

#include "ca/ca.h"
#include "x509/pubkey.h"

PKI_BEGIN_DECLS

#define PKI_APPROVAL_LIFETIME (INT64_C(7) * 86400)
#define PKI_APPROVAL_WAITING_MAX 4

/* 60 random bits in base 32. */
#define PKI_REQUEST_ID_LEN 12
typedef struct pki_request_id {
	char text[PKI_REQUEST_ID_LEN + 1];
} pki_request_id;

/* Does it wait, or let in, no more?  Times are UTC seconds. */
bool pki_approval_is_over(const pki_approval_row *row, int64_t now);
/* "waiting", "approved", "denied", "issued", "expired".  Static. */
const char *pki_approval_state_name(const pki_approval_row *row, int64_t now);

/*
 * Walk over requests behind row after, each verified: of all devices, or
 * (device not NULL) of those with this name.  PKI_DAMAGED.
 */
PKI_CHECKED pki_code pki_approval_each(pki_ca *ca, const char *device,
    int64_t after, pki_approval_visitor *visit, void *arg, pki_err *err);

/*
 * How many wait, and since when the first of them does (0, 0: none); those
 * that are over are none.  Cheap; no row is verified.  PKI_STORE.
 */
PKI_CHECKED pki_code pki_approval_count(pki_ca *ca, pki_approval_queue *out,
    pki_err *err);

/*
 * Has this key of the device an approval that is not over?  So that it is
 * worth signing; what it is for is looked at in the issuing transaction.
 */
PKI_CHECKED pki_code pki_approval_is_given(pki_ca *ca, const char *device,
    const pki_pubkey *key, bool *out, pki_err *err);

/* One, verified.  PKI_NOT_FOUND: rule "request-unknown".  PKI_DAMAGED. */
PKI_CHECKED pki_code pki_approval_get(pki_ca *ca, const char *id,
    pki_approval_row *out, pki_buf *hold, pki_err *err);

typedef enum pki_approval_decision {
	PKI_APPROVAL_APPROVE,   /* what waits, or was denied */
	PKI_APPROVAL_DENY,      /* what waits, or was approved */
} pki_approval_decision;

/*
 * Decide on a request by its id, with an audit row.  PKI_NOT_FOUND, rule
 * "request-unknown": there is no such request (any more).  PKI_DENIED:
 * "request-state" (it was decided so before, is over, or issued),
 * "identity-state" (approve: the device is held or retired).  check: the
 * same, nothing changed.  PKI_DAMAGED, PKI_STORE, PKI_BUSY.
 */
PKI_CHECKED pki_code pki_approval_decide(pki_ca *ca, const char *id,
    pki_approval_decision decision, const pki_requester *who, pki_err *err);
PKI_CHECKED pki_code pki_approval_decide_check(pki_ca *ca, const char *id,
    pki_approval_decision decision, pki_err *err);

static inline pki_code
pki_approval_approve(pki_ca *ca, const char *id, const pki_requester *who,
    pki_err *err)
{
	return pki_approval_decide(ca, id, PKI_APPROVAL_APPROVE, who, err);
}

static inline pki_code
pki_approval_deny(pki_ca *ca, const char *id, const pki_requester *who,
    pki_err *err)
{
	return pki_approval_decide(ca, id, PKI_APPROVAL_DENY, who, err);
}

PKI_END_DECLS

#endif
