#ifndef PKI_X509_ALTNAME_TEXT_H
#define PKI_X509_ALTNAME_TEXT_H

/* What an alternative name of each kind may be, for altname.c. */

#include "x509/altname.h"

#define PKI_ALT_TEXT_ROOM 256

/* One kind of name. */
typedef struct pki_alt_kind {
	pki_alt_type  type;
	const char   *name;
	const char   *accepts;
	/* Make text canonical in out; false when it is not such a name. */
	bool        (*canonicalize)(pki_bytes text,
	    char out[PKI_ALT_TEXT_ROOM]);
} pki_alt_kind;

/* NULL when there is none. */
const pki_alt_kind *pki_alt_kind_of(unsigned type);
const pki_alt_kind *pki_alt_kind_named(pki_bytes name);

/*
 * An address between its text and its octets: 4 or 16.  The first returns
 * how many, or 0; the second returns false for another count.
 */
size_t pki_alt_ip_octets(const char *text, uint8_t out[16]);
bool pki_alt_ip_text(pki_bytes octets, char out[PKI_ALT_TEXT_ROOM]);

#endif
