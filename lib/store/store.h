#ifndef PKI_STORE_STORE_H
#define PKI_STORE_STORE_H

/*
 * The store: what was issued.  Rows and transactions, no PKI rules.
 *
 * One writer at a time, across threads and processes: pki_store_begin() takes
 * the write lock of the state directory, pki_store_commit() returns only when
 * the data is on the disk (G2, G6).  What can change between a check and the
 * commit is decided by constraints inside the transaction, never by a SELECT
 * before it: claim calls say PKI_EXISTS or PKI_DENIED, and the transaction
 * stays usable.
 *
 * A row's hash is computed by lib/ca, stored here as it is.  Text and bytes
 * in a row are borrowed; rows given to a visitor are valid during the call.
 * A visitor's result other than PKI_OK ends the walk and is returned.
 */

#include "base/clock.h"
#include "base/ids.h"

PKI_BEGIN_DECLS

typedef struct pki_store pki_store;

/* The layout that this library writes, in SQLite's user_version. */
#define PKI_STORE_VERSION 1

/* A CA: its certificate, and what never changes about it. */
typedef struct pki_ca_row {
	int64_t     id;                 /* given by the store */
	const char *name;               /* [a-z0-9][a-z0-9-]{0,31}, for ever */
	const char *parent;             /* name; its own for a root */
	pki_bytes   der;
	const char *key_ref;            /* "file:keys/issuing.key", "offline" */
	int         crl_form;           /* 0 full, 1 partitioned */
	int64_t     partition_size;
	const char *base_url;           /* "http://pki.example", no final "/" */
	int64_t     created_at;
	pki_digest  row_hash;
} pki_ca_row;

/* A template as it was when a certificate was issued by it. */
typedef struct pki_profile_row {
	int64_t     id;
	const char *name;
	pki_digest  digest;             /* SHA-256 of the text; unique */
	pki_bytes   text;
} pki_profile_row;

typedef enum pki_identity_state {
	PKI_IDENTITY_LIVE = 0,
	PKI_IDENTITY_HELD = 1,
	PKI_IDENTITY_RETIRED = 2,
	PKI_IDENTITY_REGISTERED = 3,    /* known, without a certificate yet */
} pki_identity_state;

/* Is the device itself on hold, and what is it again afterwards? */
typedef enum pki_identity_hold {
	PKI_HOLD_NONE = 0,              /* its certificates at most are */
	PKI_HOLD_LIVE = 1,
	PKI_HOLD_REGISTERED = 2,
} pki_identity_hold;

/* A device, server or person; its name is taken until it is retired. */
typedef struct pki_identity_row {
	int64_t     id;
	const char *name;
	int         state;
	int64_t     created_at;
	int         hold;               /* not NONE: state is HELD */
	/* What the registry knows; NULL is written as "", and read as that. */
	const char *profile;            /* that its certificates are of */
	const char *groups, *tags;      /* lists, separated by commas */
	const char *notes;              /* one line of UTF-8 */
	pki_digest  row_hash;
} pki_identity_row;

/* That a token was used, and what for. */
typedef struct pki_token_use {
	int64_t     used_at;            /* 0: never */
	pki_digest  key;                /* SHA-256 of SubjectPublicKeyInfo */
	int64_t     ca_id;
	pki_serial  serial;             /* of the certificate issued by it */
	pki_digest  row_hash;
	/* The token must be this, when it is used. */
	const char *token, *identity, *profile;
	const char *ca;                 /* joined when read */
} pki_token_use;

/* The right of a device to get its first certificate.  No secret is here. */
typedef struct pki_token_row {
	int64_t       id;
	const char   *name;             /* the token's id, unique */
	int64_t       identity_id;
	const char   *profile;
	int64_t       created_at, expires_at;
	int64_t       revoked_at;       /* 0: not revoked */
	pki_digest    row_hash;
	/* Joined when read; ignored when written. */
	const char   *identity;
	pki_token_use use;
} pki_token_row;

