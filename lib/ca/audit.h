#ifndef PKI_CA_AUDIT_H
#define PKI_CA_AUDIT_H

/*
 * The audit log: one row per action, in the action's own transaction; a
 * gapless sequence; an RFC 6962 Merkle tree over the rows, of which size and
 * root (the head) can be kept elsewhere and compared later.
 */

#include "ca/ca.h"

PKI_BEGIN_DECLS

typedef struct pki_audit_head {
	int64_t    size;                /* rows */
	pki_digest root;                /* RFC 6962, 2.1; of nothing for 0 */
} pki_audit_head;

PKI_CHECKED pki_code pki_audit_get_head(pki_ca *ca, pki_audit_head *out,
    pki_err *err);
#define PKI_AUDIT_HEAD_TEXT 96
/* "SIZE:ROOT-IN-HEX" and back. */
const char *pki_audit_head_format(const pki_audit_head *head,
    char out[PKI_AUDIT_HEAD_TEXT]);
PKI_CHECKED pki_code pki_audit_head_parse(const char *text,
    pki_audit_head *out, pki_err *err);

/* Rows from first on; line is one JSON object. */
PKI_CHECKED pki_code pki_audit_each(pki_ca *ca, int64_t first,
    pki_audit_visitor *visit, void *arg, pki_err *err);

/*
 * Recompute every leaf and the root, check the sequence, the times and the
 * stored tree; then that every certificate has its row and every revocation
 * too, of the same name; and, unless others write meanwhile, that reasons,
 * holds, tokens, their uses and ends, retired devices and decisions on
 * requests are those of the log.  With a known head: the log's first
 * known->size rows have that root.  PKI_DAMAGED says which row.  progress
 * may be NULL.
 */
typedef void pki_progress(int64_t done, int64_t total, void *arg);
PKI_CHECKED pki_code pki_audit_verify(pki_ca *ca, const pki_audit_head *known,
    pki_audit_head *out, pki_progress *progress, void *arg, pki_err *err);

PKI_END_DECLS

#endif
