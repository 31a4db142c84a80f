#include "est/csrattrs-parts.h"

#include <string.h>

/* Reading the template of RFC 9908, 3.4 and appendix A: IMPLICIT tags. */

static const char rule[] = "csrattrs";

/* The value, as a name of this one part: rdn is the whole SET. */
static pki_code
copy_value(pki_bytes rdn, pki_csrattrs_part *out, pki_err *err)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_name) name = NULL;
	const char *value;
	pki_code rc;

	pki_der_add(der, PKI_DER_SEQUENCE, rdn);
	rc = pki_buf_check(der, err);
	if (rc == PKI_OK)
		rc = pki_name_parse(pki_buf_bytes(der), &name, err);
	if (rc != PKI_OK)
		return rc;
	value = pki_name_at(name, 0)->value;
	if (strlen(value) > PKI_CSRATTRS_VALUE_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, rule,
		    "64 characters", "%zu octets", strlen(value));
	memcpy(out->value, value, strlen(value) + 1);
	return PKI_OK;
}

/* SET { SingleAttributeTemplate SEQUENCE { type, value OPTIONAL } }. */
static pki_code
read_part(pki_der *parts, pki_csrattrs_part *out, pki_err *err)
{
	pki_der at = *parts, set, fields;
	pki_bytes whole, oid;
	char text[80];
	pki_code rc;

	rc = pki_der_enter(parts, PKI_DER_SET, &set, err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&set, PKI_DER_SEQUENCE, &fields, err);
	if (rc == PKI_OK)
		rc = pki_der_read_oid(&fields, &oid, err);
	if (rc != PKI_OK)
		return rc;
	if (!pki_der_at_end(&set))
		return pki_refuse(err, PKI_DENIED, rule,
		    "one attribute in each part", "a part of several");
	if (!pki_name_type_find(oid, &out->type))
		return pki_refuse(err, PKI_DENIED, rule,
		    "C, ST, L, O, OU, serialNumber, CN", "attribute %s",
		    pki_der_format_oid(oid, text, sizeof(text)));
	if (pki_der_at_end(&fields))
		return PKI_OK;
	rc = pki_der_read_any(&at, NULL, NULL, &whole, err);
	return rc == PKI_OK ? copy_value(whole, out, err) : rc;
}

static pki_code
read_subject(pki_der *fields, pki_csrattrs *out, pki_err *err)
{
	pki_der parts;
	pki_code rc;

	rc = pki_der_enter(fields, PKI_DER_SEQUENCE, &parts, err);
	if (rc == PKI_OK && pki_der_at_end(&parts))
		return pki_refuse(err, PKI_BAD_INPUT, rule,
		    "a part or no subject", "an empty subject");
	while (rc == PKI_OK && !pki_der_at_end(&parts)) {
		if (out->subject_count == PKI_CSRATTRS_PARTS)
			return pki_refuse(err, PKI_BAD_INPUT, rule,
			    "at most 10 parts", "a subject of more");
		rc = read_part(&parts, &out->subject[out->subject_count],
		    err);
		out->subject_count++;
	}
	return rc;
}

/* The size of a dummy RSAPublicKey. */
static pki_code
read_rsa_bits(pki_der *fields, uint64_t *out, pki_err *err)
{
	pki_bytes bits, modulus, exponent;
	pki_der outer, inner;
	pki_code rc;

	rc = pki_der_read_bits(fields, &bits, err);
	if (rc != PKI_OK)
		return rc;
	outer = pki_der_from(bits, "RSA public key");
	if ((rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &inner, err)) ||
	    (rc = pki_der_finish(&outer, err)) ||
	    (rc = pki_der_read_integer(&inner, &modulus, err)) ||
	    (rc = pki_der_read_integer(&inner, &exponent, err)) ||
	    (rc = pki_der_finish(&inner, err)))
		return rc;
	/* Sizes that we know fill whole octets, behind one for the sign. */
	*out = modulus.len > 1 && modulus.data[0] == 0 ?
	    (uint64_t)(modulus.len - 1) * 8 : 1;
	return PKI_OK;
}

