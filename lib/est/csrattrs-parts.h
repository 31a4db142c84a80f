#ifndef PKI_EST_CSRATTRS_PARTS_H
#define PKI_EST_CSRATTRS_PARTS_H

/* What the files that implement csrattrs.h share. */

#include "est/csrattrs.h"
#include "x509/der.h"

#define PKCS9(arcs) "\x2a\x86\x48\x86\xf7\x0d\x01\x09" arcs
#define OID_EXTENSION_REQ PKCS9("\x0e")
/* id-aa 61 and 62: RFC 9908, 7. */
#define OID_INFO_TEMPLATE PKCS9("\x10\x02\x3d")
#define OID_EXTENSION_REQ_TEMPLATE PKCS9("\x10\x02\x3e")
/* As the example in RFC 9908, 3.4, has it by mistake: read, never written. */
#define OID_EXTENSION_REQ_MISPRINT PKCS9("\x3e")

#define OID_ALT_NAMES "\x55\x1d\x11"
#define OID_KEY_USAGE "\x55\x1d\x0f"
#define OID_EXT_USAGE "\x55\x1d\x25"

#define PKI_CSRATTRS_EXTENSIONS 32

/* How a type of key is named; all are content octets of OIDs. */
typedef struct pki_csrattrs_key {
	pki_key_type type;
	pki_bytes    algorithm;
	pki_bytes    curve;     /* no bytes: not on a curve of several */
	unsigned     bits;      /* of RSA; else 0 */
} pki_csrattrs_key;

/* The row of the only type in a set, or NULL. */
const pki_csrattrs_key *pki_csrattrs_key_of(uint32_t types);

/*
 * The types of an algorithm, of one curve when curve is not NULL, of one size
 * when bits is not 0.  0: none that we know.
 */
uint32_t pki_csrattrs_find_keys(pki_bytes algorithm, const pki_bytes *curve,
    uint64_t bits);

/*
 * Read an attribute's value, Extensions or (partial) ExtensionReqTemplate,
 * into out.  Codes and rules are pki_csrattrs_parse's.
 */
PKI_CHECKED pki_code pki_csrattrs_read_extensions(pki_der *value,
    bool partial, pki_csrattrs *out, pki_err *err);

/* Read the value of a certificationRequestInfoTemplate into out. */
PKI_CHECKED pki_code pki_csrattrs_read_template(pki_der *value,
    pki_csrattrs *out, pki_err *err);

#endif
