#include "x509/key-read.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12err.h>
#include <openssl/proverr.h>

#include "x509/der.h"
#include "x509/key-ec.h"
#include "x509/key.h"
#include "x509/pem.h"

#define PEM_EC_PARAMETERS_END "-----END EC PARAMETERS-----"

PKI_OPENSSL_CLEANUP(X509_SIG)

/* The public part goes to spki where that is at hand, else later. */
typedef pki_code read_key(pki_bytes der, pki_bytes passphrase, EVP_PKEY **out,
    pki_buf *spki, pki_err *err);
static read_key read_plain, read_encrypted, read_ec, read_rsa;

static const struct encoding {
	const char *label;
	read_key   *read;
} encodings[] = {
	{ PKI_PEM_KEY, read_plain },
	{ PKI_PEM_ENCRYPTED_KEY, read_encrypted },
	{ "EC PRIVATE KEY", read_ec },
	{ "RSA PRIVATE KEY", read_rsa },
};

static const uint8_t *
find_text(pki_bytes in, const char *text)
{
	return in.len == 0 ? NULL : memmem(in.data, in.len, text,
	    strlen(text));
}

/* PKCS #8 in DER begins with a version, encrypted with an algorithm. */
static bool
is_encrypted_der(pki_bytes in)
{
	pki_der outer = pki_der_from(in, "private key"), inner;

	return pki_der_enter(&outer, PKI_DER_SEQUENCE, &inner, NULL) ==
	    PKI_OK && pki_der_next_is(&inner, PKI_DER_SEQUENCE);
}

/* The row for in, PKCS #8 when it is like none; is it PEM? */
static const struct encoding *
find_encoding(pki_bytes in, bool *pem)
{
	char begin[64];

	*pem = true;
	for (size_t i = 0; i < PKI_COUNT(encodings); i++) {
		snprintf(begin, sizeof(begin), "-----BEGIN %s-----",
		    encodings[i].label);
		if (find_text(in, begin) != NULL)
			return &encodings[i];
	}
	*pem = in.len == 0 || in.data[0] != PKI_DER_SEQUENCE;
	return &encodings[!*pem && is_encrypted_der(in) ? 1 : 0];
}

bool
pki_key_is_encrypted(pki_bytes in)
{
	bool pem;

	return find_encoding(in, &pem)->read == read_encrypted;
}

static pki_code
use_info(const PKCS8_PRIV_KEY_INFO *info, EVP_PKEY **out, pki_err *err)
{
	*out = EVP_PKCS82PKEY(info);
	if (*out != NULL)
		return PKI_OK;
	pki_fail_openssl(err, "private key");
	return pki_wrap(err, PKI_BAD_INPUT, "not a usable key");
}

static pki_code
read_plain(pki_bytes der, pki_bytes passphrase, EVP_PKEY **out, pki_buf *spki,
    pki_err *err)
{
	PKI_AUTO(PKCS8_PRIV_KEY_INFO) info = NULL;
	const unsigned char *p = der.data;
	pki_code rc = pki_ec_key_read(der, out, spki, err);

	(void)passphrase;
	if (rc != PKI_NOT_FOUND)
		return rc;
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.len);
	if (info == NULL) {
		pki_fail_openssl(err, "private key");
		return pki_wrap(err, PKI_BAD_INPUT, "not PKCS #8");
	}
	return use_info(info, out, err);
}

static bool
is_wrong_passphrase(void)
{
	unsigned long oldest = ERR_peek_error();
	unsigned long newest = ERR_peek_last_error();

	/* Once in 256 times the padding fits, and no DER comes out. */
	return (ERR_GET_LIB(oldest) == ERR_LIB_PROV &&
	    ERR_GET_REASON(oldest) == PROV_R_BAD_DECRYPT) ||
	    (ERR_GET_LIB(newest) == ERR_LIB_PKCS12 &&
	    ERR_GET_REASON(newest) == PKCS12_R_DECODE_ERROR);
}

