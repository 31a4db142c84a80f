#ifndef PKI_CA_STATUS_H
#define PKI_CA_STATUS_H

/* How things stand: counts, what expires, what needs attention. */

#include "ca/audit.h"
#include "ca/ca.h"

PKI_BEGIN_DECLS

/* One CA's line. */
typedef struct pki_status_ca {
	const char *name;
	int64_t     not_after;
	int64_t     good, expiring, expired, held, revoked;
	int64_t     crl_number, crl_next_update;        /* 0: none published */
	int64_t     crl_entries;
	bool        has_key;
} pki_status_ca;

typedef struct pki_status {
	void          (*ca)(void *arg, const pki_status_ca *line);
	/* Something an operator should do: one sentence each. */
	void          (*warning)(void *arg, const char *sentence);
	void           *arg;
	/* Filled. */
	pki_audit_head  head;
	pki_approval_queue approvals;   /* that wait */
	int64_t         wal_bytes;
	int64_t         now;
} pki_status;

/*
 * Warnings: revocations that the published CRL lacks; a CRL with less than
 * 25 % of its life left or expired; a full CRL of over 5 000 entries; a CA
 * that expires within pki.conf's warning or before a certificate of full
 * length could; a clock that is not believed; a WAL over 256 MiB; a key
 * file that is missing, or an old one left beside it; a template that does
 * not load.  PKI_STORE, PKI_DAMAGED.
 */
PKI_CHECKED pki_code pki_ca_status(pki_ca *ca, pki_status *status,
    pki_err *err);

/*
 * db check: the database's own check; every row's hash; that each certificate
 * says what its row says and is signed by its CA, each CA's by its parent;
 * that the keys of certificates lost as keyCompromise are blocked, and no
 * others; then the audit log as pki_audit_verify() does.  *out_rows: rows
 * looked at but the log's.  PKI_DAMAGED says which.
 */
PKI_CHECKED pki_code pki_ca_check(pki_ca *ca, int64_t *out_rows,
    pki_progress *progress, void *arg, pki_err *err);

PKI_END_DECLS

#endif
