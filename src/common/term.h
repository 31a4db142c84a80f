#ifndef PKI_COMMON_TERM_H
#define PKI_COMMON_TERM_H

/*
 * The person at the terminal: passphrases, questions, progress.  Everything
 * is asked on /dev/tty and shown there or on stderr; stdout is data only.
 */

#include "pki.h"

#define TERM_PASSPHRASE_MAX 1024        /* octets */

/* May somebody be asked: is stderr a terminal, and is it ours? */
bool term_can_ask(void);
/* Does a person look at it: is any of stdin, stdout, stderr a terminal? */
bool term_has_person(void);

/*
 * Read one line without echo.  The terminal is put right again whatever
 * signal ends or stops the program meanwhile.  PKI_DENIED, rule "passphrase":
 * nobody to ask, empty, too long, or end of input.
 */
PKI_CHECKED pki_code term_ask_passphrase(const char *prompt, pki_buf **out,
    pki_err *err);
/* Ask twice, until both are the same, three times at most. */
PKI_CHECKED pki_code term_ask_new_passphrase(const char *what, pki_buf **out,
    pki_err *err);

/* Does the answer begin with y or Y?  Anything else, and no answer: no. */
PKI_CHECKED pki_code term_confirm(const char *question, bool *out,
    pki_err *err);

/*
 * "audit verify: 120000 of 500000, 24 %, 61000/s, 6 s left" on a terminal's
 * stderr, drawn at most four times a second; nothing elsewhere.
 */
struct term_progress {
	const char *what;
	int64_t     began_ms, drawn_ms;
	bool        shown, drawn;
};
void term_progress_begin(struct term_progress *progress, const char *what,
    bool quiet);
/* A pki_progress; total 0: not known. */
void term_progress_step(int64_t done, int64_t total, void *progress);
void term_progress_end(struct term_progress *progress);

#endif