typedef enum pki_approval_state {
	PKI_APPROVAL_WAITING = 0,
	PKI_APPROVAL_APPROVED = 1,
	PKI_APPROVAL_DENIED = 2,
	PKI_APPROVAL_USED = 3,          /* approved, and issued */
} pki_approval_state;

/* A first request that waits for an operator, or did. */
typedef struct pki_approval_row {
	int64_t     id;
	const char *name;               /* the request's id, unique */
	int64_t     identity_id;
	const char *profile;
	pki_digest  key;                /* SHA-256 of SubjectPublicKeyInfo */
	const char *names;              /* that it would get, to be read */
	pki_digest  names_digest;       /* SHA-256 of them, encoded */
	int64_t     requested_at;
	int         state;
	int64_t     decided_at;         /* 0: not yet */
	const char *decided_by;         /* "": nobody yet */
	pki_digest  row_hash;
	/* Joined when read; ignored when written. */
	const char *identity;
} pki_approval_row;

/* A public key: whose it is, and whether it may ever be used again (G22). */
typedef struct pki_pubkey_row {
	int64_t     id;
	pki_digest  digest;             /* SHA-256 of SubjectPublicKeyInfo */
	int64_t     identity_id;        /* 0: blocked before anybody had it */
	int64_t     blocked_at;         /* 0: not blocked */
	pki_digest  row_hash;
} pki_pubkey_row;

/* A DNS name that an identity has had a certificate for; no hash: an index. */
typedef struct pki_host_row {
	int64_t     id;                 /* of the backend, or 0 */
	const char *name;               /* case ignored */
	int64_t     identity_id;
} pki_host_row;

typedef enum pki_cert_status {
	PKI_CERT_GOOD = 0,
	PKI_CERT_REVOKED = 1,
	PKI_CERT_HELD = 2,              /* certificateHold */
} pki_cert_status;

typedef struct pki_cert_row {
	int64_t     id;
	int64_t     ca_id, identity_id, pubkey_id, profile_id;
	pki_serial  serial;             /* (ca_id, serial) is unique */
	int64_t     not_before, not_after;
	int64_t     issued_at;
	int         key_origin;         /* 0 device, 1 CA */
	int64_t     partition;          /* CRL partition, from 0 */
	int         status;
	int64_t     revoked_at;         /* 0: never */
	int         reason;             /* RFC 5280, 5.3.1 */
	int64_t     invalid_since;      /* invalidityDate, or 0 */
	pki_bytes   der;
	pki_digest  row_hash;
	/* Joined when read; ignored when written. */
	const char *ca, *identity, *profile;
	pki_digest  profile_digest, pubkey_digest;
} pki_cert_row;

typedef struct pki_revoked_row {
	pki_serial serial;
	int64_t    revoked_at, invalid_since;
	int        reason;
	bool       damaged;             /* a column is not what we write */
} pki_revoked_row;

/* A CRL that was signed. scope: -1 = the complete list, else the partition. */
typedef struct pki_crl_row {
	int64_t    ca_id;
	int64_t    number;              /* (ca_id, number) is unique */
	int64_t    scope;
	int64_t    this_update, next_update;
	int64_t    entries;
	pki_digest digest;              /* SHA-256 of the DER file */
} pki_crl_row;

typedef struct pki_audit_row {
	int64_t     seq;                /* from 0, gapless */
	int64_t     at;
	const char *line;               /* canonical JSON */
	pki_digest  leaf;               /* RFC 6962 leaf hash of line */
} pki_audit_row;

/* The audit log's Merkle tree, folded: one hash per set bit of size. */
typedef struct pki_audit_tree {
	int64_t    size;
	size_t     count;
	pki_digest frontier[64];        /* largest subtree first */
} pki_audit_tree;

/*
 * Open "sqlite:DIR" (DIR/ca.db and DIR/write.lock) or "memory:".  create
 * makes the database and refuses one that exists (PKI_EXISTS); open never
 * makes one (PKI_NOT_FOUND).  A database of a newer version: PKI_DENIED,
 * rule "store-version".  An older one is migrated in one transaction.
 * A damaged file: PKI_DAMAGED.  Otherwise PKI_STORE, PKI_SYSTEM, PKI_BUSY.
 */
