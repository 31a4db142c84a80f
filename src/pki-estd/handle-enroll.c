/*
 * POST simpleenroll and simplereenroll: RFC 7030, 4.2.  Nothing is decided
 * here: the request's octets, who sent them and what TLS says of him go to
 * the issuer, and its answer comes back.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "pki-estd/handlers.h"
#include "pki-estd/tls.h"

#define CSR_LABEL "CERTIFICATE REQUEST"
#define CSR_MAX ((size_t)16 * 1024)
#define TLS_UNIQUE 12           /* octets: RFC 5246, 7.4.9 */

/* What goes to the issuer, as long as it is being made. */
typedef struct question {
	pki_message message;
	pki_buf    *csr;
	uint8_t     address[sizeof(struct in6_addr)];
	tls_facts   facts;
} question;

/* Lives with its request. */
typedef struct enrollment {
	pki_issuer_call call;
	http_request   *request;
} enrollment;

/* ---- the question ---- */

static bool
put_address(question *q, const http_request *request)
{
	size_t len = 4;

	if (inet_pton(AF_INET, request->peer, q->address) != 1) {
		len = sizeof(q->address);
		if (inet_pton(AF_INET6, request->peer, q->address) != 1)
			return false;
	}
	pki_message_put(&q->message, PKI_TAG_ADDRESS,
	    pki_bytes_of(q->address, len));
	return true;
}

/*
 * One of the two, as the issuer looks at one: whoever has a token may come with
 * any certificate in TLS, his maker's for one.  Of a chain nothing is needed:
 * the CAs that count are known.  Re-enrolling is by certificate alone: RFC
 * 7030, 3.3.2.
 */
static void
put_credentials(question *q, const http_request *request)
{
	if (request->token.text[0] != '\0') {
		pki_message_put_text(&q->message, PKI_TAG_TOKEN_USER,
		    request->token.user);
		pki_message_put_text(&q->message, PKI_TAG_TOKEN,
		    request->token.text);
	} else if (q->facts.peer.len != 0) {
		pki_message_put(&q->message, PKI_TAG_CLIENT_CERT,
		    q->facts.peer);
	}
}

static void
put_tls(question *q)
{
	pki_message_put_number(&q->message, PKI_TAG_TLS_VERSION,
	    q->facts.version);
	if (q->facts.unique_len == TLS_UNIQUE)
		pki_message_put(&q->message, PKI_TAG_TLS_UNIQUE,
		    pki_bytes_of(q->facts.unique, TLS_UNIQUE));
	if (q->facts.exporter_len == TLS_EXPORTER)
		pki_message_put(&q->message, PKI_TAG_TLS_EXPORTER,
		    pki_bytes_of(q->facts.exporter, TLS_EXPORTER));
}

/* All of it is borrowed from q, the request and its session. */
static pki_code
make_question(question *q, http_request *request, pki_err *err)
{
	pki_code rc = pki_est_body_decode(pki_buf_bytes(request->body),
	    CSR_LABEL, CSR_MAX, &q->csr, err);

	if (rc != PKI_OK)
		return rc;
	rc = tls_read_facts(http_session(request), &q->facts, err);
	if (rc != PKI_OK)
		return rc;
	q->message = pki_message_of(request->route->message ==
	    ROUTE_REENROLL ? PKI_MESSAGE_REENROLL : PKI_MESSAGE_ENROLL);
	if (request->label.len > 0)
		pki_message_put(&q->message, PKI_TAG_LABEL, request->label);
	pki_message_put(&q->message, PKI_TAG_REQUEST_ID,
	    pki_bytes_of(request->id, HTTP_ID_TEXT - 1));
	if (!put_address(q, request))
		return pki_fail(err, PKI_SYSTEM, "no address of the client");
	pki_message_put(&q->message, PKI_TAG_CSR, pki_buf_bytes(q->csr));
	put_credentials(q, request);
	put_tls(q);
	return PKI_OK;
}

static void
park(pki_issuer_call *call)
{
	http_park(((enrollment *)(void *)call)->request);
}

