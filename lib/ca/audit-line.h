#ifndef PKI_CA_AUDIT_LINE_H
#define PKI_CA_AUDIT_LINE_H

/*
 * What an audit row says: one JSON object (RFC 8259) of strings and integers,
 * keys in the order of their octets, no white space, ASCII.  These octets are
 * hashed into the tree (RFC 6962, 2.1), so that their form never changes.
 */

#include "base/buf.h"

typedef struct pki_audit_member {
	const char *key;        /* ASCII that needs no escape */
	const char *text;       /* ASCII; NULL: number is meant */
	int64_t     number;
} pki_audit_member;

/*
 * Append the object; members are sorted in place, each key stands once.
 * PKI_USAGE: text outside ASCII, for the caller to escape; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_audit_line_add(pki_buf *out,
    pki_audit_member *members, size_t count, pki_err *err);

#endif
