#ifndef PKI_ENROLL_STATE_H
#define PKI_ENROLL_STATE_H

/*
 * What is to be remembered between two runs: DIR/state, 0600, text.
 *
 *   pki-enroll state 1
 *   failures 2
 *   ...
 *   sha256 64 hex digits over all lines above
 *
 * It holds nothing that a device could not do without: one that is damaged is
 * said, and begins anew.
 */

#include "pki.h"

#define STATE_TRIES 60          /* of the last hour, that are remembered */
#define STATE_TEXT sizeof(((pki_err *)NULL)->msg)

typedef struct enroll_state {
	int64_t    failures;            /* since the last success */
	int64_t    tries[STATE_TRIES];  /* when, the newest first; 0: none */
	int64_t    last_success;        /* a new pair was promoted; 0: never */
	int64_t    not_before_retry;    /* the server's Retry-After; 0: none */
	int64_t    renew_after;         /* the server's wish; 0: none */
	pki_digest renew_after_of;      /* the certificate it was said of */
	int64_t    greatest_time;       /* that the clock ever showed */
	/* The certificate that was used with success; zeros: none yet. */
	pki_digest proven;
	pki_code   error_code;          /* of the last failure; PKI_OK: none */
	char       error[STATE_TEXT];   /* printable ASCII */
} enroll_state;

/* What a new directory begins with. */
enroll_state enroll_state_new(void);

/* Append the text.  PKI_NO_MEMORY, PKI_CRYPTO. */
PKI_CHECKED pki_code enroll_state_encode(const enroll_state *state,
    pki_buf *out, pki_err *err);
/* PKI_DAMAGED: not such text, or not as it was written. */
PKI_CHECKED pki_code enroll_state_parse(pki_bytes text, enroll_state *out,
    pki_err *err);

/* The server's wish for this certificate; 0: none. */
int64_t enroll_state_renew_after(const enroll_state *state,
    const pki_cert *cert);

/* A try begins at this time. */
void enroll_state_add_try(enroll_state *state, int64_t now);
/*
 * It failed so, or (PKI_PENDING) was accepted and waits for approval, which is
 * remembered and counts as no failure; or a pair was promoted.
 */
void enroll_state_add_failure(enroll_state *state, const pki_err *why);
void enroll_state_add_success(enroll_state *state, int64_t now);

#endif
