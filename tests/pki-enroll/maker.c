#include "tests/pki-enroll/maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2025-12-31 to 2035-12-31: around the time at which tests begin. */
#define FROM INT64_C(1767139200)
#define TO (FROM + 10 * PKI_YEAR)

static void
must(pki_code rc, const pki_err *err)
{
	if (rc == PKI_OK)
		return;
	fprintf(stderr, "maker: %s\n", err->msg);
	abort();
}

/* Sign what tbs says; issuer's names are filled in here. */
static pki_cert *
sign(struct maker *maker, pki_tbs *tbs, const pki_key *key,
    const pki_cert *issuer)
{
	PKI_AUTO(pki_buf) body = pki_buf_new();
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_cert *cert = NULL;
	pki_err err;

	tbs->algorithm = pki_sigalg_for(
	    pki_pubkey_type(pki_key_public(key)));
	tbs->issuer = issuer == NULL ? tbs->subject :
	    pki_cert_subject(issuer);
	if (issuer != NULL)
		tbs->authority_key_id = pki_cert_subject_key_id(issuer);
	maker->serial++;
	tbs->serial = (pki_serial){ .len = 3, .octets = {
	    0x01, (uint8_t)(maker->serial >> 8), (uint8_t)maker->serial } };
	must(pki_tbs_encode(tbs, body, &err), &err);
	must(pki_key_sign(key, pki_buf_bytes(body), signature, &err), &err);
	pki_signed_add(der, pki_buf_bytes(body), tbs->algorithm,
	    pki_buf_bytes(signature));
	must(pki_cert_parse(pki_buf_bytes(der), &cert, &err), &err);
	return cert;
}

static pki_name *
name_of(const char *common_name)
{
	const pki_name_part part = { PKI_NAME_COMMON_NAME, common_name };
	pki_name *name = NULL;
	pki_err err;

	must(pki_name_build(&part, 1, &name, &err), &err);
	return name;
}

static pki_cert *
make_ca(struct maker *maker, const pki_key *key, const char *common_name,
    const pki_key *signer, const pki_cert *issuer)
{
	PKI_AUTO(pki_name) name = name_of(common_name);
	pki_tbs tbs = {
		.is_ca = true, .path_len = -1,
		.key_usage = 1u << PKI_KU_KEY_CERT_SIGN | 1u << PKI_KU_CRL_SIGN,
		.not_before = FROM, .not_after = TO,
		.subject = name, .key = pki_key_public(key),
	};

	return sign(maker, &tbs, signer, issuer);
}

void
maker_begin(struct maker *maker, const char *name)
{
	char root[64], ca[64];
	pki_err err;

	memset(maker, 0, sizeof(*maker));
	snprintf(root, sizeof(root), "%s root", name);
	snprintf(ca, sizeof(ca), "%s issuing", name);
	must(pki_key_generate(PKI_KEY_P256, &maker->root_key, &err), &err);
	must(pki_key_generate(PKI_KEY_P256, &maker->ca_key, &err), &err);
	maker->root = make_ca(maker, maker->root_key, root, maker->root_key,
	    NULL);
	maker->ca = make_ca(maker, maker->ca_key, ca, maker->root_key,
	    maker->root);
}

void
maker_end(struct maker *maker)
{
	pki_key_free(maker->root_key);
	pki_key_free(maker->ca_key);
	pki_cert_free(maker->root);
	pki_cert_free(maker->ca);
}

pki_cert *
maker_issue(struct maker *maker, const pki_pubkey *key,
    const char *common_name, int64_t not_before, int64_t not_after)
{
	PKI_AUTO(pki_name) name = name_of(common_name);
	pki_tbs tbs = {
		.path_len = -1, .key_usage = 1u << PKI_KU_DIGITAL_SIGNATURE,
		.ext_usage = 1u << PKI_EKU_CLIENT_AUTH,
		.not_before = not_before, .not_after = not_after,
		.subject = name, .key = key,
	};

	return sign(maker, &tbs, maker->ca_key, maker->ca);
}

pki_cert *
maker_link(struct maker *old, const struct maker *next)
{
	const char *name = pki_name_common_name(
	    pki_cert_subject(next->root));

	return make_ca(old, next->root_key, name, old->root_key,
	    old == next ? NULL : old->root);
}
