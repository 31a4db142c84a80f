#ifndef PKI_CA_TOKEN_H
#define PKI_CA_TOKEN_H

/*
 * Tokens: the right of a registered device to get its certificate, once.
 *
 * A token's text is "<id>.<secret>": 12 and 26 characters of lower-case
 * base32, 60 and 130 bits.  The secret is HKDF-SHA-256(keys/token.key, id);
 * it is in no database, log or list, and told once.  How a token is used is
 * in issue.h.
 */

#include "ca/issue.h"

PKI_BEGIN_DECLS

#define PKI_TOKEN_ID_LEN 12
#define PKI_TOKEN_SECRET_LEN 26
#define PKI_TOKEN_TEXT (PKI_TOKEN_ID_LEN + 1 + PKI_TOKEN_SECRET_LEN + 1)

/* A token's text, taken apart. */
typedef struct pki_token_parts {
	char id[PKI_TOKEN_ID_LEN + 1];
	char secret[PKI_TOKEN_SECRET_LEN + 1];
} pki_token_parts;
/* PKI_DENIED, rule "token": it has not this shape.  Wipe out when done. */
PKI_CHECKED pki_code pki_token_parse(pki_bytes text, pki_token_parts *out,
    pki_err *err);

/* What a token is worth: "unused", "used", "expired", "revoked". */
const char *pki_token_state(const pki_token_row *row, int64_t now);

#define PKI_TOKEN_LIFETIME_MAX (INT64_C(3653) * 86400)

/* Tokens to be made: for each device one. */
typedef struct pki_token_order {
	const char   *profile;          /* NULL: each device's own */
	int64_t       lifetime;         /* 1 to that, seconds from now */
	pki_requester who;
} pki_token_order;

typedef struct pki_token_draft {
	char    device[PKI_IDENTITY_MAX + 1];
	char    profile[PKI_PROFILE_NAME_MAX + 1];
	int64_t expires_at;
	char    text[PKI_TOKEN_TEXT];   /* id and secret */
} pki_token_draft;

typedef struct pki_token_drafts {
	pki_token_draft *items;
	size_t           count;
} pki_token_drafts;
/* Wipes the secrets. */
void pki_token_drafts_free(pki_token_drafts *drafts);
PKI_DEFINE_CLEANUP(pki_token_drafts)

/*
 * Everything but writing: the texts are known, and nobody can use them yet.
 * PKI_DENIED: rule "identity-unknown" (not registered, in these letters),
 * "identity-state" (the device has a certificate already, is held or
 * retired), "token-profile" (another than the device's).  PKI_USAGE,
 * PKI_DAMAGED, PKI_STORE, PKI_SYSTEM (keys/token.key).
 */
PKI_CHECKED pki_code pki_ca_draft_tokens(pki_ca *ca,
    const char *const *devices, size_t count, const pki_token_order *order,
    pki_token_drafts **out, pki_err *err);
/*
 * Make them valid, all or none, each with its audit row.  Rules as before:
 * what was drafted is looked at again.  PKI_CLOCK.
 */
PKI_CHECKED pki_code pki_ca_create_tokens(pki_ca *ca,
    const pki_token_drafts *drafts, const pki_requester *who, pki_err *err);

/* Walk over tokens, of one device (NULL: of all), behind row after. */
PKI_CHECKED pki_code pki_ca_each_token(pki_ca *ca, const char *device,
    int64_t after, pki_token_visitor *visit, void *arg, pki_err *err);

/*
 * End a token, used or not; what was issued by it stays.  PKI_NOT_FOUND;
 * PKI_DENIED, rule "token-revoked".  check: the same, nothing changed.
 */
PKI_CHECKED pki_code pki_ca_revoke_token(pki_ca *ca, const char *id,
    const pki_requester *who, pki_err *err);
PKI_CHECKED pki_code pki_ca_revoke_token_check(pki_ca *ca, const char *id,
    pki_err *err);

/* Whose token it is, before there is a request. */
typedef struct pki_token_info {
	char device[PKI_IDENTITY_MAX + 1];
	char profile[PKI_PROFILE_NAME_MAX + 1];
	bool used;              /* good for what it was used for, at most */
} pki_token_info;
/*
 * Does the evidence hold, as far as can be said without a key?  PKI_DENIED:
 * rules "token", "token-revoked", "token-expired".  PKI_DAMAGED, PKI_STORE.
 */
PKI_CHECKED pki_code pki_ca_check_token(pki_ca *ca,
    const pki_evidence *evidence, pki_token_info *out, pki_err *err);

PKI_END_DECLS

#endif
