#include "pki-estd/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "pki-estd/routes.h"

static const struct metric_row {
	const char *name;       /* pki_estd_<name> */
	const char *label;      /* or NULL */
	const char *help;       /* of the first row of a name, else NULL */
} rows[METRIC_COUNT] = {
	[METRIC_ACCEPTED] = { "connections_total", "result=\"accepted\"",
	    "Connections, by what became of them before TLS." },
	[METRIC_FULL] = { "connections_total", "result=\"full\"", NULL },
	[METRIC_FULL_ADDRESS] = { "connections_total",
	    "result=\"full-address\"", NULL },
	[METRIC_PROXY_BAD] = { "connections_total", "result=\"proxy\"", NULL },
	[METRIC_NO_DESCRIPTOR] = { "connections_total",
	    "result=\"no-descriptor\"", NULL },
	[METRIC_SILENT] = { "connections_silent_total", NULL,
	    "Connections that ended before a request, as failed handshakes." },
	[METRIC_CUT] = { "connections_cut_total", NULL,
	    "Connections cut at a deadline." },
	[METRIC_HEAD_REFUSED] = { "heads_refused_total", NULL,
	    "Requests refused for the shape of their head." },
	[METRIC_LIMITED] = { "limited_total", NULL,
	    "Requests refused because there were too many tries." },
	[METRIC_TOKEN_BAD] = { "authorization_malformed_total", NULL,
	    "Requests whose Authorization is no token." },
	[METRIC_ABORTED] = { "requests_aborted_total", NULL,
	    "Requests whose client went away before the answer." },
};

/* The statuses that are counted; any other counts as 500. */
static const unsigned statuses[] = {
	200, 202, 304, 400, 401, 403, 404, 405, 409, 411, 413, 414, 415, 417,
	429, 431, 500, 501, 503, 505,
};
#define STATUS_OTHER 16

static atomic_uint_fast64_t values[METRIC_COUNT];
static atomic_uint_fast64_t answers[ROUTE_COUNT + 1][PKI_COUNT(statuses)];

void
metrics_add(metric_id metric)
{
	atomic_fetch_add_explicit(&values[metric], 1, memory_order_relaxed);
}

void
metrics_set(metric_id metric, uint64_t value)
{
	atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

uint64_t
metrics_get(metric_id metric)
{
	return atomic_load_explicit(&values[metric], memory_order_relaxed);
}

void
metrics_answer(size_t route, unsigned status)
{
	size_t at = STATUS_OTHER;

	for (size_t i = 0; i < PKI_COUNT(statuses); i++)
		if (statuses[i] == status)
			at = i;
	atomic_fetch_add_explicit(
	    &answers[route < ROUTE_COUNT ? route : ROUTE_COUNT][at], 1,
	    memory_order_relaxed);
}

static void
print_answers(pki_buf *out)
{
	static const char name[] = "pki_estd_requests_total";

	pki_buf_add_format(out, "# HELP %s Requests by route and status.\n"
	    "# TYPE %s counter\n", name, name);
	for (size_t r = 0; r <= ROUTE_COUNT; r++)
		for (size_t s = 0; s < PKI_COUNT(statuses); s++) {
			uint64_t n = atomic_load_explicit(&answers[r][s],
			    memory_order_relaxed);

			if (n > 0)
				pki_buf_add_format(out,
				    "%s{route=\"%s\",status=\"%u\"} %" PRIu64
				    "\n", name, routes_name(r), statuses[s],
				    n);
		}
}

void
metrics_print(pki_buf *out)
{
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		const struct metric_row *row = &rows[i];

		if (row->help != NULL)
			pki_buf_add_format(out, "# HELP pki_estd_%s %s\n"
			    "# TYPE pki_estd_%s counter\n", row->name,
			    row->help, row->name);
		pki_buf_add_format(out, "pki_estd_%s", row->name);
		if (row->label != NULL)
			pki_buf_add_format(out, "{%s}", row->label);
		pki_buf_add_format(out, " %" PRIu64 "\n", metrics_get(i));
	}
	print_answers(out);
}
