#include "pki-estd/worker-parts.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pki-estd/enclosure.h"
#include "pki-estd/log.h"

#define TICK_MS 1000            /* so often the parent hears that we live */
#define HANGS_MS 20000          /* without a sign of it a thread hangs */
#define DESCRIPTORS_MAX 65536
#define DESCRIPTORS_OTHER 64    /* that are no connections */

static void
wake_main(worker *w)
{
	const uint64_t one = 1;

	/* Full means that it wakes anyway. */
	while (write(w->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- what the issuer says, in its reader's thread ---- */

static void
on_done(pki_issuer_call *call, const pki_message *reply, pki_code why)
{
	(void)why;
	if (call->type == PKI_MESSAGE_PING) {
		worker *w = (worker *)(void *)((char *)call -
		    offsetof(worker, ping));

		/* Busy is an answer as well. */
		if (reply != NULL)
			atomic_store(&w->ponged, pki_clock_monotonic_ms());
		atomic_store(&w->pinging, false);
		return;
	}
	handle_enroll_done(call, reply);
}

static void
on_broken(void *arg, const pki_err *err)
{
	worker *w = arg;

	log_event("issuer-broken", &LOG_AS_TEXT("reason", err->msg), 1);
	atomic_store(&w->broken, true);
	wake_main(w);
}

/* Both are of one build, or nothing that they say to each other is sure. */
static void
take_hello(worker *w, const pki_message *message)
{
	pki_err err;

	if (pki_bytes_equal(message->field[PKI_TAG_BUILD],
	    pki_bytes_text(PACKAGE_VERSION)))
		return;
	pki_fail(&err, PKI_BAD_INPUT, "the issuer is of another build");
	on_broken(w, &err);
}

static void
take_offer(worker *w, const pki_message *message)
{
	const log_field fields[] = {
		LOG_AS_NUMBER("generation",
		    message->number[PKI_TAG_GENERATION]),
		LOG_AS_NUMBER("labels", message->n_list),
	};
	pki_err err;

	if (offers_take(w->offers, message, &err) != PKI_OK)
		log_event("offers-refused", &LOG_AS_TEXT("reason", err.msg),
		    1);
	else if (message->type == PKI_MESSAGE_LABELS) {
		log_event("offers", fields, PKI_COUNT(fields));
		wake_main(w);
	}
}

static void
on_told(void *arg, const pki_message *message)
{
	worker *w = arg;

	switch (message->type) {
	case PKI_MESSAGE_HELLO:
		take_hello(w, message);
		break;
	case PKI_MESSAGE_STATE:
		health_take(w->health, message);
		break;
	case PKI_MESSAGE_RELOADED:
		/* The issuer has said what came of it. */
		break;
	default:
		take_offer(w, message);
		break;
	}
}

/* ---- the beginning ---- */

/* As many as we may have: each connection is one. */
static pki_code
read_descriptors(worker *w, pki_err *err)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return pki_fail_errno(err, "cannot read the limits");
	if (files.rlim_max > DESCRIPTORS_MAX)
		files.rlim_max = DESCRIPTORS_MAX;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return pki_fail_errno(err, "cannot raise the limit of "
		    "descriptors");
	w->descriptors = files.rlim_cur;
	if (w->descriptors < (size_t)w->config->most + DESCRIPTORS_OTHER)
		log_event("descriptors-few", (log_field[]){
			LOG_AS_NUMBER("descriptors", w->descriptors),
			LOG_AS_NUMBER("connections", w->config->most),
		}, 2);
	return PKI_OK;
}

static pki_code
open_tables(worker *w, pki_err *err)
{
	const limits_options rates = estd_config_limits(w->config);
	pki_code rc = limits_new(&rates, &w->limits, err);

	if (rc == PKI_OK)
		rc = tls_new(&w->tls, err);
	if (rc == PKI_OK)
		rc = offers_new(w->tls, &w->offers, err);
	if (rc == PKI_OK)
		rc = health_new(&w->health, err);
	if (rc != PKI_OK)
		return rc;
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w->wake_fd < 0 ? pki_fail_errno(err, "eventfd") : PKI_OK;
}

static pki_code
start_threads(worker *w, pki_err *err)
{
	const pki_issuer_options options = {
		.done = on_done, .told = on_told, .broken = on_broken,
		.arg = w,
	};
	pki_code rc = reaper_start(w->descriptors, &w->reaper, err);

	if (rc == PKI_OK)
		rc = pki_issuer_open(&options, &w->issuer, err);
	w->desk = (handler_desk){
		.offers = w->offers, .health = w->health,
		.issuer = w->issuer, .reaper = w->reaper,
	};
	return rc;
}

/* In the order of DESIGN 3: before anything comes from the network. */
static pki_code
begin(worker *w, pki_err *err)
{
	enclosure files;
	pki_code rc = pki_sandbox_begin(PKI_SANDBOX_WORKER, &w->sandbox, err);

	if (rc == PKI_OK)
		rc = pki_child_begin(err);
	if (rc == PKI_OK)
		rc = pki_crypto_begin(err);
	if (rc == PKI_OK)
		rc = estd_options_load(w->options, &w->config, err);
	if (rc == PKI_OK)
		rc = read_descriptors(w, err);
	if (rc == PKI_OK)
		rc = open_tables(w, err);
	if (rc != PKI_OK)
		return rc;
	enclosure_list(PKI_SANDBOX_WORKER, w->options, NULL, &files);
	rc = pki_sandbox_enclose(&w->sandbox, files.paths, files.count, err);
	if (rc == PKI_OK)
		rc = start_threads(w, err);
	if (rc == PKI_OK)
		rc = pki_sandbox_seal(&w->sandbox, err);
	return rc;
}

/* ---- the main thread ---- */

/* Devices are let in once there is something to serve them with. */
static pki_code
open_doors(worker *w, pki_err *err)
{
	pki_code rc = PKI_OK;

	if (w->sockets.fd[DOOR_STATUS] >= 0)
		rc = worker_open_door(w, DOOR_STATUS, err);
	if (rc != PKI_OK || w->sockets.fd[DOOR_EST] < 0 ||
	    !offers_known(w->offers))
		return rc;
	rc = worker_open_door(w, DOOR_EST, err);
	if (rc == PKI_OK)
		rc = pki_control_send(PKI_CONTROL_FD, PKI_CONTROL_READY, -1,
		    err);
	return rc;
}

/* *stop: the parent says so. */
static pki_code
take_control(worker *w, bool *stop, pki_err *err)
{
	pki_control control;
	int fd;
	pki_code rc = pki_control_receive(PKI_CONTROL_FD, &control, &fd, err);

	if (rc != PKI_OK)
		return rc == PKI_BUSY ? PKI_OK : rc;
	switch (control) {
	case PKI_CONTROL_LISTEN:
		w->sockets.fd[DOOR_EST] = fd;
		return PKI_OK;
	case PKI_CONTROL_METRICS_LISTEN:
		w->sockets.fd[DOOR_STATUS] = fd;
		return PKI_OK;
	case PKI_CONTROL_LINK:
		return pki_issuer_link(w->issuer, fd, err);
	case PKI_CONTROL_STOP:
		*stop = true;
		return PKI_OK;
	default:
		return pki_fail(err, PKI_BAD_INPUT, "the parent says '%s'",
		    pki_control_name(control));
	}
}

/* Ask the issuer whether it lives, one question at a time. */
static void
ping_issuer(worker *w)
{
	const pki_message ping = pki_message_of(PKI_MESSAGE_PING);

	if (atomic_exchange(&w->pinging, true))
		return;
	if (pki_issuer_ask(w->issuer, &w->ping, &ping, NULL, NULL) != PKI_OK) {
		/* There is none: the parent knows, and starts one. */
		atomic_store(&w->ponged, pki_clock_monotonic_ms());
		atomic_store(&w->pinging, false);
	}
}

/* Reader and issuer do; without a word the watchdog ends us. */
static pki_code
say_alive(worker *w, pki_err *err)
{
	pki_issuer_counts counts;
	pki_code rc = PKI_OK;

	ping_issuer(w);
	pki_issuer_count(w->issuer, &counts);
	if (pki_issuer_now(w->issuer) - counts.looked_ms < HANGS_MS &&
	    pki_clock_monotonic_ms() - atomic_load(&w->ponged) < HANGS_MS)
		rc = pki_control_send(PKI_CONTROL_FD, PKI_CONTROL_ALIVE, -1,
		    err);
	return rc == PKI_BUSY ? PKI_OK : rc;
}

static pki_code
serve(worker *w, pki_err *err)
{
	struct pollfd fds[] = {
		{ PKI_CONTROL_FD, POLLIN, 0 }, { w->wake_fd, POLLIN, 0 },
	};
	int64_t next = pki_clock_monotonic_ms();
	bool stop = false;
	uint64_t woken;
	pki_code rc = PKI_OK;

	while (rc == PKI_OK && !stop) {
		if (poll(fds, PKI_COUNT(fds), TICK_MS) < 0 && errno != EINTR)
			return pki_fail_errno(err, "poll");
		while (read(w->wake_fd, &woken, sizeof(woken)) < 0 &&
		    errno == EINTR)
			;
		if (fds[0].revents != 0)
			rc = take_control(w, &stop, err);
		if (rc == PKI_OK && atomic_load(&w->broken))
			rc = pki_fail(err, PKI_BAD_INPUT,
			    "the issuer is not to be trusted");
		if (rc == PKI_OK && !stop)
			rc = open_doors(w, err);
		if (rc == PKI_OK && pki_clock_monotonic_ms() >= next) {
			next = pki_clock_monotonic_ms() + TICK_MS;
			rc = say_alive(w, err);
		}
	}
	return rc;
}

/* Threads first; the rest in the order in which it is borrowed. */
static void
end(worker *w)
{
	if (w->issuer != NULL)
		worker_close_doors(w);
	pki_issuer_free(w->issuer);
	sockets_close(&w->sockets);
	offers_free(w->offers);
	health_free(w->health);
	tls_free(w->tls);
	limits_free(w->limits);
	if (w->reaper != NULL)
		reaper_stop(w->reaper);
	estd_config_free(w->config);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
}

pki_code
worker_run(const estd_options *options, pki_err *err)
{
	worker w = {
		.options = options, .sockets = { { -1, -1 } }, .wake_fd = -1,
		.ponged = pki_clock_monotonic_ms(),
	};
	pki_code rc = begin(&w, err);

	if (rc == PKI_OK)
		rc = serve(&w, err);
	end(&w);
	return rc;
}
