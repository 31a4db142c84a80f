#ifndef PKI_EST_NAMES_H
#define PKI_EST_NAMES_H

/* Who renews stays who it is: RFC 7030, 4.2.2. */

#include "x509/cert.h"
#include "x509/csr.h"

/*
 * Does the request name exactly whom the certificate names?  The subjects
 * match as in RFC 5280, 7.1: part by part in their order, whatever the string
 * type, case and inner white space; the alternative names are the same set,
 * of the same kinds.  Nothing is set right for the client: a name left out is
 * as wrong as one more.  PKI_DENIED, rules "renew-subject" and
 * "renew-alt-names"; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_est_check_names(const pki_csr *csr,
    const pki_cert *cert, pki_err *err);

#endif
