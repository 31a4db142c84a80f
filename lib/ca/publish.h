#ifndef PKI_CA_PUBLISH_H
#define PKI_CA_PUBLISH_H

/*
 * Publish CRLs below <state>/public: /crl/<ca>/full.crl, or <n>.crl and
 * complete.crl, each with a .pem twin; /crl/<ca>/chain.pem for brokers;
 * /ca/<ca>.cer and /ca/<ca>-chain.pem.
 */

#include "ca/ca.h"
#include "x509/crl.h"

PKI_BEGIN_DECLS

typedef struct pki_published {
	const char *ca;
	const char *file;               /* below public/; NULL for an import */
	int64_t     number;
	int64_t     this_update, next_update;
	int64_t     entries;
	int64_t     kept;               /* of them, not what the record says */
	bool        damaged;            /* the record could not all be read */
	bool        replaced_unknown;   /* the file before is not on record */
} pki_published;
typedef pki_code pki_published_visitor(const pki_published *published,
    void *arg, pki_err *err);

/*
 * Sign and publish the CRL (all partitions) of one CA whose key is here.
 *
 * The gate (G16, G17): issuer and signature of the new list, number and
 * thisUpdate greater than before, no revocation in the future, and nothing
 * vanished but what had expired by the previous thisUpdate.  A refusal is
 * PKI_DENIED, rule "crl-gate", and the published file stays.  The file
 * appears at once or not at all (G18).  visit may be NULL.
 * PKI_CLOCK, PKI_BUSY, PKI_STORE, PKI_SYSTEM, PKI_CRYPTO.
 */
PKI_CHECKED pki_code pki_ca_publish(pki_ca *ca, const char *name,
    const pki_requester *who, pki_published_visitor *visit, void *arg,
    pki_err *err);

/*
 * What is done when entries of the published CRL are missing on record: in a
 * restored database, or a damaged one.
 */
typedef enum pki_publish_mode {
	PKI_PUBLISH_STRICT,     /* refuse: an operator looks into it */
	/*
	 * List them all the same, and say so: a CRL that expires locks every
	 * device out.  For publishing by itself, after a revocation or a time.
	 */
	PKI_PUBLISH_UNION,
} pki_publish_mode;

/*
 * Serials that may be missing from now on, and no others: an operator's.
 * Ascending, each once.
 */
typedef struct pki_lost {
	const pki_serial *serials;
	bool             *missing;      /* filled: was it? */
	size_t            count;
} pki_lost;

/*
 * What is done when the published CRL is ahead of the clock.  It was signed
 * when the clock was wrong, or the clock is wrong now.
 */
typedef enum pki_publish_ahead {
	PKI_AHEAD_REFUSED,      /* PKI_CLOCK */
	/*
	 * An operator says that the clock is right: thisUpdate goes back to
	 * now, audited as "clock-accept".
	 */
	PKI_AHEAD_ACCEPTED,
} pki_publish_ahead;

typedef struct pki_publish_options {
	const pki_requester   *who;
	pki_publish_mode       mode;
	pki_publish_ahead      ahead;
	pki_lost              *lost;    /* or NULL */
	pki_published_visitor *visit;   /* or NULL */
	/* Called for each missing entry that made the gate refuse; or NULL. */
	void                 (*missing)(void *arg, const pki_crl_entry *entry);
	void                  *arg;
} pki_publish_options;

/*
 * pki_ca_publish() with more to say.  lost must be exactly what is missing:
 * PKI_DENIED, rule "crl-gate", also when one of them is not.
 */
PKI_CHECKED pki_code pki_ca_publish_with(pki_ca *ca, const char *name,
    const pki_publish_options *options, pki_err *err);

/* The same up to the gate: nothing is recorded, nothing appears. */
PKI_CHECKED pki_code pki_ca_publish_check(pki_ca *ca, const char *name,
    const pki_publish_options *options, pki_err *err);

/*
 * Is the clock believed, and behind no CRL of this CA on record?  What
 * publishing asks too, without a key.  PKI_CLOCK; PKI_NOT_FOUND, PKI_STORE.
 */
PKI_CHECKED pki_code pki_ca_check_crl_clock(pki_ca *ca, const char *name,
    pki_err *err);

/*
 * Install a CRL made elsewhere (by an offline root) for a CA whose
 * certificate is here: issuer, signature, number, times as the gate asks.
 * A CA here that it lists is revoked, and so are all its certificates, as
 * cACompromise: publish its CRL next.
 */
PKI_CHECKED pki_code pki_ca_import_crl(pki_ca *ca, pki_bytes crl,
    const pki_requester *who, pki_published *out, pki_err *err);

/*
 * The gate by itself.  previous may be NULL.  expired says whether a serial's
 * certificate had expired at a time; it may be NULL: nothing may vanish.
 */
typedef struct pki_gate {
	const pki_cert *issuer;
	const pki_crl  *previous, *next;
	int64_t         now;
	pki_code      (*expired)(void *arg, const pki_serial *serial,
	                  int64_t at, bool *out, pki_err *err);
	void           *arg;
} pki_gate;
PKI_CHECKED pki_code pki_gate_check(const pki_gate *gate, pki_err *err);

PKI_END_DECLS

#endif
