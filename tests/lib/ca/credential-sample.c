#include "tests/lib/ca/credential-sample.h"

#include <stdio.h>

#include "ca/rowhash.h"

pki_key *
get_ca_key(const struct test_ca *t, const char *name)
{
	PKI_AUTO(pki_buf) text = NULL;
	char file[PKI_PATH_MAX];
	pki_key *key = NULL;
	pki_err err;

	snprintf(file, sizeof(file), "keys/%s.key", name);
	text = get_file(t, file);
	assert_ok(pki_key_parse(pki_buf_bytes(text), (pki_bytes){ NULL, 0 },
	    &key, &err), &err);
	return key;
}

pki_tbs
tbs_like(const pki_cert *cert)
{
	return (pki_tbs){
		.serial = *pki_cert_serial(cert),
		.algorithm = pki_sigalg_for(PKI_KEY_P256),
		.issuer = pki_cert_issuer(cert),
		.subject = pki_cert_subject(cert),
		.not_before = pki_cert_not_before(cert),
		.not_after = pki_cert_not_after(cert),
		.key = pki_cert_key(cert), .path_len = -1,
		.key_usage = pki_cert_key_usage(cert),
		.ext_usage = pki_cert_ext_usage(cert),
		.authority_key_id = pki_cert_authority_key_id(cert),
		.alt_names = pki_cert_alt_names(cert),
		.crl_url = pki_cert_crl_url(cert),
	};
}

static pki_store *
open_store(struct test_ca *t)
{
	char url[PKI_PATH_MAX + 8];
	pki_store *store = NULL;

	snprintf(url, sizeof(url), "sqlite:%s", t->state);
	assert_ok(pki_store_open(url, &store, &t->err), &t->err);
	assert_ok(pki_store_begin(store, &t->err), &t->err);
	return store;
}

void
set_identity_state(struct test_ca *t, const char *name, int state)
{
	PKI_AUTO(pki_store) store = open_store(t);
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row row = { 0 };

	assert_ok(pki_store_get_identity(store, name, &row, hold, &t->err),
	    &t->err);
	row.state = state;
	assert_ok(pki_row_seal_identity(&row, &t->err), &t->err);
	assert_ok(pki_store_update_identity(store, &row, &t->err), &t->err);
	assert_ok(pki_store_commit(store, &t->err), &t->err);
}

void
block_key(struct test_ca *t, const pki_pubkey *key)
{
	PKI_AUTO(pki_store) store = open_store(t);
	pki_pubkey_row row = { .digest = *pki_pubkey_digest(key) };

	if (pki_store_get_pubkey(store, &row.digest, &row, NULL) !=
	    PKI_OK)
		row = (pki_pubkey_row){ .digest = *pki_pubkey_digest(key) };
	row.blocked_at = TEST_BEGIN;
	assert_ok(pki_row_seal_pubkey(&row, &t->err), &t->err);
	assert_ok(pki_store_block_pubkey(store, &row, &t->err), &t->err);
	assert_ok(pki_store_commit(store, &t->err), &t->err);
}

pki_credential *
check_credential(struct test_ca *t, const pki_cert *cert,
    pki_credential_use use)
{
	pki_credential *credential = NULL;

	if (pki_ca_check_credential(t->ca, pki_cert_der(cert), use,
	    &credential, &t->err) != PKI_OK)
		return NULL;
	return credential;
}
