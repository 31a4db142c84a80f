#include "sign/signer.h"

#include "base/file.h"
#include "sign/backend.h"
#include "x509/key.h"

static pki_code
sign_by_key(void *holder, pki_bytes message, pki_buf *out, pki_err *err)
{
	return pki_key_sign(holder, message, out, err);
}

static pki_code
begin_by_key(void *holder, pki_signing **out, pki_err *err)
{
	return pki_key_sign_begin(holder, out, err);
}

static void
free_key(void *holder)
{
	pki_key_free(holder);
}

static const struct pki_signer_backend backend = {
	.sign = sign_by_key,
	.begin = begin_by_key,
	.free = free_key,
};

/* Whatever is wrong with the file's mode, owner or kind is one rule here. */
static pki_code
read_key_file(const char *path, pki_buf **out, pki_err *err)
{
	pki_err reason;
	pki_code rc;

	rc = pki_file_read(path, PKI_KEY_FILE_MAX, PKI_FILE_SECRET, out,
	    &reason);
	if (rc == PKI_DENIED)
		return pki_refuse(err, rc, "key-file", reason.accepts, "%s",
		    reason.value);
	if (rc != PKI_OK)
		return pki_fail(err, rc, "%s", reason.msg);
	return PKI_OK;
}

static pki_code
ask_passphrase(const pki_passphrase *passphrase, const char *path,
    pki_buf **out, pki_err *err)
{
	if (passphrase == NULL)
		return pki_refuse(err, PKI_DENIED, "passphrase",
		    "the passphrase of the key", "no passphrase for %s", path);
	return passphrase->get(passphrase->arg, path, out, err);
}

pki_code
pki_signer_open_file(const char *path, const pki_passphrase *passphrase,
    pki_signer **out, pki_err *err)
{
	PKI_AUTO(pki_buf) file = NULL;
	PKI_AUTO(pki_buf) secret = NULL;
	pki_key *key = NULL;
	pki_code rc;

	rc = read_key_file(path, &file, err);
	if (rc != PKI_OK)
		return rc;
	if (pki_key_is_encrypted(pki_buf_bytes(file))) {
		rc = ask_passphrase(passphrase, path, &secret, err);
		if (rc != PKI_OK)
			return rc;
	}
	rc = pki_key_parse(pki_buf_bytes(file), pki_buf_bytes(secret), &key,
	    err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "%s", path);
	return pki_signer_new(&backend, key, pki_key_public(key), out, err);
}
