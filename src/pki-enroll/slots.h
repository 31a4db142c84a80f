#ifndef PKI_ENROLL_SLOTS_H
#define PKI_ENROLL_SLOTS_H

/*
 * A certificate's directory.  Consumers read
 *
 *   DIR/current/key.pem     private key, PKCS #8 (mode as configured)
 *   DIR/current/cert.pem    certificate, then its chain without the root
 *   DIR/current/both.pem    key, certificate, chain: one file is never torn
 *   DIR/anchors.pem         trust anchors
 *
 * and the rest is ours:
 *
 *   DIR/current             symbolic link to slot-a or slot-b
 *   DIR/slot-a, DIR/slot-b  a pair each: the one in use, and the one before
 *                           it or the next
 *   DIR/pending.pem         0600: the key of a request under way, and which
 *                           certificate was staged for it
 *   DIR/state               state.h
 *   DIR/lock                one process at a time
 *
 * The order in which things are written, and nothing else, makes any of it
 * survive a cut: each file appears whole and durably; a key is in pending.pem
 * before its request leaves, and in a slot before pending.pem goes; a slot is
 * whole and verified before current points at it; current changes by one
 * rename.  What a slot is worth is read from the slot itself each time.
 *
 * A new certificate, in order: slots_pending, [request], slots_stage,
 * [probe], slots_promote, [on-renewed], slots_set_used.
 */

#include "pki-enroll/state.h"

#include <sys/types.h>

#define SLOTS_CHAIN_MAX 8
#define SLOTS_ANCHORS_MAX 16

typedef struct slots_options {
	const char      *dir;
	uid_t            owner;         /* of the files with a key */
	gid_t            group;
	mode_t           mode;
	const pki_clock *clock;         /* NULL: the system's */
} slots_options;

/* In the order of what is best to use. */
enum slot_state {
	SLOT_WHOLE,
	SLOT_EXPOSED,   /* whole; others may read the key, or it has moved */
	SLOT_EMPTY,
	SLOT_HALF,      /* a file is missing */
	SLOT_DAMAGED,   /* not readable, or the key is another one's */
	SLOT_FOREIGN,   /* a file is somebody else's, or a link */
};
/* "whole", "exposed", "empty"...  Static. */
const char *slot_state_name(enum slot_state state);

/* One slot as found on disk.  All but state, name and why: as if empty unless
 * WHOLE or EXPOSED. */
typedef struct enroll_slot {
	enum slot_state state;
	const char     *name;           /* "slot-a" */
	char            dir[PKI_PATH_MAX];
	pki_err         why;            /* what is wrong, if anything is */
	pki_key        *key;
	pki_cert       *cert;
	pki_cert       *chain[SLOTS_CHAIN_MAX];
	size_t          chain_count;
} enroll_slot;

typedef struct enroll_slots enroll_slots;

/*
 * Open for work: the directory is made when it is not there, the lock is
 * taken, and what a cut left behind is finished or swept away.  PKI_BUSY:
 * another process works here; PKI_DENIED: the directory is not ours, or
 * others may write to it; PKI_SYSTEM (no space, read-only); nothing is
 * changed then.  A damaged state file is no failure: slots_complaint.
 */
PKI_CHECKED pki_code slots_open(const slots_options *options,
    enroll_slots **out, pki_err *err);
/*
 * Open to look: no lock, nothing is changed; keys that may not be read are
 * left out (the slot is WHOLE, key is NULL).  PKI_NOT_FOUND: no directory.
 */
PKI_CHECKED pki_code slots_look(const slots_options *options,
    enroll_slots **out, pki_err *err);
void enroll_slots_free(enroll_slots *slots);
PKI_DEFINE_CLEANUP(enroll_slots)

/*
 * The pair to use: what current points at; when that cannot be used, or is
 * EXPOSED while the other is WHOLE and has not expired, the other.  NULL:
 * neither can.  The other slot never is.  A pair that is staged is not used.
 * Borrowed until the next call that is not const.
 */
const enroll_slot *slots_current(const enroll_slots *slots);
const enroll_slot *slots_other(const enroll_slots *slots);

/*
 * Is something not as it should be (a slot damaged, the state file begun
 * anew, current missing)?  The sentence, or NULL.  i counts from 0.
 */
