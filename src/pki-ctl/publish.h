#ifndef PKI_CTL_PUBLISH_H
#define PKI_CTL_PUBLISH_H

/* Publishing CRLs, for "crl publish" and after "cert revoke". */

#include "pki-ctl/certs.h"
#include "pki-ctl/session.h"

/* Names of CAs, each once. */
#define PUBLISH_CAS_MAX 64
struct publish_list {
	char   names[PUBLISH_CAS_MAX][PKI_CA_NAME_MAX + 1];
	size_t count;
};
PKI_CHECKED pki_code publish_add(struct publish_list *list, const char *name,
    pki_err *err);

#define PUBLISH_COLUMNS 7
extern const struct print_column publish_columns[PUBLISH_COLUMNS];
/* A pki_published_visitor: one row of them; arg is a print_doc. */
pki_code publish_print(const pki_published *published, void *doc,
    pki_err *err);

/*
 * Sign and publish one CA's CRLs, not because an operator asked for it but
 * because something happened: what a restored or damaged database lacks stays
 * listed, with a warning.  The passphrase may be asked for.
 */
PKI_CHECKED pki_code publish_ca(struct session *s, const char *name,
    pki_published_visitor *visit, void *arg);
/* As the options say, with a warning where one is due; who is filled. */
PKI_CHECKED pki_code publish_with(struct session *s, const char *name,
    const pki_publish_options *options);
/* A pki_published_visitor: the greatest number, to an int64_t. */
pki_code publish_note_number(const pki_published *published, void *number,
    pki_err *err);

/*
 * After that: do the published files list those of the first count
 * certificates that are of this CA?  PKI_DENIED, rule "not-published".
 */
PKI_CHECKED pki_code publish_check(struct session *s, const char *name,
    const found_certs *certs, size_t count);

/*
 * Publish all of the list, and check as above.  The failure of one says that
 * the change is recorded; numbers of those before it are filled.
 */
PKI_CHECKED pki_code publish_all(struct session *s,
    const struct publish_list *touched, const found_certs *listed,
    size_t count, int64_t numbers[PUBLISH_CAS_MAX]);

/*
 * Publish every CA whose key is here and whose published CRL lacks something
 * that is revoked on record.
 */
PKI_CHECKED pki_code publish_missing(struct session *s,
    pki_published_visitor *visit, void *arg);

/* The audit log's head, to be noted elsewhere. */
PKI_CHECKED pki_code publish_say_head(struct session *s);

#endif
