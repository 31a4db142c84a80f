#include "pki-enroll/est.h"

#include <stdio.h>
#include <string.h>

#define EST_PATH "/.well-known/est"
#define CERTS_TYPE "application/pkcs7-mime"
#define BODY_MAX ((size_t)128 * 1024)   /* base64 of PKI_CERTS_ONLY_MAX */
#define PATH_ROOM 128
#define REASON_MAX 200

/* ECDSA's signature is shorter now and then; base64 of that, and a line. */
#define BODY_SLACK 16

#define LINKS \
	(1u << PKI_CSR_CHALLENGE_PASSWORD | 1u << PKI_CSR_IDENTITY_LINKING)

void
est_certs_clear(est_certs *certs)
{
	for (size_t i = 0; i < certs->count; i++)
		pki_cert_free(certs->certs[i]);
	*certs = (est_certs){ .count = 0 };
}

/* ---- what a status means ---- */

/* The first words of a plain text, on one line; "" for anything else. */
static const char *
reason_of(const http_answer *answer, char out[REASON_MAX])
{
	size_t len = 0;

	out[0] = '\0';
	if (!http_type_is(answer, "text/plain"))
		return out;
	for (size_t i = 0; i < answer->body->len && len < REASON_MAX - 3;
	    i++) {
		char c = (char)answer->body->data[i];

		if (c == '\n' && i + 1 < answer->body->len) {
			out[len++] = ',';
			out[len++] = ' ';
		} else if (c >= ' ' && c <= '~') {
			out[len++] = c;
		}
	}
	out[len] = '\0';
	return out;
}

static pki_code
refuse(pki_err *err, pki_code code, const char *rule, const char *operation,
    const char *text)
{
	pki_fail(err, code, "%s: %s", operation, text);
	if (err != NULL)
		snprintf(err->rule, sizeof(err->rule), "%s", rule);
	return code;
}

static const struct meaning {
	int         least, most;        /* status */
	pki_code    code;
	const char *rule;
	const char *text;
} meanings[] = {
	{ 200, 200, PKI_OK, "", "" },
	{ 202, 202, PKI_PENDING, "pending", "the server has not decided yet" },
	{ 401, 401, PKI_DENIED, "credentials",
	  "the server wants other credentials" },
	{ 403, 403, PKI_DENIED, "server", "the server refuses" },
	{ 404, 404, PKI_DENIED, "server", "the server does not have it" },
	{ 408, 408, PKI_BUSY, "server", "the server did not wait" },
	{ 425, 425, PKI_BUSY, "server", "too early for the server" },
	{ 429, 429, PKI_BUSY, "server", "too often for the server" },
	{ 400, 499, PKI_DENIED, "server", "the server refuses" },
	{ 500, 599, PKI_BUSY, "server", "the server cannot now" },
};

static int64_t
clamp_retry(int64_t seconds)
{
	if (seconds == 0)
		return 0;
	return seconds < EST_RETRY_MIN ? EST_RETRY_MIN :
	    seconds > EST_RETRY_MAX ? EST_RETRY_MAX : seconds;
}

static pki_code
check_status(est_server *server, const char *operation,
    const http_answer *answer, pki_err *err)
{
	char reason[REASON_MAX], text[REASON_MAX + 128];

	server->status = answer->status;
	server->retry_after_s = clamp_retry(answer->retry_after_s);
	reason_of(answer, reason);
	for (size_t i = 0; i < PKI_COUNT(meanings); i++) {
		const struct meaning *row = &meanings[i];

		if (answer->status < row->least || answer->status > row->most)
			continue;
		if (row->code == PKI_OK)
			return PKI_OK;
		snprintf(text, sizeof(text), "%s: %d%s%s%s", row->text,
		    answer->status, reason[0] != '\0' ? " '" : "", reason,
		    reason[0] != '\0' ? "'" : "");
		return refuse(err, row->code, row->rule, operation, text);
	}
	snprintf(text, sizeof(text), "status %d, wanted 200", answer->status);
	return refuse(err, PKI_BAD_INPUT, "answer", operation, text);
}

/* ---- questions ---- */

