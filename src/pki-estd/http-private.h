#ifndef PKI_ESTD_HTTP_PRIVATE_H
#define PKI_ESTD_HTTP_PRIVATE_H

/* What http.c (requests) and http-daemon.c (connections) share. */

#include <stdatomic.h>

#include "pki-estd/http.h"
#include "pki-estd/tls.h"
#include "pki-estd/waits.h"

struct MHD_Connection;
struct MHD_Daemon;

struct http_daemon {
	http_options       options;
	struct MHD_Daemon *daemon;
	waits_table       *waits;       /* HTTP_TLS: for handshakes */
	atomic_bool        draining;
	atomic_uint        open, fresh, active, parked;
	atomic_uint_fast64_t next_id;
};

typedef enum request_phase {
	PHASE_HEAD,             /* the target was read */
	PHASE_BODY,
	PHASE_SWALLOW,          /* refused; the body is thrown away first */
	PHASE_RUN,
	PHASE_PARKED,
	PHASE_WOKEN,
	PHASE_ANSWERED,
} request_phase;

/* What belongs to a connection; the request of the moment is within. */
struct http_connection {
	http_daemon           *http;
	struct MHD_Connection *mhd;
	int                    fd;
	bool                   fresh;
	tls_shake              shake;
	waits_place            wait;
	void                  *kept;            /* of started */
	limits_address         address;
	char                   peer[HTTP_PEER_TEXT];
	_Atomic request_phase  phase;
	size_t                 swallowed;
	http_request           request;
};

static inline int64_t
in_seconds(unsigned seconds)
{
	return pki_clock_monotonic_ms() + (int64_t)seconds * 1000;
}

/* Logs and ends the process: something that cannot be. */
_Noreturn void http_die(const char *why);

/* What libmicrohttpd calls; its enums are int here. */
void *http_on_target(void *arg, const char *target,
    struct MHD_Connection *mhd);
int http_on_request(void *arg, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *data, size_t *len,
    void **context);
void http_on_completed(void *arg, struct MHD_Connection *mhd, void **context,
    int why);

#endif
