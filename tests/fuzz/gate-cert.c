#include "tests/fuzz/gate-cert.h"

#include "x509/key.h"
#include "x509/tbs.h"
#include "x509/usage.h"

#define STEPS 256

/* Two keys under one name: who only compares names takes them for one. */
static pki_key *ca_key, *other_key;
static pki_name *ca_name;
static pki_buf *ca_der;
static pki_cert *ca_cert;

static pki_buf *
sign(const pki_tbs *tbs, const pki_key *key)
{
	PKI_AUTO(pki_buf) encoded = pki_buf_new();
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	pki_buf *out = pki_buf_new();
	pki_err err;

	fuzz_assert(pki_tbs_encode(tbs, encoded, &err) == PKI_OK);
	fuzz_assert(pki_key_sign(key, pki_buf_bytes(encoded), signature,
	    &err) == PKI_OK);
	pki_signed_add(out, pki_buf_bytes(encoded), tbs->algorithm,
	    pki_buf_bytes(signature));
	fuzz_assert(pki_buf_check(out, &err) == PKI_OK);
	return out;
}

/* Those of the other key say that they are of this CA too. */
static pki_tbs
common_tbs(void)
{
	return (pki_tbs){
		.algorithm = pki_sigalg_for(PKI_KEY_P256), .path_len = -1,
		.issuer = ca_name, .subject = ca_name,
		.not_before = WORLD_BEGIN,
		.not_after = WORLD_BEGIN + STEPS * WORLD_STEP,
		.authority_key_id = pki_pubkey_id(pki_key_public(ca_key)),
	};
}

static void
make_ca(void)
{
	static const pki_name_part part = { PKI_NAME_COMMON_NAME, "CA" };
	pki_tbs tbs;
	pki_err err;

	fuzz_assert(pki_key_generate(PKI_KEY_P256, &ca_key, &err) == PKI_OK);
	fuzz_assert(pki_key_generate(PKI_KEY_P256, &other_key, &err) ==
	    PKI_OK);
	fuzz_assert(pki_name_build(&part, 1, &ca_name, &err) == PKI_OK);
	tbs = common_tbs();
	tbs.is_ca = true;
	tbs.key_usage = 1 << PKI_KU_KEY_CERT_SIGN | 1 << PKI_KU_CRL_SIGN;
	tbs.serial = (pki_serial){ .len = 1, .octets = { 0x7f } };
	tbs.key = pki_key_public(ca_key);
	ca_der = sign(&tbs, ca_key);
	fuzz_assert(pki_cert_parse(pki_buf_bytes(ca_der), &ca_cert, &err) ==
	    PKI_OK);
}

pki_cert *
world_ca_cert(void)
{
	if (ca_cert == NULL)
		make_ca();
	return ca_cert;
}

pki_bytes
world_ca_der(void)
{
	(void)world_ca_cert();
	return pki_buf_bytes(ca_der);
}

static pki_buf *
make_cert(const world_cert *cert)
{
	pki_tbs tbs = common_tbs();

	tbs.key_usage = 1 << PKI_KU_DIGITAL_SIGNATURE;
	tbs.key = pki_key_public(other_key);
	tbs.serial = cert->before.serial;
	if (cert->kind == WORLD_CERT_SERIAL)
		tbs.serial.len = (uint8_t)(tbs.serial.len % 4 + 1);
	tbs.not_after = cert->not_after;
	return sign(&tbs, cert->kind == WORLD_CERT_FOREIGN ? other_key :
	    ca_key);
}

pki_bytes
world_cert_der(const world_cert *cert)
{
	static pki_buf *kept[WORLD_CERT_NONE][STEPS][STEPS];
	size_t when = (size_t)((cert->not_after - WORLD_BEGIN) / WORLD_STEP);
	pki_buf **place;

	if (cert->kind == WORLD_CERT_NONE)
		return PKI_BYTES_TEXT("\x30\x00");
	(void)world_ca_cert();
	place = &kept[cert->kind][cert->octet][when];
	if (*place == NULL)
		*place = make_cert(cert);
	return pki_buf_bytes(*place);
}
