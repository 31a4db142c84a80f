#ifndef PKI_CTL_SESSION_H
#define PKI_CTL_SESSION_H

/*
 * What a command works with: its options, the directories, and, once it is
 * opened, the CA.  The order in each command: read the input files (as who
 * called), open (become the owner of the state directory), work, write.
 */

#include "common/cli.h"
#include "pki-ctl/owner.h"

/* Flags of a command. */
enum {
	/* The CA is opened before run; without it run opens, or never. */
	SESSION_NEEDS_CA = 1 << 0,
};

#define SESSION_TEMPLATES "templates"   /* below conf_dir */

struct session {
	const struct cli *cli;
	pki_err          *err;
	const char       *state_dir, *conf_dir;
	pki_ca           *ca;           /* NULL until opened */
	pki_requester     who;
	char              who_name[64];
	struct owner      owner;
	pki_buf          *secret;       /* --passphrase-file, -fd; or NULL */
	pki_passphrase    passphrase;   /* from there, or from the terminal */
	bool              typed;        /* the last one was typed */
	int               retries;
};

/* Read what every command knows: directories, passphrase, who. */
PKI_CHECKED pki_code session_begin(struct session *s, const struct cli *cli,
    pki_err *err);
void session_end(struct session *s);

/*
 * Become the owner of the state directory, which need not exist.  root checks
 * the directory of the settings too: PKI_DENIED.
 */
PKI_CHECKED pki_code session_become_owner(struct session *s);
/* That, and open the CA.  PKI_NOT_FOUND says how to make one. */
PKI_CHECKED pki_code session_open(struct session *s);

/*
 * Is the call to be made again, because a passphrase typed for it was wrong?
 * Three times at most:  do rc = ...; while (session_retry(s, rc));
 */
bool session_retry(struct session *s, pki_code rc);

/* An input file, or standard input for "-", of at most max_bytes. */
PKI_CHECKED pki_code session_read(struct session *s, const char *path,
    size_t max_bytes, pki_buf **out);

/* Seconds, by the system's clock. */
int64_t session_now(void);

#endif
