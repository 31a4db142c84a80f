#include "pki-estd/answer.h"

#include <stdio.h>

bool
answer_may_stay(const http_answer *answer)
{
	return (answer->status >= 200 && answer->status < 300) ||
	    answer->status == 304 || answer->status == 401 ||
	    answer->status == 404;
}

void
answer_write_reason(http_answer *answer, const char *id)
{
	if (answer->rule == NULL || answer->status == 401)
		return;
	pki_buf_free(answer->body);
	answer->type = NULL;
	answer->body = pki_buf_new();
	if (answer->body == NULL)
		return;
	pki_buf_add_format(answer->body, "%s %s\n", answer->rule, id);
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
