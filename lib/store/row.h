#ifndef PKI_STORE_ROW_H
#define PKI_STORE_ROW_H

/*
 * Rows in memory, the same for every backend: what is right about them, and
 * how they are kept with all that they point to.
 */

#include "store/store.h"

#define PKI_PAGE_ROWS 500

/* No count, number or sequence of ours comes near; one more always fits. */
#define PKI_ROW_COUNT_MAX (INT64_MAX / 4)

/* A kind of row.  Those that are walked begin with their id (or seq). */
typedef struct pki_row_kind {
	const char *name;
	size_t      size;
	/* Append what row points to. */
	void (*pack)(pki_buf *bytes, const void *row);
	/* Make row point to what pack appended, which now is at data. */
	void (*point)(void *row, const uint8_t *data);
} pki_row_kind;

extern const pki_row_kind pki_row_ca, pki_row_profile, pki_row_identity,
    pki_row_pubkey, pki_row_token, pki_row_approval, pki_row_host, pki_row_cert,
    pki_row_crl, pki_row_audit;

/* Copy what row points to into hold, and make row point there. */
PKI_CHECKED pki_code pki_row_hold(const pki_row_kind *kind, void *row,
    pki_buf *hold, pki_err *err);

/*
 * What is wrong with a row, as the name of the field, or NULL.  Asked before
 * a row is written, and again after it was read: a database is input too.
 */
const char *pki_row_ca_flaw(const pki_ca_row *row);
const char *pki_row_profile_flaw(const pki_profile_row *row);
const char *pki_row_identity_flaw(const pki_identity_row *row);
const char *pki_row_pubkey_flaw(const pki_pubkey_row *row);
const char *pki_row_token_flaw(const pki_token_row *row);
const char *pki_row_token_use_flaw(const pki_token_use *use);
const char *pki_row_approval_flaw(const pki_approval_row *row);
const char *pki_row_host_flaw(const pki_host_row *row);
const char *pki_row_cert_flaw(const pki_cert_row *row);
const char *pki_row_crl_flaw(const pki_crl_row *row);
const char *pki_row_audit_flaw(const pki_audit_row *row);
bool pki_row_serial_is_valid(const pki_serial *serial);
bool pki_row_reason_is_valid(int64_t reason);

/* How many subtrees a Merkle tree of this size has: its set bits. */
size_t pki_row_subtrees(int64_t size);

/* Up to PKI_PAGE_ROWS rows with all that they point to. */
typedef struct pki_page {
	const pki_row_kind *kind;
	size_t              count;
	uint8_t            *rows;
	size_t             *starts;     /* of each row in bytes */
	pki_buf            *bytes;
} pki_page;

/* NULL only when memory is out. */
pki_page *pki_page_new(const pki_row_kind *kind);
void pki_page_free(pki_page *page);
PKI_DEFINE_CLEANUP(pki_page)

void pki_page_clear(pki_page *page);
bool pki_page_is_full(const pki_page *page);
PKI_CHECKED pki_code pki_page_add(pki_page *page, const void *row,
    pki_err *err);
/* Row i, valid until the page changes. */
const void *pki_page_row(pki_page *page, size_t i);

/* What pki_store_each_revoked() was asked for. */
typedef struct pki_revoked_query {
	int64_t ca_id, scope, expired_before;
} pki_revoked_query;

#endif
