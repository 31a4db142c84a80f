#include "est/certs-only.h"

#include <stdlib.h>
#include <string.h>

#include "x509/cert.h"
#include "x509/der.h"

#define PKCS7(arc) "\x2a\x86\x48\x86\xf7\x0d\x01\x07" arc
#define OID_DATA PKCS7("\x01")
#define OID_SIGNED_DATA PKCS7("\x02")

#define CMS_VERSION 1       /* RFC 5652, 5.1: only plain certificates inside */

static const char rule[] = "certs-only";

static pki_code
check_cert(pki_bytes cert, pki_err *err)
{
	if (cert.len > PKI_CERT_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "size",
		    "at most 8192 octets", "certificate of %zu octets",
		    cert.len);
	/* The other CertificateChoices are tagged: RFC 5652, 10.2.2. */
	if (cert.len == 0 || cert.data[0] != PKI_DER_SEQUENCE)
		return pki_refuse(err, PKI_BAD_INPUT, rule,
		    "X.509 certificates", "something of tag 0x%02x",
		    cert.len == 0 ? 0U : cert.data[0]);
	return PKI_OK;
}

static int
compare_certs(const void *a, const void *b)
{
	return pki_bytes_compare(*(const pki_bytes *)a, *(const pki_bytes *)b);
}

/* X.690, 11.6: ascending. */
static pki_code
add_certs(const pki_bytes *certs, size_t count, pki_buf *out, pki_err *err)
{
	pki_bytes sorted[PKI_CERTS_ONLY_COUNT];
	pki_code rc;

	for (size_t i = 0; i < count; i++) {
		rc = check_cert(certs[i], err);
		if (rc == PKI_OK)
			rc = pki_der_check(certs[i], "certificate", err);
		if (rc != PKI_OK)
			return rc;
		sorted[i] = certs[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_certs);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !pki_bytes_equal(sorted[i - 1], sorted[i]))
			pki_buf_add(out, sorted[i]);
	return pki_buf_check(out, err);
}

static pki_code
check_count(size_t count, pki_err *err)
{
	if (count == 0 || count > PKI_CERTS_ONLY_COUNT)
		return pki_refuse(err, PKI_BAD_INPUT, rule,
		    "1 to 32 certificates", "%s certificates",
		    count == 0 ? "no" : "more than 32");
	return PKI_OK;
}

/* Put one element around all that buf holds, in place. */
static void
wrap(pki_buf *buf, uint8_t tag, pki_buf *room)
{
	pki_buf_cut(room, 0);
	pki_der_add(room, tag, pki_buf_bytes(buf));
	pki_buf_cut(buf, 0);
	pki_buf_add(buf, pki_buf_bytes(room));
}

/*
 * SignedData ::= SEQUENCE { version, digestAlgorithms SET,
 *   encapContentInfo SEQUENCE { id-data }, certificates [0], signerInfos SET }
 */
static void
add_signed_data(pki_bytes certs, pki_buf *out)
{
	pki_bytes none = pki_bytes_of(NULL, 0);
	size_t oid = pki_der_size(sizeof(OID_DATA) - 1);

	pki_der_add_integer(out, CMS_VERSION);
	pki_der_add(out, PKI_DER_SET, none);
	pki_der_add_header(out, PKI_DER_SEQUENCE, oid);
	pki_der_add(out, PKI_DER_OID, PKI_BYTES_TEXT(OID_DATA));
	pki_der_add(out, PKI_DER_CONTEXT(0), certs);
	pki_der_add(out, PKI_DER_SET, none);
}

pki_code
pki_certs_only_encode(const pki_bytes *certs, size_t count, pki_buf *out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) list = pki_buf_new();
	PKI_AUTO(pki_buf) room = pki_buf_new();
	PKI_AUTO(pki_buf) content = pki_buf_new();
	pki_code rc;

	if (list == NULL || room == NULL || content == NULL)
		return pki_fail_memory(err);
	rc = check_count(count, err);
	if (rc == PKI_OK)
		rc = add_certs(certs, count, list, err);
	if (rc != PKI_OK)
		return rc;
	add_signed_data(pki_buf_bytes(list), content);
	wrap(content, PKI_DER_SEQUENCE, room);
	wrap(content, PKI_DER_CONTEXT(0), room);
	pki_buf_cut(room, 0);
	pki_der_add(room, PKI_DER_OID, PKI_BYTES_TEXT(OID_SIGNED_DATA));
	pki_buf_add(room, pki_buf_bytes(content));
	if (pki_der_size(room->len) > PKI_CERTS_ONLY_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "size",
		    "at most 61440 octets", "certificates of %zu octets",
		    list->len);
	if (pki_buf_check(content, err) != PKI_OK ||
	    pki_buf_check(room, err) != PKI_OK)
		return PKI_NO_MEMORY;
	pki_der_add(out, PKI_DER_SEQUENCE, pki_buf_bytes(room));
	return pki_buf_check(out, err);
}

