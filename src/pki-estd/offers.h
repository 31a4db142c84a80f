#ifndef PKI_ESTD_OFFERS_H
#define PKI_ESTD_OFFERS_H

/*
 * What the issuer has the worker offer to anybody: the server's certificate,
 * and for each label the answers to cacerts and csrattrs, ready to be sent.
 * It comes as a set of messages of one generation, and is used as a whole.
 * When the issuer is gone the last set stays.
 */

#include "pki-estd/tls.h"

typedef struct offers_table offers_table;

/* tls is borrowed: it gets the certificate of each set.  PKI_NO_MEMORY. */
PKI_CHECKED pki_code offers_new(tls_store *tls, offers_table **out,
    pki_err *err);
void offers_free(offers_table *offers);

/*
 * Take a message of a set (TLS, CLIENT_CAS, CACERTS, CSRATTRS); with its last
 * one (LABELS) it is used.  From one thread.  PKI_BAD_INPUT: the set is not
 * whole; PKI_CRYPTO: its key or certificate is bad; PKI_NO_MEMORY.  The set
 * before stays then.
 */
PKI_CHECKED pki_code offers_take(offers_table *offers,
    const pki_message *message, pki_err *err);

/* Is there a set?  Before, nobody can be served. */
bool offers_known(offers_table *offers);

/* Is there such a label?  Of offers, for routes.h. */
bool offers_is_label(void *offers, pki_bytes label);

typedef enum offers_kind {
	OFFERS_CACERTS,
	OFFERS_CSRATTRS,
} offers_kind;

#define OFFERS_ETAG 72          /* with its quotes */

/*
 * A copy of what a label offers, base64 as it is sent; empty: nothing
 * (csrattrs).  etag may be NULL.  PKI_NOT_FOUND: no such label.
 */
PKI_CHECKED pki_code offers_get(offers_table *offers, pki_bytes label,
    offers_kind kind, pki_buf **out, char etag[OFFERS_ETAG], pki_err *err);

#endif
