#include "est/csrattrs-parts.h"

#include <string.h>

#include "x509/extension.h"

#define KEY_USAGE_BITS 9
#define ANY_CHALLENGE ((UINT32_C(1) << PKI_CSR_CHALLENGES) - 1)
#define ANY_EXTENSION (PKI_CSRATTRS_ALT_NAMES | PKI_CSRATTRS_KEY_USAGE | \
	PKI_CSRATTRS_EXT_USAGE)

/* Put an element around all that was written since begin. */
static void
close_element(pki_buf *out, size_t begin, uint8_t tag)
{
	PKI_AUTO(pki_buf) content = NULL;

	if (out->failed)
		return;
	content = pki_buf_copy(pki_bytes_of(out->len == begin ? NULL :
	    out->data + begin, out->len - begin));
	if (content == NULL) {
		out->failed = true;
		return;
	}
	pki_buf_cut(out, begin);
	pki_der_add(out, tag, pki_buf_bytes(content));
}

/* GeneralNames, and the placeholder of RFC 9908, 3.4. */
static pki_code
add_alt_names(const pki_csrattrs *wanted, pki_buf *out, pki_err *err)
{
	PKI_AUTO(pki_buf) list = pki_buf_new();
	pki_der outer, names;
	size_t begin = out->len;
	pki_code rc;

	if (list == NULL)
		return pki_fail_memory(err);
	rc = pki_altnames_encode(wanted->alt_names, list, err);
	if (rc != PKI_OK)
		return rc;
	outer = pki_der_from(pki_buf_bytes(list), "subjectAltName");
	rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &names, err);
	if (rc != PKI_OK)
		return rc;
	pki_buf_add(out, names.rest);
	if (wanted->ip_wanted)
		pki_der_add_header(out,
		    PKI_DER_CONTEXT_PRIMITIVE(PKI_ALT_IP), 0);
	close_element(out, begin, PKI_DER_SEQUENCE);
	return PKI_OK;
}

/* Those whose value is known in full. */
static uint32_t
find_known(const pki_csrattrs *wanted)
{
	uint32_t known = 0;

	if (pki_altnames_count(wanted->alt_names) > 0 || wanted->ip_wanted)
		known |= PKI_CSRATTRS_ALT_NAMES;
	if (wanted->key_usage != 0)
		known |= PKI_CSRATTRS_KEY_USAGE;
	if (wanted->ext_usage != 0)
		known |= PKI_CSRATTRS_EXT_USAGE;
	return known & ~wanted->to_fill_in;
}

static pki_code
add_extension(uint32_t which, const pki_csrattrs *wanted, pki_buf *out,
    pki_err *err)
{
	size_t begin = out->len, value;
	pki_code rc = PKI_OK;

	pki_der_add(out, PKI_DER_OID, which == PKI_CSRATTRS_ALT_NAMES ?
	    PKI_BYTES_TEXT(OID_ALT_NAMES) : which == PKI_CSRATTRS_KEY_USAGE ?
	    PKI_BYTES_TEXT(OID_KEY_USAGE) : PKI_BYTES_TEXT(OID_EXT_USAGE));
	/* RFC 5280, 4.2.1.3: it should be critical. */
	if (which == PKI_CSRATTRS_KEY_USAGE)
		pki_der_add(out, PKI_DER_BOOLEAN, PKI_BYTES_TEXT("\xff"));
	value = out->len;
	if ((wanted->to_fill_in & which) == 0) {
		if (which == PKI_CSRATTRS_ALT_NAMES)
			rc = add_alt_names(wanted, out, err);
		else if (which == PKI_CSRATTRS_KEY_USAGE)
			pki_der_add_named_bits(out, wanted->key_usage);
		else
			pki_extension_add_purposes(wanted->ext_usage, out);
		close_element(out, value, PKI_DER_OCTET_STRING);
	}
	close_element(out, begin, PKI_DER_SEQUENCE);
	return rc;
}

