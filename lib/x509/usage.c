#include "x509/usage.h"

const pki_choice pki_key_usage_names[] = {
	{ "digital-signature", PKI_KU_DIGITAL_SIGNATURE },
	{ "non-repudiation",   PKI_KU_NON_REPUDIATION },
	{ "key-encipherment",  PKI_KU_KEY_ENCIPHERMENT },
	{ "data-encipherment", PKI_KU_DATA_ENCIPHERMENT },
	{ "key-agreement",     PKI_KU_KEY_AGREEMENT },
	{ "key-cert-sign",     PKI_KU_KEY_CERT_SIGN },
	{ "crl-sign",          PKI_KU_CRL_SIGN },
	{ "encipher-only",     PKI_KU_ENCIPHER_ONLY },
	{ "decipher-only",     PKI_KU_DECIPHER_ONLY },
	{ NULL,                0 },
};

const pki_choice pki_ext_usage_names[] = {
	{ "server-auth",       PKI_EKU_SERVER_AUTH },
	{ "client-auth",       PKI_EKU_CLIENT_AUTH },
	{ "code-signing",      PKI_EKU_CODE_SIGNING },
	{ "email-protection",  PKI_EKU_EMAIL_PROTECTION },
	{ "time-stamping",     PKI_EKU_TIME_STAMPING },
	{ "ocsp-signing",      PKI_EKU_OCSP_SIGNING },
	{ "cmc-ra",            PKI_EKU_CMC_RA },
	{ NULL,                0 },
};

void
pki_usage_print(const pki_choice *names, uint32_t set, pki_buf *out)
{
	const char *between = "";

	for (; names->name != NULL; names++) {
		if ((set & UINT32_C(1) << names->code) == 0)
			continue;
		pki_buf_add_text(out, between);
		pki_buf_add_text(out, names->name);
		between = ", ";
	}
}