static pki_code
ask(est_server *server, const char *operation, http_request *request,
    http_answer *answer, pki_err *err)
{
	char path[PATH_ROOM];
	pki_code rc;

	server->status = 0;
	server->retry_after_s = 0;
	rc = pki_text_format(path, sizeof(path), err, EST_PATH "%s%s/%s",
	    server->label[0] == '\0' ? "" : "/", server->label, operation);
	if (rc != PKI_OK)
		return rc;
	request->path = path;
	request->max_bytes = BODY_MAX;
	rc = http_ask(server->http, request, answer, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "%s", operation);
}

/* What it must be, and the DER within. */
static pki_code
decode(const http_answer *answer, const char *operation, const char *type,
    size_t max_bytes, pki_buf **out, pki_err *err)
{
	char text[HTTP_TYPE_MAX + 64];
	pki_err why;
	pki_code rc;

	if (!http_type_is(answer, type)) {
		snprintf(text, sizeof(text), "media type '%s', wanted %s",
		    answer->type, type);
		return refuse(err, PKI_BAD_INPUT, "answer", operation, text);
	}
	rc = pki_est_body_decode(pki_buf_bytes(answer->body), NULL, max_bytes,
	    out, &why);
	if (rc == PKI_BAD_INPUT)
		return refuse(err, rc, "answer", operation, why.msg);
	return rc == PKI_OK ? PKI_OK : pki_fail_memory(err);
}

static pki_code
read_cert(pki_bytes der, est_certs *out, pki_err *err)
{
	pki_code rc = pki_cert_parse(der, &out->certs[out->count],
	    &out->why_skipped);

	if (rc == PKI_NO_MEMORY)
		return pki_fail_memory(err);
	if (rc == PKI_OK)
		out->count++;
	else
		out->skipped++;
	return PKI_OK;
}

static pki_code
read_certs(const http_answer *answer, const char *operation, est_certs *out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) der = NULL;
	est_certs certs = { .count = 0 };
	pki_certs_only list;
	pki_err why;
	pki_code rc;

	rc = decode(answer, operation, CERTS_TYPE, PKI_CERTS_ONLY_MAX, &der,
	    err);
	if (rc != PKI_OK)
		return rc;
	if (pki_certs_only_parse(pki_buf_bytes(der), &list, &why) != PKI_OK)
		return refuse(err, PKI_BAD_INPUT, "answer", operation,
		    why.msg);
	for (size_t i = 0; rc == PKI_OK && i < list.count; i++)
		rc = read_cert(list.certs[i], &certs, err);
	if (rc == PKI_OK && certs.count == 0)
		rc = refuse(err, PKI_BAD_INPUT, "answer", operation,
		    certs.why_skipped.msg);
	if (rc != PKI_OK) {
		est_certs_clear(&certs);
		return rc;
	}
	*out = certs;
	return PKI_OK;
}

pki_code
est_take_certs(est_server *server, const char *operation,
    const http_answer *answer, est_certs *out, pki_err *err)
{
	pki_code rc = check_status(server, operation, answer, err);

	return rc == PKI_OK ? read_certs(answer, operation, out, err) : rc;
}

pki_code
est_get_cacerts(est_server *server, est_certs *out, pki_err *err)
{
	http_request request = { .accept = CERTS_TYPE };
	http_answer answer = { .status = 0 };
	pki_code rc;

	rc = ask(server, "cacerts", &request, &answer, err);
	if (rc == PKI_OK)
		rc = est_take_certs(server, "cacerts", &answer, out, err);
	http_answer_clear(&answer);
	return rc;
}

static pki_code
read_csrattrs(const http_answer *answer, pki_csrattrs **out, pki_err *err)
{
	PKI_AUTO(pki_buf) der = NULL;
	pki_code rc;

	rc = decode(answer, "csrattrs", "application/csrattrs",
	    PKI_CSRATTRS_MAX, &der, err);
	if (rc != PKI_OK)
		return rc;
	rc = pki_csrattrs_parse(pki_buf_bytes(der), out, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "csrattrs");
}

