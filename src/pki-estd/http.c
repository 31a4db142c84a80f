#include "pki-estd/http.h"

#include <stdio.h>
#include <string.h>

#include <microhttpd.h>

#include "pki-estd/http-private.h"

/* What is read and thrown away so that a client gets to read its refusal. */
#define SWALLOW_MAX ((size_t)64 * 1024)

/* ---- answers ---- */

static void
free_body(void *body)
{
	pki_buf_free(body);
}

void
http_answer_set(http_request *request, const http_answer *take)
{
	pki_buf_free(request->answer.body);
	request->answer = *take;
}

void
http_refuse(http_request *request, unsigned status, const char *rule)
{
	const http_answer answer = { .status = status, .rule = rule };

	http_answer_set(request, &answer);
}

static struct MHD_Response *
make_response(http_answer *answer, answer_end end)
{
	struct MHD_Response *response;
	answer_headers headers;

	if (answer->body == NULL || answer->body->len == 0)
		response = MHD_create_response_from_buffer(0, NULL,
		    MHD_RESPMEM_PERSISTENT);
	else {
		response =
		    MHD_create_response_from_buffer_with_free_callback_cls(
		    answer->body->len, answer->body->data, free_body,
		    answer->body);
		if (response != NULL)
			answer->body = NULL;
	}
	if (response == NULL)
		return NULL;
	answer_list_headers(answer, end, &headers);
	for (size_t i = 0; i < headers.count; i++)
		MHD_add_response_header(response, headers.list[i].name,
		    headers.list[i].value);
	return response;
}

/* whole: the request was read to its end. */
static enum MHD_Result
send_answer(http_connection *connection, bool whole)
{
	http_request *request = &connection->request;
	http_daemon *http = connection->http;
	struct MHD_Response *response;
	enum MHD_Result rc;
	/*
	 * libmicrohttpd 0.9 takes a bare LF in chunks: where they end somebody
	 * else might see it otherwise, so nothing is read behind them.
	 */
	bool close = request->answer.close || request->broken || !whole ||
	    request->facts.framing == GATE_CHUNKED ||
	    !answer_may_stay(&request->answer) || atomic_load(&http->draining);

	answer_write_reason(&request->answer, request->id);
	atomic_store(&connection->phase, PHASE_ANSWERED);
	reaper_set(http->options.reaper, connection->fd,
	    in_seconds(http->options.reply_s));
	response = make_response(&request->answer,
	    close ? ANSWER_CLOSE : ANSWER_STAY);
	if (response == NULL)
		return MHD_NO;
	rc = MHD_queue_response(connection->mhd, request->answer.status,
	    response);
	MHD_destroy_response(response);
	return rc;
}

/* ---- heads ---- */

typedef struct head_reading {
	gate_header headers[GATE_HEADERS_MAX + 1];
	size_t      count;
} head_reading;

static enum MHD_Result
on_header(void *arg, enum MHD_ValueKind kind, const char *name,
    size_t name_len, const char *value, size_t value_len)
{
	head_reading *reading = arg;

	(void)kind;
	if (reading->count < PKI_COUNT(reading->headers))
		reading->headers[reading->count++] = (gate_header){
			pki_bytes_of(name, name_len),
			pki_bytes_of(value == NULL ? "" : value, value_len),
		};
	return reading->count < PKI_COUNT(reading->headers) ? MHD_YES : MHD_NO;
}

/*
 * The parser of libmicrohttpd 0.9 works in place: it puts NUL on the spaces of
 * the request line and on CR and LF, and its texts lie in the buffer as they
 * came.  So one NUL must follow method and target, and two what ends a line;
 * then comes the next text, or the end of the head.  Anything else was a bare
 * LF, more spaces, a NUL of the client's, or a folded line (which the library
 * appends to the *name*).  What a client writes in the place of those octets,
 * a NUL for a CR, looks like them; it moves no boundary.  Version 1 has a new
 * parser, which refuses these itself.
 */
