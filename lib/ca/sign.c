#include "ca/sign.h"

#include "x509/digest.h"

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

/* The same octets as we asked to be signed, and a signature that holds. */
static pki_code
check_signed(const pki_cert *cert, const pki_cert *issuer, pki_bytes tbs,
    bool self_check, pki_err *err)
{
	if (!pki_bytes_equal(pki_cert_tbs(cert), tbs))
		return pki_fail(err, PKI_CRYPTO,
		    "the signed certificate is not the one that was built");
	if (!self_check)
		return PKI_OK;
	return pki_cert_check_issuer(cert, issuer == NULL ? cert : issuer, err);
}

pki_code
pki_sign_cert(pki_signer *signer, const pki_cert *issuer, pki_tbs *tbs,
    bool self_check, pki_cert **out, pki_err *err)
{
	PKI_AUTO(pki_buf) body = pki_buf_new();
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc;

	tbs->algorithm = pki_signer_algorithm(signer);
	tbs->issuer = issuer == NULL ? tbs->subject : pki_cert_subject(issuer);
	tbs->authority_key_id = issuer == NULL ? pki_bytes_of(NULL, 0) :
	    pki_cert_subject_key_id(issuer);
	rc = lint(tbs, issuer, err);
	if (rc == PKI_OK)
		rc = pki_tbs_encode(tbs, body, err);
	if (rc == PKI_OK)
		rc = pki_signer_sign(signer, pki_buf_bytes(body), signature,
		    err);
	if (rc != PKI_OK)
		return rc;
	pki_signed_add(der, pki_buf_bytes(body), tbs->algorithm,
	    pki_buf_bytes(signature));
	rc = pki_buf_check(der, err);
	if (rc == PKI_OK)
		rc = pki_cert_parse(pki_buf_bytes(der), &cert, err);
	if (rc == PKI_OK)
		rc = check_signed(cert, issuer, pki_buf_bytes(body),
		    self_check || issuer == NULL, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "self-check");
	*out = PKI_TAKE(cert);
	return PKI_OK;
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
