#ifndef PKI_ISSUER_SERVE_H
#define PKI_ISSUER_SERVE_H

/*
 * The issuer's side of the link: takes requests, decides about each, issues
 * in groups and answers after the commit (DESIGN 3).  All that guards the CA's
 * keys is checked here; the worker is believed what TLS has proved, and
 * nothing else.
 */

#include "ca/ca.h"

PKI_BEGIN_DECLS

#define PKI_SERVE_HOSTS_MAX 16

/* What may change by a reload.  Borrowed during the call that gets it. */
typedef struct pki_serve_settings {
	const char        *identity;    /* of the server's certificate */
	/* Its names: "dns:est.example" or "ip:192.0.2.1"; 1 to 16. */
	const char *const *hosts;
	size_t             host_count;
	/*
	 * Whose CAs and hints who states no label gets; to enroll, it is his
	 * token's profile, or his certificate's.  NULL: those of the server's
	 * own CA, and no hints.
	 */
	const char        *default_profile;
	unsigned           approval_s;  /* until one asks again; 0: 60 */
} pki_serve_settings;

/*
 * Something that an operator should see: an event's name in lower case, such
 * as "reload-failed", and what is to be said of it (err may be NULL).  From
 * any thread of the server's; must not block for long.
 */
typedef void pki_serve_note(void *arg, const char *event, const pki_err *err);

typedef struct pki_serve_options {
	pki_ca_options     ca;
	/*
	 * What the clock is compared with: it is not believed any more once
	 * it was set by over 5 minutes.  NULL: CLOCK_BOOTTIME, or nothing
	 * where ca.clock is not the system's.
	 */
	const pki_clock   *steady;
	int                link_fd;     /* stays open */
	int                control_fd;  /* PKI_CONTROL_STOP, _RELOAD; or -1 */
	unsigned           threads;     /* 0: as many as there are cores */
	size_t             queue;       /* requests inside; 0: 4096 */
	/*
	 * A worker that takes nothing of what it is told for so long hangs,
	 * or was taken over; 0: 10.
	 */
	unsigned           silence_s;
	const char        *build;       /* told to the worker; 1 to 64 */
	pki_serve_settings settings;
	/*
	 * Read the settings again; what it puts there must live until the
	 * next call.  NULL: they stay as they are.
	 */
	pki_code         (*reread)(void *arg, pki_serve_settings *out,
	    pki_err *err);
	/* Everything is open, and the threads run: the sandbox closes. */
	pki_code         (*opened)(void *arg, pki_err *err);
	pki_serve_note    *note;        /* may be NULL */
	void              *arg;         /* of the three */
} pki_serve_options;

/*
 * Serve until the link or the control socket ends, or it says STOP, or the
 * worker takes no answers any more (it is told no more then, as if the link
 * had ended); then answer what is inside, and return PKI_OK.  The clock, the
 * disk and the store may fail meanwhile: requests are told to come back later
 * (BUSY).
 *
 * Sends HELLO, then TLS to LABELS as one generation, now, after a reload, and
 * when the server's certificate was renewed, at two thirds of its life; STATE
 * whenever it changes.  A reload that fails leaves all as it was.
 *
 * With a clock that is not believed (behind the floor, or set by more than 5
 * minutes meanwhile) nothing is issued; the rest is served.
 *
 * Returns what pki_ca_open() and pki_ca_profiles() return at the start;
 * PKI_USAGE: options; PKI_BAD_INPUT: the worker sent what no worker of this
 * build sends (after answering the rest); PKI_SYSTEM, PKI_NO_MEMORY.
 * G1, G4, G13, G21, G23 to G26, G36.
 */
PKI_CHECKED pki_code pki_serve(const pki_serve_options *options, pki_err *err);

PKI_END_DECLS

#endif