static pki_code
read_encrypted(pki_bytes der, pki_bytes passphrase, EVP_PKEY **out,
    pki_buf *spki, pki_err *err)
{
	const char *accepts = "the passphrase of the key";
	PKI_AUTO(X509_SIG) sealed = NULL;
	PKI_AUTO(PKCS8_PRIV_KEY_INFO) info = NULL;
	const unsigned char *p = der.data;

	(void)spki;
	if (passphrase.len == 0)
		return pki_refuse(err, PKI_DENIED, "passphrase", accepts,
		    "no passphrase");
	sealed = d2i_X509_SIG(NULL, &p, (long)der.len);
	if (sealed == NULL) {
		pki_fail_openssl(err, "private key");
		return pki_wrap(err, PKI_BAD_INPUT, "not encrypted PKCS #8");
	}
	info = PKCS8_decrypt(sealed, (const char *)passphrase.data,
	    (int)passphrase.len);
	if (info == NULL && is_wrong_passphrase()) {
		ERR_clear_error();
		return pki_refuse(err, PKI_DENIED, "passphrase", accepts,
		    "a wrong passphrase");
	}
	if (info == NULL) {
		pki_fail_openssl(err, "private key");
		return pki_wrap(err, PKI_BAD_INPUT, "cannot be decrypted");
	}
	return use_info(info, out, err);
}

static pki_code
read_traditional(int type, pki_bytes der, EVP_PKEY **out, pki_err *err)
{
	const unsigned char *p = der.data;

	*out = d2i_PrivateKey(type, NULL, &p, (long)der.len);
	if (*out != NULL)
		return PKI_OK;
	pki_fail_openssl(err, "private key");
	return pki_wrap(err, PKI_BAD_INPUT, "not a usable key");
}

static pki_code
read_ec(pki_bytes der, pki_bytes passphrase, EVP_PKEY **out, pki_buf *spki,
    pki_err *err)
{
	(void)passphrase;
	(void)spki;
	return read_traditional(EVP_PKEY_EC, der, out, err);
}

static pki_code
read_rsa(pki_bytes der, pki_bytes passphrase, EVP_PKEY **out, pki_buf *spki,
    pki_err *err)
{
	(void)passphrase;
	(void)spki;
	return read_traditional(EVP_PKEY_RSA, der, out, err);
}

/* openssl ecparam -genkey puts the curve, which the key repeats, first. */
static pki_bytes
skip_ec_parameters(pki_bytes in)
{
	const uint8_t *end = find_text(in, PEM_EC_PARAMETERS_END);
	size_t skip;

	if (end == NULL)
		return in;
	skip = (size_t)(end - in.data) + strlen(PEM_EC_PARAMETERS_END);
	return pki_bytes_of(in.data + skip, in.len - skip);
}

static pki_code
unwrap(pki_bytes in, const struct encoding *encoding, pki_buf **out,
    pki_err *err)
{
	if (find_text(in, "Proc-Type: 4,ENCRYPTED") != NULL)
		return pki_refuse(err, PKI_BAD_INPUT, "pem",
		    "PKCS #8 (openssl pkcs8 -topk8)",
		    "a key encrypted in the traditional way");
	if (encoding->read == read_ec)
		in = skip_ec_parameters(in);
	return pki_pem_or_der(in, encoding->label, PKI_KEY_FILE_MAX, out, err);
}

pki_code
pki_key_read(pki_bytes in, pki_bytes passphrase, EVP_PKEY **out,
    pki_buf *spki, pki_err *err)
{
	PKI_AUTO(pki_buf) copy = NULL;
	const struct encoding *encoding;
	pki_bytes der = in;
	bool pem;
	pki_code rc;

	if (in.len > PKI_KEY_FILE_MAX)
		return pki_fail(err, PKI_BAD_INPUT,
		    "private key of %zu octets, at most %d are read", in.len,
		    PKI_KEY_FILE_MAX);
	encoding = find_encoding(in, &pem);
	if (pem) {
		rc = unwrap(in, encoding, &copy, err);
		if (rc != PKI_OK)
			return rc;
		der = pki_buf_bytes(copy);
	}
	rc = pki_der_check(der, "private key", err);
	return rc == PKI_OK ?
	    encoding->read(der, passphrase, out, spki, err) : rc;
}
