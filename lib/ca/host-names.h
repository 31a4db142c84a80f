#ifndef PKI_CA_HOST_NAMES_H
#define PKI_CA_HOST_NAMES_H

/* Who else is known by a host name that is about to be certified. */

#include "ca/job.h"

/*
 * Refuse a DNS name that a certificate in force of another identity has: by
 * another profile, so that a server cannot pose as a broker; or by any, when
 * the name is that identity's own.  Identities of one profile may share a
 * name, as the brokers of a cluster do.  A wildcard is a name like others.
 * PKI_DENIED, rule "alt-name-taken".
 */
pki_code pki_host_names_check(pki_ca *ca, const pki_job *job, pki_err *err);

/* Inside the transaction that issues: the names that it is found by. */
pki_code pki_host_names_record(pki_ca *ca, const pki_cert *cert,
    int64_t identity_id, pki_err *err);
/* Are they all there?  PKI_DAMAGED. */
pki_code pki_host_names_verify(pki_ca *ca, const pki_cert *cert,
    const pki_cert_row *row, pki_err *err);

#endif
