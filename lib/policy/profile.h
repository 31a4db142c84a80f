#ifndef PKI_POLICY_PROFILE_H
#define PKI_POLICY_PROFILE_H

/*
 * Profiles: what may be issued, one template file each (pki-template(5)).
 * The language is one table in profile.c.  Everything not granted is denied.
 */

#include "base/settings.h"
#include "x509/pubkey.h"
#include "x509/usage.h"

PKI_BEGIN_DECLS

typedef enum pki_profile_kind {
	PKI_PROFILE_END_ENTITY,
	PKI_PROFILE_ROOT_CA,            /* self-signed */
	PKI_PROFILE_ISSUING_CA,
} pki_profile_kind;

/* Where a private key was made. */
typedef enum pki_key_origin {
	PKI_ORIGIN_DEVICE,      /* outside: we saw a request only */
	PKI_ORIGIN_CA,          /* by pki-ctl: the CA host has seen it */
} pki_key_origin;

/* Who asks, and so which door was used. */
typedef enum pki_requester_kind {
	PKI_BY_OPERATOR = 0,    /* pki-ctl */
	PKI_BY_EST = 1,         /* enrollment over the network */
} pki_requester_kind;

/* May who renews over the network come with another key (RFC 7030, 4.2.2)? */
typedef enum pki_renew_key {
	PKI_RENEW_ANY_KEY = 0,
	PKI_RENEW_SAME_KEY,
	PKI_RENEW_NEW_KEY,
} pki_renew_key;

/* A request that was made for its connection: RFC 7030, 3.5. */
typedef enum pki_linking {
	PKI_LINKING_OFF = 0,            /* not looked at */
	PKI_LINKING_PRESENT,            /* verified when it is there */
	PKI_LINKING_REQUIRED,
} pki_linking;

/* The form of /csrattrs; the last three are those of pki_csrattrs_form. */
typedef enum pki_csr_hints {
	PKI_CSR_HINTS_NONE = 0,
	PKI_CSR_HINTS_PLAIN,            /* RFC 8951, 4 */
	PKI_CSR_HINTS_TEMPLATE,         /* RFC 9908, 3.4 */
	PKI_CSR_HINTS_BOTH,
} pki_csr_hints;

typedef struct pki_profile {
	char         *name;             /* must equal the file's name */
	char         *summary;
	char         *ca;               /* the CA that signs: "issuing" */
	int           kind;             /* pki_profile_kind */
	int64_t       validity;         /* seconds, both ends included */
	int64_t       backdate;         /* seconds before now, 0 to 1 day */
	int64_t       path_length;      /* CAs; -1: not stated */
	bool          ocsp_no_check;

	uint32_t      key_types;        /* set of pki_key_type */
	int           key_from_device;  /* 1: the CA must not have seen it */
	uint32_t      key_usage;
	uint32_t      ext_usage;

	/* Fixed attributes; empty text: the attribute does not occur. */
	char         *country, *state, *locality, *organization, *unit;

	pki_text_list alt_allow;        /* patterns a request may fill */
	pki_text_list alt_always;       /* in every certificate; {identity} */
	bool          alt_wildcards;    /* DNS names such as *.example */

	pki_text_list identity_allow;   /* patterns */
	pki_text_list identity_reserve; /* nobody else's */
	int           several_connections;      /* 0 or 1 */

	uint32_t      requesters;       /* set of pki_requester_kind */

	/* Enrollment over the network. */
	int           est_approval;     /* 1: an operator approves the first */
	int64_t       est_grace;        /* seconds after notAfter to renew in */
	int           est_renew_key;    /* pki_renew_key */
	int           est_linking;      /* pki_linking */
	int           est_csr_hints;    /* pki_csr_hints */
	int64_t       est_line_width;   /* of base64; 0: one line */

	/* Not settings: made from the file. */
	char         *path;
	pki_buf      *text;             /* the whole file */
	pki_digest    digest;           /* SHA-256 of text */
} pki_profile;

/* The table of settings, for documentation checks and "profile show". */
extern const pki_setting pki_profile_settings[];
extern const size_t pki_profile_setting_count;

/*
 * Read and check one template.  Contradictions are errors too, with the
 * line: a CA without keyCertSign, an end entity with it, serverAuth without
 * an alternative name allowed, an unknown placeholder, a pattern that can
 * match nothing, nobody who may ask...
 * PKI_NOT_FOUND, PKI_BAD_INPUT, PKI_DENIED (file others may write).
 */
PKI_CHECKED pki_code pki_profile_load(const char *path, pki_profile **out,
    pki_err *err);
/* The same from text; name stands for the file's base name. */
PKI_CHECKED pki_code pki_profile_parse(pki_bytes text, const char *name,
    pki_profile **out, pki_err *err);
void pki_profile_free(pki_profile *profile);
PKI_DEFINE_CLEANUP(pki_profile)

/* All templates of a directory ("*.conf"), read-only once loaded. */
typedef struct pki_profiles pki_profiles;

/*
 * One bad template fails the whole: nothing is issued by half a policy.
 * Also checked across files: no two reserve overlapping identities unless
 * the patterns are equal.
 */
PKI_CHECKED pki_code pki_profiles_load(const char *dir, pki_profiles **out,
    pki_err *err);
void pki_profiles_free(pki_profiles *profiles);
PKI_DEFINE_CLEANUP(pki_profiles)

size_t pki_profiles_count(const pki_profiles *profiles);
/* In order of name. */
const pki_profile *pki_profiles_at(const pki_profiles *profiles, size_t i);
/* PKI_NOT_FOUND, rule "profile", lists the known ones. */
PKI_CHECKED pki_code pki_profiles_find(const pki_profiles *profiles,
    const char *name, const pki_profile **out, pki_err *err);

PKI_END_DECLS

#endif
