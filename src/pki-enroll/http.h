#ifndef PKI_ENROLL_HTTP_H
#define PKI_ENROLL_HTTP_H

/*
 * One server over HTTPS, and nothing that it sends is believed to be small,
 * soon or well meant.
 *
 * TLS 1.2 or later, HTTP/1.1; the server's name is verified always, against
 * anchors that are given and no others; no cookies, no proxy, no .netrc, no
 * variables of the environment; redirects to the same origin only.
 */

#include "pki-enroll/tls.h"

#define HTTP_HEADERS_MAX (32 * 1024)    /* octets of an answer's head */
#define HTTP_REDIRECTS 3
#define HTTP_TYPE_MAX 128
#define HTTP_URL_MAX 1024

enum http_trust {
	HTTP_VERIFIED,
	/*
	 * Anybody may answer: for cacerts at bootstrap alone (RFC
	 * 7030, 4.1.1).  Neither certificate nor token is allowed.
	 */
	HTTP_BLIND,
};

typedef struct http_options {
	const char     *origin;         /* "https://host[:port]" */
	enum http_trust trust;
	tls_options     tls;
	/* RFC 7617 with a user, also an empty one; NULL: RFC 6750. */
	const char     *user;
	pki_bytes       token;          /* no bytes: none is sent */
	int64_t         timeout_s;      /* of each exchange, all of it */
} http_options;

typedef struct http_client http_client;

/*
 * Prepare; options need not live longer.  PKI_USAGE: no https, or what
 * HTTP_BLIND excludes; PKI_BAD_INPUT: a token that no header can hold;
 * PKI_CRYPTO, PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code http_open(const http_options *options,
    http_client **out, pki_err *err);
void http_client_free(http_client *client);
PKI_DEFINE_CLEANUP(http_client)

typedef struct http_request {
	const char *path;               /* "/.well-known/est/cacerts" */
	const char *accept;             /* media type, or NULL */
	size_t      max_bytes;          /* of the answer's body */

	/* A POST: the body's media type, and its octets */
	const char *type;
	pki_bytes   body;
	/*
	 * ... or the one who makes exactly body_bytes of them once the
	 * connection on which they will travel is there.
	 */
	size_t      body_bytes;
	pki_code  (*make_body)(void *arg, const tls_facts *facts, pki_buf *out,
	    pki_err *err);
	void       *arg;
} http_request;

typedef struct http_answer {
	int       status;
	char      type[HTTP_TYPE_MAX];  /* Content-Type as sent, or "" */
	int64_t   retry_after_s;        /* 0: not said */
	pki_buf  *body;                 /* owned */
	tls_facts facts;
} http_answer;

/*
 * Ask, and follow redirects.  Whatever status came is PKI_OK.  Otherwise:
 * PKI_BUSY, rule "connection": no address, nobody there, cut, or too slow;
 * PKI_DENIED, rules "tls-server" (its certificate or name), "tls" (no
 * agreement), "redirect" (elsewhere, or too many); PKI_BAD_INPUT, rules
 * "size", "http"; what make_body returned; PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code http_ask(http_client *client,
    const http_request *request, http_answer *out, pki_err *err);
void http_answer_clear(http_answer *answer);

/* Is the answer's media type this one, whatever its parameters? */
bool http_type_is(const http_answer *answer, const char *type);

#endif
