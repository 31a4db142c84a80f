#include "ca/token-key.h"

#include <string.h>

#include "base/base32.h"
#include "x509/digest.h"
#include "x509/hkdf.h"

#define KEY_OCTETS 32
/* 26 characters are 130 bits. */
#define SECRET_OCTETS 17
#define LABEL "pki-ctl token"

static pki_code
make_key(const char *path, pki_err *err)
{
	PKI_AUTO(pki_file_new) file = NULL;
	PKI_AUTO(pki_buf) key = pki_buf_new();
	uint8_t *room = pki_buf_reserve(key, KEY_OCTETS);
	pki_code rc;

	if (room == NULL)
		return pki_fail_memory(err);
	rc = pki_random(room, KEY_OCTETS, err);
	key->len = KEY_OCTETS;
	if (rc == PKI_OK)
		rc = pki_file_begin(path, 0600, PKI_FILE_KEEP, &file, err);
	if (rc == PKI_OK)
		rc = pki_file_write(file, pki_buf_bytes(key), err);
	if (rc == PKI_OK)
		rc = pki_file_commit(file, err);
	/* Somebody else was first. */
	return rc == PKI_EXISTS ? PKI_OK : rc;
}

pki_code
pki_token_key_load(pki_ca *ca, pki_err *err)
{
	PKI_AUTO(pki_buf) key = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc;

	if (ca->token_key != NULL)
		return PKI_OK;
	rc = pki_ca_path(ca, path, err, "keys/token.key");
	if (rc == PKI_OK && !pki_file_exists(path))
		rc = make_key(path, err);
	if (rc == PKI_OK)
		rc = pki_file_read(path, KEY_OCTETS + 1, PKI_FILE_SECRET, &key,
		    err);
	if (rc != PKI_OK)
		return rc;
	if (key->len != KEY_OCTETS)
		return pki_fail(err, PKI_DAMAGED, "%s has %zu octets, expected "
		    "%d: restore it, or remove it, and all tokens become "
		    "invalid", path, key->len, KEY_OCTETS);
	ca->token_key = PKI_TAKE(key);
	return PKI_OK;
}

pki_code
pki_token_secret(const pki_ca *ca, const char *id,
    char out[PKI_TOKEN_SECRET_LEN + 1], pki_err *err)
{
	char info[sizeof(LABEL) + PKI_TOKEN_ID_LEN];
	uint8_t octets[SECRET_OCTETS];
	pki_code rc;

	if (ca->token_key == NULL || strlen(id) != PKI_TOKEN_ID_LEN)
		return pki_fail(err, PKI_USAGE, "the secret of no token");
	memcpy(info, LABEL, sizeof(LABEL));
	memcpy(info + sizeof(LABEL), id, PKI_TOKEN_ID_LEN);
	rc = pki_hkdf(pki_buf_bytes(ca->token_key), pki_bytes_of(info,
	    sizeof(info)), octets, sizeof(octets), err);
	if (rc == PKI_OK)
		pki_base32_format(pki_bytes_of(octets, sizeof(octets)),
		    PKI_TOKEN_SECRET_LEN, out);
	pki_wipe(octets, sizeof(octets));
	return rc;
}

pki_code
pki_token_refuse(pki_err *err)
{
	return pki_refuse(err, PKI_DENIED, "token",
	    "a token of this CA, whole and in lower case",
	    "an unknown or wrong token");
}

pki_code
pki_token_check_secret(const pki_ca *ca, const pki_evidence *evidence,
    pki_err *err)
{
	char secret[PKI_TOKEN_SECRET_LEN + 1];
	pki_code rc;
	bool same;

	if (evidence->token == NULL ||
	    strlen(evidence->token) != PKI_TOKEN_ID_LEN)
		return pki_token_refuse(err);
	rc = pki_token_secret(ca, evidence->token, secret, err);
	if (rc != PKI_OK)
		return rc;
	same = pki_bytes_equal_secret(evidence->secret, pki_bytes_text(secret));
	pki_wipe(secret, sizeof(secret));
	return same ? PKI_OK : pki_token_refuse(err);
}
