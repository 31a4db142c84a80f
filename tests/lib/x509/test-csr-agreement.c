#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "tests/support/csr-maker.h"
#include "x509/csr.h"
#include "x509/der.h"
#include "x509/digest.h"
#include "x509/usage.h"

/*
 * Requests changed at random and then truly signed: whatever we accept,
 * libcrypto reads to the same subject, key and extensions.  csr_mutated has
 * damage after the signature, which is never accepted.
 */

#define ROUNDS 6000
#define ACCEPTED_LEAST 2000     /* else it is no test of what we accept */

TestSuite(csr_agreement, .timeout = 60);

/* The same numbers in every run: xorshift32. */
static uint32_t state;

static uint32_t
pick(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

#define CN(value) "31{30{06{550403} 0c{'" value "'}}}"
#define EXT(oid, value) "30{06{" oid "} 04{" value "}}"
#define CRITICAL(oid, value) "30{06{" oid "} 0101ff 04{" value "}}"
#define OF_MICROSOFT(list) "30{06{2b06010401823702010e} 31{30{" list "}}}"

static const char *const subjects[] = {
	"30{" CN("meter-0042") "}",
	"30{" CN("a") CN("b") "}",
	"30{31{30{06{550406} 13{'DE'}}} 31{30{06{55040a} 0c{'Example'}}}"
	    CN("meter-7") "}",
	"30{31{30{06{550405} 13{'0815'}}}" CN("M-1") "}",
	"30{31{30{06{550408} 0c{'Hessen'}}} 31{30{06{550407} 0c{c3bc}}}"
	    "31{30{06{55040b} 13{'Unit'}}} }",
	"3000",
};

static const char *const extensions[] = {
	EXT("551d11", "30{82{'a.example'} 82{'B.example'} 82{'a.example'}}"),
	EXT("551d11", "30{82{'*.site.example'} 87{0a000001}}"),
	EXT("551d11", "30{87{20010db8000000000000000000000001}"
	    "86{'urn:meter:7'} 81{'Ops@Example.com'}}"),
	CRITICAL("551d11", "30{82{'0x7f.example'}}"),
	CRITICAL("551d0f", "03{0780}"),
	EXT("551d0f", "03{0588}"),
	EXT("551d25", "30{06{2b06010505070302} 06{2b06010505070301}}"),
	EXT("551d0e", "04{'key id'}"),
	CRITICAL("551d13", "3000"),
	EXT("551d1e", "30{a0{30{82{'example'}}}}"),
	EXT("2a0304", "0500"),
};

static const char *const attributes[] = {
	"30{06{2a864886f70d010907} 31{13{'secret'}}}",
	"30{06{2a0304} 31{020100}}",
	OF_MICROSOFT("30{06{551d11} 04{30{82{'a.example'}}}}"),
	OF_MICROSOFT("30{06{551d13} 04{30{0101ff}}}"),
};

static void
add_piece(const char *text, pki_buf *out)
{
	cr_assert(csr_piece(text, out), "%s", text);
}

/* Up to three extensions, and now and then another attribute. */
static void
add_attributes(pki_buf *out)
{
	PKI_AUTO(pki_buf) list = pki_buf_new();
	PKI_AUTO(pki_buf) value = pki_buf_new();
	PKI_AUTO(pki_buf) set = pki_buf_new();
	PKI_AUTO(pki_buf) all = pki_buf_new();
	uint32_t count = pick(4);

	while (count-- > 0)
		add_piece(extensions[pick(PKI_COUNT(extensions))], list);
	if (pick(8) == 0)
		add_piece(attributes[pick(PKI_COUNT(attributes))], all);
	if (list->len > 0) {
		pki_der_add(value, PKI_DER_SEQUENCE, pki_buf_bytes(list));
		add_piece("06{2a864886f70d01090e}", set);
		pki_der_add(set, PKI_DER_SET, pki_buf_bytes(value));
		pki_der_add(all, PKI_DER_SEQUENCE, pki_buf_bytes(set));
	}
	pki_der_add(out, PKI_DER_CONTEXT(0), pki_buf_bytes(all));
}

/* One octet more, less or other. */
static void
mutate_content(pki_bytes content, pki_buf *out)
{
	static const uint8_t odd[] = {
		0x00, 0x01, ' ', '*', '-', '.', '0', 'A', '@', 0x7f, 0x80, 0xff,
	};
	uint32_t at = pick((uint32_t)content.len + 1);
	uint32_t how = pick(3);

	pki_buf_add(out, pki_bytes_of(content.data, at));
	if (how != 0)
		pki_buf_add_byte(out, odd[pick(PKI_COUNT(odd))]);
	if (how != 1 && at < content.len)
		at++;
	pki_buf_add(out, pki_bytes_of(content.data + at, content.len - at));
}

static void mutate(pki_bytes der, pki_buf *out);

static void
mutate_element(uint8_t tag, pki_bytes content, pki_buf *out)
{
	static const uint8_t tags[] = {
		PKI_DER_UTF8, PKI_DER_PRINTABLE, PKI_DER_IA5, PKI_DER_TELETEX,
		PKI_DER_BMP, PKI_DER_SET, PKI_DER_SEQUENCE, 0x81, 0x82, 0x86,
		0x87, 0xa4,
	};
	bool deeper = (tag & 0x20) != 0 || (tag == PKI_DER_OCTET_STRING &&
	    pki_der_check(content, "value", NULL) == PKI_OK);
	PKI_AUTO(pki_buf) inner = pki_buf_new();

	if (deeper)
		mutate(content, inner);
	else if (pick(60) == 0)
		mutate_content(content, inner);
	else
		pki_buf_add(inner, content);
	if (pick(150) == 0)
		tag = tags[pick(PKI_COUNT(tags))];
	pki_der_add(out, tag, pki_buf_bytes(inner));
}

/* Every element of a list, its lengths made right again. */
static void
mutate(pki_bytes der, pki_buf *out)
{
	pki_der rest = pki_der_from(der, "list");

	while (!pki_der_at_end(&rest)) {
		pki_bytes content;
		uint32_t times = 1;
		uint8_t tag;

		cr_assert(pki_der_read_any(&rest, &tag, &content, NULL, NULL)
		    == PKI_OK);
		if (pick(120) == 0)
			times = pick(2) * 2;
		while (times-- > 0)
			mutate_element(tag, content, out);
	}
}

static void
make_request(EVP_PKEY *key, pki_buf *der)
{
	PKI_AUTO(pki_buf) good = pki_buf_new();
	PKI_AUTO(pki_buf) wild = pki_buf_new();
	PKI_AUTO(pki_buf) hex = pki_buf_new();
	struct csr_recipe recipe = { .signer = key };
	PKI_AUTO(pki_buf) info = pki_buf_new();

	add_piece(subjects[pick(PKI_COUNT(subjects))], good);
	mutate(pki_buf_bytes(good), wild);
	pki_buf_add_text(info, "30{$v ");
	for (size_t i = 0; i < wild->len; i++)
		pki_buf_add_format(info, "%02x", wild->data[i]);
	pki_buf_cut(good, 0);
	pki_buf_cut(wild, 0);
	add_attributes(good);
	mutate(pki_buf_bytes(good), wild);
	pki_buf_add_text(info, " $k ");
	for (size_t i = 0; i < wild->len; i++)
		pki_buf_add_format(info, "%02x", wild->data[i]);
	pki_buf_add_text(info, "}");
	cr_assert(pki_buf_check(info, NULL) == PKI_OK);
	recipe.info = pki_buf_text(info);
	cr_assert(csr_make(&recipe, der), "%s", recipe.info);
}

static bool
same_subject(const pki_csr *ours, const X509_REQ *theirs)
{
	static const int nids[] = {
		[PKI_NAME_COUNTRY] = NID_countryName,
		[PKI_NAME_STATE] = NID_stateOrProvinceName,
		[PKI_NAME_LOCALITY] = NID_localityName,
		[PKI_NAME_ORGANIZATION] = NID_organizationName,
		[PKI_NAME_ORGANIZATIONAL_UNIT] = NID_organizationalUnitName,
		[PKI_NAME_SERIAL_NUMBER] = NID_serialNumber,
		[PKI_NAME_COMMON_NAME] = NID_commonName,
	};
	X509_NAME *name = X509_REQ_get_subject_name(theirs);
	int count = X509_NAME_entry_count(name);
	bool same = (size_t)count == pki_name_count(pki_csr_subject(ours));

	for (int i = 0; same && i < count; i++) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		const pki_name_part *part = pki_name_at(pki_csr_subject(ours),
		    (size_t)i);
		unsigned char *text = NULL;
		int len = ASN1_STRING_to_UTF8(&text,
		    X509_NAME_ENTRY_get_data(entry));

		same = len >= 0 && pki_bytes_equal(pki_bytes_of(text,
		    (size_t)len), pki_bytes_text(part->value)) &&
		    OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) ==
		    nids[part->type] && X509_NAME_ENTRY_set(entry) == i;
		OPENSSL_free(text);
	}
	return same;
}

