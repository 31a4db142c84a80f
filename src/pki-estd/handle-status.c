/* GET /health/live, /health/ready and /metrics, for monitoring. */

#include "pki-estd/handlers.h"
#include "pki-estd/metrics.h"

static http_next
answer_line(http_request *request, const char *line)
{
	pki_buf *text = pki_buf_new();

	if (text != NULL)
		pki_buf_add_format(text, "%s\n", line);
	return handler_answer_text(request, 200, text);
}

/* The worker answers, so it lives; more is asked of ready. */
http_next
handle_live(handler_desk *desk, http_request *request)
{
	(void)desk;
	return answer_line(request, "live");
}

http_next
handle_ready(handler_desk *desk, http_request *request)
{
	http_answer answer = { .status = 503, .rule = "not-ready" };
	pki_issuer_counts link;

	pki_issuer_count(desk->issuer, &link);
	if (!link.linked)
		health_forget(desk->health);
	if (health_is_ready(desk->health, answer.detail,
	    &answer.retry_after) && offers_known(desk->offers))
		return answer_line(request, "ready");
	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}

http_next
handle_metrics(handler_desk *desk, http_request *request)
{
	http_answer answer = {
		.status = 200, .type = "text/plain; version=0.0.4",
		.body = pki_buf_new(),
	};
	pki_issuer_counts link;

	if (answer.body == NULL)
		return handler_answer_busy(request, "memory",
		    HANDLER_RETRY_S);
	pki_issuer_count(desk->issuer, &link);
	metrics_set(METRIC_CUT, reaper_count(desk->reaper));
	metrics_print(answer.body);
	health_print(desk->health, &link, answer.body);
	if (answer.body->failed) {
		pki_buf_free(answer.body);
		return handler_answer_busy(request, "memory",
		    HANDLER_RETRY_S);
	}
	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}