pki_code
est_take_csrattrs(est_server *server, const http_answer *answer,
    pki_csrattrs **out, pki_err *err)
{
	pki_csrattrs *attrs = NULL;
	pki_code rc = PKI_OK;

	server->status = answer->status;
	if (answer->status != 204 && answer->status != 404 &&
	    answer->status != 501) {
		rc = check_status(server, "csrattrs", answer, err);
		/* RFC 7030, 4.5.2: an empty body says the same as 204. */
		if (rc == PKI_OK && answer->body->len > 0)
			rc = read_csrattrs(answer, &attrs, err);
	}
	if (rc == PKI_OK)
		*out = attrs;
	return rc;
}

pki_code
est_get_csrattrs(est_server *server, pki_csrattrs **out, pki_err *err)
{
	http_request request = { .accept = "application/csrattrs" };
	http_answer answer = { .status = 0 };
	pki_code rc;

	rc = ask(server, "csrattrs", &request, &answer, err);
	if (rc == PKI_OK)
		rc = est_take_csrattrs(server, &answer, out, err);
	http_answer_clear(&answer);
	return rc;
}

/* ---- simpleenroll and simplereenroll ---- */

/* The text of a request whose attributes link it to a connection. */
static pki_code
make_text(const est_enrollment *enrollment, pki_bytes binding, pki_buf *out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_csr_plan plan = *enrollment->plan;
	pki_code rc;

	if (der == NULL || text == NULL)
		return pki_fail_memory(err);
	pki_base64_add(text, binding, 0);
	for (int i = 0; i < PKI_CSR_CHALLENGES; i++)
		if ((enrollment->linking & LINKS) >> i & 1)
			plan.challenges[i] = pki_buf_bytes(text);
	rc = pki_csr_make(enrollment->key, &plan, der, err);
	if (rc == PKI_OK)
		rc = pki_est_body_encode(pki_buf_bytes(der), 64, out, err);
	return rc;
}

/* For make_body: of one length, whatever the signature's is. */
struct linked_body {
	const est_enrollment *enrollment;
	size_t                bytes;
};

static pki_code
make_linked(void *arg, const tls_facts *facts, pki_buf *out, pki_err *err)
{
	const struct linked_body *body = arg;
	pki_code rc;

	if (facts->binding_len == 0)
		return refuse(err, PKI_DENIED, "linking", "TLS",
		    "the server wants a request that is bound to the "
		    "connection, and this one has no binding");
	rc = make_text(body->enrollment, pki_bytes_of(facts->binding,
	    facts->binding_len), out, err);
	/* White space means nothing: RFC 8951, 3.1. */
	while (rc == PKI_OK && !out->failed && out->len < body->bytes)
		pki_buf_add_byte(out, '\n');
	return rc;
}

/*
 * The text without a binding, or, when there is to be one, how long it gets:
 * tls-exporter is longer than tls-unique.
 */
static pki_code
prepare(const est_enrollment *enrollment, http_request *request,
    struct linked_body *linked, pki_buf *text, pki_err *err)
{
	static const uint8_t longest[32];
	pki_bytes binding = pki_bytes_of(longest, sizeof(longest));
	pki_code rc;

	if ((enrollment->linking & LINKS) == 0)
		binding = pki_bytes_of(NULL, 0);
	rc = make_text(enrollment, binding, text, err);
	if (rc != PKI_OK)
		return rc;
	request->type = "application/pkcs10";
	if (binding.len == 0) {
		request->body = pki_buf_bytes(text);
		return PKI_OK;
	}
	*linked = (struct linked_body){ enrollment, text->len + BODY_SLACK };
	request->body_bytes = linked->bytes;
	request->make_body = make_linked;
	request->arg = linked;
	return PKI_OK;
}

pki_code
est_enroll(est_server *server, const est_enrollment *enrollment,
    est_certs *out, pki_err *err)
{
	const char *operation = enrollment->operation == EST_ENROLL ?
	    "simpleenroll" : "simplereenroll";
	PKI_AUTO(pki_buf) text = pki_buf_new();
	http_request request = { .accept = CERTS_TYPE };
	http_answer answer = { .status = 0 };
	struct linked_body linked;
	pki_code rc;

	if (text == NULL)
		return pki_fail_memory(err);
	rc = prepare(enrollment, &request, &linked, text, err);
	if (rc == PKI_OK)
		rc = ask(server, operation, &request, &answer, err);
	if (rc == PKI_OK)
		rc = est_take_certs(server, operation, &answer, out, err);
	http_answer_clear(&answer);
	return rc;
}
