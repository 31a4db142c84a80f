#include "x509/pubkey.h"

#define SET(type) (1U << PKI_KEY_##type)
#define ANY_EC (SET(P256) | SET(P384) | SET(P521))
#define ANY_RSA (SET(RSA2048) | SET(RSA3072) | SET(RSA4096))

#define OCTETS(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/* Object identifiers with their headers, last arc given. */
#define PKCS1(arc) "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" arc
#define NIST_HASH(arc) "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" arc
#define NIST_SIGNATURE(arc) "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03" arc
#define ECDSA_SHA2(arc) "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" arc
#define ASN1_NULL "\x05\x00"

/* RSA with PKCS #1 v1.5: the NULL must be there (RFC 4055, section 5). */
#define RSA_PKCS1(arc) OCTETS("\x30\x0d" PKCS1(arc) ASN1_NULL)
#define ECDSA(arc) OCTETS("\x30\x0a" ECDSA_SHA2(arc))
#define ML_DSA(arc) OCTETS("\x30\x0b" NIST_SIGNATURE(arc))

/*
 * RSASSA-PSS, MGF1 by the same hash, salt as long as the hash.  RFC 4055,
 * section 2.1: the hash's NULL may be there (OpenSSL) or not (GnuTLS).
 */
#define PSS_WITH_NULL(hash, salt)                                       \
	OCTETS("\x30\x41" PKCS1("\x0a") "\x30\x34"                      \
	    "\xa0\x0f\x30\x0d" NIST_HASH(hash) ASN1_NULL                \
	    "\xa1\x1c\x30\x1a" PKCS1("\x08")                            \
	    "\x30\x0d" NIST_HASH(hash) ASN1_NULL                        \
	    "\xa2\x03\x02\x01" salt)
#define PSS_WITHOUT_NULL(hash, salt)                                    \
	OCTETS("\x30\x3d" PKCS1("\x0a") "\x30\x30"                      \
	    "\xa0\x0d\x30\x0b" NIST_HASH(hash)                          \
	    "\xa1\x1a\x30\x18" PKCS1("\x08")                            \
	    "\x30\x0b" NIST_HASH(hash)                                  \
	    "\xa2\x03\x02\x01" salt)

static const char md5_broken[] = "MD5 is broken";
static const char sha1_broken[] = "SHA-1 is broken";
static const char sha224_short[] = "SHA-224 is too short";
static const char dsa_retired[] = "DSA is retired";

enum row {
	ROW_ECDSA_SHA256, ROW_ECDSA_SHA384, ROW_ECDSA_SHA512,
	ROW_RSA_SHA256, ROW_RSA_SHA384, ROW_RSA_SHA512,
	ROW_PSS_SHA256, ROW_PSS_SHA384, ROW_PSS_SHA512,
	ROW_PSS_SHA256_BARE, ROW_PSS_SHA384_BARE, ROW_PSS_SHA512_BARE,
	ROW_ED25519, ROW_ML_DSA_44, ROW_ML_DSA_65, ROW_ML_DSA_87,
	ROW_RSA_MD5, ROW_RSA_SHA1, ROW_RSA_SHA224, ROW_PSS_SHA1,
	ROW_ECDSA_SHA1, ROW_ECDSA_SHA224,
	ROW_DSA_SHA1, ROW_DSA_SHA224, ROW_DSA_SHA256,
};

