#ifndef PKI_X509_DER_H
#define PKI_X509_DER_H

/*
 * DER, strictly: definite and minimal lengths, single-octet tags, minimal
 * integers, every octet consumed at every level.  No BER, ever (X.690, 10).
 *
 * A reader walks borrowed bytes; nothing is copied, nothing allocated.
 * Every refusal is PKI_BAD_INPUT with the rule "der".
 */

#include "base/buf.h"

/* Identifier octets we meet. */
enum {
	PKI_DER_BOOLEAN = 0x01, PKI_DER_INTEGER = 0x02,
	PKI_DER_BIT_STRING = 0x03, PKI_DER_OCTET_STRING = 0x04,
	PKI_DER_NULL = 0x05, PKI_DER_OID = 0x06, PKI_DER_ENUMERATED = 0x0a,
	PKI_DER_UTF8 = 0x0c, PKI_DER_PRINTABLE = 0x13, PKI_DER_TELETEX = 0x14,
	PKI_DER_IA5 = 0x16, PKI_DER_UTC_TIME = 0x17,
	PKI_DER_GENERALIZED_TIME = 0x18, PKI_DER_UNIVERSAL = 0x1c,
	PKI_DER_BMP = 0x1e, PKI_DER_SEQUENCE = 0x30, PKI_DER_SET = 0x31,
};
/* [n] constructed, and [n] primitive. */
#define PKI_DER_CONTEXT(n) (0xa0 | (n))
#define PKI_DER_CONTEXT_PRIMITIVE(n) (0x80 | (n))

typedef struct pki_der {
	pki_bytes   rest;       /* not yet read */
	const char *what;       /* for messages: "certification request" */
} pki_der;

pki_der pki_der_from(pki_bytes bytes, const char *what);

bool pki_der_at_end(const pki_der *der);
/* Is the next element of this tag? */
bool pki_der_next_is(const pki_der *der, uint8_t tag);

/* Read one element of exactly this tag; content (not the header) goes out. */
PKI_CHECKED pki_code pki_der_read(pki_der *der, uint8_t tag, pki_bytes *out,
    pki_err *err);
/* The same as a reader of the content, for SEQUENCE, SET and [n]. */
PKI_CHECKED pki_code pki_der_enter(pki_der *der, uint8_t tag, pki_der *out,
    pki_err *err);
/* Read any element; each out may be NULL.  whole includes the header. */
PKI_CHECKED pki_code pki_der_read_any(pki_der *der, uint8_t *tag,
    pki_bytes *content, pki_bytes *whole, pki_err *err);
/*
 * Read a header only, for content that is not all here: der goes on with the
 * content, of which there are *out octets.
 */
PKI_CHECKED pki_code pki_der_read_header(pki_der *der, uint8_t tag,
    size_t *out, pki_err *err);
/* Refuse anything left over. */
PKI_CHECKED pki_code pki_der_finish(const pki_der *der, pki_err *err);

/* A minimal, non-negative INTEGER; its content octets go out. */
PKI_CHECKED pki_code pki_der_read_integer(pki_der *der, pki_bytes *out,
    pki_err *err);
PKI_CHECKED pki_code pki_der_read_small(pki_der *der, int64_t *out,
    pki_err *err);
/* A BIT STRING of whole octets. */
PKI_CHECKED pki_code pki_der_read_bits(pki_der *der, pki_bytes *out,
    pki_err *err);
/* A BIT STRING of named bits, bit n as 1 << n: no zero bits at its end. */
PKI_CHECKED pki_code pki_der_read_named_bits(pki_der *der, uint32_t *out,
    pki_err *err);
/* An OBJECT IDENTIFIER of minimal arcs; its content octets go out. */
PKI_CHECKED pki_code pki_der_read_oid(pki_der *der, pki_bytes *out,
    pki_err *err);
/* 0x00 or 0xff only. */
PKI_CHECKED pki_code pki_der_read_boolean(pki_der *der, bool *out,
    pki_err *err);
/* UTCTime or GeneralizedTime as RFC 5280, 4.1.2.5 wants them. */
PKI_CHECKED pki_code pki_der_read_time(pki_der *der, int64_t *out,
    pki_err *err);

/*
 * Is all of bytes one DER element, strict at every constructed level, at
 * most 32 levels deep?  For objects that libcrypto will read afterwards.
 */
PKI_CHECKED pki_code pki_der_check(pki_bytes bytes, const char *what,
    pki_err *err);

/* Append one element.  content is already encoded. */
void pki_der_add(pki_buf *out, uint8_t tag, pki_bytes content);

/* Octets of an element whose content has len. */
size_t pki_der_size(size_t len);
/* Append a header; len octets of content come next. */
void pki_der_add_header(pki_buf *out, uint8_t tag, size_t len);
/* Octets of an INTEGER's content, value >= 0. */
size_t pki_der_integer_len(int64_t value);
void pki_der_add_integer(pki_buf *out, int64_t value);
/*
 * UTCTime through 2049, GeneralizedTime after (RFC 5280, 4.1.2.5), for
 * times of 1970 to 9999; and the octets of the content.
 */
size_t pki_der_time_len(int64_t when);
void pki_der_add_time(pki_buf *out, int64_t when);
/* A BIT STRING of whole octets. */
void pki_der_add_bits(pki_buf *out, pki_bytes octets);
/* A BIT STRING of named bits 0 to 15, bit n as 1 << n, at least one. */
void pki_der_add_named_bits(pki_buf *out, uint32_t set);

/* Content octets as "2.5.29.19", cut when room is short.  Returns out. */
const char *pki_der_format_oid(pki_bytes oid, char *out, size_t room);

#endif
