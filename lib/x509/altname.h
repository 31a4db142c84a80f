#ifndef PKI_X509_ALTNAME_H
#define PKI_X509_ALTNAME_H

/*
 * subjectAltName (RFC 5280, 4.2.1.6): an ordered list of names of four kinds,
 * each checked when it enters.
 */

#include "base/buf.h"

PKI_BEGIN_DECLS

/* The values are the GeneralName tags. */
typedef enum pki_alt_type {
	PKI_ALT_EMAIL = 1,      /* "email": local@host */
	PKI_ALT_DNS = 2,        /* "dns": LDH labels in lower case */
	PKI_ALT_URI = 6,        /* "uri": scheme and rest, printable ASCII */
	PKI_ALT_IP = 7,         /* "ip": IPv4 or IPv6, canonical text */
} pki_alt_type;

typedef struct pki_altname {
	pki_alt_type type;
	const char  *text;      /* canonical: "broker.example", "10.0.0.1" */
} pki_altname;

typedef struct pki_altnames pki_altnames;

pki_altnames *pki_altnames_new(void);           /* NULL: memory */
/* An independent copy.  PKI_NO_MEMORY. */
PKI_CHECKED pki_code pki_altnames_copy(const pki_altnames *names,
    pki_altnames **out, pki_err *err);
void pki_altnames_free(pki_altnames *names);
PKI_DEFINE_CLEANUP(pki_altnames)

/*
 * Check, make canonical, append; one already there is not repeated.  A
 * wildcard DNS name ("*.site.example") passes here only as its left-most
 * whole label with two after it; policy decides about it.  PKI_BAD_INPUT,
 * rule "alt-name".
 */
PKI_CHECKED pki_code pki_altnames_add(pki_altnames *names, pki_alt_type type,
    const char *text, pki_err *err);
/* "dns:broker.example", "ip:10.0.0.1", "uri:urn:x", "email:a@b". */
PKI_CHECKED pki_code pki_altnames_add_text(pki_altnames *names,
    const char *text, pki_err *err);

size_t pki_altnames_count(const pki_altnames *names);   /* NULL: 0 */
const pki_altname *pki_altnames_at(const pki_altnames *names, size_t i);
bool pki_altnames_has(const pki_altnames *names, const pki_altname *name);
/* The same set? */
bool pki_altnames_equal(const pki_altnames *a, const pki_altnames *b);

/* GeneralNames, strictly; other kinds of name are refused by the rule. */
PKI_CHECKED pki_code pki_altnames_parse(pki_bytes der, pki_altnames **out,
    pki_err *err);
/* GeneralNames in the list's order, appended to out; and its octets. */
size_t pki_altnames_size(const pki_altnames *names);
PKI_CHECKED pki_code pki_altnames_encode(const pki_altnames *names,
    pki_buf *out, pki_err *err);

/* "dns:broker.example, ip:10.0.0.1" appended to out. */
void pki_altnames_print(const pki_altnames *names, pki_buf *out);

/* "dns"...  Static. */
const char *pki_alt_type_name(pki_alt_type type);

PKI_END_DECLS

#endif
