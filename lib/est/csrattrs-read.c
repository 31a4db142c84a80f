#include "est/csrattrs-parts.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ELEMENTS 64

static const char rule[] = "csrattrs";

/* The list while it is read. */
typedef struct reading {
	pki_csrattrs *out;
	bool          has_key, has_extensions;
	pki_bytes     template;         /* the whole value, or no bytes */
} reading;

static pki_code
refuse_second(const char *what, pki_err *err)
{
	return pki_refuse(err, PKI_BAD_INPUT, rule, "one of each kind",
	    "a second %s", what);
}

/* By its OID alone, with the parameters that are usual. */
static const pki_sigalg *
find_signature(pki_bytes oid)
{
	static const pki_bytes parameters[] = {
		PKI_BYTES_TEXT(""), PKI_BYTES_TEXT("\x05\x00"),
	};
	const pki_sigalg *found = NULL;

	for (size_t i = 0; i < PKI_COUNT(parameters) && found == NULL; i++) {
		PKI_AUTO(pki_buf) content = pki_buf_new();
		PKI_AUTO(pki_buf) identifier = pki_buf_new();

		pki_der_add(content, PKI_DER_OID, oid);
		pki_buf_add(content, parameters[i]);
		pki_der_add(identifier, PKI_DER_SEQUENCE,
		    pki_buf_bytes(content));
		found = pki_sigalg_find(pki_buf_bytes(identifier));
	}
	return found != NULL && found->refused == NULL ? found : NULL;
}

/* One type may be asked for: RFC 9908, 3.2. */
static pki_code
note_key(reading *r, uint32_t types, pki_err *err)
{
	if (r->has_key)
		return refuse_second("type of key", err);
	r->has_key = true;
	r->out->key_types = types;
	return PKI_OK;
}

/* An element that is an OID.  Unknown ones are ignored. */
static pki_code
read_oid(reading *r, pki_der *list, pki_err *err)
{
	uint32_t types;
	pki_bytes oid;
	pki_code rc;

	rc = pki_der_read_oid(list, &oid, err);
	if (rc != PKI_OK)
		return rc;
	for (unsigned i = 0; i < PKI_CSR_CHALLENGES; i++)
		if (pki_bytes_equal(oid, pki_csr_challenge_oid(i)))
			r->out->challenges |= UINT32_C(1) << i;
	if (r->out->signature == NULL)
		r->out->signature = find_signature(oid);
	/* Ed25519 and ML-DSA have one OID for both. */
	types = pki_csrattrs_find_keys(oid, NULL, 0);
	return types == 0 ? PKI_OK : note_key(r, types, err);
}

/* The value of a key's attribute: a curve, a size, or nothing. */
static pki_code
read_key(reading *r, pki_bytes algorithm, pki_der *values, pki_err *err)
{
	bool has_curve = pki_der_next_is(values, PKI_DER_OID);
	bool given = !pki_der_at_end(values);
	pki_bytes curve;
	int64_t bits = 0;
	uint32_t types;
	pki_code rc = PKI_OK;

	if (has_curve)
		rc = pki_der_read_oid(values, &curve, err);
	else if (given)
		rc = pki_der_read_small(values, &bits, err);
	/* A size of 0 is none of ours; to the table it means any. */
	if (rc == PKI_OK && bits == 0 && !has_curve && given)
		bits = 1;
	if (rc == PKI_OK && !pki_der_at_end(values))
		return pki_refuse(err, PKI_BAD_INPUT, rule, "one value",
		    "a type of key with several");
	if (rc != PKI_OK)
		return rc;
	types = pki_csrattrs_find_keys(algorithm, has_curve ? &curve : NULL,
	    (uint64_t)bits);
	if (types == 0)
		return pki_refuse(err, PKI_DENIED, rule,
		    "a type of key that we can make",
		    "another curve or size");
	return note_key(r, types, err);
}