static bool
same_key(const pki_csr *ours, X509_REQ *theirs)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(theirs);
	unsigned char *spki = NULL;
	int len = i2d_PUBKEY(key, &spki);
	pki_digest digest;
	bool same = len > 0 && X509_REQ_verify(theirs, key) == 1 &&
	    pki_digest_of(pki_bytes_of(spki, (size_t)len), &digest, NULL) ==
	    PKI_OK && pki_digest_equal(&digest,
	    pki_pubkey_digest(pki_csr_key(ours)));

	OPENSSL_free(spki);
	return same;
}

/* What libcrypto has read, in our words; false: of no kind that we take. */
static bool
name_of(const GENERAL_NAME *from, pki_altnames *out)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	char address[INET6_ADDRSTRLEN];
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(from, &type);
	int len;

	if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI &&
	    type != GEN_IPADD)
		return false;
	len = ASN1_STRING_length(value);
	if (type == GEN_IPADD) {
		if ((len != 4 && len != 16) || inet_ntop(len == 4 ? AF_INET :
		    AF_INET6, ASN1_STRING_get0_data(value), address,
		    sizeof(address)) == NULL)
			return false;
		pki_buf_add_text(text, address);
	} else {
		pki_buf_add(text, pki_bytes_of(ASN1_STRING_get0_data(value),
		    (size_t)len));
	}
	/* The types are the GeneralName tags for both of us. */
	return strlen(pki_buf_text(text)) == text->len &&
	    pki_altnames_add(out, (pki_alt_type)type, pki_buf_text(text),
	    NULL) == PKI_OK;
}