/* Attribute ::= SEQUENCE { type, SET { SEQUENCE OF extension } }. */
static pki_code
add_extensions(uint32_t set, const pki_csrattrs *wanted, pki_buf *out,
    pki_err *err)
{
	size_t begin = out->len, values;
	pki_code rc = PKI_OK;

	if (set == 0)
		return PKI_OK;
	/* The template form only where a value is missing: RFC 9908, 3.4. */
	if ((wanted->to_fill_in & set) != 0)
		pki_der_add(out, PKI_DER_OID,
		    PKI_BYTES_TEXT(OID_EXTENSION_REQ_TEMPLATE));
	else
		pki_der_add(out, PKI_DER_OID,
		    PKI_BYTES_TEXT(OID_EXTENSION_REQ));
	values = out->len;
	for (uint32_t bit = 1; rc == PKI_OK && bit <= ANY_EXTENSION; bit <<= 1)
		if ((set & bit) != 0)
			rc = add_extension(bit, wanted, out, err);
	close_element(out, values, PKI_DER_SEQUENCE);
	close_element(out, values, PKI_DER_SET);
	close_element(out, begin, PKI_DER_SEQUENCE);
	return rc;
}

/* Where the set would be empty, the OID alone: RFC 9908, 3.2. */
static void
add_plain_key(const pki_csrattrs_key *key, pki_buf *out)
{
	size_t begin = out->len, values;

	pki_der_add(out, PKI_DER_OID, key->algorithm);
	if (key->curve.len == 0 && key->bits == 0)
		return;
	values = out->len;
	if (key->curve.len > 0)
		pki_der_add(out, PKI_DER_OID, key->curve);
	else
		pki_der_add_integer(out, key->bits);
	close_element(out, values, PKI_DER_SET);
	close_element(out, begin, PKI_DER_SEQUENCE);
}

/* RFC 9908, 3.4: a dummy key is the only way to say how long one is. */
static void
add_dummy_rsa(unsigned bits, pki_buf *out)
{
	PKI_AUTO(pki_buf) modulus = pki_buf_new();
	PKI_AUTO(pki_buf) key = pki_buf_new();

	pki_buf_add_byte(modulus, 0);
	pki_buf_add_byte(modulus, 0x80);
	for (unsigned i = 1; i < bits / 8; i++)
		pki_buf_add_byte(modulus, 1);
	pki_der_add(key, PKI_DER_INTEGER, pki_buf_bytes(modulus));
	pki_der_add_integer(key, 65537);
	close_element(key, 0, PKI_DER_SEQUENCE);
	pki_der_add_bits(out, pki_buf_bytes(key));
}

static void
add_template_key(const pki_csrattrs_key *key, pki_buf *out)
{
	size_t begin = out->len;

	pki_der_add(out, PKI_DER_OID, key->algorithm);
	if (key->curve.len > 0)
		pki_der_add(out, PKI_DER_OID, key->curve);
	/* RFC 3279, 2.3.1: the NULL must be there. */
	if (key->bits != 0)
		pki_der_add_header(out, PKI_DER_NULL, 0);
	close_element(out, begin, PKI_DER_SEQUENCE);
	if (key->bits != 0)
		add_dummy_rsa(key->bits, out);
	close_element(out, begin, PKI_DER_CONTEXT(0));
}

/* RelativeDistinguishedNameTemplate, with or without its value. */
static pki_code
add_part(const pki_csrattrs_part *part, pki_buf *out, pki_err *err)
{
	pki_name_part whole = { part->type, part->value };
	uint8_t oid[PKI_NAME_OID_LEN];
	PKI_AUTO(pki_name) name = NULL;
	size_t begin = out->len;
	pki_der outer, parts;
	pki_code rc;

	if (part->value[0] == '\0') {
		pki_name_type_oid(part->type, oid);
		pki_der_add(out, PKI_DER_OID, pki_bytes_of(oid, sizeof(oid)));
		close_element(out, begin, PKI_DER_SEQUENCE);
		close_element(out, begin, PKI_DER_SET);
		return PKI_OK;
	}
	rc = pki_name_build(&whole, 1, &name, err);
	if (rc != PKI_OK)
		return rc;
	outer = pki_der_from(pki_name_der(name), "name");
	rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &parts, err);
	if (rc == PKI_OK)
		pki_buf_add(out, parts.rest);
	return rc;
}

static pki_code
add_template(const pki_csrattrs *wanted, pki_buf *out, pki_err *err)
{
	const pki_csrattrs_key *key = pki_csrattrs_key_of(wanted->key_types);
	size_t begin = out->len, value, subject;
	pki_code rc = PKI_OK;

	pki_der_add(out, PKI_DER_OID, PKI_BYTES_TEXT(OID_INFO_TEMPLATE));
	value = out->len;
	pki_der_add_integer(out, 0);
	subject = out->len;
	for (size_t i = 0; rc == PKI_OK && i < wanted->subject_count; i++)
		rc = add_part(&wanted->subject[i], out, err);
	if (wanted->subject_count > 0)
		close_element(out, subject, PKI_DER_SEQUENCE);
	if (key != NULL)
		add_template_key(key, out);
	subject = out->len;
	if (rc == PKI_OK)
		rc = add_extensions(find_known(wanted) | wanted->to_fill_in,
		    wanted, out, err);
	close_element(out, subject, PKI_DER_CONTEXT(1));
	close_element(out, value, PKI_DER_SEQUENCE);
	close_element(out, value, PKI_DER_SET);
	close_element(out, begin, PKI_DER_SEQUENCE);
	return rc;
}

