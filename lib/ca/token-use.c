#include "ca/token-use.h"

#include <string.h>

#include "base/text.h"
#include "ca/rowhash.h"
#include "ca/token-key.h"

/* The certificate that this key got by the token; what was signed goes. */
static pki_code
give_again(pki_ca *ca, const pki_token_row *token, pki_job *job, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	PKI_AUTO(pki_cert) cert = NULL;
	pki_authority *authority;
	char serial[PKI_SERIAL_TEXT];
	pki_cert_row row;
	pki_code rc;

	rc = pki_store_get_cert(ca->store, token->use.ca_id,
	    &token->use.serial, &row, hold, err);
	if (rc == PKI_OK)
		rc = pki_row_verify_cert(&row, err);
	if (rc == PKI_OK)
		rc = pki_cert_parse(row.der, &cert, err);
	if (rc == PKI_OK && (row.status != PKI_CERT_GOOD ||
	    row.not_after < pki_clock_now(ca->clock)))
		return pki_refuse(err, PKI_DENIED, "token-used",
		    "a new token (the certificate that this one gave is "
		    "revoked, held or expired)", "%s",
		    pki_serial_format(&row.serial, serial));
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "token '%s'", token->name);
	/* They do not come and go while a handle is open. */
	authority = pki_authority_find(ca, row.ca);
	if (authority == NULL)
		return pki_fail(err, PKI_DAMAGED, "no CA '%s'", row.ca);
	pki_cert_free(job->cert);
	job->cert = PKI_TAKE(cert);
	job->authority = authority;
	job->again = true;
	return PKI_OK;
}

/* What may be said of a token whose secret was right. */
static pki_code
judge(pki_ca *ca, const pki_token_row *token, pki_job *job, pki_err *err)
{
	char when[PKI_TIME_TEXT], key[PKI_DIGEST_TEXT];
	const pki_digest *digest = pki_pubkey_digest(job->key);

	if (strcmp(token->identity, job->identity) != 0)
		return pki_refuse(err, PKI_DENIED, "token-device",
		    "the name that the token was made for", "%s",
		    job->identity);
	if (strcmp(token->profile, job->profile->name) != 0)
		return pki_refuse(err, PKI_DENIED, "token-profile",
		    token->profile, "%s", job->profile->name);
	if (token->revoked_at != 0)
		return pki_refuse(err, PKI_DENIED, "token-revoked",
		    "a token that is not revoked", "%s since %s", token->name,
		    pki_time_format(token->revoked_at, when));
	if (token->use.used_at != 0 &&
	    !pki_digest_equal(&token->use.key, digest))
		return pki_refuse(err, PKI_DENIED, "token-bound",
		    "the key that used the token first, or a new token",
		    "sha256:%.16s...", pki_digest_format(digest, key));
	if (token->use.used_at != 0)
		return give_again(ca, token, job, err);
	if (token->expires_at < pki_clock_now(ca->clock))
		return pki_refuse(err, PKI_DENIED, "token-expired",
		    "a token that has not expired", "%s on %s", token->name,
		    pki_time_format(token->expires_at, when));
	return PKI_OK;
}

static pki_code
get_token(pki_ca *ca, const pki_job *job, pki_token_row *out, pki_buf *hold,
    pki_err *err)
{
	pki_code rc = pki_store_get_token(ca->store,
	    job->request->evidence.token, out, hold, err);

	if (rc == PKI_NOT_FOUND)
		return pki_token_refuse(err);
	return rc == PKI_OK ? pki_row_verify_token(out, err) : rc;
}

pki_code
pki_token_look(pki_ca *ca, pki_job *job, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_token_row token;
	pki_code rc = get_token(ca, job, &token, hold, err);

	return rc == PKI_OK ? judge(ca, &token, job, err) : rc;
}

pki_code
pki_token_bind(pki_ca *ca, pki_job *job, pki_err *err)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_token_row token;
	pki_token_use use = {
		.token = job->request->evidence.token,
		.used_at = pki_clock_now(ca->clock),
		.key = *pki_pubkey_digest(job->key),
		.ca_id = job->authority->id, .ca = job->authority->name,
		.serial = *pki_cert_serial(job->cert),
		.identity = job->identity, .profile = job->profile->name,
	};
	pki_code rc, used;

	rc = pki_row_seal_token_use(&use, err);
	if (rc != PKI_OK)
		return rc;
	used = pki_store_use_token(ca->store, &use, err);
	if (used != PKI_OK && used != PKI_EXISTS)
		return used;
	rc = get_token(ca, job, &token, hold, err);
	if (used == PKI_OK || rc != PKI_OK)
		return rc;
	rc = judge(ca, &token, job, err);
	if (rc != PKI_OK || job->again)
		return rc;
	return pki_refuse(err, PKI_DENIED, "identity-state",
	    "a device that is not retired", "%s", job->identity);
}
