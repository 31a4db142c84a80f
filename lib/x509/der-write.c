#include "x509/der.h"

#include <stdio.h>

#include "base/clock.h"

/* 2050-01-01T00:00:00Z. */
#define UTC_TIME_END INT64_C(2524608000)

/* Octets that a length takes after its first. */
static size_t
count_octets(size_t len)
{
	size_t count = 0;

	for (; len > 0; len >>= 8)
		count++;
	return count;
}

size_t
pki_der_size(size_t len)
{
	return 2 + (len < 0x80 ? 0 : count_octets(len)) + len;
}

void
pki_der_add_header(pki_buf *out, uint8_t tag, size_t len)
{
	uint8_t header[2 + sizeof(len)] = { tag, (uint8_t)len };
	size_t count = len < 0x80 ? 0 : count_octets(len);

	if (count > 0)
		header[1] = (uint8_t)(0x80 | count);
	for (size_t i = 0; i < count; i++)
		header[2 + i] = (uint8_t)(len >> 8 * (count - 1 - i));
	pki_buf_add(out, pki_bytes_of(header, 2 + count));
}

void
pki_der_add(pki_buf *out, uint8_t tag, pki_bytes content)
{
	pki_der_add_header(out, tag, content.len);
	pki_buf_add(out, content);
}

size_t
pki_der_integer_len(int64_t value)
{
	size_t len = 1;

	/* The first bit is the sign's. */
	for (; value > 0x7f; value >>= 8)
		len++;
	return len;
}

void
pki_der_add_integer(pki_buf *out, int64_t value)
{
	size_t len = pki_der_integer_len(value);

	pki_der_add_header(out, PKI_DER_INTEGER, len);
	while (len-- > 0)
		pki_buf_add_byte(out, (uint8_t)((uint64_t)value >> 8 * len));
}

size_t
pki_der_time_len(int64_t when)
{
	return when < UTC_TIME_END ? 13 : 15;
}

static void
write_digits(uint8_t *out, int value)
{
	out[0] = (uint8_t)('0' + value / 10);
	out[1] = (uint8_t)('0' + value % 10);
}

void
pki_der_add_time(pki_buf *out, int64_t when)
{
	size_t len = pki_der_time_len(when);
	pki_date date = pki_date_of(when);
	const int pairs[] = { date.year / 100, date.year % 100, date.month,
		date.day, date.hour, date.minute, date.second };
	uint8_t text[15];

	for (size_t i = 0; i < PKI_COUNT(pairs); i++)
		write_digits(text + 2 * i, pairs[i]);
	text[14] = 'Z';
	/* UTCTime has no century. */
	pki_der_add(out, len == 13 ? PKI_DER_UTC_TIME :
	    PKI_DER_GENERALIZED_TIME, pki_bytes_of(text + 15 - len, len));
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

void
pki_der_add_named_bits(pki_buf *out, uint32_t set)
{
	uint8_t content[3] = { 0 };
	size_t last = 0;

	for (size_t bit = 0; bit < 16; bit++) {
		if ((set >> bit & 1) == 0)
			continue;
		content[1 + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		last = bit;
	}
	/* X.690, 11.2.2: no zero bits at the end. */
	content[0] = (uint8_t)(7 - last % 8);
	pki_der_add(out, PKI_DER_BIT_STRING,
	    pki_bytes_of(content, 2 + last / 8));
}
