#include "pki-estd/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(proxy_length, .timeout = 30);
TestSuite(proxy_parse, .timeout = 30);

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define TCP4 SIGNATURE "\x21\x11\0\x0c\x0a\1\2\3\x0a\0\0\1\x12\x34\1\xbb"

Test(proxy_length, asks_for_the_header_then_for_the_whole)
{
	pki_bytes whole = PKI_BYTES_TEXT(TCP4);

	for (size_t i = 0; i <= whole.len; i++)
		cr_expect_eq(proxy_length(pki_bytes_of(whole.data, i)),
		    i < 16 ? 16 : 28, "after %zu", i);
}

Test(proxy_length, refuses_at_the_first_wrong_octet)
{
	uint8_t octets[28];

	for (size_t i = 0; i < 13; i++) {
		memcpy(octets, TCP4, sizeof(octets));
		octets[i] ^= 0x40;
		cr_expect_eq(proxy_length(pki_bytes_of(octets, i)), 16);
		cr_expect_eq(proxy_length(pki_bytes_of(octets, i + 1)), 0,
		    "octet %zu", i);
	}
	cr_expect_eq(proxy_length(PKI_BYTES_TEXT(SIGNATURE
	    "\x21\x11\xff\xff")), 0);
}

Test(proxy_parse, reads_a_client_of_tcp4)
{
	struct sockaddr_storage from;
	struct sockaddr_in v4;
	socklen_t len;
	proxy_kind kind;
	pki_err err;

	cr_assert_eq(proxy_parse(PKI_BYTES_TEXT(TCP4), &kind, &from, &len,
	    &err), PKI_OK);
	cr_assert_eq(kind, PROXY_CLIENT);
	cr_assert_eq(len, sizeof(v4));
	memcpy(&v4, &from, sizeof(v4));
	cr_expect_eq(ntohl(v4.sin_addr.s_addr), 0x0a010203);
	cr_expect_eq(ntohs(v4.sin_port), 0x1234);
}

Test(proxy_parse, keeps_the_peer_for_local)
{
	struct sockaddr_storage from;
	socklen_t len = 7;
	proxy_kind kind;
	pki_err err;

	cr_assert_eq(proxy_parse(PKI_BYTES_TEXT(SIGNATURE "\x20\0\0\2ab"),
	    &kind, &from, &len, &err), PKI_OK);
	cr_expect_eq(kind, PROXY_LOCAL);
	cr_expect_eq(len, 7);
}

static const struct {
	const char *what;
	pki_bytes   header;
} refused[] = {
	{ "empty", { (const uint8_t *)"", 0 } },
	{ "half", PKI_BYTES_TEXT(SIGNATURE "\x21\x11\0\x0c\x0a\1") },
	{ "octets behind", PKI_BYTES_TEXT(TCP4 "a") },
	{ "UDP", PKI_BYTES_TEXT(SIGNATURE "\x21\x12\0\x0c" "abcdefghijkl") },
	{ "unix", PKI_BYTES_TEXT(SIGNATURE "\x21\x31\0\x0c" "abcdefghijkl") },
	{ "short tcp4", PKI_BYTES_TEXT(SIGNATURE "\x21\x11\0\4abcd") },
	{ "short tcp6", PKI_BYTES_TEXT(SIGNATURE "\x21\x21\0\x0c"
	    "abcdefghijkl") },
};

Test(proxy_parse, refuses_what_names_no_client)
{
	for (size_t i = 0; i < PKI_COUNT(refused); i++) {
		struct sockaddr_storage from;
		socklen_t len;
		proxy_kind kind;
		pki_err err;

		cr_expect_eq(proxy_parse(refused[i].header, &kind, &from,
		    &len, &err), PKI_BAD_INPUT, "%s", refused[i].what);
	}
}
