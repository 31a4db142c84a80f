#include "pki-estd/proxy.h"

#include <netinet/in.h>
#include <string.h>

static const uint8_t signature[12] = "\r\n\r\n\0\r\nQUIT\n";

enum {
	AT_COMMAND = 12,
	AT_FAMILY = 13,
	AT_LENGTH = 14,
	COMMAND_LOCAL = 0x20,
	COMMAND_PROXY = 0x21,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21,
};

size_t
proxy_length(pki_bytes got)
{
	size_t begun = got.len < sizeof(signature) ? got.len :
	    sizeof(signature);
	size_t len;

	if (begun > 0 && memcmp(got.data, signature, begun) != 0)
		return 0;
	if (got.len > AT_COMMAND && got.data[AT_COMMAND] != COMMAND_LOCAL &&
	    got.data[AT_COMMAND] != COMMAND_PROXY)
		return 0;
	if (got.len < PROXY_HEADER)
		return PROXY_HEADER;
	len = PROXY_HEADER + (size_t)(got.data[AT_LENGTH] << 8 |
	    got.data[AT_LENGTH + 1]);
	return len <= PROXY_MAX ? len : 0;
}

/* Addresses stand as source, destination, source port, destination port. */
static pki_code
read_tcp4(pki_bytes block, struct sockaddr_storage *from, socklen_t *len)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (block.len < 12)
		return PKI_BAD_INPUT;
	memcpy(&v4.sin_addr, block.data, 4);
	memcpy(&v4.sin_port, block.data + 8, 2);
	memcpy(from, &v4, sizeof(v4));
	*len = sizeof(v4);
	return PKI_OK;
}

static pki_code
read_tcp6(pki_bytes block, struct sockaddr_storage *from, socklen_t *len)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (block.len < 36)
		return PKI_BAD_INPUT;
	memcpy(&v6.sin6_addr, block.data, 16);
	memcpy(&v6.sin6_port, block.data + 32, 2);
	memcpy(from, &v6, sizeof(v6));
	*len = sizeof(v6);
	return PKI_OK;
}

pki_code
proxy_parse(pki_bytes header, proxy_kind *kind, struct sockaddr_storage *from,
    socklen_t *from_len, pki_err *err)
{
	pki_bytes block;
	pki_code rc = PKI_BAD_INPUT;

	if (header.len < PROXY_HEADER || proxy_length(header) != header.len)
		return pki_fail(err, PKI_BAD_INPUT,
		    "no PROXY header of version 2");
	if (header.data[AT_COMMAND] == COMMAND_LOCAL) {
		*kind = PROXY_LOCAL;
		return PKI_OK;
	}
	block = pki_bytes_of(header.data + PROXY_HEADER,
	    header.len - PROXY_HEADER);
	if (header.data[AT_FAMILY] == FAMILY_TCP4)
		rc = read_tcp4(block, from, from_len);
	else if (header.data[AT_FAMILY] == FAMILY_TCP6)
		rc = read_tcp6(block, from, from_len);
	if (rc != PKI_OK)
		return pki_fail(err, rc,
		    "PROXY header without a client's TCP address");
	*kind = PROXY_CLIENT;
	return PKI_OK;
}
