#ifndef PKI_BASE_IDS_H
#define PKI_BASE_IDS_H

/*
 * The small values that identify things everywhere: digests, serial numbers,
 * identities and CA names.  Plain data, free to copy.
 */

#include "base/buf.h"

PKI_BEGIN_DECLS

/* A SHA-256 digest. */
typedef struct pki_digest {
	uint8_t octets[32];
} pki_digest;

/*
 * A certificate serial number: the content octets of its INTEGER, 1 to 20,
 * big-endian, minimal, positive.  Ours always have 20; imported CAs bring
 * short ones.
 */
typedef struct pki_serial {
	uint8_t len;
	uint8_t octets[20];
} pki_serial;

#define PKI_DIGEST_TEXT 65
#define PKI_SERIAL_TEXT 41

/* Lower-case hex.  Return out. */
const char *pki_digest_format(const pki_digest *digest,
    char out[PKI_DIGEST_TEXT]);
const char *pki_serial_format(const pki_serial *serial,
    char out[PKI_SERIAL_TEXT]);

pki_bytes pki_digest_bytes(const pki_digest *digest);
pki_bytes pki_serial_bytes(const pki_serial *serial);
bool pki_digest_equal(const pki_digest *a, const pki_digest *b);
bool pki_serial_equal(const pki_serial *a, const pki_serial *b);
/* Numeric order. */
int pki_serial_compare(const pki_serial *a, const pki_serial *b);

/* Content octets of an INTEGER.  PKI_BAD_INPUT unless as described above. */
PKI_CHECKED pki_code pki_serial_from_bytes(pki_bytes octets, pki_serial *out,
    pki_err *err);
/* Hex of either case, whole octets.  PKI_BAD_INPUT. */
PKI_CHECKED pki_code pki_serial_parse(const char *text, pki_serial *out,
    pki_err *err);

/*
 * An identity is what a device, server or broker is called: the one CN of
 * its certificate, its MQTT user name and its topic part.  It matches
 * [A-Za-z0-9][A-Za-z0-9._-]{0,63}; names that differ in case only are twins.
 * Refusals carry the rule "identity".
 */
#define PKI_IDENTITY_MAX 64
#define PKI_IDENTITY_RULE \
	"1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit"
PKI_CHECKED pki_code pki_identity_check(pki_bytes text, pki_err *err);

/*
 * A CA's short name, used in URLs and file names: [a-z0-9][a-z0-9-]{0,31},
 * but neither "token" nor "est-server", whose files in keys/ are not a CA's.
 * PKI_DENIED, rule "ca-name".
 */
#define PKI_CA_NAME_MAX 32
PKI_CHECKED pki_code pki_ca_name_check(const char *text, pki_err *err);

/* A profile's name has the shape of a CA's name: any.  "profile-name". */
#define PKI_PROFILE_NAME_MAX 32
PKI_CHECKED pki_code pki_profile_name_check(const char *text, pki_err *err);

/*
 * Does text match a pattern in which each '*' stands for zero or more
 * characters?  Case does not matter.
 */
bool pki_pattern_match(const char *pattern, const char *text);

PKI_END_DECLS

#endif
