#include "est/body.h"

#include <string.h>

#include "base/text.h"
#include "x509/der.h"
#include "x509/pem.h"

static const char accepts[] = "base64 of DER, without BEGIN and END lines";

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_digit(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

static pki_bytes
skip_space(pki_bytes text)
{
	while (text.len > 0 && is_space(text.data[0]))
		text = pki_bytes_of(text.data + 1, text.len - 1);
	return text;
}

static bool
is_armoured(pki_bytes text)
{
	return text.len >= 5 && memcmp(text.data, "-----", 5) == 0;
}

static pki_code
refuse_size(size_t max_bytes, pki_err *err)
{
	return pki_refuse(err, PKI_BAD_INPUT, "size", "a shorter one",
	    "more than %zu octets of DER", max_bytes);
}

/* What programs send that did not read RFC 8951. */
static pki_code
refuse_character(pki_bytes body, size_t at, pki_err *err)
{
	char shown[8];

	if (at <= 1 && body.data[0] == PKI_DER_SEQUENCE)
		return pki_refuse(err, PKI_BAD_INPUT, "body", accepts,
		    "DER that is not in base64");
	return pki_refuse(err, PKI_BAD_INPUT, "body", accepts,
	    "character '%s' at octet %zu",
	    pki_text_escape(pki_bytes_of(body.data + at, 1), shown,
	    sizeof(shown)), at + 1);
}

/* A lone CR too is white space here: more than pki_base64_parse skips. */
static pki_code
remove_space(pki_bytes body, pki_buf *out, pki_err *err)
{
	size_t begin = 0;

	for (size_t i = 0; i <= body.len; i++) {
		if (i < body.len && !is_space(body.data[i])) {
			if (!is_digit(body.data[i]))
				return refuse_character(body, i, err);
			continue;
		}
		pki_buf_add(out, pki_bytes_of(body.data + begin, i - begin));
		begin = i + 1;
	}
	return pki_buf_check(out, err);
}

static pki_code
decode_bare(pki_bytes body, size_t max_bytes, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_code rc;

	if (text == NULL)
		return pki_fail_memory(err);
	rc = remove_space(body, text, err);
	if (rc != PKI_OK)
		return rc;
	if (text->len > (max_bytes + 2) / 3 * 4)
		return refuse_size(max_bytes, err);
	rc = pki_base64_parse(pki_buf_bytes(text), text->len, out, NULL);
	if (rc == PKI_BAD_INPUT)
		return pki_refuse(err, rc, "body", accepts,
		    "base64 that ends early or is padded wrongly");
	return rc == PKI_OK ? rc : pki_fail_memory(err);
}

static pki_code
check_whole(pki_bytes der, pki_err *err)
{
	pki_der reader = pki_der_from(der, "body");
	pki_bytes content;

	if (pki_der_read(&reader, PKI_DER_SEQUENCE, &content, NULL) == PKI_OK
	    && pki_der_at_end(&reader))
		return PKI_OK;
	return pki_refuse(err, PKI_BAD_INPUT, "body", accepts,
	    "base64 of what is not one whole SEQUENCE");
}

pki_code
pki_est_body_decode(pki_bytes body, const char *label, size_t max_bytes,
    pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) der = NULL;
	pki_bytes text;
	pki_code rc;

	if (body.len > PKI_EST_TEXT_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "size",
		    "at most 65536 octets", "a body of %zu octets", body.len);
	text = skip_space(body);
	if (text.len == 0)
		return pki_refuse(err, PKI_BAD_INPUT, "body", accepts,
		    "an empty body");
	if (label != NULL && is_armoured(text))
		rc = pki_pem_or_der(text, label, max_bytes, &der, err);
	else
		rc = decode_bare(body, max_bytes, &der, err);
	if (rc != PKI_OK)
		return rc;
	if (der->len > max_bytes)
		return refuse_size(max_bytes, err);
	rc = check_whole(pki_buf_bytes(der), err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(der);
	return rc;
}

pki_code
pki_est_body_encode(pki_bytes der, size_t width, pki_buf *out, pki_err *err)
{
	if (width > PKI_EST_WIDTH_MAX || width % 4 != 0)
		return pki_fail(err, PKI_USAGE,
		    "lines of '%zu' characters: a multiple of 4 from 0 to %d "
		    "is wanted", width, PKI_EST_WIDTH_MAX);
	pki_base64_add(out, der, width);
	return pki_buf_check(out, err);
}
