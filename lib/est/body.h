#ifndef PKI_EST_BODY_H
#define PKI_EST_BODY_H

/*
 * Bodies of EST (RFC 7030): base64 of DER in both directions, whatever a
 * Content-Transfer-Encoding says (RFC 8951, 3).
 */

#include "base/buf.h"

PKI_BEGIN_DECLS

#define PKI_EST_TEXT_MAX (64 * 1024)    /* octets of a body */
#define PKI_EST_WIDTH_MAX 76            /* characters of a line: RFC 2045 */

/*
 * The DER of a body, at most max_bytes of it; the caller frees *out.
 *
 * CR, LF, space and tab may stand anywhere (RFC 8951, 3.1).  Old clients put
 * BEGIN and END lines around: accepted as pki_pem_or_der does when label, the
 * one they must have, is given (NULL: refused).  Octets that are not base64,
 * DER itself among them, wrong padding, bits behind the last octet, nothing,
 * and whatever is not exactly one SEQUENCE in the end are refused.
 * PKI_BAD_INPUT, rules "body", "pem", "size"; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_est_body_decode(pki_bytes body, const char *label,
    size_t max_bytes, pki_buf **out, pki_err *err);

/*
 * Append base64 of der.  width is 0 for one line without an end (strongSwan
 * before 5.9.11 reads no white space) or the characters of a line, a multiple
 * of 4 up to 76; then each line, the last as well, ends in LF (libest reads no
 * long line, others miss the last end).  PKI_USAGE: another width;
 * PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_est_body_encode(pki_bytes der, size_t width,
    pki_buf *out, pki_err *err);

PKI_END_DECLS

#endif