static const pki_sigalg rows[] = {
	[ROW_ECDSA_SHA256] = {
		.name = "ecdsa-with-sha256", .digest = "SHA2-256",
		.key_types = ANY_EC, .identifier = ECDSA("\x02"),
	},
	[ROW_ECDSA_SHA384] = {
		.name = "ecdsa-with-sha384", .digest = "SHA2-384",
		.key_types = ANY_EC, .identifier = ECDSA("\x03"),
	},
	[ROW_ECDSA_SHA512] = {
		.name = "ecdsa-with-sha512", .digest = "SHA2-512",
		.key_types = ANY_EC, .identifier = ECDSA("\x04"),
	},
	[ROW_RSA_SHA256] = {
		.name = "rsa-with-sha256", .digest = "SHA2-256",
		.key_types = ANY_RSA, .identifier = RSA_PKCS1("\x0b"),
	},
	[ROW_RSA_SHA384] = {
		.name = "rsa-with-sha384", .digest = "SHA2-384",
		.key_types = ANY_RSA, .identifier = RSA_PKCS1("\x0c"),
	},
	[ROW_RSA_SHA512] = {
		.name = "rsa-with-sha512", .digest = "SHA2-512",
		.key_types = ANY_RSA, .identifier = RSA_PKCS1("\x0d"),
	},
	[ROW_PSS_SHA256] = {
		.name = "rsa-pss-with-sha256", .digest = "SHA2-256",
		.key_types = ANY_RSA, .pss = true,
		.identifier = PSS_WITH_NULL("\x01", "\x20"),
	},
	[ROW_PSS_SHA384] = {
		.name = "rsa-pss-with-sha384", .digest = "SHA2-384",
		.key_types = ANY_RSA, .pss = true,
		.identifier = PSS_WITH_NULL("\x02", "\x30"),
	},
	[ROW_PSS_SHA512] = {
		.name = "rsa-pss-with-sha512", .digest = "SHA2-512",
		.key_types = ANY_RSA, .pss = true,
		.identifier = PSS_WITH_NULL("\x03", "\x40"),
	},
	[ROW_PSS_SHA256_BARE] = {
		.name = "rsa-pss-with-sha256", .digest = "SHA2-256",
		.key_types = ANY_RSA, .pss = true,
		.identifier = PSS_WITHOUT_NULL("\x01", "\x20"),
	},
	[ROW_PSS_SHA384_BARE] = {
		.name = "rsa-pss-with-sha384", .digest = "SHA2-384",
		.key_types = ANY_RSA, .pss = true,
		.identifier = PSS_WITHOUT_NULL("\x02", "\x30"),
	},
	[ROW_PSS_SHA512_BARE] = {
		.name = "rsa-pss-with-sha512", .digest = "SHA2-512",
		.key_types = ANY_RSA, .pss = true,
		.identifier = PSS_WITHOUT_NULL("\x03", "\x40"),
	},
	[ROW_ED25519] = {
		.name = "ed25519", .key_types = SET(ED25519),
		.identifier = OCTETS("\x30\x05\x06\x03\x2b\x65\x70"),
	},
	[ROW_ML_DSA_44] = {
		.name = "ml-dsa-44", .key_types = SET(ML_DSA_44),
		.identifier = ML_DSA("\x11"),
	},
	[ROW_ML_DSA_65] = {
		.name = "ml-dsa-65", .key_types = SET(ML_DSA_65),
		.identifier = ML_DSA("\x12"),
	},
	[ROW_ML_DSA_87] = {
		.name = "ml-dsa-87", .key_types = SET(ML_DSA_87),
		.identifier = ML_DSA("\x13"),
	},
	[ROW_RSA_MD5] = {
		.name = "rsa-with-md5", .refused = md5_broken,
		.identifier = RSA_PKCS1("\x04"),
	},
	[ROW_RSA_SHA1] = {
		.name = "rsa-with-sha1", .refused = sha1_broken,
		.identifier = RSA_PKCS1("\x05"),
	},
	[ROW_RSA_SHA224] = {
		.name = "rsa-with-sha224", .refused = sha224_short,
		.identifier = RSA_PKCS1("\x0e"),
	},
	/* Empty parameters are the defaults: SHA-1 (RFC 4055, section 3.1). */
	[ROW_PSS_SHA1] = {
		.name = "rsa-pss-with-sha1", .refused = sha1_broken,
		.identifier = OCTETS("\x30\x0d" PKCS1("\x0a") "\x30\x00"),
	},
	[ROW_ECDSA_SHA1] = {
		.name = "ecdsa-with-sha1", .refused = sha1_broken,
		.identifier = OCTETS("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d"
		    "\x04\x01"),
	},
	[ROW_ECDSA_SHA224] = {
		.name = "ecdsa-with-sha224", .refused = sha224_short,
		.identifier = ECDSA("\x01"),
	},
	[ROW_DSA_SHA1] = {
		.name = "dsa-with-sha1", .refused = dsa_retired,
		.identifier = OCTETS("\x30\x09\x06\x07\x2a\x86\x48\xce\x38"
		    "\x04\x03"),
	},
	[ROW_DSA_SHA224] = {
		.name = "dsa-with-sha224", .refused = dsa_retired,
		.identifier = OCTETS("\x30\x0b" NIST_SIGNATURE("\x01")),
	},
	[ROW_DSA_SHA256] = {
		.name = "dsa-with-sha256", .refused = dsa_retired,
		.identifier = OCTETS("\x30\x0b" NIST_SIGNATURE("\x02")),
	},
};

/* The hash is as strong as the curve. */
static const enum row defaults[] = {
	[PKI_KEY_P256] = ROW_ECDSA_SHA256,
	[PKI_KEY_P384] = ROW_ECDSA_SHA384,
	[PKI_KEY_P521] = ROW_ECDSA_SHA512,
	[PKI_KEY_ED25519] = ROW_ED25519,
	[PKI_KEY_RSA2048] = ROW_RSA_SHA256,
	[PKI_KEY_RSA3072] = ROW_RSA_SHA256,
	[PKI_KEY_RSA4096] = ROW_RSA_SHA256,
	[PKI_KEY_ML_DSA_44] = ROW_ML_DSA_44,
	[PKI_KEY_ML_DSA_65] = ROW_ML_DSA_65,
	[PKI_KEY_ML_DSA_87] = ROW_ML_DSA_87,
};

const pki_sigalg *
pki_sigalg_find(pki_bytes identifier)
{
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		if (pki_bytes_equal(rows[i].identifier, identifier))
			return &rows[i];
	}
	return NULL;
}

bool
pki_sigalg_streams(const pki_sigalg *algorithm)
{
	return algorithm->digest != NULL;
}

const pki_sigalg *
pki_sigalg_for(pki_key_type type)
{
	return &rows[defaults[type]];
}
