#include "tests/fuzz/fuzz.h"

#include <string.h>

#include <openssl/err.h>

#include "x509/csr.h"
#include "x509/der.h"
#include "x509/openssl.h"
#include "x509/tbs.h"

/*
 * Certification requests: what is accepted, libcrypto accepts too and reads
 * as the same.  No mutation gets past a signature, so each input is tried
 * once more with our key in it, and signed again.
 */

PKI_OPENSSL_CLEANUP(X509_REQ)

static const pki_key *
our_key(void)
{
	static const uint8_t pkcs8[48] = {
		0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b,
		0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 'a', ' ', 'k', 'e', 'y',
	};
	static pki_key *key;

	/* Ed25519: a signature by it is always the same. */
	if (key == NULL)
		fuzz_assert(pki_key_parse(pki_bytes_of(pkcs8, sizeof(pkcs8)),
		    pki_bytes_of(NULL, 0), &key, NULL) == PKI_OK);
	return key;
}

static void
check_subject(const pki_name *ours, const X509_NAME *theirs)
{
	size_t count = pki_name_count(ours);

	fuzz_assert(X509_NAME_entry_count(theirs) == (int)count);
	for (size_t i = 0; i < count; i++) {
		const pki_name_part *part = pki_name_at(ours, i);
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(theirs, (int)i);
		unsigned char *text = NULL;
		int len = ASN1_STRING_to_UTF8(&text,
		    X509_NAME_ENTRY_get_data(entry));

		fuzz_assert(strcmp(OBJ_nid2sn(OBJ_obj2nid(
		    X509_NAME_ENTRY_get_object(entry))),
		    pki_name_type_short(part->type)) == 0);
		fuzz_assert(len > 0 && (size_t)len == strlen(part->value));
		fuzz_assert(memcmp(text, part->value, (size_t)len) == 0);
		OPENSSL_free(text);
	}
}

static void
check_key(const pki_pubkey *ours, X509_REQ *theirs)
{
	unsigned char *spki = NULL;
	int len = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(theirs), &spki);

	fuzz_assert(len > 0 && pki_bytes_equal(pki_pubkey_spki(ours),
	    pki_bytes_of(spki, (size_t)len)));
	OPENSSL_free(spki);
	fuzz_assert(X509_REQ_verify(theirs, X509_REQ_get0_pubkey(theirs)) ==
	    1);
}

