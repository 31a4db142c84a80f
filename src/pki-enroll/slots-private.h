#ifndef PKI_ENROLL_SLOTS_PRIVATE_H
#define PKI_ENROLL_SLOTS_PRIVATE_H

/* What the files of slots.h share. */

#include "pki-enroll/slots.h"

#define SLOT_COUNT 2
#define SLOT_NONE (-1)
#define SLOTS_COMPLAINTS 12
#define SLOTS_PURPOSE_MAX 200

#define SLOT_KEY "key.pem"
#define SLOT_CERT "cert.pem"
#define SLOT_BOTH "both.pem"
#define SLOTS_LINK "current"
#define SLOTS_ANCHORS "anchors.pem"
#define SLOTS_PENDING "pending.pem"
#define SLOTS_STATE "state"
#define SLOTS_LOCK "lock"

#define SLOT_FILE_MAX (128 * 1024)      /* octets of a PEM file */

/* Which private key a request is made with. */
struct pending {
	pki_key   *key;                 /* NULL: none */
	char       purpose[SLOTS_PURPOSE_MAX + 1];
	/* The certificate put into a slot for it; zeros: not yet. */
	pki_digest staged;
};

struct enroll_slots {
	slots_options options;
	char          dir[PKI_PATH_MAX];
	uid_t         home;             /* whose directory it is */
	bool          looks;            /* opened to look: changes nothing */
	int           lock;             /* descriptor, or -1 */
	enroll_state  state;
	struct pending pending;
	enroll_slot   slot[SLOT_COUNT];
	bool          torn[SLOT_COUNT]; /* a good pair, files to be rewritten */
	int           link;             /* where current points; SLOT_NONE */
	int           use;              /* the one to use; SLOT_NONE */
	pki_cert     *anchors[SLOTS_ANCHORS_MAX];
	size_t        anchor_count;
	pki_err       anchors_err;      /* PKI_OK: they were read */
	pki_err       state_err;        /* PKI_OK: so was the state */
	pki_err       complaints[SLOTS_COMPLAINTS];
	size_t        complaint_count;
};

/* slots.c */

/* Note what is wrong: err, with context in front. */
void slots_complain(enroll_slots *slots, const pki_err *why, const char *where);
/* DIR/name.  PKI_BAD_INPUT: too long. */
PKI_CHECKED pki_code slots_path(const enroll_slots *slots, const char *name,
    char out[PKI_PATH_MAX], pki_err *err);
int64_t slots_now(const enroll_slots *slots);
/* Read all but the state again; what was borrowed is gone. */
PKI_CHECKED pki_code slots_reload(enroll_slots *slots, pki_err *err);
/* The slot that is not the one to use. */
int slots_spare(const enroll_slots *slots);

/* slots-file.c */

/*
 * Read a file of ours, of at most max_bytes: of the directory's owner, of
 * root or of who is to have the keys; no link; written by nobody else.
 * PKI_NOT_FOUND, PKI_DENIED (rules "file-owner", "file-link", "file-mode"),
 * PKI_BAD_INPUT, PKI_SYSTEM.  *out_exposed, unless NULL, becomes the bits that
 * let others read it who are not to.  *out is NULL when who only looks may
 * not read it.
 */
PKI_CHECKED pki_code slots_read(const enroll_slots *slots, const char *path,
    size_t max_bytes, mode_t *out_exposed, pki_buf **out, pki_err *err);
/* Write a file with a key, or one for all. */
PKI_CHECKED pki_code slots_write_secret(const enroll_slots *slots,
    const char *path, pki_bytes bytes, pki_err *err);
PKI_CHECKED pki_code slots_write_public(const enroll_slots *slots,
    const char *path, pki_bytes bytes, pki_err *err);
/* Remove; one that is not there is removed. */
PKI_CHECKED pki_code slots_remove(const char *path, pki_err *err);
/* Make a directory of ours, of the mode that its consumers need. */
PKI_CHECKED pki_code slots_make_dir(const enroll_slots *slots, const char *path,
    pki_err *err);
/* Give a file with a key to who is to have it, in the mode configured. */
PKI_CHECKED pki_code slots_settle_file(const enroll_slots *slots,
    const char *path, pki_err *err);

/* slots-pair.c */

/* Read slot i: its state, and what it holds. */
PKI_CHECKED pki_code slots_read_pair(enroll_slots *slots, int i, pki_err *err);
void slot_clear(enroll_slot *slot);
/* Write a pair into slot i, over what was there. */
PKI_CHECKED pki_code slots_write_pair(const enroll_slots *slots, int i,
    pki_bytes key_pem, pki_bytes certs_pem, pki_err *err);
/* Make slot i empty. */
PKI_CHECKED pki_code slots_empty_pair(const enroll_slots *slots, int i,
    pki_err *err);
/* A whole pair as it should be: both copies, owner, modes. */
PKI_CHECKED pki_code slots_settle_pair(enroll_slots *slots, int i,
    pki_err *err);
/* Does the private half sign what the public half verifies? */
PKI_CHECKED pki_code slots_check_key(const pki_key *key, pki_err *err);
/* PEM of certificates. */
void slots_add_pem(pki_buf *out, const pki_cert *cert,
    pki_cert *const *chain, size_t count);

/* slots-pending.c */

/* PKI_DAMAGED: it was there and is not to be used. */
PKI_CHECKED pki_code slots_read_pending(enroll_slots *slots, pki_err *err);
PKI_CHECKED pki_code slots_write_pending(enroll_slots *slots,
    const pki_key *key, const char *purpose, const pki_digest *staged,
    pki_err *err);
void pending_clear(struct pending *pending);

/* slots-anchors.c */

/* Failure is kept for slots_anchors(). */
void slots_read_anchors(enroll_slots *slots);
void slots_clear_anchors(enroll_slots *slots);
/* A pair's chain to the anchors, at this moment. */
PKI_CHECKED pki_code slots_verify(const enroll_slots *slots,
    const pki_cert *cert, pki_cert *const *chain, size_t count, pki_err *err);

#endif
