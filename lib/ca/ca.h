#ifndef PKI_CA_CA_H
#define PKI_CA_CA_H

/*
 * A state directory and what is in it: one or more CAs (a root and an issuing
 * CA by default), their store, keys, published files and audit log.
 *
 *   <state>/ca.db  write.lock  floor     what was issued (0600)
 *   <state>/keys/  <ca>.key              private keys (0700, 0600)
 *   <state>/public/crl/<ca>/  ca/        what anyone may fetch (0755, 0644)
 *   <conf>/pki.conf  templates/           settings and profiles
 *
 * A handle belongs to one thread.  Several handles, in any number of
 * processes, may work on one state directory at the same time.
 */

#include "ca/config.h"
#include "policy/check.h"
#include "sign/signer.h"
#include "store/store.h"
#include "x509/cert.h"

PKI_BEGIN_DECLS

typedef struct pki_ca pki_ca;

/* In a state directory: "init is at work, or was cut off, here". */
#define PKI_INIT_MARKER "init.unfinished"

/* Who asks, and how we know.  Written into the audit log as it is. */
typedef struct pki_requester {
	pki_requester_kind how;
	const char        *name;        /* login name, token id, serial */
} pki_requester;

typedef struct pki_ca_options {
	const char           *state_dir;
	const char           *conf_dir;         /* NULL: state_dir */
	const pki_clock      *clock;            /* NULL: the system's */
	const pki_passphrase *passphrase;       /* NULL: no encrypted key */
} pki_ca_options;

/*
 * Open an existing state directory.  Templates are read when first needed,
 * keys when first signed with.  PKI_NOT_FOUND (no CA there: run init),
 * PKI_DENIED (a foreign owner, a directory that group or others can write, an
 * interrupted init, a newer database),
 * PKI_BAD_INPUT (pki.conf), PKI_DAMAGED, PKI_STORE, PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_ca_open(const pki_ca_options *options, pki_ca **out,
    pki_err *err);
void pki_ca_free(pki_ca *ca);
PKI_DEFINE_CLEANUP(pki_ca)

const pki_config *pki_ca_config(const pki_ca *ca);
/* All templates; loaded once.  What pki_profiles_load returns. */
PKI_CHECKED pki_code pki_ca_profiles(pki_ca *ca, const pki_profiles **out,
    pki_err *err);

/* What a new state directory is made of. */
typedef struct pki_ca_setup {
	pki_ca_options        options;          /* passphrase is not used */
	const char           *templates_dir;    /* copied when conf has none */
	const char           *display_name;     /* "Example" Root CA */
	pki_key_type          root_key, issuing_key;
	const char           *base_url;         /* NULL: pki.conf's */
	int                   crl_form;         /* -1: pki.conf's */
	const char           *offline_root;     /* other directory, or NULL */
	const pki_passphrase *root_passphrase;  /* NULL: key not encrypted */
	const pki_passphrase *issuing_passphrase;
	pki_requester         who;
} pki_ca_setup;

/*
 * Make a state directory: root, issuing CA, first CRLs.  All or nothing: an
 * init that was cut off is noticed by every other call, and the next init
 * begins anew.  With offline_root the root lives in a state directory of its
 * own there, and only its certificate and CRL come into this one.
 * PKI_EXISTS: there is a CA already (or a key or database without the rest).
 * PKI_BUSY: another init is at work there.
 * PKI_DENIED, PKI_BAD_INPUT: rules as for issuing.
 */
PKI_CHECKED pki_code pki_ca_init(const pki_ca_setup *setup, pki_err *err);
/* Everything init checks before it writes; nothing is changed. */
PKI_CHECKED pki_code pki_ca_init_check(const pki_ca_setup *setup,
    pki_err *err);

/* One CA, as lists show it.  Borrowed during the visit. */
typedef struct pki_ca_info {
	const pki_ca_row *row;
	const pki_cert   *cert;
	int64_t           issued;       /* certificates so far */
	bool              has_key;      /* here, in this state directory */
	bool              revoked;      /* by its parent's records or CRL */
} pki_ca_info;
typedef pki_code pki_ca_info_visitor(const pki_ca_info *info, void *arg,
    pki_err *err);
PKI_CHECKED pki_code pki_ca_each(pki_ca *ca, pki_ca_info_visitor *visit,
    void *arg, pki_err *err);

/* PEM appended to out: the certificate, then (chain) its issuers, root last. */
typedef enum pki_export {
	PKI_EXPORT_CERT,
	PKI_EXPORT_CHAIN,
} pki_export;
PKI_CHECKED pki_code pki_ca_export(pki_ca *ca, const char *name,
    pki_export what, pki_buf *out, pki_err *err);

/*
 * The clock is believed when it has not gone back by more than 5 minutes
 * behind the greatest time ever used (G13).  PKI_CLOCK otherwise.  accept
 * makes now the new greatest time, and is audited.
 */
PKI_CHECKED pki_code pki_ca_check_clock(pki_ca *ca, pki_err *err);
PKI_CHECKED pki_code pki_ca_accept_clock(pki_ca *ca, const pki_requester *who,
    pki_err *err);

PKI_END_DECLS

#endif
