#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "x509/der.h"

/*
 * The DER reader: what it accepts is written again in the same octets, and
 * libcrypto reads the same values.
 */

/* Of everything: the same elements in the eyes of libcrypto. */
static void
check_header(pki_bytes whole, uint8_t tag, pki_bytes content)
{
	const unsigned char *at = whole.data;
	int theirs, class;
	long len;
	int flags = ASN1_get_object(&at, &len, &theirs, &class,
	    (long)whole.len);

	/* Bit 0: it is of indefinite length; bit 7: it is wrong. */
	fuzz_assert((flags & 0x81) == 0);
	fuzz_assert(((unsigned)class | (unsigned)flags |
	    (unsigned)theirs) == tag);
	fuzz_assert(at == content.data && (size_t)len == content.len);
}

/* What is strict, libcrypto takes: only constructed ones it leaves closed. */
static void
check_type(pki_bytes whole)
{
	const unsigned char *at = whole.data;
	ASN1_TYPE *theirs = d2i_ASN1_TYPE(NULL, &at, (long)whole.len);

	fuzz_assert(theirs != NULL && at == whole.data + whole.len);
	ASN1_TYPE_free(theirs);
}

/* Write all elements of one level and those below. */
static void
write_level(pki_bytes level, pki_buf *out)
{
	pki_der der = pki_der_from(level, "level");
	pki_bytes content, whole;
	uint8_t tag;

	while (!pki_der_at_end(&der)) {
		PKI_AUTO(pki_buf) inner = pki_buf_new();

		fuzz_assert(pki_der_read_any(&der, &tag, &content, &whole,
		    NULL) == PKI_OK);
		check_header(whole, tag, content);
		check_type(whole);
		fuzz_assert(whole.len == pki_der_size(content.len));
		if ((tag & 0x20) == 0) {
			pki_der_add(out, tag, content);
			continue;
		}
		write_level(content, inner);
		pki_der_add(out, tag, pki_buf_bytes(inner));
	}
}

static void
check_all(pki_bytes in)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	pki_err err = { 0 };
	pki_code rc = pki_der_check(in, "input", &err);

	if (rc != PKI_OK) {
		fuzz_assert(rc == PKI_BAD_INPUT && strcmp(err.rule, "der") ==
		    0);
		fuzz_check_refusal(rc, &err);
		return;
	}
	write_level(in, out);
	fuzz_assert(pki_bytes_equal(pki_buf_bytes(out), in));
}

/* One type's reader; element is the octets of the element that it reads. */
static pki_code
check_integer(pki_der *der, pki_bytes element, pki_err *err)
{
	const unsigned char *at = element.data;
	unsigned char octets[8192 + 8];
	ASN1_INTEGER *theirs;
	pki_bytes value;
	BIGNUM *number;
	pki_code rc = pki_der_read_integer(der, &value, err);

	if (rc != PKI_OK || value.len > 8192)
		return rc;
	theirs = d2i_ASN1_INTEGER(NULL, &at, (long)element.len);
	fuzz_assert(theirs != NULL && at == element.data + element.len);
	number = ASN1_INTEGER_to_BN(theirs, NULL);
	fuzz_assert(number != NULL && !BN_is_negative(number));
	BN_bn2binpad(number, octets, (int)value.len);
	fuzz_assert(memcmp(octets, value.data, value.len) == 0);
	BN_free(number);
	ASN1_INTEGER_free(theirs);
	return rc;
}

static pki_code
check_small(pki_der *der, pki_bytes element, pki_err *err)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	int64_t value;
	pki_code rc = pki_der_read_small(der, &value, err);

	if (rc != PKI_OK)
		return rc;
	pki_der_add_integer(out, value);
	fuzz_assert(pki_bytes_equal(pki_buf_bytes(out), element));
	return rc;
}

static pki_code
check_bits(pki_der *der, pki_bytes element, pki_err *err)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	pki_bytes octets;
	pki_code rc = pki_der_read_bits(der, &octets, err);

	if (rc != PKI_OK)
		return rc;
	pki_der_add_bits(out, octets);
	fuzz_assert(pki_bytes_equal(pki_buf_bytes(out), element));
	return rc;
}