static pki_code
expect_oid(pki_der *der, pki_bytes wanted, const char *name, pki_err *err)
{
	char text[80];
	pki_bytes oid;
	pki_code rc;

	rc = pki_der_read_oid(der, &oid, err);
	if (rc != PKI_OK || pki_bytes_equal(oid, wanted))
		return rc;
	return pki_refuse(err, PKI_BAD_INPUT, rule, name, "content type %s",
	    pki_der_format_oid(oid, text, sizeof(text)));
}

static pki_code
expect_empty_set(pki_der *der, const char *what, pki_err *err)
{
	pki_bytes content;
	pki_code rc;

	rc = pki_der_read(der, PKI_DER_SET, &content, err);
	if (rc == PKI_OK && content.len > 0)
		return pki_refuse(err, PKI_BAD_INPUT, rule,
		    "certificates and nothing else", "%s", what);
	return rc;
}

/* EncapsulatedContentInfo without a content. */
static pki_code
read_content_info(pki_der *der, pki_err *err)
{
	pki_der fields;
	pki_code rc;

	rc = pki_der_enter(der, PKI_DER_SEQUENCE, &fields, err);
	if (rc == PKI_OK)
		rc = expect_oid(&fields, PKI_BYTES_TEXT(OID_DATA), "data",
		    err);
	if (rc == PKI_OK && !pki_der_at_end(&fields))
		return pki_refuse(err, PKI_BAD_INPUT, rule,
		    "certificates and nothing else", "a content");
	return rc;
}

static pki_code
read_certs(pki_der *list, pki_certs_only *out, pki_err *err)
{
	pki_bytes cert;
	pki_code rc = PKI_OK;

	while (rc == PKI_OK && !pki_der_at_end(list)) {
		rc = check_count(out->count + 1, err);
		if (rc == PKI_OK)
			rc = pki_der_read_any(list, NULL, NULL, &cert, err);
		if (rc == PKI_OK)
			rc = check_cert(cert, err);
		if (rc == PKI_OK)
			out->certs[out->count++] = cert;
	}
	return rc == PKI_OK ? check_count(out->count, err) : rc;
}

static pki_code
read_signed_data(pki_der *fields, pki_certs_only *out, pki_err *err)
{
	int64_t version;
	pki_der list;
	pki_code rc;

	rc = pki_der_read_small(fields, &version, err);
	if (rc == PKI_OK && version != CMS_VERSION)
		return pki_refuse(err, PKI_BAD_INPUT, rule, "version 1",
		    "version %lld", (long long)version);
	if (rc == PKI_OK)
		rc = expect_empty_set(fields, "digest algorithms", err);
	if (rc == PKI_OK)
		rc = read_content_info(fields, err);
	if (rc == PKI_OK && pki_der_next_is(fields, PKI_DER_SET))
		return check_count(0, err);
	if (rc == PKI_OK)
		rc = pki_der_enter(fields, PKI_DER_CONTEXT(0), &list, err);
	if (rc == PKI_OK)
		rc = read_certs(&list, out, err);
	if (rc == PKI_OK && pki_der_next_is(fields, PKI_DER_CONTEXT(1)))
		return pki_refuse(err, PKI_BAD_INPUT, rule,
		    "certificates and nothing else", "CRLs");
	if (rc == PKI_OK)
		rc = expect_empty_set(fields, "signers", err);
	return rc == PKI_OK ? pki_der_finish(fields, err) : rc;
}

pki_code
pki_certs_only_parse(pki_bytes der, pki_certs_only *out, pki_err *err)
{
	pki_der outer = pki_der_from(der, "certs-only message");
	pki_certs_only found = { .count = 0 };
	pki_der info, content, fields;
	pki_code rc;

	if (der.len > PKI_CERTS_ONLY_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "size",
		    "at most 61440 octets", "%zu octets", der.len);
	rc = pki_der_check(der, "certs-only message", err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &info, err);
	if (rc == PKI_OK)
		rc = expect_oid(&info, PKI_BYTES_TEXT(OID_SIGNED_DATA),
		    "signedData", err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&info, PKI_DER_CONTEXT(0), &content, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&info, err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&content, PKI_DER_SEQUENCE, &fields, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&content, err);
	if (rc == PKI_OK)
		rc = read_signed_data(&fields, &found, err);
	if (rc == PKI_OK)
		*out = found;
	return rc;
}