static pki_code
add_plain(const pki_csrattrs *wanted, pki_buf *out, pki_err *err)
{
	const pki_csrattrs_key *key = pki_csrattrs_key_of(wanted->key_types);
	uint32_t known = find_known(wanted);

	if (key != NULL)
		add_plain_key(key, out);
	/* Who does not know RFC 9908 would ask for an empty address. */
	if (wanted->ip_wanted)
		known &= ~(uint32_t)PKI_CSRATTRS_ALT_NAMES;
	return add_extensions(known, wanted, out, err);
}

/* The OID of an AlgorithmIdentifier. */
static void
add_signature(const pki_sigalg *algorithm, pki_buf *out)
{
	pki_der outer = pki_der_from(algorithm->identifier, "algorithm");
	pki_der fields;
	pki_bytes oid;

	if (pki_der_enter(&outer, PKI_DER_SEQUENCE, &fields, NULL) == PKI_OK
	    && pki_der_read_oid(&fields, &oid, NULL) == PKI_OK)
		pki_der_add(out, PKI_DER_OID, oid);
}

/* Ed25519 and ML-DSA have one OID for key and signature. */
static bool
names_key(const pki_csrattrs *wanted, pki_csrattrs_form form)
{
	const pki_csrattrs_key *key = pki_csrattrs_key_of(wanted->key_types);

	return (form & PKI_CSRATTRS_PLAIN) != 0 && key != NULL &&
	    key->curve.len == 0 && key->bits == 0 &&
	    pki_sigalg_for(key->type) == wanted->signature;
}

static pki_code
check_bits(const pki_csrattrs *wanted, pki_csrattrs_form form, pki_err *err)
{
	if (form < PKI_CSRATTRS_PLAIN || form > PKI_CSRATTRS_BOTH ||
	    (wanted->challenges & ~ANY_CHALLENGE) != 0 ||
	    wanted->key_usage >> KEY_USAGE_BITS != 0 ||
	    (wanted->ext_usage & PKI_EKU_OTHER) != 0 ||
	    (wanted->to_fill_in & ~(uint32_t)ANY_EXTENSION) != 0 ||
	    wanted->subject_count > PKI_CSRATTRS_PARTS)
		return pki_fail(err, PKI_USAGE, "CsrAttrs: a form, a usage, "
		    "an extension or a number of parts that is none");
	return PKI_OK;
}

pki_code
pki_csrattrs_encode(const pki_csrattrs *wanted, pki_csrattrs_form form,
    pki_buf *out, pki_err *err)
{
	PKI_AUTO(pki_buf) list = pki_buf_new();
	pki_code rc;

	if (list == NULL)
		return pki_fail_memory(err);
	rc = check_bits(wanted, form, err);
	if (rc != PKI_OK)
		return rc;
	for (unsigned i = 0; i < PKI_CSR_CHALLENGES; i++)
		if ((wanted->challenges & UINT32_C(1) << i) != 0)
			pki_der_add(list, PKI_DER_OID,
			    pki_csr_challenge_oid(i));
	if ((form & PKI_CSRATTRS_PLAIN) != 0)
		rc = add_plain(wanted, list, err);
	if (wanted->signature != NULL && !names_key(wanted, form))
		add_signature(wanted->signature, list);
	if (rc == PKI_OK && (form & PKI_CSRATTRS_TEMPLATE) != 0)
		rc = add_template(wanted, list, err);
	close_element(list, 0, PKI_DER_SEQUENCE);
	if (rc == PKI_OK)
		rc = pki_buf_check(list, err);
	if (rc == PKI_OK && list->len > PKI_CSRATTRS_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "size",
		    "at most 16384 octets", "%zu octets", list->len);
	if (rc != PKI_OK)
		return rc;
	pki_buf_add(out, pki_buf_bytes(list));
	return pki_buf_check(out, err);
}