static pki_code
check_named_bits(pki_der *der, pki_bytes element, pki_err *err)
{
	const unsigned char *at = element.data;
	ASN1_BIT_STRING *theirs;
	uint32_t set;
	pki_code rc = pki_der_read_named_bits(der, &set, err);

	if (rc != PKI_OK)
		return rc;
	theirs = d2i_ASN1_BIT_STRING(NULL, &at, (long)element.len);
	fuzz_assert(theirs != NULL);
	for (int i = 0; i < 32; i++)
		fuzz_assert(ASN1_BIT_STRING_get_bit(theirs, i) ==
		    (int)(set >> i & 1));
	ASN1_BIT_STRING_free(theirs);
	return rc;
}

static pki_code
check_oid(pki_der *der, pki_bytes element, pki_err *err)
{
	const unsigned char *at = element.data;
	char ours[400], theirs[400], cut[20];
	ASN1_OBJECT *object;
	pki_bytes oid;
	pki_code rc = pki_der_read_oid(der, &oid, err);

	if (rc != PKI_OK)
		return rc;
	pki_der_format_oid(oid, ours, sizeof(ours));
	pki_der_format_oid(oid, cut, 1 + oid.data[0] % sizeof(cut));
	/* Ours stops at an arc above 64 bits. */
	if (oid.len > 9)
		return rc;
	object = d2i_ASN1_OBJECT(NULL, &at, (long)element.len);
	fuzz_assert(object != NULL);
	fuzz_assert(OBJ_obj2txt(theirs, sizeof(theirs), object, 1) > 0);
	fuzz_assert(strcmp(ours, theirs) == 0);
	fuzz_assert(strncmp(ours, cut, strlen(cut)) == 0);
	ASN1_OBJECT_free(object);
	return rc;
}

static pki_code
check_boolean(pki_der *der, pki_bytes element, pki_err *err)
{
	bool value;
	pki_code rc = pki_der_read_boolean(der, &value, err);

	if (rc == PKI_OK)
		fuzz_assert(element.len == 3 &&
		    element.data[2] == (value ? 0xff : 0));
	return rc;
}

static pki_code
check_time(pki_der *der, pki_bytes element, pki_err *err)
{
	PKI_AUTO(pki_buf) out = pki_buf_new();
	const unsigned char *at = element.data;
	ASN1_TIME *theirs;
	int64_t when;
	struct tm tm;
	pki_code rc = pki_der_read_time(der, &when, err);

	if (rc != PKI_OK)
		return rc;
	theirs = d2i_ASN1_TIME(NULL, &at, (long)element.len);
	fuzz_assert(theirs != NULL && ASN1_TIME_to_tm(theirs, &tm) == 1);
	fuzz_assert(timegm(&tm) == when);
	ASN1_TIME_free(theirs);
	if (when < 0)
		return rc;
	pki_der_add_time(out, when);
	fuzz_assert(pki_bytes_equal(pki_buf_bytes(out), element));
	return rc;
}

static pki_code
check_entered(pki_der *der, pki_bytes element, pki_err *err)
{
	pki_der again = *der, content;
	pki_code rc = pki_der_enter(der, element.data[0], &content, err);
	size_t len;

	if (rc != PKI_OK)
		return rc;
	fuzz_assert(pki_der_read_header(&again, element.data[0], &len, NULL) ==
	    PKI_OK);
	fuzz_assert(len == content.rest.len &&
	    again.rest.data == content.rest.data);
	return rc;
}

static pki_code (*const readers[])(pki_der *der, pki_bytes element,
    pki_err *err) = {
	check_integer, check_small, check_bits, check_named_bits, check_oid,
	check_boolean, check_time, check_entered,
};

/* Every reader at the first element, whatever it is. */
static void
check_first(pki_bytes in)
{
	pki_der der = pki_der_from(in, "input");
	pki_bytes element = in;
	size_t len;

	/* A header may stand before content that is not here. */
	if (pki_der_read_any(&der, NULL, NULL, &element, NULL) != PKI_OK &&
	    in.len > 0 && pki_der_read_header(&der, in.data[0], &len, NULL) ==
	    PKI_OK)
		fuzz_assert(der.rest.len < in.len);
	for (size_t i = 0; i < PKI_COUNT(readers); i++) {
		pki_der from = pki_der_from(in, "input");
		pki_err err = { 0 };
		pki_code rc;

		if (in.len == 0)
			continue;
		rc = readers[i](&from, element, &err);
		if (rc != PKI_OK)
			fuzz_check_refusal(rc, &err);
		else
			fuzz_assert(from.rest.data == element.data +
			    element.len && from.rest.len == in.len -
			    element.len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pki_bytes in = pki_bytes_of(data, size);

	check_all(in);
	check_first(in);
	ERR_clear_error();
	return 0;
}
