#ifndef PKI_CA_CRL_LIST_H
#define PKI_CA_CRL_LIST_H

/*
 * A CRL as what it says: numbers, times, and entries in ascending order, one
 * after the other.  From its file in fixed memory; from memory when it was
 * parsed, or when another CA's software wrote its entries in another order.
 */

#include "ca/handle.h"
#include "x509/crl-read.h"

typedef struct pki_crl_list {
	int64_t         number, this_update, next_update;
	pki_digest      digest;         /* of the file, when opened */
	pki_crl_reader *reader;         /* NULL: crl */
	const pki_crl  *crl;
	size_t          next;           /* of crl */
	pki_crl_reader *own_reader;     /* what clear frees */
	pki_crl        *own_crl;
} pki_crl_list;

/* Borrowed. */
void pki_crl_list_of_reader(pki_crl_list *list, pki_crl_reader *reader);
void pki_crl_list_of_crl(pki_crl_list *list, const pki_crl *crl);

/* Whose CRL it must be. */
typedef struct pki_crl_origin {
	const pki_cert   *issuer;
	const pki_digest *recorded;     /* of the file that is; or NULL */
} pki_crl_origin;

/*
 * The published CRL in this file, its issuer and signature verified, unless
 * it is the one on record.  PKI_NOT_FOUND; PKI_DAMAGED when it is no CRL of
 * this CA, or not whole.
 */
pki_code pki_crl_list_open(pki_crl_list *list, const char *path,
    const pki_crl_origin *origin, pki_err *err);
/*
 * The same without a look at the entries: one that cannot be read, or is out
 * of order, is PKI_BAD_INPUT when its turn comes.
 */
pki_code pki_crl_list_open_unread(pki_crl_list *list, const char *path,
    const pki_crl_origin *origin, pki_err *err);
void pki_crl_list_clear(pki_crl_list *list);

void pki_crl_list_rewind(pki_crl_list *list);
/*
 * Who had expired by this list may be missing in the next: by its thisUpdate,
 * but never by a time that is not yet (the clock was ahead).
 */
int64_t pki_crl_list_expiry(const pki_crl_list *list, int64_t now);
/* How many octets its entries have; 0: not known. */
uint64_t pki_crl_list_octets(const pki_crl_list *list);
/* Go over entries that both have next, when that costs less than to read. */
pki_code pki_crl_list_skip_same(pki_crl_list *a, pki_crl_list *b,
    pki_err *err);
/* *more is false behind the last one. */
pki_code pki_crl_list_next(pki_crl_list *list, pki_crl_entry *out, bool *more,
    pki_err *err);

#endif
