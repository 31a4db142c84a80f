#include "sample-crl.h"

#include <stdlib.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "tests/support/crl-maker.h"

pki_crl_entry
sample_crl_entry(uint32_t i)
{
	static const pki_reason reasons[] = {
		PKI_REASON_UNSPECIFIED, PKI_REASON_KEY_COMPROMISE,
		PKI_REASON_SUPERSEDED, PKI_REASON_AA_COMPROMISE,
	};
	pki_crl_entry entry = {
		.serial = { .len = 20, .octets = { 1 } },
		.revoked_at = SAMPLE_NOW - i,
		.reason = reasons[i % PKI_COUNT(reasons)],
		.invalid_since = i % 3 == 0 ? SAMPLE_NOW - PKI_DAY - i : 0,
	};

	for (int at = 0; at < 4; at++)
		entry.serial.octets[10 + at] = (uint8_t)(i >> (24 - 8 * at));
	return entry;
}

pki_crl_fields
sample_crl_fields(const sample *ca)
{
	return (pki_crl_fields){
		.algorithm = pki_sigalg_for(PKI_KEY_P256),
		.issuer = ca->name,
		.authority_key_id = pki_pubkey_id(pki_key_public(ca->key)),
		.this_update = SAMPLE_NOW, .number = 1055,
		.next_update = SAMPLE_NOW + 7 * PKI_DAY,
	};
}

static pki_buf *
make_tbs(const pki_crl_fields *fields, uint32_t count)
{
	pki_crl_entry *entries = calloc(count + 1, sizeof(*entries));
	pki_buf *tbs = pki_buf_new();
	pki_err err = { 0 };

	cr_assert(entries != NULL);
	for (uint32_t i = 0; i < count; i++)
		entries[i] = sample_crl_entry(i);
	cr_assert(crl_tbs(fields, entries, count, tbs, &err) == PKI_OK, "%s",
	    err.msg);
	free(entries);
	return tbs;
}

pki_buf *
sample_crl(const sample *ca, const pki_crl_fields *fields, uint32_t count)
{
	PKI_AUTO(pki_buf) tbs = make_tbs(fields, count);

	return sample_sign_bytes(pki_buf_bytes(tbs), ca->key);
}

pki_crl *
sample_parse_crl(pki_bytes der)
{
	pki_crl *crl = NULL;
	pki_err err = { 0 };

	cr_assert(pki_crl_parse(der, SAMPLE_CRL_MAX, &crl, &err) == PKI_OK,
	    "%s", err.msg);
	return crl;
}

pki_buf *
sample_replace_crl(const pki_crl_fields *fields, int part, pki_bytes with)
{
	PKI_AUTO(pki_buf) good = make_tbs(fields, 3);
	PKI_AUTO(pki_buf) tbs = sample_replace(pki_buf_bytes(good), part,
	    with);

	return sample_frame(pki_buf_bytes(tbs));
}
