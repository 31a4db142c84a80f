#ifndef PKI_X509_EXTENSION_H
#define PKI_X509_EXTENSION_H

/* Reading the extensions of certificates, CRLs and CRL entries. */

#include "x509/der.h"

/* At most this many in one list. */
#define PKI_EXTENSIONS_MAX 32

/* Borrowed from the DER. */
typedef struct pki_extension {
	pki_bytes oid;          /* content octets */
	bool      critical;
	pki_bytes value;        /* what the OCTET STRING holds */
} pki_extension;

/* An extension that is understood.  read fills the object at out. */
typedef struct pki_extension_row {
	pki_bytes   oid;
	const char *name;
	pki_code  (*read)(void *out, const pki_extension *extension,
	    pki_err *err);
} pki_extension_row;

typedef struct pki_extension_table {
	const pki_extension_row *rows;
	size_t                   count;
	const char              *rule;  /* named by refusals */
	bool                     whole; /* one that is not here is refused */
} pki_extension_table;

/*
 * Read the next element, Extensions (a SEQUENCE of one or more).  Each may
 * occur once; one that is critical and not in the table is refused (RFC 5280,
 * 4.2).  PKI_BAD_INPUT, rule "der" or the table's.  So is any other that is
 * not in a table that is whole: PKI_DENIED.
 */
PKI_CHECKED pki_code pki_extensions_read(pki_der *der,
    const pki_extension_table *table, void *out, pki_err *err);

/*
 * The purposes of an extKeyUsage, as a set of pki_ext_usage; PKI_EKU_OTHER
 * stands for those that are none.  An empty list is refused.
 */
PKI_CHECKED pki_code pki_extension_read_purposes(pki_bytes value,
    uint32_t *out, pki_err *err);

/* Append the value of an extKeyUsage: a set that is not empty. */
void pki_extension_add_purposes(uint32_t set, pki_buf *out);

/* The keyIdentifier of an AuthorityKeyIdentifier, or no bytes. */
PKI_CHECKED pki_code pki_extension_read_authority(pki_bytes value,
    pki_bytes *out, pki_err *err);

/*
 * The first URI in the fullName of a DistributionPointName; *out is NULL when
 * there is none.  The caller frees it with free().
 */
PKI_CHECKED pki_code pki_extension_read_point(pki_der *der, char **out,
    pki_err *err);

#endif