/* What the wire does not carry is too large, or no text. */
static http_next
answer_failed(http_request *request, pki_code rc, const pki_err *err)
{
	if (rc == PKI_BAD_INPUT)
		return handler_answer_error(request, 400, err);
	return handler_answer_busy(request, rc == PKI_BUSY ? "issuer" :
	    pki_code_name(rc), HANDLER_RETRY_S);
}

http_next
handle_enroll(handler_desk *desk, http_request *request)
{
	enrollment *enroll = calloc(1, sizeof(*enroll));
	question q = { .csr = NULL };
	pki_err err;
	pki_code rc;

	if (enroll == NULL)
		return handler_answer_busy(request, "memory",
		    HANDLER_RETRY_S);
	enroll->request = request;
	request->state = enroll;
	request->free_state = free;
	rc = make_question(&q, request, &err);
	if (rc == PKI_OK)
		rc = pki_issuer_ask(desk->issuer, &enroll->call, &q.message,
		    park, &err);
	pki_buf_free(q.csr);
	/* From here on it may be answered, and gone. */
	return rc == PKI_OK ? HTTP_PARKED : answer_failed(request, rc, &err);
}

/* ---- the answer ---- */

/* RFC 7030, 4.2.3: the certificate alone; its chain is at cacerts. */
static pki_code
write_issued(const pki_message *reply, http_answer *answer)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_bytes cert = reply->field[PKI_TAG_CERT];
	pki_code rc;

	if (der == NULL || text == NULL)
		return PKI_NO_MEMORY;
	rc = pki_certs_only_encode(&cert, 1, der, NULL);
	if (rc == PKI_OK)
		rc = pki_est_body_encode(pki_buf_bytes(der),
		    (size_t)reply->number[PKI_TAG_WIDTH], text, NULL);
	if (rc != PKI_OK)
		return rc;
	*answer = (http_answer){
		.status = 200, .encoding = "base64",
		.type = "application/pkcs7-mime; smime-type=certs-only",
		/* RFC 9266, 4.1: a binding is used once. */
		.close = reply->number[PKI_TAG_POP] != 0,
		.body = PKI_TAKE(text),
	};
	return PKI_OK;
}

static void
write_refused(const pki_message *reply, http_answer *answer)
{
	pki_err err;

	(void)pki_message_refusal(reply, &err);
	answer->status = (unsigned)reply->number[PKI_TAG_HTTP];
	answer->retry_after = (unsigned)reply->number[PKI_TAG_RETRY_AFTER];
	answer->challenge = answer->status == 401;
	answer_set_reason(answer, &err);
}

static void
write_answer(const pki_message *reply, http_answer *answer)
{
	*answer = (http_answer){
		.status = 503, .rule = "issuer",
		.retry_after = HANDLER_RETRY_S,
	};
	if (reply == NULL)
		return;
	switch (reply->type) {
	case PKI_MESSAGE_ISSUED:
		/* It stays on record: who asks again gets it. */
		(void)write_issued(reply, answer);
		break;
	case PKI_MESSAGE_PENDING:
		answer->status = 202;
		answer->retry_after =
		    (unsigned)reply->number[PKI_TAG_RETRY_AFTER];
		answer_copy_reason(answer, "pending", "");
		break;
	case PKI_MESSAGE_REFUSED:
		write_refused(reply, answer);
		break;
	default:        /* BUSY: the client saw to it that there is no other */
		answer->retry_after =
		    (unsigned)reply->number[PKI_TAG_RETRY_AFTER];
		answer->rule = NULL;
		pki_message_text(reply, PKI_TAG_RULE, answer->reason,
		    sizeof(answer->reason));
		break;
	}
}

void
handle_enroll_done(pki_issuer_call *call, const pki_message *reply)
{
	enrollment *enroll = (enrollment *)(void *)call;
	http_request *request = enroll->request;
	http_answer answer;

	write_answer(reply, &answer);
	http_answer_set(request, &answer);
	http_wake(request);
}
