#include "sample.h"

#include <string.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "x509/der.h"

pki_key *
sample_key(pki_key_type type)
{
	pki_key *key = NULL;
	pki_err err = { 0 };

	cr_assert(pki_key_generate(type, &key, &err) == PKI_OK, "%s", err.msg);
	return key;
}

pki_name *
sample_name(const char *cn)
{
	pki_name_part part = { PKI_NAME_COMMON_NAME, cn };
	pki_name *name = NULL;
	pki_err err = { 0 };

	cr_assert(pki_name_build(&part, cn != NULL ? 1 : 0, &name, &err) ==
	    PKI_OK, "%s", err.msg);
	return name;
}

void
sample_ca(pki_tbs *tbs)
{
	tbs->is_ca = true;
	tbs->ext_usage = 0;
	tbs->key_usage = 1 << PKI_KU_KEY_CERT_SIGN | 1 << PKI_KU_CRL_SIGN;
}

static const pki_sigalg *
find_algorithm(const pki_key *key)
{
	return pki_sigalg_for(pki_pubkey_type(pki_key_public(key)));
}

pki_tbs
sample_tbs(const sample *subject, const sample *issuer)
{
	const pki_pubkey *issuer_key = pki_key_public(issuer->key);
	pki_tbs tbs = {
		.serial = { 20, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a"
		    "\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14" },
		.algorithm = find_algorithm(issuer->key),
		.issuer = issuer->name, .subject = subject->name,
		.not_before = SAMPLE_NOW - PKI_DAY / 2,
		.not_after = SAMPLE_NOW + PKI_DAY / 2,
		.key = pki_key_public(subject->key), .path_len = -1,
		.key_usage = 1 << PKI_KU_DIGITAL_SIGNATURE,
		.ext_usage = 1 << PKI_EKU_CLIENT_AUTH,
		.authority_key_id = pki_pubkey_id(issuer_key),
	};

	return tbs;
}

pki_buf *
sample_sign_bytes(pki_bytes tbs, const pki_key *key)
{
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	pki_buf *out = pki_buf_new();
	pki_err err = { 0 };

	cr_assert(pki_key_sign(key, tbs, signature, &err) == PKI_OK, "%s",
	    err.msg);
	pki_signed_add(out, tbs, find_algorithm(key),
	    pki_buf_bytes(signature));
	cr_assert(pki_buf_check(out, &err) == PKI_OK);
	return out;
}

pki_buf *
sample_sign(const pki_tbs *tbs, const pki_key *key)
{
	PKI_AUTO(pki_buf) encoded = pki_buf_new();
	pki_err err = { 0 };

	cr_assert(pki_tbs_encode(tbs, encoded, &err) == PKI_OK, "%s", err.msg);
	return sample_sign_bytes(pki_buf_bytes(encoded), key);
}

pki_cert *
sample_parse(pki_bytes der)
{
	pki_cert *cert = NULL;
	pki_err err = { 0 };

	cr_assert(pki_cert_parse(der, &cert, &err) == PKI_OK, "%s", err.msg);
	return cert;
}

void
sample_make(sample *out, const char *cn, const sample *issuer,
    sample_edit *edit)
{
	PKI_AUTO(pki_buf) der = NULL;
	pki_tbs tbs;

	out->key = sample_key(PKI_KEY_P256);
	out->name = sample_name(cn);
	if (issuer == NULL)
		issuer = out;
	tbs = sample_tbs(out, issuer);
	if (edit != NULL)
		edit(&tbs);
	der = sample_sign(&tbs, issuer->key);
	out->cert = sample_parse(pki_buf_bytes(der));
}

void
sample_free(sample *s)
{
	pki_key_free(s->key);
	pki_name_free(s->name);
	pki_cert_free(s->cert);
	memset(s, 0, sizeof(*s));
}

pki_buf *
sample_replace(pki_bytes tbs, int part, pki_bytes with)
{
	PKI_AUTO(pki_buf) content = pki_buf_new();
	pki_der all = pki_der_from(tbs, "test"), der;
	pki_buf *out = pki_buf_new();
	pki_bytes whole;

	cr_assert(pki_der_enter(&all, PKI_DER_SEQUENCE, &der, NULL) == PKI_OK);
	for (int i = 0; !pki_der_at_end(&der); i++) {
		cr_assert(pki_der_read_any(&der, NULL, NULL, &whole, NULL) ==
		    PKI_OK);
		pki_buf_add(content, i == part ? with : whole);
	}
	pki_der_add(out, PKI_DER_SEQUENCE, pki_buf_bytes(content));
	return out;
}

pki_buf *
sample_frame(pki_bytes tbs)
{
	pki_buf *out = pki_buf_new();

	pki_signed_add(out, tbs, pki_sigalg_for(PKI_KEY_P256),
	    PKI_BYTES_TEXT("signature"));
	cr_assert(pki_buf_check(out, NULL) == PKI_OK);
	return out;
}

pki_buf *
sample_replace_cert(const pki_cert *cert, int part, pki_bytes with)
{
	PKI_AUTO(pki_buf) tbs = sample_replace(pki_cert_tbs(cert), part, with);

	return sample_frame(pki_buf_bytes(tbs));
}

pki_cert *
sample_flip(const pki_cert *cert)
{
	PKI_AUTO(pki_buf) der = pki_buf_copy(pki_cert_der(cert));

	der->data[der->len - 1] ^= 1;
	return sample_parse(pki_buf_bytes(der));
}

X509 *
sample_x509(pki_bytes der)
{
	const uint8_t *p = der.data;
	X509 *x509 = d2i_X509(NULL, &p, (long)der.len);

	cr_assert(x509 != NULL);
	return x509;
}

EVP_PKEY *
sample_evp(const pki_pubkey *key)
{
	pki_bytes spki = pki_pubkey_spki(key);
	const uint8_t *p = spki.data;
	EVP_PKEY *evp = d2i_PUBKEY(NULL, &p, (long)spki.len);

	cr_assert(evp != NULL);
	return evp;
}
