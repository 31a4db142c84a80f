#include <stdlib.h>

#include "base/text.h"
#include "x509/csr-attributes.h"
#include "x509/extension.h"
#include "x509/tbs.h"

#define ATTRIBUTES (PKI_CSR_CHALLENGES + 1)

/* Append one Extension: SEQUENCE { OID, [TRUE,] OCTET STRING }. */
static void
add_extension(pki_bytes oid, bool critical, const pki_buf *value,
    pki_buf *out)
{
	PKI_AUTO(pki_buf) fields = pki_buf_new();

	pki_der_add(fields, PKI_DER_OID, oid);
	if (critical)
		pki_der_add(fields, PKI_DER_BOOLEAN, PKI_BYTES_TEXT("\xff"));
	pki_der_add(fields, PKI_DER_OCTET_STRING, pki_buf_bytes(value));
	if (pki_buf_check(fields, NULL) == PKI_OK)
		pki_der_add(out, PKI_DER_SEQUENCE, pki_buf_bytes(fields));
	else
		out->failed = true;
}

/* The Extensions that a plan wants, none perhaps. */
static pki_code
add_extensions(const pki_csr_plan *plan, pki_buf *out, pki_err *err)
{
	PKI_AUTO(pki_buf) value = pki_buf_new();
	pki_code rc = pki_buf_check(value, err);

	if (rc == PKI_OK && plan->key_usage != 0) {
		pki_der_add_named_bits(value, plan->key_usage);
		add_extension(PKI_BYTES_TEXT(OID_KEY_USAGE), true, value, out);
		pki_buf_cut(value, 0);
	}
	if (rc == PKI_OK && plan->ext_usage != 0) {
		pki_extension_add_purposes(plan->ext_usage, value);
		add_extension(PKI_BYTES_TEXT(OID_EXT_USAGE), false, value,
		    out);
		pki_buf_cut(value, 0);
	}
	if (rc == PKI_OK && pki_altnames_count(plan->alt_names) > 0) {
		rc = pki_altnames_encode(plan->alt_names, value, err);
		add_extension(PKI_BYTES_TEXT(OID_ALT_NAME), false, value, out);
	}
	if (rc == PKI_OK)
		rc = pki_buf_check(value, err);
	return rc == PKI_OK ? pki_buf_check(out, err) : rc;
}

/* Attribute ::= SEQUENCE { type, SET { value } }; NULL: memory. */
static pki_buf *
make_attribute(pki_bytes oid, pki_bytes value)
{
	PKI_AUTO(pki_buf) fields = pki_buf_new();
	pki_buf *attribute = pki_buf_new();

	pki_der_add(fields, PKI_DER_OID, oid);
	pki_der_add(fields, PKI_DER_SET, value);
	if (pki_buf_check(fields, NULL) == PKI_OK)
		pki_der_add(attribute, PKI_DER_SEQUENCE,
		    pki_buf_bytes(fields));
	else
		pki_buf_cut(attribute, 0);
	return attribute;
}

static pki_code
make_request(const pki_csr_plan *plan, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) list = pki_buf_new();
	PKI_AUTO(pki_buf) extensions = pki_buf_new();
	pki_code rc;

	if (list == NULL || extensions == NULL)
		return pki_fail_memory(err);
	rc = add_extensions(plan, list, err);
	if (rc != PKI_OK || list->len == 0)
		return rc;
	pki_der_add(extensions, PKI_DER_SEQUENCE, pki_buf_bytes(list));
	*out = make_attribute(PKI_BYTES_TEXT(OID_EXTENSION_REQUEST),
	    pki_buf_bytes(extensions));
	return pki_buf_check(extensions, err);
}

/* RFC 2985, 5.4.1, wants a PrintableString where that can hold it. */
static uint8_t
string_tag(pki_bytes text)
{
	static const char also[] = " '()+,-./:=?";

	for (size_t i = 0; i < text.len; i++) {
		char c = (char)text.data[i], folded = pki_text_lower(c);
		bool found = (folded >= 'a' && folded <= 'z') ||
		    (c >= '0' && c <= '9');

		for (size_t k = 0; !found && also[k] != '\0'; k++)
			found = also[k] == c;
		if (!found)
			return PKI_DER_UTF8;
	}
	return PKI_DER_PRINTABLE;
}