static gate_lines
look_between(const http_connection *connection, const gate_head *head)
{
#if MHD_VERSION < 0x01000000
	const uint8_t *end = head->method.data + MHD_get_connection_info(
	    connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->
	    header_size;
	const uint8_t *next = head->version.data + head->version.len;

	if (head->target.data != head->method.data + head->method.len + 1 ||
	    head->version.data != head->target.data + head->target.len + 1)
		return GATE_LINES_BROKEN;
	for (size_t i = 0; i < head->count; i++) {
		const gate_header *header = &head->headers[i];

		if (header->name.data != next + 2 || next[1] != '\0')
			return GATE_LINES_BROKEN;
		next = header->value.data + header->value.len;
	}
	/* The empty line, unless there are more than we took. */
	if (head->count <= GATE_HEADERS_MAX &&
	    (end != next + 4 || next[1] != '\0' || next[3] != '\0'))
		return GATE_LINES_BROKEN;
#else
	(void)connection, (void)head;
#endif
	return GATE_LINES_CLEAN;
}

/*
 * Answer at the end of the request, or at once?  An answer in the first call
 * always ends the connection.
 */
static bool
may_swallow(const http_request *request)
{
	const gate_facts *facts = &request->facts;

	if (request->broken ||
	    (facts->framing == GATE_LENGTH && facts->length > SWALLOW_MAX))
		return false;
	/* Who waits for 100 (Continue) is told at once, unless it may stay. */
	return !facts->expects || answer_may_stay(&request->answer);
}

static enum MHD_Result
take_head(http_connection *connection, const char *method, const char *version)
{
	http_request *request = &connection->request;
	http_daemon *http = connection->http;
	head_reading reading = { .count = 0 };

	MHD_get_connection_values_n(connection->mhd, MHD_HEADER_KIND,
	    on_header, &reading);
	request->head.method = pki_bytes_text(method);
	request->head.version = pki_bytes_text(version);
	request->head.headers = reading.headers;
	request->head.count = reading.count;
	request->head.lines = look_between(connection, &request->head);
	reaper_set(http->options.reaper, connection->fd,
	    in_seconds(http->options.body_s));
	if (http->options.gate(http->options.arg, request) == HTTP_GO_ON)
		atomic_store(&connection->phase, PHASE_BODY);
	else if (may_swallow(request))
		atomic_store(&connection->phase, PHASE_SWALLOW);
	else
		return send_answer(connection, false);
	request->head.headers = NULL;
	request->head.count = 0;
	return MHD_YES;
}

/* ---- bodies ---- */

static enum MHD_Result
take_body(http_connection *connection, const char *data, size_t len)
{
	http_request *request = &connection->request;

	if (atomic_load(&connection->phase) == PHASE_SWALLOW) {
		connection->swallowed += len;
		return connection->swallowed <= SWALLOW_MAX ? MHD_YES : MHD_NO;
	}
	if (request->body == NULL)
		request->body = pki_buf_new();
	if (request->body == NULL)
		return MHD_NO;
	if (len > request->max_body - request->body->len) {
		http_refuse(request, 413, "body-long");
		pki_buf_cut(request->body, 0);
		atomic_store(&connection->phase, PHASE_SWALLOW);
		return MHD_YES;
	}
	pki_buf_add(request->body, pki_bytes_of(data, len));
	return request->body->failed ? MHD_NO : MHD_YES;
}

static enum MHD_Result
run_request(http_connection *connection)
{
	http_daemon *http = connection->http;

	atomic_store(&connection->phase, PHASE_RUN);
	/* Once parked, the request may be another thread's at once. */
	if (http->options.run(http->options.arg, &connection->request) ==
	    HTTP_PARKED)
		return MHD_YES;
	return send_answer(connection, true);
}

/* ---- requests ---- */

static http_connection *
connection_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/*
 * The first that is heard of a request: its raw target.  What is returned is
 * the context of the calls that follow.
 */
void *
http_on_target(void *arg, const char *target, struct MHD_Connection *mhd)
{
	http_daemon *http = arg;
	http_connection *connection = connection_of(mhd);
	http_request *request;

	if (connection == NULL)
		return NULL;
	request = &connection->request;
	memset(request, 0, sizeof(*request));
	request->where = connection;
	request->address = connection->address;
	memcpy(request->peer, connection->peer, sizeof(request->peer));
	snprintf(request->id, sizeof(request->id), "%016llx",
	    (unsigned long long)atomic_fetch_add(&http->next_id, 1));
	/* What is cut off at a question mark later stands here as NUL. */
	request->head.target = pki_bytes_text(target);
	connection->swallowed = 0;
	atomic_store(&connection->phase, PHASE_HEAD);
	atomic_fetch_add(&http->active, 1);
	return connection;
}

int
http_on_request(void *arg, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **context)
{
	http_connection *connection = *context;
	enum MHD_Result rc;

	(void)arg, (void)mhd, (void)url;
	if (connection == NULL)
		return MHD_NO;
	switch (atomic_load(&connection->phase)) {
	case PHASE_HEAD:
		return take_head(connection, method, version);
	case PHASE_BODY:
	case PHASE_SWALLOW:
		if (*len > 0) {
			rc = take_body(connection, data, *len);
			*len = 0;
			return rc;
		}
		if (atomic_load(&connection->phase) == PHASE_SWALLOW)
			return send_answer(connection, true);
		return run_request(connection);
	case PHASE_WOKEN:
		atomic_fetch_sub(&connection->http->parked, 1);
		return send_answer(connection, true);
	default:
		http_die("a handler was called out of turn");
	}
}

/* A parked request whose client has gone ends here, not in the handler. */
void
http_on_completed(void *arg, struct MHD_Connection *mhd, void **context,
    int why)
{
	http_daemon *http = arg;
	http_connection *connection = *context;
	http_request *request;

	(void)mhd;
	if (connection == NULL)
		return;
	request = &connection->request;
	switch (atomic_load(&connection->phase)) {
	case PHASE_PARKED:
		http_die("a parked request was ended");
	case PHASE_WOKEN:
		atomic_fetch_sub(&http->parked, 1);
		break;
	default:
		break;
	}
	if (why != MHD_REQUEST_TERMINATED_COMPLETED_OK)
		request->answer.status = 0;
	http->options.done(http->options.arg, request);
	if (request->free_state != NULL)
		request->free_state(request->state);
	pki_buf_free(request->answer.body);
	pki_buf_free(request->body);
	auth_wipe(&request->token);
	if (connection->fresh) {
		connection->fresh = false;
		atomic_fetch_sub(&http->fresh, 1);
	}
	reaper_set(http->options.reaper, connection->fd,
	    in_seconds(http->options.idle_s + http->options.head_s));
	atomic_fetch_sub(&http->active, 1);
	*context = NULL;
}

void
http_park(http_request *request)
{
	http_connection *connection = request->where;
	http_daemon *http = connection->http;

	atomic_fetch_add(&http->parked, 1);
	atomic_store(&connection->phase, PHASE_PARKED);
	/* Who parks keeps a deadline; the answer will have its own. */
	reaper_clear(http->options.reaper, connection->fd);
	MHD_suspend_connection(connection->mhd);
}

void
http_wake(http_request *request)
{
	http_connection *connection = request->where;
	struct MHD_Connection *mhd = connection->mhd;

	reaper_set(connection->http->options.reaper, connection->fd,
	    in_seconds(connection->http->options.reply_s));
	atomic_store(&connection->phase, PHASE_WOKEN);
	MHD_resume_connection(mhd);
}

void *
http_session(const http_request *request)
{
	const http_connection *connection = request->where;

	if (connection->http->options.wire == HTTP_PLAIN)
		return NULL;
	return MHD_get_connection_info(connection->mhd,
	    MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
}
