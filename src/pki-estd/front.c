#include "pki-estd/front.h"

#include "pki-estd/log.h"
#include "pki-estd/metrics.h"

static http_next
refuse(http_request *request, gate_verdict verdict)
{
	http_refuse(request, verdict.status, verdict.rule);
	return HTTP_ANSWERED;
}

static http_next
check_route(front_door *front, http_request *request)
{
	const routes_query query = {
		.door = front->door,
		.method = request->head.method,
		.facts = &request->facts,
		.is_label = front->is_label,
		.arg = front->label_arg,
	};
	routes_match match;
	gate_verdict verdict = routes_check(&query, &match);

	request->route = match.route;
	request->label = match.label;
	if (verdict.status != 0) {
		refuse(request, verdict);
		request->answer.allow = match.allow;
		return HTTP_ANSWERED;
	}
	request->max_body = match.route->max_body;
	return HTTP_GO_ON;
}

/* RFC 9110, section 15.5.2: it says how to do better. */
static http_next
ask_for_token(http_request *request, const char *rule)
{
	const http_answer answer = {
		.status = 401, .rule = rule, .challenge = true,
	};

	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}

/* Before anything is computed for a guess: per id, per address, in all. */
static http_next
check_limits(front_door *front, http_request *request, const auth_token *token)
{
	const struct {
		limits_kind kind;
		pki_bytes   key;
	} takes[] = {
		{ LIMITS_TOKEN, token == NULL ? pki_bytes_of(NULL, 0) :
		    auth_id(token) },
		{ LIMITS_ADDRESS, limits_address_key(&request->address) },
		{ LIMITS_ALL, pki_bytes_of(NULL, 0) },
	};
	int64_t now = pki_clock_monotonic_ms();

	for (size_t i = token == NULL ? 1 : 0; i < PKI_COUNT(takes); i++) {
		unsigned wait = limits_take(front->limits, takes[i].kind,
		    takes[i].key, now);
		const http_answer answer = {
			.status = 429, .rule = "rate", .retry_after = wait,
		};

		if (wait == 0)
			continue;
		metrics_add(METRIC_LIMITED);
		http_answer_set(request, &answer);
		return HTTP_ANSWERED;
	}
	return HTTP_GO_ON;
}

static http_next
check_token(front_door *front, http_request *request)
{
	pki_err err;

	if (auth_parse(request->facts.authorization, &request->token, &err) !=
	    PKI_OK) {
		/* A bad spelling is a guess as well, with no id to count. */
		metrics_add(METRIC_TOKEN_BAD);
		if (check_limits(front, request, NULL) != HTTP_GO_ON)
			return HTTP_ANSWERED;
		return ask_for_token(request, "token-malformed");
	}
	return check_limits(front, request, &request->token);
}

static http_next
check_authentication(front_door *front, http_request *request)
{
	bool token = request->facts.authorization.data != NULL;
	bool certificate;

	if (request->route->auth == AUTH_NONE)
		return HTTP_GO_ON;
	certificate = http_session(request) != NULL &&
	    tls_peer(http_session(request)).len > 0;
	/* A password cannot help there: no 401. */
	if (request->route->auth == AUTH_CERTIFICATE)
		return certificate ? HTTP_GO_ON : refuse(request,
		    (gate_verdict){ 403, "certificate-missing" });
	if (token)
		return check_token(front, request);
	if (request->route->auth == AUTH_EITHER && certificate)
		return HTTP_GO_ON;
	return ask_for_token(request, "authentication-missing");
}

static http_next
front_gate(void *arg, http_request *request)
{
	front_door *front = arg;
	gate_verdict verdict = gate_check(&request->head, &request->facts);

	if (verdict.status != 0) {
		request->broken = true;
		metrics_add(METRIC_HEAD_REFUSED);
		return refuse(request, verdict);
	}
	if (check_route(front, request) != HTTP_GO_ON)
		return HTTP_ANSWERED;
	return check_authentication(front, request);
}

static http_next
front_run(void *arg, http_request *request)
{
	front_door *front = arg;

	/* A chunked body says only now that it is none. */
	if (request->max_body > 0 &&
	    (request->body == NULL || request->body->len == 0))
		return refuse(request, (gate_verdict){ 400, "body-empty" });
	return front->run(front->arg, request);
}

static bool
is_stranger(const http_request *request)
{
	unsigned status = request->answer.status;

	return request->route == NULL || request->route->auth == AUTH_NONE ||
	    status == 0 || (status >= 400 && status < 500);
}

static void
front_done(void *arg, const http_request *request)
{
	const front_door *front = arg;
	size_t route = request->route == NULL ? ROUTE_COUNT :
	    request->route->message;
	unsigned status = request->answer.status;
	const log_field fields[] = {
		LOG_AS_TEXT("id", request->id),
		LOG_AS_TEXT("peer", request->peer),
		LOG_AS_TEXT("route", routes_name(route)),
		{ .name = "label", .text = request->label },
		{ .name = "method", .text = request->head.method },
		LOG_AS_NUMBER("status", status),
		LOG_AS_TEXT("rule", answer_rule(&request->answer)),
		{ .name = "token", .text = auth_id(&request->token) },
	};

	if (status == 0)
		metrics_add(METRIC_ABORTED);
	else
		metrics_answer(route, status);
	/* Monitoring asks all the time. */
	if (front->door == DOOR_STATUS && status == 200)
		return;
	if (is_stranger(request))
		log_stranger("request", fields, PKI_COUNT(fields));
	else
		log_event("request", fields, PKI_COUNT(fields));
}

static void *
front_started(void *arg, void *session)
{
	front_door *front = arg;
	tls_ref *ref = NULL;
	pki_err err;

	if (tls_begin(front->tls, session, &ref, &err) == PKI_OK)
		return ref;
	log_stranger("tls", &LOG_AS_TEXT("reason", err.msg), 1);
	return NULL;
}

static void
front_closed(void *arg, void *kept, int fd, bool silent)
{
	front_door *front = arg;

	tls_end(kept);
	if (silent)
		metrics_add(METRIC_SILENT);
	accept_release(front->acceptor, fd);
}

void
front_set_hooks(front_door *front, http_options *options)
{
	options->arg = front;
	options->gate = front_gate;
	options->run = front_run;
	options->done = front_done;
	options->started = front_started;
	options->closed = front_closed;
}
