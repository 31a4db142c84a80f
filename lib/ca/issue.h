#ifndef PKI_CA_ISSUE_H
#define PKI_CA_ISSUE_H

/*
 * Issue a certificate: check, sign, record, audit; all or nothing.
 *
 * The verb takes a public key, names and how possession was proved, never "a
 * PKCS#10 to sign": other protocols come through the same door.
 */

#include "ca/credential.h"
#include "x509/linking.h"

PKI_BEGIN_DECLS

typedef enum pki_possession {
	PKI_POP_NONE = 0,       /* refused */
	PKI_POP_SIGNATURE,      /* a request signed by the key was verified */
	PKI_POP_GENERATED,      /* the CA host made the key */
} pki_possession;

typedef enum pki_issue_purpose {
	PKI_ISSUE_FIRST = 0,    /* the name must be free */
	PKI_ISSUE_RENEW,        /* of a live identity; what it has stays */
	PKI_ISSUE_REPLACE,      /* what it has is revoked as superseded, in
	                           the same transaction */
} pki_issue_purpose;

/* What gives a requester the right to this name, beside the door he uses. */
typedef enum pki_evidence_kind {
	PKI_EVIDENCE_NONE = 0,  /* an operator needs none */
	PKI_EVIDENCE_TOKEN,     /* a token of the device */
	PKI_EVIDENCE_CREDENTIAL,        /* the certificate to be renewed */
} pki_evidence_kind;

typedef struct pki_evidence {
	pki_evidence_kind kind;
	const char       *token;        /* its id */
	pki_bytes         secret;       /* as the requester gave it */
	const pki_credential *credential;
	/* The connection's; empty: it has none. */
	pki_binding       binding;
	pki_link          link;         /* of the request with it */
	/* pki_approval_is_given(): so that pki_batch_issue() signs it. */
	bool              approved;
} pki_evidence;

typedef struct pki_issue_request {
	const char         *profile;
	const char         *identity;
	const pki_pubkey   *key;
	pki_possession      possession;
	const pki_name     *subject;    /* asked for, or NULL */
	const pki_altnames *alt_names;  /* asked for, or NULL */
	uint32_t            key_usage;  /* asked for; 0: nothing */
	uint32_t            ext_usage;
	int64_t             validity;   /* asked for; 0: the profile's */
	pki_issue_purpose   purpose;
	/*
	 * The certificate that a renewal follows: it must be in force, and
	 * profile and alternative names its own.  NULL: the caller has seen
	 * to that.
	 */
	const char         *follows_ca;
	const pki_serial   *follows;
	bool                change_profile;     /* a replacement may */
	bool                share_names;        /* DNS names that others have */
	pki_requester       who;
	pki_evidence        evidence;
} pki_issue_request;

/*
 * Fill key, possession, what is asked for, and how its challenges compare
 * with evidence.binding (evidence.link); identity when it is NULL.
 */
PKI_CHECKED pki_code pki_issue_request_from_csr(const pki_csr *csr,
    pki_issue_request *request, pki_err *err);

/* What a renewal follows: an identity's newest certificate in force. */
typedef struct pki_before {
	pki_cert  *cert;
	char       ca[PKI_CA_NAME_MAX + 1];
	char       profile[PKI_PROFILE_NAME_MAX + 1];
} pki_before;
void pki_before_free(pki_before *before);
PKI_DEFINE_CLEANUP(pki_before)

/*
 * Find it.  PKI_DENIED: rule "identity-unknown" (no such name on record, in
 * these letters), "not-in-force" (what it had is expired, held or revoked).
 * PKI_DAMAGED, PKI_STORE.
 */
PKI_CHECKED pki_code pki_ca_find_before(pki_ca *ca, const char *identity,
    pki_before **out, pki_err *err);
/*
 * Make the request a renewal of it: of its profile and with its alternative
 * names, where the request states none.  Borrows from before.
 */
void pki_issue_request_follow(const pki_before *before,
    pki_issue_request *request);

/*
 * Make the request a renewal of the certificate that proves who asks: of its
 * identity and, where the request states none, its profile.  Borrows from
 * credential; who is left to the caller.
 */
void pki_issue_request_renew(const pki_credential *credential,
    pki_issue_request *request);

typedef struct pki_issued {
	pki_cert   *cert;
	pki_buf    *chain;      /* PEM: certificate, then its issuing CA's */
	const char *ca;         /* borrowed from the ca handle */
	size_t      replaced;   /* certificates revoked as superseded */
	bool        again;      /* issued before, and the reply was lost */
} pki_issued;
void pki_issued_free(pki_issued *issued);
PKI_DEFINE_CLEANUP(pki_issued)

/*
 * Issue.  PKI_DENIED names the rule: those of pki_policy_check, and
 * "proof-of-possession", "ca-state" (revoked, no key here), "key-blocked",
 * "key-in-use" (another identity's), "identity-taken", "identity-unknown"
 * (renewal or replacement without a holder), "identity-state" (he is held),
 * "alt-name-taken" (a DNS name that a certificate in force of another identity
 * has, by another profile, or whose own name it is), "profile-change" (of a
 * replacement or renewal), "not-in-force" and "names-change" (of a renewal:
 * see pki_issue_request.follows).  A registered name is free for who is
 * meant: the device's own profile ("device-profile").
 *
 * Over the network there must be evidence (rule "evidence").  With a token,
 * the first request that everything else allows binds its key to it in the
 * issuing transaction; the same key gets the stored certificate again while
 * it is in force, and nothing new.  Rules: "token" (there is no such token,
 * or its secret is another), "token-device" (of another device),
 * "token-profile", "token-revoked", "token-expired", "token-bound" (used by
 * another key), "token-used" (by this key, but the certificate has ended).
 * G23, G24, G26.
 *
 * With a credential, the request's subject and alternative names must be its
 * own, whatever a template says now ("renew-subject", "renew-alt-names"), its
 * profile too ("profile-change"), and its key as est.renew-key says
 * ("renew-key").  All that pki_ca_check_credential() looks at is looked at
 * again in the issuing transaction, under the same rules.  The same key again
 * within an hour gets the certificate that it got: its reply was lost.  Who
 * asks over the network to renew must bring one ("evidence"); and whoever
 * asks over the network is bound to his connection as est.linking says
 * ("linking").  G21, G22, G24, G25.
 *
 * PKI_PENDING, rule "approval", value the request's id: est.approval is
 * manual, and this first request waits for an operator; approval.h says how,
 * and what "approval-denied" and "approval-limit" are.
 * PKI_NOT_FOUND (profile, CA, what a renewal follows), PKI_CLOCK, PKI_BUSY,
 * PKI_STORE, PKI_CRYPTO.
 * G1, G4, G11, G12, G14.
 */
PKI_CHECKED pki_code pki_ca_issue(pki_ca *ca, const pki_issue_request *request,
    pki_issued **out, pki_err *err);

/* Every check of pki_ca_issue, and nothing signed or written. */
typedef struct pki_issue_plan {
	pki_grant  *grant;
	const char *ca;
} pki_issue_plan;
void pki_issue_plan_free(pki_issue_plan *plan);
PKI_DEFINE_CLEANUP(pki_issue_plan)
PKI_CHECKED pki_code pki_ca_issue_check(pki_ca *ca,
    const pki_issue_request *request, pki_issue_plan **out, pki_err *err);

PKI_END_DECLS

#endif
