#ifndef PKI_X509_NAMES_SAME_H
#define PKI_X509_NAMES_SAME_H

/* Who renews stays who it is: RFC 7030, 4.2.2. */

#include "x509/cert.h"

/*
 * Does a request name exactly whom the certificate names?  The subjects
 * (NULL: an empty one) match as in RFC 5280, 7.1: part by part in their order,
 * whatever the string type, case and inner white space; the alternative names
 * are the same set, of the same kinds.  Nothing is set right for the client: a
 * name left out is as wrong as one more.  PKI_DENIED, rules "renew-subject"
 * and "renew-alt-names"; PKI_NO_MEMORY.  G25.
 */
PKI_CHECKED pki_code pki_names_check_same(const pki_name *subject,
    const pki_altnames *alt_names, const pki_cert *cert, pki_err *err);

#endif
