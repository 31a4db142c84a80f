#ifndef PKI_ENROLL_EST_H
#define PKI_ENROLL_EST_H

/*
 * The client's side of EST (RFC 7030): three questions to one server.  What
 * an answer means is not decided here.
 *
 * Whatever does not answer as it should is one of
 *   PKI_PENDING, rule "pending"    202: wait, and ask the same again
 *   PKI_BUSY, rule "server"        429 and 5xx: try again later
 *   PKI_DENIED, rule "credentials" 401: a token or certificate it wants
 *   PKI_DENIED, rule "server"      other 4xx: it refuses this request
 *   PKI_BAD_INPUT, rule "answer"   garbage, or another media type
 * beside http_ask's codes.  The server's own words, where it has some, are in
 * the sentence.
 */

#include "pki-enroll/http.h"

typedef struct est_server {
	http_client *http;
	const char  *label;             /* "": none */
	/* Of the last answer; 0: none, or not said. */
	int          status;
	int64_t      retry_after_s;     /* clamped to EST_RETRY_MIN and _MAX */
} est_server;

#define EST_RETRY_MIN INT64_C(1)
#define EST_RETRY_MAX (7 * PKI_DAY)

/* Certificates as they came: in no order, and not to be believed for that. */
typedef struct est_certs {
	pki_cert *certs[PKI_CERTS_ONLY_COUNT];
	size_t    count;
	/* Some could not be read, for instance of an unknown algorithm. */
	size_t    skipped;
	pki_err   why_skipped;
} est_certs;
void est_certs_clear(est_certs *certs);

PKI_CHECKED pki_code est_get_cacerts(est_server *server, est_certs *out,
    pki_err *err);

/*
 * *out is NULL when the server wants nothing, or does not know csrattrs
 * (204, 404, 501: RFC 7030, 4.5).  Free it with pki_csrattrs_free.
 */
PKI_CHECKED pki_code est_get_csrattrs(est_server *server,
    pki_csrattrs **out, pki_err *err);

/* What an answer says, however it came; codes as above. */
PKI_CHECKED pki_code est_take_certs(est_server *server, const char *operation,
    const http_answer *answer, est_certs *out, pki_err *err);
PKI_CHECKED pki_code est_take_csrattrs(est_server *server,
    const http_answer *answer, pki_csrattrs **out, pki_err *err);

enum est_operation { EST_ENROLL, EST_REENROLL };

typedef struct est_enrollment {
	enum est_operation   operation;
	const pki_key       *key;
	const pki_csr_plan  *plan;
	/*
	 * Set of 1 << pki_csr_challenge in which the server wants the binding
	 * of the connection (RFC 7030, 3.5; RFC 7894, 3.3).
	 */
	uint32_t             linking;
} est_enrollment;

/*
 * Ask for a certificate.  PKI_DENIED, rule "linking": a binding is wanted and
 * the connection has none (TLS 1.2 without extended master secret).
 */
PKI_CHECKED pki_code est_enroll(est_server *server,
    const est_enrollment *enrollment, est_certs *out, pki_err *err);

#endif
