#ifndef PKI_EST_CSRATTRS_H
#define PKI_EST_CSRATTRS_H

/*
 * What a server wants to see in requests: CsrAttrs of RFC 7030, 4.5.2, as
 * RFC 8951, 4, and RFC 9908 correct it, in two forms.  The plain one is a
 * list; the template (RFC 9908, 3.4) can also ask for a subject, and for
 * values that the client is to fill in.
 */

#include "x509/altname.h"
#include "x509/csr.h"
#include "x509/name.h"
#include "x509/pubkey.h"
#include "x509/usage.h"

PKI_BEGIN_DECLS

#define PKI_CSRATTRS_MAX (16 * 1024)    /* octets of DER */
#define PKI_CSRATTRS_PARTS 10
#define PKI_CSRATTRS_VALUE_MAX 256      /* octets: 64 characters of UTF-8 */

/* One RDN of the subject. */
typedef struct pki_csrattrs_part {
	pki_name_type type;
	char          value[PKI_CSRATTRS_VALUE_MAX + 1]; /* "": to fill in */
} pki_csrattrs_part;

/* Extensions; sets of them are OR. */
enum {
	PKI_CSRATTRS_ALT_NAMES = 1, PKI_CSRATTRS_KEY_USAGE = 2,
	PKI_CSRATTRS_EXT_USAGE = 4,
};

/* Zeroed: nothing is wanted. */
typedef struct pki_csrattrs {
	uint32_t          key_types;    /* set of pki_key_type: one of these */
	const pki_sigalg *signature;    /* of the request; NULL: any */
	uint32_t          challenges;   /* set of 1 << pki_csr_challenge */
	pki_csrattrs_part subject[PKI_CSRATTRS_PARTS];
	size_t            subject_count;
	pki_altnames     *alt_names;    /* or NULL */
	bool              ip_wanted;    /* one more, to fill in */
	uint32_t          key_usage;    /* as in usage.h; 0: none stated */
	uint32_t          ext_usage;
	uint32_t          to_fill_in;   /* extensions without their value */
} pki_csrattrs;

typedef enum pki_csrattrs_form {
	PKI_CSRATTRS_PLAIN = 1,
	PKI_CSRATTRS_TEMPLATE = 2,
	PKI_CSRATTRS_BOTH = 3,
} pki_csrattrs_form;

/*
 * Append the DER of what is wanted.  Challenges and signature algorithm are
 * listed in every form, because the template has no place for them.  A key
 * is only asked for when key_types is one: there is no way to say "or"
 * (RFC 9908, 3.2).  The plain form leaves out what it cannot say: subject,
 * values to fill in.
 * PKI_USAGE: bits without a meaning; PKI_BAD_INPUT, rules "name" (a part of
 * the subject), "size" (above PKI_CSRATTRS_MAX); PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_csrattrs_encode(const pki_csrattrs *wanted,
    pki_csrattrs_form form, pki_buf *out, pki_err *err);

/*
 * Read either form; the caller frees *out.  With a template, key, subject and
 * extensions are those of the template only (RFC 9908, 4).  Attributes and
 * extensions unknown to us are ignored (RFC 7030, 4.5.2).
 *
 * Refused, rule "csrattrs": more than 64 elements or 32 extensions, an element
 * that is neither OID nor attribute, two key types, requests for extensions or
 * templates, an extension twice, a set that must have one value and has not, a
 * template of another shape; rule "der"; "name", "alt-name" and "extension":
 * values out of shape; "size".  PKI_BAD_INPUT.  PKI_DENIED, rule "csrattrs":
 * a key, a part of the subject or a kind of name that we cannot make.
 * PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_csrattrs_parse(pki_bytes der, pki_csrattrs **out,
    pki_err *err);
/* Frees what parse made, and alt_names. */
void pki_csrattrs_free(pki_csrattrs *attrs);
PKI_DEFINE_CLEANUP(pki_csrattrs)

PKI_END_DECLS

#endif