/* AlgorithmIdentifier; the OID of its parameters, when they are one. */
static pki_code
read_algorithm(pki_der *fields, pki_bytes *algorithm, pki_bytes *curve,
    bool *has_curve, pki_err *err)
{
	pki_bytes null;
	pki_der inner;
	pki_code rc;

	*has_curve = false;
	rc = pki_der_enter(fields, PKI_DER_SEQUENCE, &inner, err);
	if (rc == PKI_OK)
		rc = pki_der_read_oid(&inner, algorithm, err);
	if (rc != PKI_OK || pki_der_at_end(&inner))
		return rc;
	*has_curve = pki_der_next_is(&inner, PKI_DER_OID);
	if (*has_curve)
		rc = pki_der_read_oid(&inner, curve, err);
	else
		rc = pki_der_read(&inner, PKI_DER_NULL, &null, err);
	return rc == PKI_OK ? pki_der_finish(&inner, err) : rc;
}

/* SubjectPublicKeyInfoTemplate { algorithm, subjectPublicKey OPTIONAL }. */
static pki_code
read_key(pki_der *fields, pki_csrattrs *out, pki_err *err)
{
	pki_bytes algorithm, curve;
	uint64_t bits = 0;
	bool has_curve;
	pki_der key;
	pki_code rc;

	rc = pki_der_enter(fields, PKI_DER_CONTEXT(0), &key, err);
	if (rc == PKI_OK)
		rc = read_algorithm(&key, &algorithm, &curve, &has_curve,
		    err);
	if (rc == PKI_OK && !pki_der_at_end(&key))
		rc = read_rsa_bits(&key, &bits, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&key, err);
	if (rc != PKI_OK)
		return rc;
	out->key_types = pki_csrattrs_find_keys(algorithm,
	    has_curve ? &curve : NULL, bits);
	if (out->key_types == 0)
		return pki_refuse(err, PKI_DENIED, rule,
		    "a type of key that we can make", "another");
	return PKI_OK;
}

static bool
is_extension_template(pki_bytes oid)
{
	return pki_bytes_equal(oid,
	    PKI_BYTES_TEXT(OID_EXTENSION_REQ_TEMPLATE)) ||
	    pki_bytes_equal(oid, PKI_BYTES_TEXT(OID_EXTENSION_REQ_MISPRINT));
}

/* Of both kinds together there may be one. */
static pki_code
read_attribute(pki_der *list, bool *has_extensions, pki_csrattrs *out,
    pki_err *err)
{
	pki_der fields, values;
	pki_bytes oid;
	bool partial;
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
	for (unsigned i = 0; i < PKI_CSR_CHALLENGES; i++)
		if (pki_bytes_equal(oid, pki_csr_challenge_oid(i)))
			out->challenges |= UINT32_C(1) << i;
	partial = is_extension_template(oid);
	if (!partial &&
	    !pki_bytes_equal(oid, PKI_BYTES_TEXT(OID_EXTENSION_REQ)))
		return PKI_OK;
	if (*has_extensions)
		return pki_refuse(err, PKI_BAD_INPUT, rule,
		    "one request for extensions", "two");
	*has_extensions = true;
	rc = pki_csrattrs_read_extensions(&values, partial, out, err);
	if (rc == PKI_OK && !pki_der_at_end(&values))
		return pki_refuse(err, PKI_BAD_INPUT, rule, "one value",
		    "a request for extensions of several values");
	return rc;
}

pki_code
pki_csrattrs_read_template(pki_der *value, pki_csrattrs *out, pki_err *err)
{
	bool has_extensions = false;
	pki_der fields, list;
	int64_t version;
	pki_code rc;

	rc = pki_der_enter(value, PKI_DER_SEQUENCE, &fields, err);
	if (rc == PKI_OK)
		rc = pki_der_read_small(&fields, &version, err);
	if (rc == PKI_OK && version != 0)
		return pki_refuse(err, PKI_BAD_INPUT, rule, "version 0",
		    "template of version %lld", (long long)version);
	if (rc == PKI_OK && pki_der_next_is(&fields, PKI_DER_SEQUENCE))
		rc = read_subject(&fields, out, err);
	if (rc == PKI_OK && pki_der_next_is(&fields, PKI_DER_CONTEXT(0)))
		rc = read_key(&fields, out, err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&fields, PKI_DER_CONTEXT(1), &list, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&fields, err);
	while (rc == PKI_OK && !pki_der_at_end(&list))
		rc = read_attribute(&list, &has_extensions, out, err);
	return rc;
}
