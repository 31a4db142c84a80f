#include "x509/der.h"

#include <stdio.h>

size_t
pki_der_header_octets(size_t len)
{
	size_t octets = 2;

	if (len >= 0x80)
		for (; len > 0; len >>= 8)
			octets++;
	return octets;
}

void
pki_der_add_header(pki_buf *out, uint8_t tag, size_t len)
{
	int count = 0;

	pki_buf_add_byte(out, tag);
	if (len < 0x80) {
		pki_buf_add_byte(out, (uint8_t)len);
		return;
	}
	for (size_t rest = len; rest > 0; rest >>= 8)
		count++;
	pki_buf_add_byte(out, (uint8_t)(0x80 | count));
	while (count-- > 0)
		pki_buf_add_byte(out, (uint8_t)(len >> 8 * count));
}

void
pki_der_add(pki_buf *out, uint8_t tag, pki_bytes content)
{
	pki_der_add_header(out, tag, content.len);
	pki_buf_add(out, content);
}

void
pki_der_add_bits(pki_buf *out, pki_bytes octets)
{
	pki_der_add_header(out, PKI_DER_BIT_STRING, octets.len + 1);
	pki_buf_add_byte(out, 0);
	pki_buf_add(out, octets);
}

const char *
pki_der_format_oid(pki_bytes oid, char *out, size_t room)
{
	uint64_t arc = 0, top;
	size_t len = 0;
	int n;

	out[0] = '\0';
	for (size_t i = 0; i < oid.len; i++) {
		if (arc > UINT64_MAX >> 7)
			break;
		arc = arc << 7 | (oid.data[i] & 0x7f);
		if (oid.data[i] >= 0x80)
			continue;
		if (len == 0) {
			top = arc < 80 ? arc / 40 : 2;
			n = snprintf(out, room, "%u.%llu", (unsigned)top,
			    (unsigned long long)(arc - top * 40));
		} else {
			n = snprintf(out + len, room - len, ".%llu",
			    (unsigned long long)arc);
		}
		if (n < 0 || (size_t)n >= room - len)
			break;
		len += (size_t)n;
		arc = 0;
	}
	return out;
}
