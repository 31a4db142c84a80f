#ifndef PKI_X509_USAGE_H
#define PKI_X509_USAGE_H

/* Key usage and extended key usage (RFC 5280, 4.2.1.3 and 4.2.1.12). */

#include "base/settings.h"

PKI_BEGIN_DECLS

/* The bit numbers of RFC 5280; sets of them are OR of 1 << bit. */
typedef enum pki_key_usage {
	PKI_KU_DIGITAL_SIGNATURE = 0,
	PKI_KU_NON_REPUDIATION = 1,
	PKI_KU_KEY_ENCIPHERMENT = 2,
	PKI_KU_DATA_ENCIPHERMENT = 3,
	PKI_KU_KEY_AGREEMENT = 4,
	PKI_KU_KEY_CERT_SIGN = 5,
	PKI_KU_CRL_SIGN = 6,
	PKI_KU_ENCIPHER_ONLY = 7,
	PKI_KU_DECIPHER_ONLY = 8,
} pki_key_usage;

/* The last arc of id-kp; sets of them are OR of 1 << arc. */
typedef enum pki_ext_usage {
	PKI_EKU_SERVER_AUTH = 1,
	PKI_EKU_CLIENT_AUTH = 2,
	PKI_EKU_CODE_SIGNING = 3,
	PKI_EKU_EMAIL_PROTECTION = 4,
	PKI_EKU_TIME_STAMPING = 8,
	PKI_EKU_OCSP_SIGNING = 9,
	PKI_EKU_CMC_RA = 28,            /* RFC 6402 */
} pki_ext_usage;
/* In a set that was read: a purpose is stated that is none of ours. */
#define PKI_EKU_OTHER (1u << 0)

/* Their names in templates: "digital-signature", "client-auth"... */
extern const pki_choice pki_key_usage_names[];
extern const pki_choice pki_ext_usage_names[];

/* A set's names in the table's order, "server-auth, client-auth", to out. */
void pki_usage_print(const pki_choice *names, uint32_t set, pki_buf *out);

PKI_END_DECLS

#endif
