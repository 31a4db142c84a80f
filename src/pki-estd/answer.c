#include "pki-estd/answer.h"

#include <stdio.h>

bool
answer_may_stay(const http_answer *answer)
{
	return (answer->status >= 200 && answer->status < 300) ||
	    answer->status == 304 || answer->status == 401 ||
	    answer->status == 404;
}

const char *
answer_rule(const http_answer *answer)
{
	if (answer->rule != NULL)
		return answer->rule;
	return answer->reason[0] == '\0' ? NULL : answer->reason;
}

void
answer_copy_reason(http_answer *answer, const char *rule, const char *detail)
{
	answer->rule = NULL;
	snprintf(answer->reason, sizeof(answer->reason), "%s", rule);
	snprintf(answer->detail, sizeof(answer->detail), "%s", detail);
}

void
answer_set_reason(http_answer *answer, const pki_err *err)
{
	char detail[ANSWER_DETAIL] = "";
	size_t used = 0;

	if (err->value[0] != '\0')
		used = (size_t)snprintf(detail, sizeof(detail),
		    "'%s' refused", err->value);
	if (err->accepts[0] != '\0')
		snprintf(detail + used, sizeof(detail) - used,
		    "%saccepted: %s", used == 0 ? "" : ", ", err->accepts);
	answer_copy_reason(answer, err->rule[0] == '\0' ?
	    pki_code_name(err->code) : err->rule, detail);
}

void
answer_write_reason(http_answer *answer, const char *id)
{
	const char *rule = answer_rule(answer);

	if (rule == NULL || answer->status == 401)
		return;
	pki_buf_free(answer->body);
	answer->type = NULL;
	answer->body = pki_buf_new();
	if (answer->body == NULL)
		return;
	pki_buf_add_format(answer->body, "%s %s\n", rule, id);
	if (answer->detail[0] != '\0')
		pki_buf_add_format(answer->body, "%s\n", answer->detail);
	if (answer->body->failed) {
		pki_buf_free(answer->body);
		answer->body = NULL;
		return;
	}
	answer->type = "text/plain";
}

static void
add(answer_headers *out, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		out->list[out->count++] = (answer_header){ name, value };
}

void
answer_list_headers(const http_answer *answer, answer_end end,
    answer_headers *out)
{
	out->count = 0;
	out->seconds[0] = '\0';
	if (answer->retry_after > 0)
		snprintf(out->seconds, sizeof(out->seconds), "%u",
		    answer->retry_after);
	add(out, "Content-Type", answer->type);
	add(out, "Content-Transfer-Encoding", answer->encoding);
	add(out, "Allow", answer->allow);
	add(out, "Retry-After", out->seconds);
	add(out, "ETag", answer->etag);
	/* What has no tag is nobody's to keep. */
	add(out, "Cache-Control", answer->etag[0] == '\0' ? "no-store" :
	    NULL);
	add(out, "WWW-Authenticate", answer->challenge ?
	    "Basic realm=\"est\"" : NULL);
	add(out, "Connection", end == ANSWER_CLOSE ? "close" : NULL);
}