static pki_code
read_extensions(reading *r, pki_der *values, pki_err *err)
{
	pki_bytes whole;
	pki_der at = *values;
	pki_code rc;

	if (r->has_extensions)
		return refuse_second("request for extensions", err);
	r->has_extensions = true;
	rc = pki_der_read_any(values, NULL, NULL, &whole, err);
	if (rc == PKI_OK && !pki_der_at_end(values))
		return pki_refuse(err, PKI_BAD_INPUT, rule, "one value",
		    "a request for extensions of several values");
	/* RFC 7030's own example has an OID here, and servers copied it. */
	if (rc != PKI_OK || whole.data[0] == PKI_DER_OID)
		return rc;
	return pki_csrattrs_read_extensions(&at, false, r->out, err);
}

static pki_code
keep_template(reading *r, pki_der *values, pki_err *err)
{
	pki_code rc;

	if (r->template.data != NULL)
		return refuse_second("template", err);
	rc = pki_der_read_any(values, NULL, NULL, &r->template, err);
	if (rc == PKI_OK && !pki_der_at_end(values))
		return pki_refuse(err, PKI_BAD_INPUT, rule, "one value",
		    "a template of several values");
	return rc;
}

/* An element that is an Attribute; a set may be empty: RFC 9908, 3.2. */
static pki_code
read_attribute(reading *r, pki_der *list, pki_err *err)
{
	pki_der fields, values;
	pki_bytes oid;
	pki_code rc;

	rc = pki_der_enter(list, PKI_DER_SEQUENCE, &fields, err);
	if (rc == PKI_OK)
		rc = pki_der_read_oid(&fields, &oid, err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&fields, PKI_DER_SET, &values, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&fields, err);
	if (rc != PKI_OK)
		return rc;
	if (pki_bytes_equal(oid, PKI_BYTES_TEXT(OID_INFO_TEMPLATE)))
		return keep_template(r, &values, err);
	if (pki_bytes_equal(oid, PKI_BYTES_TEXT(OID_EXTENSION_REQ)))
		return read_extensions(r, &values, err);
	if (pki_csrattrs_find_keys(oid, NULL, 0) != 0)
		return read_key(r, oid, &values, err);
	return PKI_OK;
}

static pki_code
read_element(reading *r, pki_der *list, pki_err *err)
{
	if (pki_der_next_is(list, PKI_DER_OID))
		return read_oid(r, list, err);
	if (pki_der_next_is(list, PKI_DER_SEQUENCE))
		return read_attribute(r, list, err);
	return pki_refuse(err, PKI_BAD_INPUT, rule, "OIDs and attributes",
	    "an element of tag 0x%02x", list->rest.data[0]);
}

/* RFC 9908, 4: who understands the template takes nothing else. */
static pki_code
take_template(reading *r, pki_err *err)
{
	pki_der value = pki_der_from(r->template, "request template");
	pki_csrattrs *out = r->out;

	pki_altnames_free(out->alt_names);
	*out = (pki_csrattrs){ .signature = out->signature,
		.challenges = out->challenges };
	return pki_csrattrs_read_template(&value, out, err);
}

pki_code
pki_csrattrs_parse(pki_bytes der, pki_csrattrs **out, pki_err *err)
{
	pki_der outer = pki_der_from(der, "CsrAttrs"), list;
	PKI_AUTO(pki_csrattrs) found = NULL;
	reading r = { .has_key = false };
	pki_code rc;

	if (der.len > PKI_CSRATTRS_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "size",
		    "at most 16384 octets", "%zu octets", der.len);
	r.out = found = calloc(1, sizeof(*found));
	if (found == NULL)
		return pki_fail_memory(err);
	rc = pki_der_check(der, "CsrAttrs", err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &list, err);
	for (int i = 0; rc == PKI_OK && !pki_der_at_end(&list); i++) {
		if (i == MAX_ELEMENTS)
			return pki_refuse(err, PKI_BAD_INPUT, rule,
			    "at most 64 elements", "more than 64");
		rc = read_element(&r, &list, err);
	}
	if (rc == PKI_OK && r.template.data != NULL)
		rc = take_template(&r, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(found);
	return rc;
}

void
pki_csrattrs_free(pki_csrattrs *attrs)
{
	if (attrs == NULL)
		return;
	pki_altnames_free(attrs->alt_names);
	free(attrs);
}