PKI_CHECKED pki_code pki_store_create(const char *url, pki_store **out,
    pki_err *err);
PKI_CHECKED pki_code pki_store_open(const char *url, pki_store **out,
    pki_err *err);
void pki_store_free(pki_store *store);
PKI_DEFINE_CLEANUP(pki_store)

/*
 * Begin waits up to 10 s for the write lock (PKI_BUSY).  Between begin and
 * commit or rollback do nothing that waits for anything but the disk.
 * Commit: PKI_OK means durable; any failure means rolled back, and is
 * PKI_STORE with the cause (disk full, I/O error).  Rollback of no
 * transaction does nothing.
 */
PKI_CHECKED pki_code pki_store_begin(pki_store *store, pki_err *err);
PKI_CHECKED pki_code pki_store_commit(pki_store *store, pki_err *err);
void pki_store_rollback(pki_store *store);

/*
 * Several actions in one transaction: mark before each; undo takes back what
 * was written since the mark, keep does not; neither ends the transaction.
 */
PKI_CHECKED pki_code pki_store_mark(pki_store *store, pki_err *err);
PKI_CHECKED pki_code pki_store_keep(pki_store *store, pki_err *err);
PKI_CHECKED pki_code pki_store_undo(pki_store *store, pki_err *err);

/*
 * Has another handle or process written since the last call (or open)?
 * What this handle wrote itself does not count.
 */
PKI_CHECKED pki_code pki_store_changed(pki_store *store, bool *out,
    pki_err *err);

/*
 * Writing, all inside a transaction (else PKI_USAGE, as for a malformed row).
 * id fields are filled.  A row that refers to one that is not there is
 * PKI_NOT_FOUND.  After an error of the database only rollback can follow.
 */

/* PKI_EXISTS when the name is taken. */
PKI_CHECKED pki_code pki_store_put_ca(pki_store *store, pki_ca_row *row,
    pki_err *err);
/* Finds or adds by digest. */
PKI_CHECKED pki_code pki_store_put_profile(pki_store *store,
    pki_profile_row *row, pki_err *err);
/*
 * Take a name that no live or held identity has, in any case of letters.
 * PKI_EXISTS otherwise, and row->id is then the holder's.
 */
PKI_CHECKED pki_code pki_store_claim_identity(pki_store *store,
    pki_identity_row *row, pki_err *err);
/* All but name and time, by row->id.  PKI_EXISTS: the name was taken since. */
PKI_CHECKED pki_code pki_store_update_identity(pki_store *store,
    const pki_identity_row *row, pki_err *err);
/*
 * Make a registered identity live: state and row_hash by row->id.  PKI_EXISTS
 * when it is not registered any more.
 */
PKI_CHECKED pki_code pki_store_activate_identity(pki_store *store,
    const pki_identity_row *row, pki_err *err);
/* PKI_EXISTS when the name is taken. */
PKI_CHECKED pki_code pki_store_put_token(pki_store *store, pki_token_row *row,
    pki_err *err);
/* revoked_at and row_hash by row->id. */
PKI_CHECKED pki_code pki_store_update_token(pki_store *store,
    const pki_token_row *row, pki_err *err);
/*
 * Use a token, once in its life.  PKI_EXISTS: it was used before, or there is
 * none with this name, identity (in its letters) and profile that is neither
 * revoked nor expired at use->used_at; pki_store_get_token() tells which.
 */
PKI_CHECKED pki_code pki_store_use_token(pki_store *store,
    const pki_token_use *use, pki_err *err);
/* PKI_EXISTS when the name is taken. */
PKI_CHECKED pki_code pki_store_put_approval(pki_store *store,
    pki_approval_row *row, pki_err *err);
/* All but the identity, by row->id. */
PKI_CHECKED pki_code pki_store_update_approval(pki_store *store,
    const pki_approval_row *row, pki_err *err);
/*
 * Take a key for row->identity_id.  PKI_OK also when it is this identity's
 * already (row is filled as stored); PKI_EXISTS: another identity's;
 * PKI_DENIED, rule "key-blocked": blocked.
 */
