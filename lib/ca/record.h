#ifndef PKI_CA_RECORD_H
#define PKI_CA_RECORD_H

/* What one action writes into the audit log, in the action's transaction. */

#include "ca/audit.h"
#include "ca/handle.h"

/* A further member of the event's JSON object; the last one's key is NULL. */
typedef struct pki_audit_detail {
	const char *key;
	const char *text;       /* or NULL: number counts */
	int64_t     number;
} pki_audit_detail;

typedef struct pki_audit_event {
	const char             *action;         /* "cert-issue" */
	const pki_requester    *who;
	const char             *ca;             /* or NULL */
	const char             *name;           /* identity, or NULL */
	const pki_serial       *serial;         /* or NULL */
	int64_t                 at;             /* 0: now */
	const pki_audit_detail *details;        /* or NULL */
} pki_audit_event;

/* The actions, as they stand in the log. */
#define PKI_AUDIT_INIT "init"
#define PKI_AUDIT_ISSUE "cert-issue"
#define PKI_AUDIT_REVOKE "cert-revoke"
#define PKI_AUDIT_REASON "cert-reason"   /* of one revoked before */
#define PKI_AUDIT_HOLD "cert-hold"
#define PKI_AUDIT_RELEASE "cert-release"
#define PKI_AUDIT_CRL "crl-publish"
#define PKI_AUDIT_LOST "crl-accept-lost" /* may be missing from now on */
#define PKI_AUDIT_CRL_IMPORT "crl-import"
#define PKI_AUDIT_CLOCK "clock-accept"
#define PKI_AUDIT_DEVICE_ADD "device-add"
#define PKI_AUDIT_DEVICE_HOLD "device-hold"
#define PKI_AUDIT_DEVICE_RELEASE "device-release"
#define PKI_AUDIT_DEVICE_RETIRE "device-retire"
#define PKI_AUDIT_DEVICE_REPLACE "device-replace"
#define PKI_AUDIT_TOKEN_CREATE "token-create"
#define PKI_AUDIT_TOKEN_REVOKE "token-revoke"
#define PKI_AUDIT_APPROVE "device-approve"
#define PKI_AUDIT_DENY "device-deny"
#define PKI_AUDIT_REFUSE "enroll-refuse"

/* Append one row.  Inside a transaction only. */
pki_code pki_audit_append(pki_ca *ca, const pki_audit_event *event,
    pki_err *err);

/* RFC 6962, 2.1: leaf, and a tree that grows by one leaf. */
pki_code pki_audit_leaf(pki_bytes line, pki_digest *out, pki_err *err);
pki_code pki_audit_tree_add(pki_audit_tree *tree, const pki_digest *leaf,
    pki_err *err);
pki_code pki_audit_tree_root(const pki_audit_tree *tree, pki_digest *out,
    pki_err *err);

#endif
