#include "base/base32.h"

/* RFC 4648, section 6, in lower case. */
static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

const char *
pki_base32_format(pki_bytes in, size_t count, char *out)
{
	size_t i, bit, octet;
	unsigned pair;

	for (i = 0; i < count; i++) {
		bit = 5 * i;
		octet = bit / 8;
		pair = octet < in.len ? (unsigned)in.data[octet] << 8 : 0;
		if (octet + 1 < in.len)
			pair |= in.data[octet + 1];
		out[i] = alphabet[pair >> (11 - bit % 8) & 31];
	}
	out[count] = '\0';
	return out;
}

bool
pki_base32_check(pki_bytes text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if ((text.data[i] < 'a' || text.data[i] > 'z') &&
		    (text.data[i] < '2' || text.data[i] > '7'))
			return false;
	return true;
}