static void
check_alt_names(const pki_altnames *ours, X509_REQ *theirs)
{
	STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(theirs);
	GENERAL_NAMES *names = X509V3_get_d2i(list, NID_subject_alt_name,
	    NULL, NULL);
	int count = names == NULL ? 0 : sk_GENERAL_NAME_num(names);

	/* One given twice is one name. */
	fuzz_assert((size_t)count >= pki_altnames_count(ours));
	fuzz_assert((count > 0) == (pki_altnames_count(ours) > 0));
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void
check_challenges(const pki_csr *ours, X509_REQ *theirs)
{
	for (unsigned i = 0; i < PKI_CSR_CHALLENGES; i++) {
		pki_bytes oid = pki_csr_challenge_oid(i);
		pki_bytes text = pki_csr_challenge_text(ours, i);
		char dotted[80];
		ASN1_OBJECT *type = OBJ_txt2obj(pki_der_format_oid(oid,
		    dotted, sizeof(dotted)), 1);
		int at = X509_REQ_get_attr_by_OBJ(theirs, type, -1);
		ASN1_TYPE *value = at < 0 ? NULL : X509_ATTRIBUTE_get0_type(
		    X509_REQ_get_attr(theirs, at), 0);

		fuzz_assert((at >= 0) == (text.data != NULL));
		fuzz_assert(at < 0 || X509_REQ_get_attr_by_OBJ(theirs, type,
		    at) < 0);
		fuzz_assert(at < 0 || pki_bytes_equal(text, pki_bytes_of(
		    ASN1_STRING_get0_data(value->value.asn1_string),
		    (size_t)ASN1_STRING_length(value->value.asn1_string))));
		ASN1_OBJECT_free(type);
	}
}

static void
check_by_libcrypto(const pki_csr *csr)
{
	pki_bytes der = pki_csr_der(csr);
	const unsigned char *at = der.data;
	PKI_AUTO(X509_REQ) theirs = d2i_X509_REQ(NULL, &at, (long)der.len);

	fuzz_assert(theirs != NULL && at == der.data + der.len);
	check_subject(pki_csr_subject(csr),
	    X509_REQ_get_subject_name(theirs));
	check_key(pki_csr_key(csr), theirs);
	check_alt_names(pki_csr_alt_names(csr), theirs);
	check_challenges(csr, theirs);
}

/* A request that we make of it says the same. */
static void
check_made_again(const pki_csr *csr)
{
	const pki_altnames *names = pki_csr_alt_names(csr);
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_csr) again = NULL;
	pki_err err = { 0 };

	fuzz_assert(pki_csr_build(our_key(), pki_csr_subject(csr), names, der,
	    &err) == PKI_OK);
	if (der->len > PKI_CSR_MAX)
		return;
	fuzz_assert(pki_csr_parse(pki_buf_bytes(der), &again, &err) == PKI_OK);
	fuzz_assert(pki_name_equal(pki_csr_subject(csr),
	    pki_csr_subject(again)));
	fuzz_assert(pki_altnames_count(names) ==
	    pki_altnames_count(pki_csr_alt_names(again)));
	fuzz_assert(pki_altnames_count(names) == 0 ||
	    pki_altnames_equal(names, pki_csr_alt_names(again)));
}

static void
check(pki_bytes in)
{
	PKI_AUTO(pki_csr) csr = NULL;
	pki_err err = { 0 };
	pki_code rc = pki_csr_parse(in, &csr, &err);

	if (rc != PKI_OK) {
		fuzz_check_refusal(rc, &err);
		fuzz_assert(err.rule[0] != '\0');
		return;
	}
	check_by_libcrypto(csr);
	check_made_again(csr);
}

/* The input with our key in place of its own; false: it has no such place. */
static bool
replace_key(pki_bytes in, pki_buf *out)
{
	pki_der all = pki_der_from(in, "input"), outer, info;
	PKI_AUTO(pki_buf) fields = pki_buf_new();
	pki_bytes parts[2], key, rest;

	if (pki_der_enter(&all, PKI_DER_SEQUENCE, &outer, NULL) != PKI_OK ||
	    pki_der_enter(&outer, PKI_DER_SEQUENCE, &info, NULL) != PKI_OK)
		return false;
	for (size_t i = 0; i < PKI_COUNT(parts); i++)
		if (pki_der_read_any(&info, NULL, NULL, &parts[i], NULL) !=
		    PKI_OK)
			return false;
	if (pki_der_read_any(&info, NULL, NULL, &key, NULL) != PKI_OK)
		return false;
	rest = info.rest;
	pki_buf_add(fields, parts[0]);
	pki_buf_add(fields, parts[1]);
	pki_buf_add(fields, pki_pubkey_spki(pki_key_public(our_key())));
	pki_buf_add(fields, rest);
	pki_der_add(out, PKI_DER_SEQUENCE, pki_buf_bytes(fields));
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PKI_AUTO(pki_buf) info = pki_buf_new();
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_bytes in = pki_bytes_of(data, size);

	check(in);
	if (replace_key(in, info)) {
		fuzz_assert(pki_key_sign(our_key(), pki_buf_bytes(info),
		    signature, NULL) == PKI_OK);
		pki_signed_add(der, pki_buf_bytes(info),
		    pki_sigalg_for(PKI_KEY_ED25519), pki_buf_bytes(signature));
		check(pki_buf_bytes(der));
	}
	ERR_clear_error();
	return 0;
}
