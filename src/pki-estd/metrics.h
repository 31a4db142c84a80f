#ifndef PKI_ESTD_METRICS_H
#define PKI_ESTD_METRICS_H

/* Counters of this process, and their text for Prometheus. */

#include "pki.h"

typedef enum metric {
	METRIC_ACCEPTED,
	METRIC_FULL,            /* turned away: connections in all */
	METRIC_FULL_ADDRESS,    /* turned away: connections of one address */
	METRIC_PROXY_BAD,       /* turned away: no good PROXY header */
	METRIC_NO_DESCRIPTOR,
	METRIC_SILENT,          /* ended before a request: failed handshakes */
	METRIC_CUT,             /* cut at a deadline */
	METRIC_HEAD_REFUSED,    /* by the header gate */
	METRIC_LIMITED,         /* too many tries */
	METRIC_TOKEN_BAD,       /* malformed Authorization */
	METRIC_ABORTED,         /* requests whose client went away */
	METRIC_COUNT,
} metric_id;

void metrics_add(metric_id metric);
void metrics_set(metric_id metric, uint64_t value);
uint64_t metrics_get(metric_id metric);

/* One answer of a route (a name of routes.c, or "none"). */
void metrics_answer(size_t route, unsigned status);

/* text/plain; version=0.0.4 */
void metrics_print(pki_buf *out);

#endif
