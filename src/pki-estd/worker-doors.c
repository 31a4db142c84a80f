#include "pki-estd/worker-parts.h"

#include <unistd.h>

#include "pki-estd/log.h"

#define ANSWER_MS 5000          /* at the stop: to answer what was sent */
#define WAKE_MS 60000           /* to come back from parking: always at once */
#define READ_MS 2000            /* for slow readers */
#define LOOK_US 2000

static unsigned
thread_count(const worker *w, routes_door door)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (door == DOOR_STATUS)
		return 1;
	if (w->config->threads > 0)
		return (unsigned)w->config->threads;
	return cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
}

static http_options
list_options(const worker *w, routes_door door)
{
	return (http_options){
		.wire = door == DOOR_EST ? HTTP_TLS : HTTP_PLAIN,
		.threads = thread_count(w, door),
		.idle_s = (unsigned)w->config->idle_s,
		.head_s = (unsigned)w->config->head_s,
		.body_s = (unsigned)w->config->body_s,
		.reply_s = (unsigned)w->config->reply_s,
		.reaper = w->reaper,
		.priorities = tls_priorities,
		.certificate = tls_no_certificate(),
	};
}

/* The socket is the acceptor's from there on. */
static pki_code
make_acceptor(worker *w, routes_door door, accept_thread **out, pki_err *err)
{
	limits_address proxies[ESTD_PROXIES_MAX];
	const accept_options options = {
		.listen_fd = w->sockets.fd[door],
		.descriptors = w->descriptors,
		.most = (size_t)w->config->most,
		.most_per_address = (size_t)w->config->most_per_address,
		.proxies = proxies,
		.n_proxies = door == DOOR_EST ?
		    estd_config_proxies(w->config, proxies) : 0,
	};

	w->sockets.fd[door] = -1;
	return accept_new(&options, out, err);
}

pki_code
worker_open_door(worker *w, routes_door door, pki_err *err)
{
	front_door *front = &w->front[door];
	http_options options = list_options(w, door);
	pki_code rc;

	*front = (front_door){
		.door = door, .limits = w->limits, .tls = w->tls,
		.is_label = offers_is_label, .label_arg = w->offers,
		.run = handler_run, .arg = &w->desk,
	};
	front_set_hooks(front, &options);
	rc = make_acceptor(w, door, &front->acceptor, err);
	if (rc == PKI_OK)
		rc = http_start(&options, &w->http[door], err);
	if (rc == PKI_OK)
		rc = accept_start(front->acceptor, w->http[door], err);
	return rc;
}

/* ---- the end ---- */

typedef bool count_check(const http_counts *counts);

static bool
is_idle(const http_counts *counts)
{
	return counts->active == 0 && counts->fresh == 0;
}

static bool
is_back(const http_counts *counts)
{
	return counts->parked == 0;
}

static bool
is_answered(const http_counts *counts)
{
	return counts->active == 0;
}

static void
wait_for(const worker *w, count_check *is_so, int64_t ms)
{
	int64_t end = pki_clock_monotonic_ms() + ms;
	http_counts counts = http_count(w->http[DOOR_EST]);

	while (!is_so(&counts) && pki_clock_monotonic_ms() < end) {
		usleep(LOOK_US);
		counts = http_count(w->http[DOOR_EST]);
	}
}

static void
end_requests(worker *w)
{
	http_drain(w->http[DOOR_EST]);
	wait_for(w, is_idle, ANSWER_MS);
	/* All that wait get 503, and so does whoever comes yet. */
	pki_issuer_refuse(w->issuer);
	wait_for(w, is_back, WAKE_MS);
	wait_for(w, is_answered, READ_MS);
}

static void
log_end(const worker *w)
{
	http_counts counts = http_count(w->http[DOOR_EST]);
	const log_field fields[] = {
		LOG_AS_NUMBER("active", counts.active),
		LOG_AS_NUMBER("parked", counts.parked),
	};

	log_event("stopped", fields, PKI_COUNT(fields));
}

void
worker_close_doors(worker *w)
{
	for (int door = 0; door < SOCKETS_COUNT; door++)
		if (w->http[door] != NULL)
			accept_end(w->front[door].acceptor);
	if (w->http[DOOR_EST] != NULL) {
		end_requests(w);
		log_end(w);
	}
	for (int door = 0; door < SOCKETS_COUNT; door++) {
		if (w->http[door] != NULL)
			http_stop(w->http[door]);
		w->http[door] = NULL;
		accept_free(w->front[door].acceptor);
		w->front[door].acceptor = NULL;
	}
}
