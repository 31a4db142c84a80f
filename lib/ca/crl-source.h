#ifndef PKI_CA_CRL_SOURCE_H
#define PKI_CA_CRL_SOURCE_H

/*
 * The entries of a CRL to be made, ascending: what is revoked or held on
 * record, and, in a union, what only the published CRL knows.
 */

#include "ca/crl-list.h"
#include "ca/leaving.h"

typedef struct pki_crl_source {
	pki_ca              *ca;
	const pki_authority *authority;
	int64_t              scope;
	pki_crl_list        *previous;  /* NULL: none */
	pki_leaving         *leaving;   /* NULL: no union */
	int64_t              now;
	int64_t              kept;      /* of the last walk: as in previous */
	bool                 damaged;   /* ... the record could not be read */
} pki_crl_source;

typedef pki_code pki_crl_source_visitor(const pki_crl_entry *entry, void *arg,
    pki_err *err);
/*
 * Walk over it, as of one moment.  In a union a damaged row is left out, and a
 * database that cannot be read any further ends there: neither may keep the
 * others from the list.
 */
pki_code pki_crl_source_each(pki_crl_source *source,
    pki_crl_source_visitor *visit, void *arg, pki_err *err);

#endif
