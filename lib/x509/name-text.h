#ifndef PKI_X509_NAME_TEXT_H
#define PKI_X509_NAME_TEXT_H

/* What a value of a distinguished name may be, for name.c. */

#include "base/buf.h"

#define PKI_NAME_VALUE_MAX 64           /* characters: X.520, upper bounds */
#define PKI_NAME_VALUE_ROOM (4 * PKI_NAME_VALUE_MAX + 1)

/* What is wrong with the octets of a PrintableString, UTF8String; or NULL. */
const char *pki_name_printable_problem(pki_bytes value);
const char *pki_name_utf8_problem(pki_bytes value);

/* A value as RFC 4514, section 2.4 escapes it, appended to out. */
void pki_name_escape(const char *value, pki_buf *out);

/* Are two values the same by RFC 5280, section 7.1? */
bool pki_name_values_match(const char *a, const char *b);

#endif
