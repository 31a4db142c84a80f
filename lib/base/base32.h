#ifndef PKI_BASE_BASE32_H
#define PKI_BASE_BASE32_H

/* RFC 4648, section 6, in lower case and without padding: people type it. */

#include "base/buf.h"

PKI_BEGIN_DECLS

/*
 * The first count characters (5 bits each) of in, into an array of count + 1.
 * Bits beyond its end are zero.  Returns out.
 */
const char *pki_base32_format(pki_bytes in, size_t count, char *out);

/* Is every character one of the alphabet? */
bool pki_base32_check(pki_bytes text);

PKI_END_DECLS

#endif
