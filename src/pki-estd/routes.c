#include "pki-estd/routes.h"

#include <string.h>

#define EST "/.well-known/est/"
#define CSR_MAX ((size_t)32 * 1024)     /* base64 of 16 KiB and line ends */

/* RFC 7030, section 3.2.2.  serverkeygen and fullcmc are not offered: 404. */
const routes_row routes_table[ROUTE_COUNT] = {
	[ROUTE_CACERTS] = { "GET", DOOR_EST, PATH_LABEL, "cacerts",
	    NULL, 0, AUTH_NONE, ROUTE_CACERTS },
	[ROUTE_CSRATTRS] = { "GET", DOOR_EST, PATH_LABEL, "csrattrs",
	    NULL, 0, AUTH_NONE, ROUTE_CSRATTRS },
	[ROUTE_ENROLL] = { "POST", DOOR_EST, PATH_LABEL, "simpleenroll",
	    "application/pkcs10", CSR_MAX, AUTH_EITHER, ROUTE_ENROLL },
	[ROUTE_REENROLL] = { "POST", DOOR_EST, PATH_LABEL, "simplereenroll",
	    "application/pkcs10", CSR_MAX, AUTH_CERTIFICATE, ROUTE_REENROLL },
	[ROUTE_LIVE] = { "GET", DOOR_STATUS, PATH_EXACT, "/health/live",
	    NULL, 0, AUTH_NONE, ROUTE_LIVE },
	[ROUTE_READY] = { "GET", DOOR_STATUS, PATH_EXACT, "/health/ready",
	    NULL, 0, AUTH_NONE, ROUTE_READY },
	[ROUTE_METRICS] = { "GET", DOOR_STATUS, PATH_EXACT, "/metrics",
	    NULL, 0, AUTH_NONE, ROUTE_METRICS },
};

/* Operations of EST, ours or not: none may be a label. */
static const char *const operations[] = {
	"cacerts", "csrattrs", "fullcmc", "serverkeygen", "simpleenroll",
	"simplereenroll",
};

/* What a row's method answers, as Allow says it: RFC 9110, 10.2.1. */
static const struct method {
	const char *name, *allow;
} methods[] = {
	{ "GET", "GET, HEAD" },
	{ "POST", "POST" },
};

const char *
routes_name(size_t message)
{
	return message < ROUTE_COUNT ? routes_table[message].path : "none";
}

bool
routes_label_check(pki_bytes label)
{
	static const char from[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	if (label.len == 0 || label.len > ROUTES_LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (label.data[i] == '\0' ||
		    strchr(from, label.data[i]) == NULL)
			return false;
	for (size_t i = 0; i < PKI_COUNT(operations); i++)
		if (pki_bytes_equal(label, pki_bytes_text(operations[i])))
			return false;
	return true;
}

/* Split "<label>/<operation>" or "<operation>" behind the prefix. */
static bool
match_label(const routes_row *row, const routes_query *query, pki_bytes *label)
{
	const size_t prefix = sizeof(EST) - 1;
	pki_bytes rest = query->facts->path;
	const uint8_t *slash;

	if (rest.len <= prefix || memcmp(rest.data, EST, prefix) != 0)
		return false;
	rest = pki_bytes_of(rest.data + prefix, rest.len - prefix);
	slash = memchr(rest.data, '/', rest.len);
	*label = pki_bytes_of(NULL, 0);
	if (slash != NULL) {
		*label = pki_bytes_of(rest.data, (size_t)(slash - rest.data));
		rest = pki_bytes_of(slash + 1, rest.len - label->len - 1);
		if (!routes_label_check(*label) || query->is_label == NULL)
			return false;
	}
	/* Whether there is such a label is asked last, and once. */
	return pki_bytes_equal(rest, pki_bytes_text(row->path)) &&
	    (slash == NULL || query->is_label(query->arg, *label));
}

static bool
match_path(const routes_row *row, const routes_query *query, pki_bytes *label)
{
	if (row->door != query->door)
		return false;
	if (row->kind == PATH_LABEL)
		return match_label(row, query, label);
	*label = pki_bytes_of(NULL, 0);
	return pki_bytes_equal(query->facts->path, pki_bytes_text(row->path));
}

/* Case matters in methods: RFC 9110, section 9.1. */
static bool
match_method(const routes_row *row, pki_bytes method)
{
	return pki_bytes_equal(method, pki_bytes_text(row->method)) ||
	    (strcmp(row->method, "GET") == 0 &&
	    pki_bytes_equal(method, PKI_BYTES_TEXT("HEAD")));
}

static const char *
allow_of(const routes_row *row)
{
	for (size_t i = 0; i < PKI_COUNT(methods); i++)
		if (strcmp(methods[i].name, row->method) == 0)
			return methods[i].allow;
	return "";
}

static gate_verdict
check_body(const routes_row *row, const gate_facts *facts)
{
	if (row->max_body == 0) {
		if (facts->framing == GATE_CHUNKED ||
		    (facts->framing == GATE_LENGTH && facts->length > 0))
			return (gate_verdict){ 400, "body-unexpected" };
		return (gate_verdict){ 0, NULL };
	}
	if (!gate_equal(facts->type, row->type))
		return (gate_verdict){ 415, "content-type" };
	if (facts->framing == GATE_NO_BODY)
		return (gate_verdict){ 411, "length-missing" };
	if (facts->framing == GATE_LENGTH && facts->length == 0)
		return (gate_verdict){ 400, "body-empty" };
	if (facts->framing == GATE_LENGTH && facts->length > row->max_body)
		return (gate_verdict){ 413, "body-long" };
	return (gate_verdict){ 0, NULL };
}

gate_verdict
routes_check(const routes_query *query, routes_match *match)
{
	*match = (routes_match){ .route = NULL };
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const routes_row *row = &routes_table[i];

		if (!match_path(row, query, &match->label))
			continue;
		match->route = row;
		if (match_method(row, query->method))
			return check_body(row, query->facts);
		match->allow = allow_of(row);
		return (gate_verdict){ 405, "method" };
	}
	match->label = pki_bytes_of(NULL, 0);
	return (gate_verdict){ 404, "not-found" };
}
