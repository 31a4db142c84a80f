#include "tests/fuzz/fuzz.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "pki-estd/proxy.h"

/*
 * Headers of the PROXY protocol, read from a stream as the acceptor does: the
 * length never takes back what it said, a header needs each of its octets and
 * no more, and the client is the one that a reader by offsets sees.
 */

/* The length by the first octets, one more at a time. */
static size_t
read_length(pki_bytes stream)
{
	size_t before = PROXY_HEADER, len;

	for (size_t i = 0; i <= stream.len && i <= PROXY_MAX; i++) {
		len = proxy_length(pki_bytes_of(stream.data, i));
		fuzz_assert(before != 0 || len == 0);
		fuzz_assert(len == 0 || (len >= PROXY_HEADER &&
		    len <= PROXY_MAX));
		fuzz_assert(i >= PROXY_HEADER || len == 0 ||
		    len == PROXY_HEADER);
		fuzz_assert(i <= PROXY_HEADER || len == before);
		before = len;
	}
	return before;
}

/* "The PROXY protocol", section 2.2. */
static void
check_client(pki_bytes header, const struct sockaddr_storage *from,
    socklen_t len)
{
	const uint8_t *at = header.data;
	const struct sockaddr_in *v4 = (const void *)from;
	const struct sockaddr_in6 *v6 = (const void *)from;

	fuzz_assert(at[12] == 0x21);
	if (at[13] == 0x11) {
		fuzz_assert(header.len >= 28 && len == sizeof(*v4));
		fuzz_assert(v4->sin_family == AF_INET);
		fuzz_assert(memcmp(&v4->sin_addr, at + 16, 4) == 0);
		fuzz_assert(ntohs(v4->sin_port) == at[24] * 256 + at[25]);
	} else {
		fuzz_assert(at[13] == 0x21);
		fuzz_assert(header.len >= 52 && len == sizeof(*v6));
		fuzz_assert(v6->sin6_family == AF_INET6);
		fuzz_assert(memcmp(&v6->sin6_addr, at + 16, 16) == 0);
		fuzz_assert(ntohs(v6->sin6_port) == at[48] * 256 + at[49]);
		fuzz_assert(v6->sin6_scope_id == 0);
	}
}

static void
check(pki_bytes header)
{
	struct sockaddr_storage from, untouched;
	proxy_kind kind = PROXY_LOCAL;
	socklen_t len = 12345;
	pki_err err = { 0 };
	pki_code rc;

	memset(&from, 0x5a, sizeof(from));
	memset(&untouched, 0x5a, sizeof(untouched));
	rc = proxy_parse(header, &kind, &from, &len, &err);
	if (rc != PKI_OK) {
		fuzz_assert(rc == PKI_BAD_INPUT);
		fuzz_check_refusal(rc, &err);
	}
	if (rc == PKI_OK && kind == PROXY_CLIENT) {
		check_client(header, &from, len);
	} else {
		fuzz_assert(rc != PKI_OK || header.data[12] == 0x20);
		fuzz_assert(len == 12345);
		fuzz_assert(memcmp(&from, &untouched, sizeof(from)) == 0);
	}
	/* One octet less is no header. */
	header.len--;
	fuzz_assert(proxy_parse(header, &kind, &from, &len, NULL) ==
	    PKI_BAD_INPUT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = read_length(pki_bytes_of(data, size));
	uint8_t *copy;

	if (len == 0 || len > size)
		return 0;
	/* Not an octet more, so that a sanitizer sees a read beyond. */
	copy = malloc(len);
	fuzz_assert(copy != NULL);
	memcpy(copy, data, len);
	check(pki_bytes_of(copy, len));
	free(copy);
	return 0;
}
