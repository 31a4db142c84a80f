#include "ca/sign.h"

#include "x509/cert-make.h"
#include "x509/digest.h"
#include "x509/signed.h"

pki_code
pki_serial_new(int64_t epoch, int64_t now_ms, pki_serial *out, pki_err *err)
{
	pki_serial serial = { .len = sizeof(serial.octets) };
	int i;

	if (epoch < 1 || epoch > 127)
		return pki_fail(err, PKI_DAMAGED, "epoch %lld is not 1 to 127",
		    (long long)epoch);
	serial.octets[0] = (uint8_t)epoch;
	for (i = 0; i < 6; i++)
		serial.octets[1 + i] = (uint8_t)(now_ms >> (40 - 8 * i));
	*out = serial;
	return pki_random(out->octets + 7, sizeof(out->octets) - 7, err);
}

#define CA_USAGES (1U << PKI_KU_KEY_CERT_SIGN | 1U << PKI_KU_CRL_SIGN)

/* What no certificate of ours may be, whatever the template says. */
static pki_code
lint(const pki_tbs *tbs, const pki_cert *issuer, pki_err *err)
{
	static const char rule[] = "lint";

	if (tbs->serial.len != sizeof(tbs->serial.octets) ||
	    tbs->serial.octets[0] < 1 || tbs->serial.octets[0] > 127)
		return pki_refuse(err, PKI_DENIED, rule,
		    "20 octets, the first 01 to 7f", "serial of %u octets",
		    tbs->serial.len);
	if (tbs->not_after <= tbs->not_before)
		return pki_refuse(err, PKI_DENIED, rule,
		    "notAfter later than notBefore", "an empty validity");
	if (issuer != NULL && (!pki_cert_is_ca(issuer) ||
	    (pki_cert_key_usage(issuer) & CA_USAGES) != CA_USAGES))
		return pki_refuse(err, PKI_DENIED, rule,
		    "a CA certificate", "an issuer that is no CA");
	if (issuer != NULL && tbs->not_after > pki_cert_not_after(issuer))
		return pki_refuse(err, PKI_DENIED, rule,
		    "notAfter not beyond the issuer's", "a longer life");
	if (tbs->is_ca != ((tbs->key_usage & CA_USAGES) != 0) ||
	    (tbs->is_ca && tbs->ext_usage != 0))
		return pki_refuse(err, PKI_DENIED, rule,
		    "CA usages exactly for CAs", "key usage of the other kind");
	if (!tbs->is_ca && tbs->ext_usage == 0)
		return pki_refuse(err, PKI_DENIED, rule,
		    "an extended key usage", "an end entity without one");
	if (tbs->is_ca && issuer != NULL && pki_cert_path_len(issuer) == 0)
		return pki_refuse(err, PKI_DENIED, rule,
		    "an end entity", "a CA below path length 0");
	return PKI_OK;
}

/*
 * What goes out holds the octets that we asked to be signed, and the signature
 * fits them by the key in the issuer's certificate.
 */
static pki_code
check_signed(pki_bytes der, const pki_tbs *tbs, pki_bytes body,
    const pki_pubkey *verify_by, pki_err *err)
{
	pki_signed frame;
	pki_code rc;

	rc = pki_signed_read(der, "certificate", &frame, err);
	if (rc != PKI_OK)
		return rc;
	if (!pki_bytes_equal(frame.tbs, body))
		return pki_fail(err, PKI_CRYPTO,
		    "the signed certificate is not the one that was built");
	if (verify_by == NULL)
		return PKI_OK;
	return pki_pubkey_verify(verify_by, tbs->algorithm, frame.tbs,
	    frame.signature, err);
}

static pki_code
encode(const pki_signing *signing, const pki_tbs *tbs, pki_buf *out,
    pki_err *err)
{
	PKI_AUTO(pki_tbs_template) template = NULL;
	pki_code rc = PKI_OK;

	if (signing->templates == NULL)
		return pki_tbs_encode(tbs, out, err);
	template = pki_pool_take(signing->templates);
	if (template != NULL && !pki_tbs_template_fits(template, tbs))
		pki_tbs_template_free(PKI_TAKE(template));
	if (template == NULL)
		rc = pki_tbs_template_new(tbs, &template, err);
	if (rc == PKI_OK)
		rc = pki_tbs_fill(template, tbs, out, err);
	if (rc == PKI_OK)
		template = pki_pool_give(signing->templates, template);
	return rc;
}

/* The certificate's DER, signed and checked. */
static pki_code
sign_tbs(const pki_signing *signing, const pki_tbs *tbs, pki_buf *out,
    pki_err *err)
{
	const pki_cert *issuer = signing->issuer;
	PKI_AUTO(pki_buf) body = pki_buf_new();
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	const pki_pubkey *verify_by = NULL;
	pki_code rc;

	rc = encode(signing, tbs, body, err);
	if (rc == PKI_OK)
		rc = pki_signer_sign(signing->signer, pki_buf_bytes(body),
		    signature, err);
	if (rc != PKI_OK)
		return rc;
	pki_signed_add(out, pki_buf_bytes(body), tbs->algorithm,
	    pki_buf_bytes(signature));
	rc = pki_buf_check(out, err);
	if (issuer == NULL)
		verify_by = tbs->key;
	else if (signing->self_check)
		verify_by = pki_cert_key(issuer);
	if (rc == PKI_OK)
		rc = check_signed(pki_buf_bytes(out), tbs,
		    pki_buf_bytes(body), verify_by, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "self-check");
}

/* Nobody could read it, and so nobody revoke it: pki_cert_parse(). */
static pki_code
check_size(const pki_buf *der, pki_err *err)
{
	if (der->len <= PKI_CERT_MAX)
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "cert-size",
	    "fewer or shorter names", "%zu octets, more than %d", der->len,
	    PKI_CERT_MAX);
}

pki_code
pki_sign_cert(const pki_signing *signing, pki_tbs *tbs, pki_cert **out,
    pki_err *err)
{
	const pki_cert *issuer = signing->issuer;
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_code rc;

	tbs->algorithm = pki_signer_algorithm(signing->signer);
	tbs->issuer = issuer == NULL ? tbs->subject : pki_cert_subject(issuer);
	tbs->authority_key_id = issuer == NULL ? pki_bytes_of(NULL, 0) :
	    pki_cert_subject_key_id(issuer);
	rc = lint(tbs, issuer, err);
	if (rc == PKI_OK)
		rc = sign_tbs(signing, tbs, der, err);
	if (rc == PKI_OK)
		rc = check_size(der, err);
	if (rc == PKI_OK)
		rc = pki_cert_make(tbs, PKI_TAKE(der), out, err);
	return rc;
}

pki_code
pki_sign_crl_begin(pki_signer *signer, pki_signing **out, pki_err *err)
{
	*out = NULL;
	return pki_signer_streams(signer) ? pki_signer_begin(signer, out, err) :
	    PKI_OK;
}

pki_code
pki_sign_crl_whole(pki_signer *signer, pki_bytes tbs, pki_buf *out,
    pki_err *err)
{
	return pki_signer_sign(signer, tbs, out, err);
}
