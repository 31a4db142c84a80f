#ifndef PKI_CTL_CERTS_H
#define PKI_CTL_CERTS_H

/* Certificates by what people write, and the columns that lists show. */

#include "pki-ctl/session.h"

/* A row and everything that it borrows. */
struct found_cert {
	pki_cert_row row;
	char        *ca, *identity, *profile;
	pki_buf     *der;
};

typedef struct found_certs {
	struct found_cert **items;
	size_t              count;
} found_certs;

found_certs *found_certs_new(void);     /* NULL: memory */
void found_certs_free(found_certs *certs);
PKI_DEFINE_CLEANUP(found_certs)

/*
 * A certificate file, DER or PEM; of several in it the first, as the chains
 * are that "cert issue" writes.
 */
PKI_CHECKED pki_code certs_read_file(struct session *s, const char *path,
    pki_cert **out);

/*
 * Before the CA is opened: the certificate file of "file:PATH" is read, and
 * what finds it on record ("serial:...") goes to out; other ids as they are.
 */
#define CERTS_ID_MAX 256
PKI_CHECKED pki_code certs_resolve_id(struct session *s, const char *id,
    char out[CERTS_ID_MAX]);

/* Append everything that id may mean.  PKI_NOT_FOUND, PKI_BAD_INPUT. */
PKI_CHECKED pki_code certs_find(struct session *s, const char *id,
    found_certs *out);

/* Move item i, unless its row is there already.  from keeps a NULL. */
PKI_CHECKED pki_code certs_move(found_certs *from, size_t i, found_certs *to,
    pki_err *err);

/* What a list of certificates looks like. */
#define CERTS_COLUMNS 8
extern const struct print_column certs_columns[CERTS_COLUMNS];
PKI_CHECKED pki_code certs_print_row(print_doc *doc, const pki_cert_row *row,
    int64_t now, pki_err *err);

#endif
