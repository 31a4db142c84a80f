#ifndef PKI_X509_LINKING_H
#define PKI_X509_LINKING_H

/*
 * Attributes of a request that prove something beside the key: that it was
 * made for this connection (RFC 7030, 3.5; RFC 7894, 3.3), or that a secret
 * is known (RFC 7894, 3.1 and 3.2).  All comparisons take constant time.
 */

#include "x509/csr.h"

PKI_BEGIN_DECLS

typedef enum pki_link {
	PKI_LINK_ABSENT,        /* the request has no such attribute */
	PKI_LINK_MATCHES,
	PKI_LINK_DIFFERS,       /* or there is nothing to compare it with */
	PKI_LINK_MALFORMED,     /* not base64 of 1 to 64 octets */
} pki_link;

/*
 * What a connection is bound to; empty: not defined for it.  unique is
 * tls-unique (RFC 5929), which is to be trusted, and so given here, for
 * TLS 1.2 with extended master secret only; exporter is tls-exporter
 * (RFC 9266), of TLS 1.3, or 1.2 with the same.
 */
typedef struct pki_binding {
	pki_bytes unique;
	pki_bytes exporter;
} pki_binding;

/*
 * Is the attribute, challengePassword or estIdentityLinking, base64 (RFC 4648,
 * 4) of one of the connection's bindings?  One that is there is never
 * ignored: where neither binding is defined it differs.  Nobody reports why:
 * all but ABSENT and MATCHES is a refusal, as is memory that ran out.
 */
pki_link pki_csr_check_link(const pki_csr *csr, pki_csr_challenge which,
    const pki_binding *binding);

/*
 * Both attributes together: each that is there must match (RFC 7894, 4); of
 * two failures MALFORMED is told.
 */
pki_link pki_csr_check_links(const pki_csr *csr, const pki_binding *binding);

/*
 * Is the attribute, otpChallenge or revocationChallenge, the text of a secret?
 * An empty secret matches nothing.  Never MALFORMED.
 */
pki_link pki_csr_check_secret(const pki_csr *csr, pki_csr_challenge which,
    pki_bytes secret);

PKI_END_DECLS

#endif