static pki_code
make_challenge(pki_csr_challenge which, pki_bytes text, pki_buf **out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) value = pki_buf_new();

	if (text.len > PKI_CSR_CHALLENGE_MAX || !pki_text_is_printable(text))
		return pki_refuse(err, PKI_BAD_INPUT, "attribute",
		    "at most 255 octets of printable ASCII", "%zu octets",
		    text.len);
	if (value == NULL)
		return pki_fail_memory(err);
	pki_der_add(value, string_tag(text), text);
	*out = make_attribute(pki_csr_challenge_oid(which),
	    pki_buf_bytes(value));
	return pki_buf_check(value, err);
}

static int
compare_attributes(const void *a, const void *b)
{
	const pki_buf *const *first = a;
	const pki_buf *const *second = b;

	return pki_bytes_compare(pki_buf_bytes(*first), pki_buf_bytes(*second));
}

/* [0] IMPLICIT SET OF, in ascending order: X.690, 11.6. */
static pki_code
add_attributes(const pki_csr_plan *plan, pki_buf *attributes[ATTRIBUTES],
    pki_buf *out, pki_err *err)
{
	PKI_AUTO(pki_buf) list = pki_buf_new();
	size_t count = 0;
	pki_code rc;

	rc = make_request(plan, &attributes[0], err);
	count += attributes[0] != NULL;
	for (int i = 0; rc == PKI_OK && i < PKI_CSR_CHALLENGES; i++) {
		if (plan->challenges[i].len == 0)
			continue;
		rc = make_challenge((pki_csr_challenge)i, plan->challenges[i],
		    &attributes[count], err);
		count += attributes[count] != NULL;
	}
	for (size_t i = 0; rc == PKI_OK && i < count; i++)
		rc = pki_buf_check(attributes[i], err);
	if (rc != PKI_OK)
		return rc;
	qsort(attributes, count, sizeof(attributes[0]), compare_attributes);
	for (size_t i = 0; i < count; i++)
		pki_buf_add(list, pki_buf_bytes(attributes[i]));
	pki_der_add(out, PKI_DER_CONTEXT(0), pki_buf_bytes(list));
	return pki_buf_check(list, err);
}

static pki_code
add_info(const pki_key *key, const pki_csr_plan *plan, pki_buf *out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) fields = pki_buf_new();
	pki_buf *attributes[ATTRIBUTES] = { NULL };
	pki_code rc;

	if (fields == NULL)
		return pki_fail_memory(err);
	pki_der_add(fields, PKI_DER_INTEGER, PKI_BYTES_TEXT("\0"));
	pki_buf_add(fields, pki_name_der(plan->subject));
	pki_buf_add(fields, pki_pubkey_spki(pki_key_public(key)));
	rc = add_attributes(plan, attributes, fields, err);
	for (size_t i = 0; i < ATTRIBUTES; i++)
		pki_buf_free(attributes[i]);
	if (rc != PKI_OK)
		return rc;
	pki_der_add(out, PKI_DER_SEQUENCE, pki_buf_bytes(fields));
	return pki_buf_check(out, err);
}

pki_code
pki_csr_make(const pki_key *key, const pki_csr_plan *plan, pki_buf *out,
    pki_err *err)
{
	pki_key_type type = pki_pubkey_type(pki_key_public(key));
	PKI_AUTO(pki_buf) info = pki_buf_new();
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	pki_code rc;

	if (info == NULL || signature == NULL)
		return pki_fail_memory(err);
	rc = add_info(key, plan, info, err);
	if (rc == PKI_OK)
		rc = pki_key_sign(key, pki_buf_bytes(info), signature, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(signature, err);
	if (rc != PKI_OK)
		return rc;
	pki_signed_add(out, pki_buf_bytes(info), pki_sigalg_for(type),
	    pki_buf_bytes(signature));
	return pki_buf_check(out, err);
}

pki_code
pki_csr_build(const pki_key *key, const pki_name *subject,
    const pki_altnames *alt_names, pki_buf *out, pki_err *err)
{
	const pki_csr_plan plan = {
		.subject = subject, .alt_names = alt_names,
	};

	return pki_csr_make(key, &plan, out, err);
}
