#ifndef PKI_ESTD_AUTH_H
#define PKI_ESTD_AUTH_H

/*
 * The Authorization header: a token as HTTP Basic (RFC 7617; user = device
 * name or empty, password = token) or as Bearer (RFC 6750).
 *
 * A token is "<id>.<secret>": id 1 to 24 of a-z 0-9, secret 26 of a-z 2-7,
 * that is 130 bits in lower-case base32.  Ids are logged: none is as long as
 * a secret, so that one in the wrong place is no token (G37).  One spelling
 * only: what differs in case or space is no token, so that limits per id
 * cannot be walked around.
 */

#include "pki.h"

#define AUTH_VALUE_MAX 256
#define AUTH_ID_MAX 24
#define AUTH_SECRET 26
#define AUTH_TOKEN_MAX (AUTH_ID_MAX + 1 + AUTH_SECRET)

/* Plain data that holds a secret: auth_wipe it. */
typedef struct auth_token {
	char   user[PKI_IDENTITY_MAX + 1];      /* "" for none, and Bearer */
	char   text[AUTH_TOKEN_MAX + 1];        /* id and secret */
	size_t id_len;                          /* octets of the id in text */
} auth_token;

/*
 * Read the value of an Authorization header.  PKI_BAD_INPUT for everything but
 * one well-formed token; nothing in err says what was wrong with a secret.
 */
PKI_CHECKED pki_code auth_parse(pki_bytes value, auth_token *out,
    pki_err *err);

/* The id's octets, borrowed: the key of limits. */
pki_bytes auth_id(const auth_token *token);

void auth_wipe(auth_token *token);

#endif