PKI_CHECKED pki_code pki_store_claim_pubkey(pki_store *store,
    pki_pubkey_row *row, pki_err *err);
/*
 * Block a key for ever, known or not: adds, or updates identity_id,
 * blocked_at (not 0) and row_hash, by digest.
 */
PKI_CHECKED pki_code pki_store_block_pubkey(pki_store *store,
    pki_pubkey_row *row, pki_err *err);
/* PKI_EXISTS when (ca_id, serial) is taken. */
PKI_CHECKED pki_code pki_store_put_cert(pki_store *store, pki_cert_row *row,
    pki_err *err);
/* Done when it is there already.  PKI_NOT_FOUND: no such identity. */
PKI_CHECKED pki_code pki_store_put_host(pki_store *store,
    const pki_host_row *row, pki_err *err);
/* status, revoked_at, reason, invalid_since and row_hash by row->id. */
PKI_CHECKED pki_code pki_store_update_cert_status(pki_store *store,
    const pki_cert_row *row, pki_err *err);
/* PKI_EXISTS when (ca_id, number) is taken. */
PKI_CHECKED pki_code pki_store_put_crl(pki_store *store,
    const pki_crl_row *row, pki_err *err);
/* PKI_EXISTS unless row->seq is the next one and tree->size is row->seq + 1. */
PKI_CHECKED pki_code pki_store_put_audit(pki_store *store,
    const pki_audit_row *row, const pki_audit_tree *tree, pki_err *err);

/*
 * Reading, in or outside a transaction.  What a row points to is kept in
 * hold (its former contents are dropped).  PKI_NOT_FOUND.
 */
PKI_CHECKED pki_code pki_store_get_ca(pki_store *store, const char *name,
    pki_ca_row *out, pki_buf *hold, pki_err *err);
/* Who has the name, in any case of letters; else the last who had it. */
PKI_CHECKED pki_code pki_store_get_identity(pki_store *store,
    const char *name, pki_identity_row *out, pki_buf *hold, pki_err *err);
PKI_CHECKED pki_code pki_store_get_pubkey(pki_store *store,
    const pki_digest *digest, pki_pubkey_row *out, pki_err *err);
PKI_CHECKED pki_code pki_store_get_token(pki_store *store, const char *name,
    pki_token_row *out, pki_buf *hold, pki_err *err);
PKI_CHECKED pki_code pki_store_get_approval(pki_store *store,
    const char *name, pki_approval_row *out, pki_buf *hold, pki_err *err);
PKI_CHECKED pki_code pki_store_get_cert(pki_store *store, int64_t ca_id,
    const pki_serial *serial, pki_cert_row *out, pki_buf *hold, pki_err *err);
/* The newest CRL of this scope. */
PKI_CHECKED pki_code pki_store_get_crl(pki_store *store, int64_t ca_id,
    int64_t scope, pki_crl_row *out, pki_err *err);
/* The greatest number of any scope; 0 when there is none. */
PKI_CHECKED pki_code pki_store_last_crl_number(pki_store *store,
    int64_t ca_id, int64_t *out, pki_err *err);
PKI_CHECKED pki_code pki_store_get_audit_tree(pki_store *store,
    pki_audit_tree *out, pki_err *err);
/* How many certificates the CA has issued. */
PKI_CHECKED pki_code pki_store_count_certs(pki_store *store, int64_t ca_id,
    int64_t *out, pki_err *err);
/*
 * The same by state.  expiring is a part of good: notAfter from now to soon.
 * Walks over all of the CA's certificates.
 */
typedef struct pki_cert_counts {
	int64_t good, expiring, expired, held, revoked;
} pki_cert_counts;
PKI_CHECKED pki_code pki_store_tally_certs(pki_store *store, int64_t ca_id,
    int64_t now, int64_t soon, pki_cert_counts *out, pki_err *err);
/*
 * How many requests wait of those that came at since or later, and when the
 * first of them did; 0, 0: none.  An index has them.
 */
typedef struct pki_approval_queue {
	int64_t waiting, oldest;
} pki_approval_queue;
PKI_CHECKED pki_code pki_store_tally_approvals(pki_store *store,
    int64_t since, pki_approval_queue *out, pki_err *err);
