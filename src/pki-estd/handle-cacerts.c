/* GET cacerts and csrattrs: RFC 7030, 4.1 and 4.5; nobody is asked. */

#include <string.h>

#include "pki-estd/handlers.h"

static http_next
answer_failed(http_request *request, pki_code rc)
{
	if (rc != PKI_NOT_FOUND)
		return handler_answer_busy(request, "memory",
		    HANDLER_RETRY_S);
	/* The label went since the route was looked up. */
	http_refuse(request, 404, "not-found");
	return HTTP_ANSWERED;
}

/* RFC 9110, 13.1.2: "*", or a list in which ours may be marked weak. */
static bool
has_tag(pki_bytes header, const char *etag)
{
	size_t len = strlen(etag);

	if (pki_bytes_equal(header, PKI_BYTES_TEXT("*")))
		return true;
	return header.len >= len &&
	    memmem(header.data, header.len, etag, len) != NULL;
}

http_next
handle_cacerts(handler_desk *desk, http_request *request)
{
	http_answer answer = {
		.status = 200, .encoding = "base64",
		.type = "application/pkcs7-mime; smime-type=certs-only",
	};
	pki_code rc = offers_get(desk->offers, request->label, OFFERS_CACERTS,
	    &answer.body, answer.etag, NULL);

	if (rc != PKI_OK)
		return answer_failed(request, rc);
	if (has_tag(request->facts.if_none_match, answer.etag)) {
		pki_buf_free(answer.body);
		answer.body = NULL;
		answer.type = answer.encoding = NULL;
		answer.status = 304;
	}
	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}

/* RFC 7030, 4.5.2: 204 when there are no wishes, and no body then. */
http_next
handle_csrattrs(handler_desk *desk, http_request *request)
{
	http_answer answer = {
		.status = 200, .encoding = "base64",
		.type = "application/csrattrs",
	};
	pki_code rc = offers_get(desk->offers, request->label,
	    OFFERS_CSRATTRS, &answer.body, NULL, NULL);

	if (rc != PKI_OK)
		return answer_failed(request, rc);
	if (answer.body->len == 0) {
		pki_buf_free(answer.body);
		answer = (http_answer){ .status = 204 };
	}
	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}
