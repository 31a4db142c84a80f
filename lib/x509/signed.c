#include "x509/signed.h"

#include "base/text.h"
#include "x509/tbs.h"

pki_code
pki_signed_read(pki_bytes der, const char *what, pki_signed *out,
    pki_err *err)
{
	pki_der all = pki_der_from(der, what);
	pki_signed frame = { 0 };
	pki_der outer;
	pki_code rc;

	rc = pki_der_enter(&all, PKI_DER_SEQUENCE, &outer, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&all, err);
	if (rc == PKI_OK)
		rc = pki_der_read_any(&outer, NULL, NULL, &frame.tbs, err);
	if (rc == PKI_OK)
		rc = pki_der_read_any(&outer, NULL, NULL, &frame.algorithm,
		    err);
	if (rc == PKI_OK)
		rc = pki_der_read_bits(&outer, &frame.signature, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&outer, err);
	if (rc == PKI_OK)
		*out = frame;
	return rc;
}

pki_code
pki_signed_read_inner(const pki_signed *frame, pki_der *tbs, const char *rule,
    pki_err *err)
{
	pki_bytes inner;
	pki_code rc;

	rc = pki_der_read_any(tbs, NULL, NULL, &inner, err);
	if (rc != PKI_OK)
		return rc;
	if (!pki_bytes_equal(inner, frame->algorithm))
		return pki_refuse(err, PKI_BAD_INPUT, rule,
		    "the same algorithm inside and outside what is signed",
		    "two signature algorithms");
	return PKI_OK;
}

/* "CN=Issuing CA,O=Example" for messages. */
static void
print_name(const pki_name *name, char *out, size_t room)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();

	out[0] = '\0';
	if (text == NULL)
		return;
	pki_name_print(name, text);
	pki_text_escape(pki_buf_bytes(text), out, room);
}

pki_code
pki_signed_check_names(const pki_name *issuer_name,
    pki_bytes authority_key_id, const pki_cert *issuer, pki_err *err)
{
	pki_bytes key_id = pki_cert_subject_key_id(issuer);
	char wanted[96], found[96];

	if (!pki_name_equal(issuer_name, pki_cert_subject(issuer))) {
		print_name(pki_cert_subject(issuer), wanted, sizeof(wanted));
		print_name(issuer_name, found, sizeof(found));
		return pki_refuse(err, PKI_DENIED, "issuer", wanted,
		    "issuer '%s'", found);
	}
	if (authority_key_id.len > 0 && key_id.len > 0 &&
	    !pki_bytes_equal(authority_key_id, key_id))
		return pki_refuse(err, PKI_DENIED, "issuer",
		    "the issuer's subjectKeyIdentifier",
		    "another authorityKeyIdentifier");
	return PKI_OK;
}

pki_code
pki_signed_algorithm(const pki_signed *frame, const pki_sigalg **out,
    pki_err *err)
{
	*out = pki_sigalg_find(frame->algorithm);
	if (*out == NULL)
		return pki_refuse(err, PKI_DENIED, "signature-algorithm",
		    "one of our signature algorithms", "an unknown algorithm");
	return PKI_OK;
}

pki_code
pki_signed_check(const pki_signed *frame, const pki_name *issuer_name,
    pki_bytes authority_key_id, const pki_cert *issuer, pki_err *err)
{
	const pki_sigalg *algorithm;
	pki_code rc;

	rc = pki_signed_check_names(issuer_name, authority_key_id, issuer,
	    err);
	if (rc == PKI_OK)
		rc = pki_signed_algorithm(frame, &algorithm, err);
	if (rc != PKI_OK)
		return rc;
	return pki_pubkey_verify(pki_cert_key(issuer), algorithm, frame->tbs,
	    frame->signature, err);
}

void
pki_signed_add(pki_buf *out, pki_bytes tbs, const pki_sigalg *algorithm,
    pki_bytes signature)
{
	size_t len = tbs.len + algorithm->identifier.len +
	    pki_der_size(signature.len + 1);

	pki_buf_reserve(out, pki_der_size(len));
	pki_der_add_header(out, PKI_DER_SEQUENCE, len);
	pki_buf_add(out, tbs);
	pki_buf_add(out, algorithm->identifier);
	pki_der_add_bits(out, signature);
}
