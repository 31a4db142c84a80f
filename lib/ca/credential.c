#include "ca/credential.h"

#include <stdlib.h>

#include "base/text.h"
#include "ca/standing.h"

void
pki_credential_free(pki_credential *credential)
{
	if (credential == NULL)
		return;
	pki_cert_free(credential->cert);
	free(credential);
}

static pki_code
read_cert(pki_bytes der, pki_cert **out, pki_err *err)
{
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc = pki_cert_parse(der, &cert, err);

	if (rc != PKI_OK)
		return rc;
	/* PEM is for people; and what is compared later is what came. */
	if (!pki_bytes_equal(pki_cert_der(cert), der))
		return pki_refuse(err, PKI_BAD_INPUT, "der",
		    "one certificate in DER", "%zu octets", der.len);
	*out = PKI_TAKE(cert);
	return PKI_OK;
}

/*
 * By name and signature: a CA that was made anew may bear the same name, and
 * anybody can state it.
 */
static pki_code
find_issuer(const pki_ca *ca, pki_credential *credential, pki_err *err)
{
	const pki_name *name = pki_cert_issuer(credential->cert);
	PKI_AUTO(pki_buf) text = NULL;
	pki_code rc;
	size_t i;

	for (i = 0; i < ca->count; i++) {
		const pki_authority *authority = ca->authorities[i];

		if (!pki_name_equal(name, pki_cert_subject(authority->cert)))
			continue;
		rc = pki_cert_check_issuer(credential->cert, authority->cert,
		    err);
		if (rc == PKI_OK)
			return pki_text_format(credential->ca,
			    sizeof(credential->ca), err, "%s",
			    authority->name);
		if (rc != PKI_DENIED && rc != PKI_BAD_INPUT)
			return rc;
	}
	text = pki_buf_new();
	if (text != NULL)
		pki_name_print(name, text);
	rc = pki_buf_check(text, err);
	return rc != PKI_OK ? rc : pki_refuse(err, PKI_DENIED,
	    "credential-issuer", "a certificate that a CA here has signed",
	    "%s", pki_buf_text(text));
}

/* RFC 5280, 4.2.1.12: what is not stated is not granted, here. */
static pki_code
check_purpose(const pki_cert *cert, pki_err *err)
{
	const uint32_t client = UINT32_C(1) << PKI_EKU_CLIENT_AUTH;
	const uint32_t signs = UINT32_C(1) << PKI_KU_DIGITAL_SIGNATURE;

	if (!pki_cert_is_ca(cert) && (pki_cert_ext_usage(cert) & client) != 0 &&
	    (pki_cert_key_usage(cert) & signs) != 0)
		return PKI_OK;
	return pki_refuse(err, PKI_DENIED, "credential-purpose",
	    "an end entity's certificate for client-auth by "
	    "digital-signature", "%s", pki_cert_is_ca(cert) ? "a CA's" :
	    "for something else");
}

/* What may have changed since the handle was used last. */
static pki_code
prepare(pki_ca *ca, pki_err *err)
{
	const pki_profiles *profiles;
	pki_code rc;

	rc = pki_ca_refresh(ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_check_clock(ca, err);
	if (rc == PKI_OK)
		rc = pki_authorities_load(ca, err);
	return rc == PKI_OK ? pki_ca_profiles(ca, &profiles, err) : rc;
}

pki_code
pki_ca_check_credential(pki_ca *ca, pki_bytes der, pki_credential_use use,
    pki_credential **out, pki_err *err)
{
	PKI_AUTO(pki_credential) credential = calloc(1, sizeof(*credential));
	pki_code rc;

	if (credential == NULL)
		return pki_fail_memory(err);
	credential->use = use;
	rc = prepare(ca, err);
	if (rc == PKI_OK)
		rc = read_cert(der, &credential->cert, err);
	if (rc == PKI_OK)
		rc = find_issuer(ca, credential, err);
	if (rc == PKI_OK)
		rc = check_purpose(credential->cert, err);
	if (rc == PKI_OK)
		rc = pki_credential_stand(ca, credential, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(credential);
	return rc;
}
