#ifndef PKI_CA_AUDIT_RELEASES_H
#define PKI_CA_AUDIT_RELEASES_H

/*
 * Which certificates were released from hold, as the audit log has it: an
 * entry may leave a CRL because of a release, and only a row of the log says
 * that there was one (a restored database may simply not know of the hold).
 */

#include "ca/handle.h"

typedef struct pki_releases pki_releases;

/* Those of one CA since a time; a little more of the past is looked at. */
pki_code pki_releases_read(pki_ca *ca, const char *ca_name, int64_t since,
    pki_releases **out, pki_err *err);
void pki_releases_free(pki_releases *releases);
PKI_DEFINE_CLEANUP(pki_releases)

/* Was it released at this time or later? */
bool pki_releases_have(const pki_releases *releases, const pki_serial *serial,
    int64_t since);

#endif
