#ifndef PKI_X509_NAME_H
#define PKI_X509_NAME_H

/*
 * Distinguished names: one attribute per RDN, UTF8String or PrintableString,
 * the attribute types of the table below and no others.
 */

#include "base/buf.h"

PKI_BEGIN_DECLS

/* Attribute types, RFC 4519 and X.520. */
typedef enum pki_name_type {
	PKI_NAME_COUNTRY,               /* C, two letters, PrintableString */
	PKI_NAME_STATE,                 /* ST */
	PKI_NAME_LOCALITY,              /* L */
	PKI_NAME_ORGANIZATION,          /* O */
	PKI_NAME_ORGANIZATIONAL_UNIT,   /* OU */
	PKI_NAME_SERIAL_NUMBER,         /* serialNumber, PrintableString */
	PKI_NAME_COMMON_NAME,           /* CN */
} pki_name_type;

/* One RDN.  value is UTF-8 without NUL or control characters, 1 to 64. */
typedef struct pki_name_part {
	pki_name_type type;
	const char   *value;
} pki_name_part;

typedef struct pki_name pki_name;

/* Encode parts in order.  PKI_BAD_INPUT, rule "name"; PKI_NO_MEMORY. */
PKI_CHECKED pki_code pki_name_build(const pki_name_part *parts, size_t count,
    pki_name **out, pki_err *err);

/*
 * Read a Name strictly: DER at every level, at most 10 RDNs of one attribute
 * each, known types, UTF8String or PrintableString with characters of that
 * type, no NUL, no control characters.  An empty name is a name.
 * PKI_BAD_INPUT, rules "der", "name"; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_name_parse(pki_bytes der, pki_name **out,
    pki_err *err);

/* An independent copy.  PKI_NO_MEMORY. */
PKI_CHECKED pki_code pki_name_copy(const pki_name *name, pki_name **out,
    pki_err *err);
void pki_name_free(pki_name *name);
PKI_DEFINE_CLEANUP(pki_name)

pki_bytes pki_name_der(const pki_name *name);
size_t pki_name_count(const pki_name *name);
const pki_name_part *pki_name_at(const pki_name *name, size_t i);

/* The value of the only CN; NULL when there is none or more than one. */
const char *pki_name_common_name(const pki_name *name);

/* "CN=meter-0042,O=Example" in the order of the encoding, escaped. */
void pki_name_print(const pki_name *name, pki_buf *out);

/* Same encoding? */
bool pki_name_equal(const pki_name *a, const pki_name *b);
/* RFC 5280, 7.1: case and inner white space of values do not count. */
bool pki_name_match(const pki_name *a, const pki_name *b);

/* "CN" and so on; the setting's name ("common-name").  Static. */
const char *pki_name_type_short(pki_name_type type);

#define PKI_NAME_OID_LEN 3
/* Content octets of the type's OBJECT IDENTIFIER; and the type that has one. */
void pki_name_type_oid(pki_name_type type, uint8_t out[PKI_NAME_OID_LEN]);
bool pki_name_type_find(pki_bytes oid, pki_name_type *out);

PKI_END_DECLS

#endif
