#ifndef PKI_CA_HANDLE_H
#define PKI_CA_HANDLE_H

/*
 * The inside of pki_ca, shared by the files of lib/ca only.
 */

#include "base/file.h"
#include "ca/ca.h"
#include "ca/floor.h"
#include "x509/crl.h"
#include "x509/pool.h"

/* How long one waits for another publisher, in ms. */
#define PKI_PUBLISH_WAIT_MS 30000

#define PKI_URL_MAX 256
#define PKI_KEY_REF_MAX 128

/* A key that is not in this state directory. */
#define PKI_KEY_OFFLINE "offline"

/*
 * One CA of the state directory.  Its row never changes, so it is read once;
 * the signer is opened when first needed.
 */
typedef struct pki_authority {
	int64_t     id;
	char        name[PKI_CA_NAME_MAX + 1];
	char        parent[PKI_CA_NAME_MAX + 1];
	char        key_ref[PKI_KEY_REF_MAX];
	char        base_url[PKI_URL_MAX];
	int         crl_form;
	int64_t     partition_size;
	int64_t     created_at;
	pki_cert   *cert;
	pki_signer *signer;
	pki_pool    templates;  /* pki_tbs_template */

	/* As last seen; see pki_ca_refresh(). */
	_Atomic int64_t issued;         /* certificates so far */
	bool            standing_known;
	bool            revoked;
} pki_authority;

struct pki_ca {
	char            state_dir[PKI_PATH_MAX];
	char            conf_dir[PKI_PATH_MAX];
	const pki_clock *clock;
	pki_passphrase  passphrase;     /* get is NULL: none */
	pki_config     *config;
	pki_profiles   *profiles;       /* NULL until first needed */
	pki_store      *store;
	pki_authority **authorities;    /* every CA, once one was asked for */
	size_t          count;
	int             init_lock;      /* see pki_state_unlock(); -1: none */

	pki_buf        *token_key;      /* see token-key.h; NULL: not read */

	bool            floor_known;
	pki_floor       floor;          /* as last read or written by us */
};

/*
 * Drop what others may have changed since it was read: floor, standing and
 * counts of CAs.  Asks the database whether anybody has written at all.
 */
pki_code pki_ca_refresh(pki_ca *ca, pki_err *err);
/* The same after an own change that touches them. */
void pki_ca_forget(pki_ca *ca);

/*
 * G7: PKI_BUSY while a reader makes the write-ahead log longer than 1 GiB.
 * Only issuing heeds it; revoking and publishing must always be possible.
 */
pki_code pki_ca_check_log(pki_ca *ca, pki_err *err);
/* What it says then. */
pki_code pki_fail_log(pki_err *err);

/* The floor, from the file when it is not known.  PKI_DAMAGED. */
pki_code pki_ca_floor(pki_ca *ca, pki_floor *out, pki_err *err);
/* pki_floor_raise(), which a known floor often spares. */
pki_code pki_ca_raise_floor(pki_ca *ca, int64_t crl_number, pki_err *err);

/* A handle without a store: directories, clock and pki.conf. */
pki_code pki_ca_prepare(const pki_ca_options *options, pki_ca **out,
    pki_err *err);

/* All CAs of the store, so that finding one needs no store. */
pki_code pki_authorities_load(pki_ca *ca, pki_err *err);
/* How many each has issued, for whose CRLs are partitioned. */
pki_code pki_authorities_count(pki_ca *ca, pki_err *err);
/* NULL when it is not loaded. */
pki_authority *pki_authority_find(const pki_ca *ca, const char *name);

/* Find a CA by name.  PKI_NOT_FOUND, rule "ca", lists the known ones. */
pki_code pki_authority_get(pki_ca *ca, const char *name, pki_authority **out,
    pki_err *err);
/*
 * Open its key, once.  PKI_DENIED, rule "ca-state", when the key is not
 * here, or is not the certificate's.
 */
pki_code pki_authority_signer(pki_ca *ca, pki_authority *authority,
    pki_err *err);
/* Is it within its validity?  PKI_CLOCK. */
pki_code pki_authority_check_time(const pki_ca *ca,
    const pki_authority *authority, pki_err *err);
/*
 * May it sign certificates now?  Not when revoked in this store (PKI_DENIED,
 * rule "ca-state"), nor outside its validity (PKI_CLOCK).
 */
pki_code pki_authority_check(pki_ca *ca, pki_authority *authority,
    pki_err *err);
/* Is it revoked by its parent's records here, or by its published CRL? */
pki_code pki_authority_is_revoked(pki_ca *ca, const pki_authority *authority,
    bool *out, pki_err *err);
/* Whose CRL is it?  PKI_DENIED: rule "issuer", or its signature fails. */
pki_code pki_authority_of_crl(pki_ca *ca, const pki_crl *crl,
    pki_authority **out, pki_err *err);
void pki_authority_free(pki_authority *authority);
PKI_DEFINE_CLEANUP(pki_authority)

/* <state>/<format...> in out.  PKI_BAD_INPUT when it is too long. */
pki_code pki_ca_path(const pki_ca *ca, char out[PKI_PATH_MAX], pki_err *err,
    const char *fmt, ...) PKI_PRINTF(4, 5);

/* The URL of a CA's CRL: the complete one, or (scope >= 0) a partition's. */
pki_code pki_crl_url(const pki_authority *authority, int64_t scope,
    char out[PKI_URL_MAX], pki_err *err);
/* The same file below public/: "crl/issuing/full.crl". */
pki_code pki_crl_file(const pki_authority *authority, int64_t scope,
    char out[PKI_PATH_MAX], pki_err *err);
#define PKI_SCOPE_COMPLETE (-1)

#endif
