#ifndef PKI_ESTD_TLS_H
#define PKI_ESTD_TLS_H

/*
 * TLS by GnuTLS: the credentials of sessions, and what a session tells.
 * Sessions come as void *, so that only tls.c knows the library.
 */

#include "pki.h"

typedef struct tls_store tls_store;
typedef struct tls_ref tls_ref;         /* the credentials of one session */

/*
 * TLS 1.2 and 1.3, forward-secret suites with AEAD, no renegotiation.  No
 * tickets and no early data: nobody switches them on.
 */
extern const char tls_priorities[];

/* What libmicrohttpd wants in place of a certificate; never called. */
typedef void tls_symbol(void);
tls_symbol *tls_no_certificate(void);

PKI_CHECKED pki_code tls_new(tls_store **out, pki_err *err);
void tls_free(tls_store *tls);        /* sessions keep their credentials */

/* What the issuer sends; all DER. */
typedef struct tls_material {
	pki_bytes        key;           /* PKCS#8, PKCS#1 or SEC 1 */
	const pki_bytes *chain;         /* ours first */
	size_t           n_chain;       /* 1 to 4 */
	const pki_bytes *names;         /* CAs whose names clients are shown */
	size_t           n_names;       /* 0 to 8 */
} tls_material;

/*
 * New sessions get this certificate; those that run keep theirs.  PKI_CRYPTO:
 * unreadable, or the key does not fit; then the old one stays.  PKI_BAD_INPUT:
 * too many.
 */
PKI_CHECKED pki_code tls_set_material(tls_store *tls,
    const tls_material *material, pki_err *err);

/*
 * Give a new session the certificate of today, and have it ask for the
 * client's (never demand it).  PKI_BUSY: there is none yet.  PKI_CRYPTO.
 */
PKI_CHECKED pki_code tls_begin(tls_store *tls, void *session, tls_ref **out,
    pki_err *err);
/* When the connection is gone.  The session is not touched. */
void tls_end(tls_ref *ref);

/*
 * A handshake that is told when it must wait: once for each time that it has
 * read what is there, while it is not complete.  In the session's thread,
 * from within the library.
 */
typedef struct tls_shake {
	int    fd;
	bool   done;                    /* nothing is read for it any more */
	void (*wait)(struct tls_shake *shake);
} tls_shake;
/* Before the handshake; shake must live as long as the session. */
void tls_watch(void *session, tls_shake *shake);

#define TLS_EXPORTER 32

typedef struct tls_facts {
	unsigned  version;              /* 0x0303 or 0x0304 */
	bool      ems;                  /* RFC 7627, or TLS 1.3 */
	uint8_t   unique[36];           /* RFC 5929: TLS 1.2 with EMS only */
	size_t    unique_len;
	uint8_t   exporter[TLS_EXPORTER];       /* RFC 9266 */
	size_t    exporter_len;         /* 0 or 32 */
	pki_bytes peer;                 /* DER, borrowed from the session */
} tls_facts;

/* Of an established session, in its own thread.  PKI_CRYPTO. */
PKI_CHECKED pki_code tls_read_facts(void *session, tls_facts *out,
    pki_err *err);

/* The client's certificate alone, as in tls_facts.  Not verified by TLS. */
pki_bytes tls_peer(void *session);

/* The rest of its chain: copies up to max, returns how many. */
size_t tls_peer_chain(void *session, pki_bytes *out, size_t max);

#endif
