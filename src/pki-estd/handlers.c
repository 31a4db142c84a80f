#include "pki-estd/handlers.h"

typedef http_next handler(handler_desk *desk, http_request *request);

static handler *const handlers[ROUTE_COUNT] = {
	[ROUTE_CACERTS] = handle_cacerts,
	[ROUTE_CSRATTRS] = handle_csrattrs,
	[ROUTE_ENROLL] = handle_enroll,
	[ROUTE_REENROLL] = handle_enroll,
	[ROUTE_LIVE] = handle_live,
	[ROUTE_READY] = handle_ready,
	[ROUTE_METRICS] = handle_metrics,
};

http_next
handler_run(void *arg, http_request *request)
{
	return handlers[request->route->message](arg, request);
}

http_next
handler_answer_text(http_request *request, unsigned status, pki_buf *take)
{
	const http_answer answer = {
		.status = status, .type = "text/plain; charset=utf-8",
		.body = take,
	};

	if (pki_buf_check(take, NULL) != PKI_OK) {
		pki_buf_free(take);
		return handler_answer_busy(request, "memory",
		    HANDLER_RETRY_S);
	}
	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}

http_next
handler_answer_busy(http_request *request, const char *rule,
    unsigned retry_after)
{
	const http_answer answer = {
		.status = 503, .rule = rule, .retry_after = retry_after,
	};

	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}

http_next
handler_answer_error(http_request *request, unsigned status,
    const pki_err *err)
{
	http_answer answer = { .status = status };

	answer_set_reason(&answer, err);
	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}