const char *slots_complaint(const enroll_slots *slots, size_t i);

/* Make current point at slots_current() when it does not.  PKI_SYSTEM. */
PKI_CHECKED pki_code slots_repair(enroll_slots *slots, pki_err *err);

/* What is remembered; change it and save it.  Saved durably. */
enroll_state *slots_state(enroll_slots *slots);
PKI_CHECKED pki_code slots_save(enroll_slots *slots, pki_err *err);

/* Trust anchors on disk; none: *out_count is 0.  Borrowed.  PKI_DAMAGED. */
PKI_CHECKED pki_code slots_anchors(enroll_slots *slots,
    const pki_cert *const **out, size_t *out_count, pki_err *err);
/* Replace them by 1 to SLOTS_ANCHORS_MAX CA certificates.  PKI_BAD_INPUT. */
PKI_CHECKED pki_code slots_set_anchors(enroll_slots *slots,
    const pki_cert *const *anchors, size_t count, pki_err *err);

/*
 * The key to make a request with.  One that is pending and of this type is
 * taken again, however many processes died over it; else a new one is made
 * and is on the disk, with its directory, when this returns.  purpose, one
 * printable line of at most 200 octets, is kept beside a new key for people
 * to read: "renew https://est.example CN=meter-0042".  Borrowed until the
 * next call.  PKI_SYSTEM: nothing may leave.
 */
PKI_CHECKED pki_code slots_pending(enroll_slots *slots, pki_key_type type,
    const char *purpose, const pki_key **out, pki_err *err);
/* The same with the key of slots_current(): renewal without a new key. */
PKI_CHECKED pki_code slots_pending_same(enroll_slots *slots,
    const char *purpose, const pki_key **out, pki_err *err);
/* Is there one?  Its key and purpose, borrowed; NULL when there is none. */
const pki_key *slots_pending_now(const enroll_slots *slots,
    const char **out_purpose);
/* Forget it: the server will never answer it (a refusal for good). */
PKI_CHECKED pki_code slots_drop_pending(enroll_slots *slots, pki_err *err);

/*
 * May a pair that has proved itself be overwritten by one more while the
 * current one has not?  Only when who asks knows that the proven one is of no
 * use (revoked, refused).
 */
enum slots_proven {
	SLOTS_KEEP_PROVEN,
	SLOTS_GIVE_UP_PROVEN,
};

/*
 * Verify what a server sent, DER in any order (RFC 5272, 4.1), and put the
 * pending key's certificate with its chain into the other slot.  Others that
 * came with it are ignored.  Refused, and nothing is changed: PKI_NOT_FOUND, no
 * key is pending; PKI_DENIED, rules "key" (the certificate is for another),
 * "chain" (to anchors.pem, now: also not yet valid or expired), "unused" (the
 * current pair has not been used, and the other slot holds one that has);
 * PKI_BAD_INPUT (pki_cert_parse); PKI_SYSTEM.
 */
PKI_CHECKED pki_code slots_stage(enroll_slots *slots, const pki_bytes *certs,
    size_t count, enum slots_proven proven, pki_err *err);
/* What is staged, also by a process that died since; NULL: nothing. */
const enroll_slot *slots_staged(const enroll_slots *slots);
/* The probe refused it: empty the slot, and forget the pending key. */
PKI_CHECKED pki_code slots_reject_staged(enroll_slots *slots, pki_err *err);

/*
 * Read the staged pair from the disk again, verify it, and make it current
 * by one rename; then the pending key goes, and a success is saved.
 * PKI_NOT_FOUND, nothing is staged; PKI_DENIED as above; PKI_SYSTEM.
 */
PKI_CHECKED pki_code slots_promote(enroll_slots *slots, pki_err *err);

/*
 * Make the other pair current again, if it is usable; a second time undoes
 * it, as long as nothing was staged.  PKI_NOT_FOUND: there is no other pair;
 * PKI_DENIED, rule "chain": it does not verify (expired); PKI_SYSTEM.
 */
PKI_CHECKED pki_code slots_rollback(enroll_slots *slots, pki_err *err);

/* Has the current pair been used with success?  It has: saved when news. */
bool slots_is_used(const enroll_slots *slots);
PKI_CHECKED pki_code slots_set_used(enroll_slots *slots, pki_err *err);

#endif