static bool
same_alt_names(const pki_csr *ours, const X509_EXTENSIONS *list)
{
	GENERAL_NAMES *names = X509V3_get_d2i(list, NID_subject_alt_name, NULL,
	    NULL);
	PKI_AUTO(pki_altnames) theirs = pki_altnames_new();
	bool same = true;

	for (int i = 0; same && i < sk_GENERAL_NAME_num(names); i++)
		same = name_of(sk_GENERAL_NAME_value(names, i), theirs);
	same = same && pki_altnames_count(theirs) ==
	    pki_altnames_count(pki_csr_alt_names(ours)) &&
	    (pki_altnames_count(theirs) == 0 || pki_altnames_equal(theirs,
	    pki_csr_alt_names(ours)));
	GENERAL_NAMES_free(names);
	return same;
}

static bool
same_usage(const pki_csr *ours, const X509_EXTENSIONS *list)
{
	ASN1_BIT_STRING *bits = X509V3_get_d2i(list, NID_key_usage, NULL,
	    NULL);
	uint32_t usage = 0;

	for (int i = 0; bits != NULL && i <= PKI_KU_DECIPHER_ONLY; i++)
		if (ASN1_BIT_STRING_get_bit(bits, i) == 1)
			usage |= UINT32_C(1) << i;
	ASN1_BIT_STRING_free(bits);
	return usage == pki_csr_key_usage(ours);
}

/* Nothing that libcrypto would find was left out by us. */
static bool
only_known(const X509_EXTENSIONS *list)
{
	static const int known[] = {
		NID_basic_constraints, NID_key_usage, NID_ext_key_usage,
		NID_subject_key_identifier, NID_subject_alt_name,
	};
	bool all = true;

	for (int i = 0; all && i < sk_X509_EXTENSION_num(list); i++) {
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(
		    sk_X509_EXTENSION_value(list, i)));

		all = false;
		for (size_t k = 0; k < PKI_COUNT(known); k++)
			all |= known[k] == nid;
	}
	return all;
}

/* What they read differently; NULL: nothing. */
static const char *
compare(const pki_csr *ours, pki_bytes der)
{
	const unsigned char *at = der.data;
	X509_REQ *theirs = d2i_X509_REQ(NULL, &at, (long)der.len);
	X509_EXTENSIONS *list = theirs == NULL ? NULL :
	    X509_REQ_get_extensions(theirs);
	const char *what = theirs == NULL || at != der.data + der.len ?
	    "whole" : !same_subject(ours, theirs) ? "subject" :
	    !same_key(ours, theirs) ? "key" :
	    !same_alt_names(ours, list) ? "alternative names" :
	    !same_usage(ours, list) ? "key usage" :
	    !only_known(list) ? "extensions" : NULL;

	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_REQ_free(theirs);
	return what;
}

Test(csr_agreement, libcrypto_reads_what_we_accept_as_we_do)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	int accepted = 0;

	state = 20261124;
	for (int round = 0; round < ROUNDS; round++) {
		PKI_AUTO(pki_buf) der = pki_buf_new();
		PKI_AUTO(pki_buf) hex = pki_buf_new();
		PKI_AUTO(pki_csr) csr = NULL;
		const char *what;

		make_request(key, der);
		if (pki_csr_parse(pki_buf_bytes(der), &csr, NULL) != PKI_OK)
			continue;
		accepted++;
		what = compare(csr, pki_buf_bytes(der));
		for (size_t i = 0; what != NULL && i < der->len; i++)
			pki_buf_add_format(hex, "%02x", der->data[i]);
		cr_expect_null(what, "round %d: the %s of %s", round, what,
		    pki_buf_text(hex));
	}
	cr_expect_geq(accepted, ACCEPTED_LEAST, "only %d", accepted);
	EVP_PKEY_free(key);
}
