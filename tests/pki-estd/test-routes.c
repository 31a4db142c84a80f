#include "pki-estd/routes.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(routes_check, .timeout = 30);
TestSuite(routes_label_check, .timeout = 30);

#define EST "/.well-known/est/"
#define P10 "application/pkcs10"

static bool
is_meter(void *arg, pki_bytes label)
{
	(void)arg;
	return pki_bytes_equal(label, PKI_BYTES_TEXT("meter"));
}

static const struct {
	routes_door    door;
	const char    *method, *path, *type;
	gate_framing   framing;
	uint64_t       length;
	unsigned       status;
	routes_message message;
} samples[] = {
	{ DOOR_EST, "GET", EST "cacerts", "", 0, 0, 0, ROUTE_CACERTS },
	{ DOOR_EST, "HEAD", EST "cacerts", "", 0, 0, 0, ROUTE_CACERTS },
	{ DOOR_EST, "GET", EST "meter/cacerts", "", 0, 0, 0, ROUTE_CACERTS },
	{ DOOR_EST, "GET", EST "csrattrs", "", 0, 0, 0, ROUTE_CSRATTRS },
	{ DOOR_EST, "POST", EST "simpleenroll", P10, GATE_LENGTH, 32768, 0,
	    ROUTE_ENROLL },
	{ DOOR_EST, "POST", EST "simplereenroll", "Application/Pkcs10",
	    GATE_CHUNKED, 0, 0, ROUTE_REENROLL },
	{ DOOR_STATUS, "GET", "/metrics", "", 0, 0, 0, ROUTE_METRICS },
	{ DOOR_STATUS, "GET", "/health/live", "", 0, 0, 0, ROUTE_LIVE },
	{ DOOR_STATUS, "GET", EST "cacerts", "", 0, 0, 404, ROUTE_COUNT },
	{ DOOR_EST, "GET", "/metrics", "", 0, 0, 404, ROUTE_COUNT },
	{ DOOR_EST, "GET", EST, "", 0, 0, 404, ROUTE_COUNT },
	{ DOOR_EST, "GET", EST "cacerts/", "", 0, 0, 404, ROUTE_COUNT },
	{ DOOR_EST, "GET", EST "/cacerts", "", 0, 0, 404, ROUTE_COUNT },
	{ DOOR_EST, "GET", EST "server/cacerts", "", 0, 0, 404, ROUTE_COUNT },
	{ DOOR_EST, "GET", EST "Meter/cacerts", "", 0, 0, 404, ROUTE_COUNT },
	{ DOOR_EST, "GET", EST "cacerts/cacerts", "", 0, 0, 404,
	    ROUTE_COUNT },
	{ DOOR_EST, "POST", EST "serverkeygen", P10, GATE_LENGTH, 9, 404,
	    ROUTE_COUNT },
	{ DOOR_EST, "POST", EST "fullcmc", P10, GATE_LENGTH, 9, 404,
	    ROUTE_COUNT },
	{ DOOR_EST, "POST", EST "cacerts", "", GATE_LENGTH, 0, 405,
	    ROUTE_CACERTS },
	{ DOOR_EST, "get", EST "cacerts", "", 0, 0, 405, ROUTE_CACERTS },
	{ DOOR_EST, "HEAD", EST "simpleenroll", "", 0, 0, 405, ROUTE_ENROLL },
	{ DOOR_EST, "GET", EST "cacerts", "", GATE_LENGTH, 1, 400,
	    ROUTE_CACERTS },
	{ DOOR_EST, "GET", EST "cacerts", "", GATE_CHUNKED, 0, 400,
	    ROUTE_CACERTS },
	{ DOOR_EST, "POST", EST "simpleenroll", "", GATE_LENGTH, 9, 415,
	    ROUTE_ENROLL },
	{ DOOR_EST, "POST", EST "simpleenroll", P10 "x", GATE_LENGTH, 9, 415,
	    ROUTE_ENROLL },
	{ DOOR_EST, "POST", EST "simpleenroll", P10, 0, 0, 411,
	    ROUTE_ENROLL },
	{ DOOR_EST, "POST", EST "simpleenroll", P10, GATE_LENGTH, 0, 400,
	    ROUTE_ENROLL },
	{ DOOR_EST, "POST", EST "simpleenroll", P10, GATE_LENGTH, 32769, 413,
	    ROUTE_ENROLL },
};

Test(routes_check, enforces_each_column)
{
	for (size_t i = 0; i < PKI_COUNT(samples); i++) {
		const gate_facts facts = {
			.path = pki_bytes_text(samples[i].path),
			.type = pki_bytes_text(samples[i].type),
			.framing = samples[i].framing,
			.length = samples[i].length,
		};
		const routes_query query = {
			.door = samples[i].door,
			.method = pki_bytes_text(samples[i].method),
			.facts = &facts, .is_label = is_meter,
		};
		routes_match match;
		gate_verdict verdict = routes_check(&query, &match);

		cr_expect_eq(verdict.status, samples[i].status, "row %zu: %u",
		    i, verdict.status);
		cr_expect_eq(match.route == NULL ? ROUTE_COUNT :
		    match.route->message, samples[i].message, "row %zu", i);
		cr_expect_eq(match.allow != NULL, verdict.status == 405,
		    "row %zu", i);
	}
}

Test(routes_check, each_row_stands_where_its_message_says)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		cr_expect_eq(routes_table[i].message, i);
}

static const struct {
	const char *label;
	bool        good;
} labels[] = {
	{ "a", true }, { "A-b_9", true },
	{ "abcdefghijklmnopqrstuvwxyz012345", true },
	{ "abcdefghijklmnopqrstuvwxyz0123456", false },
	{ "", false }, { "a.b", false }, { "a b", false }, { "a~", false },
	{ "cacerts", false }, { "serverkeygen", false }, { "fullcmc", false },
};

Test(routes_label_check, knows_its_shape)
{
	for (size_t i = 0; i < PKI_COUNT(labels); i++)
		cr_expect_eq(routes_label_check(
		    pki_bytes_text(labels[i].label)), labels[i].good, "'%s'",
		    labels[i].label);
}
