#include "x509/tbs.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "x509/der.h"
#include "x509/tbs-parts.h"
#include "x509/usage.h"

/* Object identifiers, content octets: id-ce, id-pe, id-ad, id-kp. */
#define OID_KEY_ID "\x55\x1d\x0e"
#define OID_KEY_USAGE "\x55\x1d\x0f"
#define OID_ALT_NAME "\x55\x1d\x11"
#define OID_BASIC_CONSTRAINTS "\x55\x1d\x13"
#define OID_CRL_POINTS "\x55\x1d\x1f"
#define OID_AUTHORITY_KEY_ID "\x55\x1d\x23"
#define OID_EXT_USAGE "\x55\x1d\x25"
#define OID_INFO_ACCESS "\x2b\x06\x01\x05\x05\x07\x01\x01"
#define OID_CA_ISSUERS "\x2b\x06\x01\x05\x05\x07\x30\x02"
#define OID_OCSP_NO_CHECK "\x2b\x06\x01\x05\x05\x07\x30\x01\x05"
#define ID_KP "\x2b\x06\x01\x05\x05\x07\x03"

/* [0] EXPLICIT Version v3(2). */
#define VERSION_3 "\xa0\x03\x02\x01\x02"

enum { GENERAL_NAME_URI = PKI_DER_CONTEXT_PRIMITIVE(6) };

#define KEY_USAGES ((1u << (PKI_KU_DECIPHER_ONLY + 1)) - 1)
#define LAST_PURPOSE 31

/* Room that most certificates' extensions need. */
#define USUAL_EXTENSIONS 500

typedef struct extension {
	pki_bytes oid;
	bool      critical;
	size_t    len;          /* octets of the value */
} extension;

static size_t
extension_len(const extension *e)
{
	return pki_der_size(e->oid.len) + (e->critical ? 3 : 0) +
	    pki_der_size(e->len);
}

/* Append all of an extension but its value, which comes next. */
static void
begin_extension(pki_buf *out, const extension *e)
{
	pki_der_add_header(out, PKI_DER_SEQUENCE, extension_len(e));
	pki_der_add(out, PKI_DER_OID, e->oid);
	if (e->critical)
		pki_buf_add(out, PKI_BYTES_TEXT("\x01\x01\xff"));
	pki_der_add_header(out, PKI_DER_OCTET_STRING, e->len);
}

/* cA FALSE is the default, so that an end entity's is an empty SEQUENCE. */
static void
add_basic_constraints(const pki_tbs *tbs, pki_buf *out)
{
	extension e = { PKI_BYTES_TEXT(OID_BASIC_CONSTRAINTS), true, 0 };
	bool has_length = tbs->is_ca && tbs->path_len >= 0;
	size_t len = tbs->is_ca ? 3 : 0;

	if (has_length)
		len += pki_der_size(pki_der_integer_len(tbs->path_len));
	e.len = pki_der_size(len);
	begin_extension(out, &e);
	pki_der_add_header(out, PKI_DER_SEQUENCE, len);
	if (tbs->is_ca)
		pki_buf_add(out, PKI_BYTES_TEXT("\x01\x01\xff"));
	if (has_length)
		pki_der_add_integer(out, tbs->path_len);
}

