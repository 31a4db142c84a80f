#ifndef PKI_CA_PUBLICATION_H
#define PKI_CA_PUBLICATION_H

/* One CRL on its way out: made, judged by the gate, recorded, installed. */

#include "ca/crl-draft.h"
#include "ca/crl-source.h"
#include "ca/record.h"

typedef struct pki_publication {
	pki_ca                    *ca;
	const pki_authority       *authority;
	int64_t                    scope;
	const pki_publish_options *options;

	char           file[PKI_PATH_MAX];      /* below public/ */
	pki_crl_list   previous;
	bool           has_previous;
	pki_crl_draft *made;
	pki_published  result;
	pki_digest     digest;
	int64_t        ahead;   /* a thisUpdate that is given up; 0: none */
} pki_publication;

/* Make it, up to the gate; the caller has the publish lock. */
pki_code pki_publication_make(pki_publication *p, pki_err *err);
/*
 * Record it, and let its PEM twin appear; then the file itself, the last of
 * all that a publication writes.
 */
pki_code pki_publication_install(pki_publication *p, pki_err *err);
pki_code pki_publication_finish(pki_publication *p, pki_err *err);
void pki_publication_clear(pki_publication *p);

/* May a CRL follow one of this thisUpdate?  PKI_CLOCK. */
pki_code pki_publication_check_clock(pki_ca *ca, int64_t this_update,
    pki_err *err);

/*
 * What goes on record before the file appears: number, time and digest, the
 * audit row, the floor, and the leaves of a CA that the list ends.
 */
typedef struct pki_publication_entry {
	const char                *action;      /* for the audit log */
	const pki_authority       *authority;
	const pki_publish_options *options;
	pki_crl_row                row;
	const pki_audit_detail    *details;
	pki_crl_list              *list;
	int64_t                    ahead;       /* as above */
} pki_publication_entry;
pki_code pki_publication_record(pki_ca *ca,
    const pki_publication_entry *entry, pki_err *err);

#endif
