#ifndef PKI_CA_ROWHASH_H
#define PKI_CA_ROWHASH_H

/*
 * A hash per row, written with it and verified when it is read: it finds the
 * bit flips that a database's own check does not see.  Certificates are
 * hashed with the names and digests they refer to, not with row numbers, so
 * that the reference is covered too and rows can move to another database.
 */

#include "store/store.h"

/* Fill row->row_hash. */
pki_code pki_row_seal_ca(pki_ca_row *row, pki_err *err);
pki_code pki_row_seal_identity(pki_identity_row *row, pki_err *err);
pki_code pki_row_seal_pubkey(pki_pubkey_row *row, pki_err *err);
pki_code pki_row_seal_token(pki_token_row *row, pki_err *err);
pki_code pki_row_seal_token_use(pki_token_use *use, pki_err *err);
pki_code pki_row_seal_approval(pki_approval_row *row, pki_err *err);
pki_code pki_row_seal_cert(pki_cert_row *row, pki_err *err);

/* PKI_DAMAGED, naming the row, when the hash does not fit. */
pki_code pki_row_verify_ca(const pki_ca_row *row, pki_err *err);
pki_code pki_row_verify_identity(const pki_identity_row *row, pki_err *err);
pki_code pki_row_verify_pubkey(const pki_pubkey_row *row, pki_err *err);
/* And of its use, when it was used. */
pki_code pki_row_verify_token(const pki_token_row *row, pki_err *err);
pki_code pki_row_verify_approval(const pki_approval_row *row, pki_err *err);
pki_code pki_row_verify_cert(const pki_cert_row *row, pki_err *err);

#endif
