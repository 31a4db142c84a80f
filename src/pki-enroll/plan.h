#ifndef PKI_ENROLL_PLAN_H
#define PKI_ENROLL_PLAN_H

/*
 * What to ask for, what to make of the answer, whom to believe from now on:
 * the decisions of a client of EST.  Nothing here talks to anybody.
 */

#include "pki-enroll/est.h"

enum plan_names {
	PLAN_FIRST,     /* subject and names may follow the server's wishes */
	PLAN_SAME,      /* RFC 7030, 4.2.2: they are the certificate's */
};

/* Who asks, and with which key unless the server wants another. */
typedef struct plan_wish {
	enum plan_names     names;
	const pki_name     *subject;
	const pki_altnames *alt_names;  /* or NULL */
	pki_key_type        key_type;
} plan_wish;

typedef struct enroll_plan {
	pki_name     *subject;
	pki_altnames *alt_names;        /* or NULL */
	pki_key_type  key_type;
	uint32_t      key_usage, ext_usage;
	uint32_t      linking;          /* set of 1 << pki_csr_challenge */
} enroll_plan;

/*
 * Follow csrattrs (NULL: the server wants nothing).  A subject is made of the
 * parts that the server lists, in its order: with its value, or ours where it
 * has none.  PKI_DENIED, rule "csrattrs": something is wanted that we do not
 * have, cannot make, or that the linked OpenSSL lacks; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code plan_make(const plan_wish *wish,
    const pki_csrattrs *wanted, enroll_plan *out, pki_err *err);
void plan_clear(enroll_plan *plan);
pki_csr_plan plan_request(const enroll_plan *plan);

/*
 * Find in an answer the one certificate of this key and see that it is what
 * was asked for: every part of the subject, every alternative name, no CA,
 * valid now.  Where it leads to is for slots_stage() to see.  PKI_DENIED,
 * rules "answer-key", "answer-names", "answer-validity"; PKI_CLOCK: it is not
 * valid yet.  *out is borrowed from certs.
 */
PKI_CHECKED pki_code plan_check_answer(const enroll_plan *plan,
    const pki_pubkey *key, const est_certs *certs, int64_t now,
    const pki_cert **out, pki_err *err);

#define PLAN_ANCHORS_MAX 16

/* Borrowed from what plan_choose_anchors was given. */
typedef struct plan_anchors {
	const pki_cert *list[PLAN_ANCHORS_MAX];
	size_t          count;
	size_t          added;          /* of them: not known before */
	/* Self-signed ones that came and are not believed. */
	size_t          strangers;
	const pki_cert *stranger;       /* one of them */
} plan_anchors;

/*
 * Whom to believe after a server sent these (RFC 7030, 4.1.3): who is known
 * and not expired, and each self-signed CA that came with its fingerprint
 * pinned (NULL: none), or linked to one who is known: by NewWithOld, a
 * certificate for its name and key that leads to an old one.  Being there is
 * no reason.  PKI_DENIED, rule "anchors": nobody is left.
 */
PKI_CHECKED pki_code plan_choose_anchors(const pki_cert *const *known,
    size_t known_count, const pki_digest *pin, const est_certs *came,
    int64_t now, plan_anchors *out, pki_err *err);

/* Is it a CA's certificate for its own key? */
bool plan_is_root(const pki_cert *cert);

#endif