/* Named bits end with the last one set: X.690, 11.2.2. */
static void
add_key_usage(const pki_tbs *tbs, pki_buf *out)
{
	extension e = { PKI_BYTES_TEXT(OID_KEY_USAGE), true, 0 };
	uint32_t set = tbs->key_usage & KEY_USAGES;
	uint8_t bits[3] = { 0 };
	unsigned last = 0;
	size_t len;

	if (set == 0)
		return;
	for (unsigned bit = 0; bit <= PKI_KU_DECIPHER_ONLY; bit++) {
		if ((set >> bit & 1) == 0)
			continue;
		bits[1 + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		last = bit;
	}
	bits[0] = (uint8_t)(7 - last % 8);
	len = 2 + last / 8;
	e.len = pki_der_size(len);
	begin_extension(out, &e);
	pki_der_add(out, PKI_DER_BIT_STRING, pki_bytes_of(bits, len));
}

static void
add_ext_usage(const pki_tbs *tbs, pki_buf *out)
{
	extension e = { PKI_BYTES_TEXT(OID_EXT_USAGE), false, 0 };
	uint8_t oid[] = ID_KP;          /* the NUL is the last arc's place */
	size_t len = 0;

	for (unsigned arc = 1; arc <= LAST_PURPOSE; arc++)
		if ((tbs->ext_usage >> arc & 1) != 0)
			len += pki_der_size(sizeof(oid));
	if (len == 0)
		return;
	e.len = pki_der_size(len);
	begin_extension(out, &e);
	pki_der_add_header(out, PKI_DER_SEQUENCE, len);
	for (unsigned arc = 1; arc <= LAST_PURPOSE; arc++) {
		if ((tbs->ext_usage >> arc & 1) == 0)
			continue;
		oid[sizeof(oid) - 1] = (uint8_t)arc;
		pki_der_add(out, PKI_DER_OID, pki_bytes_of(oid, sizeof(oid)));
	}
}

/* SEQUENCE { [0] keyIdentifier } */
static void
add_authority_key_id(pki_bytes key_id, pki_buf *out)
{
	extension e = { PKI_BYTES_TEXT(OID_AUTHORITY_KEY_ID), false, 0 };
	size_t len = pki_der_size(key_id.len);

	e.len = pki_der_size(len);
	begin_extension(out, &e);
	pki_der_add_header(out, PKI_DER_SEQUENCE, len);
	pki_der_add(out, PKI_DER_CONTEXT_PRIMITIVE(0), key_id);
}

/* SEQUENCE { SEQUENCE { id-ad-caIssuers, [6] uri } } */
static void
add_ca_url(const pki_tbs *tbs, pki_buf *out)
{
	extension e = { PKI_BYTES_TEXT(OID_INFO_ACCESS), false, 0 };
	pki_bytes method = PKI_BYTES_TEXT(OID_CA_ISSUERS);
	pki_bytes uri = pki_bytes_text(tbs->ca_url);
	size_t len = pki_der_size(method.len) + pki_der_size(uri.len);

	if (tbs->ca_url == NULL)
		return;
	e.len = pki_der_size(pki_der_size(len));
	begin_extension(out, &e);
	pki_der_add_header(out, PKI_DER_SEQUENCE, pki_der_size(len));
	pki_der_add_header(out, PKI_DER_SEQUENCE, len);
	pki_der_add(out, PKI_DER_OID, method);
	pki_der_add(out, GENERAL_NAME_URI, uri);
}

static void
add_ocsp_no_check(const pki_tbs *tbs, pki_buf *out)
{
	extension e = { PKI_BYTES_TEXT(OID_OCSP_NO_CHECK), false, 2 };

	if (!tbs->ocsp_no_check)
		return;
	begin_extension(out, &e);
	pki_der_add_header(out, PKI_DER_NULL, 0);
}

static void
add_pieces(const pki_tbs *tbs, pki_tbs_template *made)
{
	pki_buf *octets = made->octets;

	pki_buf_reserve(octets, USUAL_EXTENSIONS);
	pki_buf_add(octets, tbs->algorithm->identifier);
	made->algorithm_end = octets->len;
	pki_buf_add(octets, pki_name_der(tbs->issuer));
	made->issuer_end = octets->len;
	add_basic_constraints(tbs, octets);
	add_key_usage(tbs, octets);
	add_ext_usage(tbs, octets);
	made->usages_end = octets->len;
	if (tbs->authority_key_id.len > 0)
		add_authority_key_id(tbs->authority_key_id, octets);
	made->authority_end = octets->len;
	made->authority_id = octets->len - tbs->authority_key_id.len;
	add_ca_url(tbs, octets);
	add_ocsp_no_check(tbs, octets);
}

pki_code
pki_tbs_template_new(const pki_tbs *tbs, pki_tbs_template **out, pki_err *err)
{
	PKI_AUTO(pki_tbs_template) made = calloc(1, sizeof(*made));

	if (made == NULL)
		return pki_fail_memory(err);
	made->is_ca = tbs->is_ca;
	made->path_len = tbs->path_len;
	made->key_usage = tbs->key_usage;
	made->ext_usage = tbs->ext_usage;
	made->ocsp_no_check = tbs->ocsp_no_check;
	if (tbs->ca_url != NULL &&
	    (made->ca_url = pki_text_copy(tbs->ca_url)) == NULL)
		return pki_fail_memory(err);
	made->octets = pki_buf_new();
	if (made->octets == NULL)
		return pki_fail_memory(err);
	add_pieces(tbs, made);
	if (pki_buf_check(made->octets, err) != PKI_OK)
		return PKI_NO_MEMORY;
	*out = PKI_TAKE(made);
	return PKI_OK;
}

void
pki_tbs_template_free(pki_tbs_template *common)
{
	if (common == NULL)
		return;
	free(common->ca_url);
	pki_buf_free(common->octets);
	free(common);
}

static pki_bytes
piece(const pki_tbs_template *common, size_t begin, size_t end)
{
	return pki_bytes_of(common->octets->data + begin, end - begin);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
pki_tbs_template_fits(const pki_tbs_template *common, const pki_tbs *tbs)
{
	return common->is_ca == tbs->is_ca &&
	    common->path_len == tbs->path_len &&
	    common->key_usage == tbs->key_usage &&
	    common->ext_usage == tbs->ext_usage &&
	    common->ocsp_no_check == tbs->ocsp_no_check &&
	    same_text(common->ca_url, tbs->ca_url) &&
	    pki_bytes_equal(piece(common, 0, common->algorithm_end),
	    tbs->algorithm->identifier) &&
	    pki_bytes_equal(piece(common, common->algorithm_end,
	    common->issuer_end), pki_name_der(tbs->issuer)) &&
	    pki_bytes_equal(piece(common, common->authority_id,
	    common->authority_end), tbs->authority_key_id);
}

static pki_code
check_time(int64_t when, const char *what, pki_err *err)
{
	if (when < 0 || when > PKI_TIME_MAX)
		return pki_fail(err, PKI_BAD_INPUT,
		    "%s '%lld' is not within 1970 to 9999", what,
		    (long long)when);
	return PKI_OK;
}

static void
add_subject_key_id(const pki_tbs *tbs, pki_buf *out)
{
	extension e = { PKI_BYTES_TEXT(OID_KEY_ID), false, 0 };
	pki_bytes key_id = pki_pubkey_id(tbs->key);

	e.len = pki_der_size(key_id.len);
	begin_extension(out, &e);
	pki_der_add(out, PKI_DER_OCTET_STRING, key_id);
}

/* Critical when nothing else names the subject: RFC 5280, 4.2.1.6. */
static pki_code
add_alt_names(const pki_tbs *tbs, pki_buf *out, pki_err *err)
{
	extension e = { PKI_BYTES_TEXT(OID_ALT_NAME),
	    pki_name_count(tbs->subject) == 0, 0 };

	if (pki_altnames_count(tbs->alt_names) == 0)
		return PKI_OK;
	e.len = pki_altnames_size(tbs->alt_names);
	begin_extension(out, &e);
	return pki_altnames_encode(tbs->alt_names, out, err);
}

/* SEQUENCE { SEQUENCE { [0] { [0] { [6] uri } } } }: one point, fullName. */
static void
add_crl_url(const pki_tbs *tbs, pki_buf *out)
{
	static const uint8_t tags[] = { PKI_DER_CONTEXT(0),
		PKI_DER_CONTEXT(0), PKI_DER_SEQUENCE, PKI_DER_SEQUENCE };
	extension e = { PKI_BYTES_TEXT(OID_CRL_POINTS), false, 0 };
	pki_bytes uri = pki_bytes_text(tbs->crl_url);
	size_t lens[PKI_COUNT(tags) + 1] = { pki_der_size(uri.len) };

	if (tbs->crl_url == NULL)
		return;
	for (size_t i = 0; i < PKI_COUNT(tags); i++)
		lens[i + 1] = pki_der_size(lens[i]);
	e.len = lens[PKI_COUNT(tags)];
	begin_extension(out, &e);
	for (size_t i = PKI_COUNT(tags); i-- > 0;)
		pki_der_add_header(out, tags[i], lens[i]);
	pki_der_add(out, GENERAL_NAME_URI, uri);
}

static pki_code
add_extensions(const pki_tbs_template *common, const pki_tbs *tbs,
    pki_buf *out, pki_err *err)
{
	pki_code rc;

	pki_buf_add(out, piece(common, common->issuer_end,
	    common->usages_end));
	add_subject_key_id(tbs, out);
	if (tbs->authority_key_id.len == 0)
		add_authority_key_id(pki_pubkey_id(tbs->key), out);
	else
		pki_buf_add(out, piece(common, common->usages_end,
		    common->authority_end));
	rc = add_alt_names(tbs, out, err);
	add_crl_url(tbs, out);
	pki_buf_add(out, piece(common, common->authority_end,
	    common->octets->len));
	return rc;
}

/* The fields of TBSCertificate in their order: RFC 5280, 4.1. */
static void
add_fields(const pki_tbs_template *common, const pki_tbs *tbs,
    pki_bytes extensions, pki_buf *out)
{
	pki_bytes front = piece(common, 0, common->issuer_end);
	pki_bytes subject = pki_name_der(tbs->subject);
	pki_bytes key = pki_pubkey_spki(tbs->key);
	size_t validity = pki_der_size(pki_der_time_len(tbs->not_before)) +
	    pki_der_size(pki_der_time_len(tbs->not_after));
	size_t list = pki_der_size(extensions.len);
	size_t len = sizeof(VERSION_3) - 1 + pki_der_size(tbs->serial.len) +
	    front.len + pki_der_size(validity) + subject.len + key.len +
	    pki_der_size(list);

	pki_buf_reserve(out, pki_der_size(len));
	pki_der_add_header(out, PKI_DER_SEQUENCE, len);
	pki_buf_add(out, PKI_BYTES_TEXT(VERSION_3));
	pki_der_add(out, PKI_DER_INTEGER, pki_serial_bytes(&tbs->serial));
	pki_buf_add(out, front);
	pki_der_add_header(out, PKI_DER_SEQUENCE, validity);
	pki_der_add_time(out, tbs->not_before);
	pki_der_add_time(out, tbs->not_after);
	pki_buf_add(out, subject);
	pki_buf_add(out, key);
	pki_der_add_header(out, PKI_DER_CONTEXT(3), list);
	pki_der_add(out, PKI_DER_SEQUENCE, extensions);
}

static pki_code
fill(const pki_tbs_template *common, const pki_tbs *tbs, pki_buf *out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) extensions = pki_buf_new();
	pki_code rc;

	rc = check_time(tbs->not_before, "notBefore", err);
	if (rc == PKI_OK)
		rc = check_time(tbs->not_after, "notAfter", err);
	if (rc != PKI_OK)
		return rc;
	pki_buf_reserve(extensions, USUAL_EXTENSIONS);
	rc = add_extensions(common, tbs, extensions, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(extensions, err);
	if (rc != PKI_OK)
		return rc;
	add_fields(common, tbs, pki_buf_bytes(extensions), out);
	return pki_buf_check(out, err);
}

pki_code
pki_tbs_fill(const pki_tbs_template *common, const pki_tbs *tbs,
    pki_buf *out, pki_err *err)
{
	if (!pki_tbs_template_fits(common, tbs))
		return pki_fail(err, PKI_BAD_INPUT,
		    "the template is of another profile or CA");
	return fill(common, tbs, out, err);
}

pki_code
pki_tbs_encode(const pki_tbs *tbs, pki_buf *out, pki_err *err)
{
	PKI_AUTO(pki_tbs_template) common = NULL;
	pki_code rc;

	rc = pki_tbs_template_new(tbs, &common, err);
	return rc == PKI_OK ? fill(common, tbs, out, err) : rc;
}
