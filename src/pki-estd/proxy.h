#ifndef PKI_ESTD_PROXY_H
#define PKI_ESTD_PROXY_H

/*
 * PROXY protocol, version 2, binary: what a balancer that passes TLS through
 * writes before the client's first octet.  "The PROXY protocol", section 2.2.
 */

#include "pki.h"

#include <sys/socket.h>

#define PROXY_HEADER 16         /* octets before the addresses */
#define PROXY_MAX (PROXY_HEADER + 520)

/*
 * How many octets the header has, judged by those that are there: at first
 * 16, then the whole.  0: this is no such header, or it is too long.  Never
 * read more than that: what follows belongs to TLS.
 */
size_t proxy_length(pki_bytes got);

typedef enum proxy_kind {
	PROXY_CLIENT,           /* the address of the client was written */
	PROXY_LOCAL,            /* the balancer itself: keep its address */
} proxy_kind;

/*
 * Read a whole header.  *from and *from_len are written for PROXY_CLIENT only.
 * PKI_BAD_INPUT: another version, not TCP, not IPv4 or IPv6, wrong lengths.
 */
PKI_CHECKED pki_code proxy_parse(pki_bytes header, proxy_kind *kind,
    struct sockaddr_storage *from, socklen_t *from_len, pki_err *err);

#endif