/* The highest partition that any certificate of the CA is in, or -1. */
PKI_CHECKED pki_code pki_store_last_partition(pki_store *store, int64_t ca_id,
    int64_t *out, pki_err *err);

typedef pki_code pki_ca_visitor(const pki_ca_row *row, void *arg,
    pki_err *err);
PKI_CHECKED pki_code pki_store_each_ca(pki_store *store,
    pki_ca_visitor *visit, void *arg, pki_err *err);

typedef pki_code pki_identity_visitor(const pki_identity_row *row, void *arg,
    pki_err *err);
/* Those behind row after, in the order of their ids. */
PKI_CHECKED pki_code pki_store_each_identity(pki_store *store, int64_t after,
    pki_identity_visitor *visit, void *arg, pki_err *err);

typedef pki_code pki_token_visitor(const pki_token_row *row, void *arg,
    pki_err *err);
/* The same; identity NULL: of all, else of those with this name. */
PKI_CHECKED pki_code pki_store_each_token(pki_store *store,
    const char *identity, int64_t after, pki_token_visitor *visit, void *arg,
    pki_err *err);

typedef pki_code pki_approval_visitor(const pki_approval_row *row, void *arg,
    pki_err *err);
/* As tokens are walked. */
PKI_CHECKED pki_code pki_store_each_approval(pki_store *store,
    const char *identity, int64_t after, pki_approval_visitor *visit,
    void *arg, pki_err *err);

typedef pki_code pki_pubkey_visitor(const pki_pubkey_row *row, void *arg,
    pki_err *err);
PKI_CHECKED pki_code pki_store_each_pubkey(pki_store *store,
    pki_pubkey_visitor *visit, void *arg, pki_err *err);

/*
 * Which certificates to walk; zero or NULL: any.  Walks page by id, 500 rows
 * at a time, each page its own short read (no snapshot over 2 s).
 */
typedef struct pki_cert_filter {
	int64_t           ca_id;
	const char       *identity;             /* exact, case ignored */
	const char       *profile;
	bool              by_status;
	int               status;               /* when by_status */
	int64_t           expires_from, expires_until;  /* notAfter within */
	int64_t           after_id;             /* start behind this row */
	const pki_serial *serial_suffix;        /* last octets of the serial */
	const pki_digest *pubkey;
	const char       *host;         /* of identities with this host row */
} pki_cert_filter;
typedef pki_code pki_cert_visitor(const pki_cert_row *row, void *arg,
    pki_err *err);
PKI_CHECKED pki_code pki_store_each_cert(pki_store *store,
    const pki_cert_filter *filter, pki_cert_visitor *visit, void *arg,
    pki_err *err);

/*
 * Revoked and held certificates of a CA in ascending serial order, those
 * whose notAfter is before expired_before left out; scope as in pki_crl_row.
 * One pass, one snapshot.  A damaged row is visited too, as that: whether one
 * row keeps all others from a list is not decided here.
 */
typedef pki_code pki_revoked_visitor(const pki_revoked_row *row, void *arg,
    pki_err *err);
PKI_CHECKED pki_code pki_store_each_revoked(pki_store *store, int64_t ca_id,
    int64_t scope, int64_t expired_before, pki_revoked_visitor *visit,
    void *arg, pki_err *err);

typedef pki_code pki_audit_visitor(const pki_audit_row *row, void *arg,
    pki_err *err);
/* Rows from seq first on, in order, paged. */
PKI_CHECKED pki_code pki_store_each_audit(pki_store *store, int64_t first,
    pki_audit_visitor *visit, void *arg, pki_err *err);

/* The backend's own integrity check; PKI_DAMAGED says what it found. */
PKI_CHECKED pki_code pki_store_check(pki_store *store, pki_err *err);

/*
 * Octets of write-ahead log: its file's length.  From 64 MiB on, outside a
 * transaction, a checkpoint is tried first, and what it had to leave counts.
 */
int64_t pki_store_wal_bytes(pki_store *store);

PKI_END_DECLS

#endif
