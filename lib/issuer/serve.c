#include "issuer/serve-parts.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "issuer/spawn.h"

#define QUEUE_MAX 4096
#define SILENCE_S 10
/* How soon what others did is seen (DESIGN 3). */
#define TICK_MS 200

static void
pki_serving_free(pki_serving *serving)
{
	if (serving == NULL)
		return;
	pki_receive_stop(serving);
	/* After the seats, so that nothing comes any more. */
	pki_batch_close(serving->batch);
	if (serving->ca != NULL)
		pki_refusals_write(serving, serving->ca);
	pki_ca_free(serving->ca);
	pki_altnames_free(serving->settings.hosts);
	if (serving->stop_fd >= 0)
		close(serving->stop_fd);
	if (serving->ended_fd >= 0)
		close(serving->ended_fd);
	pthread_rwlock_destroy(&serving->lock);
	pthread_mutex_destroy(&serving->refusals.mutex);
	pthread_cond_destroy(&serving->queue.filled);
	pthread_mutex_destroy(&serving->queue.mutex);
	free(serving->seats);
	free(serving);
}
PKI_DEFINE_CLEANUP(pki_serving)

static void
init_locks(pki_serving *serving)
{
	serving->stop_fd = serving->ended_fd = -1;
	serving->queue.last = &serving->queue.first;
	pthread_rwlock_init(&serving->lock, NULL);
	pthread_mutex_init(&serving->refusals.mutex, NULL);
	pthread_mutex_init(&serving->queue.mutex, NULL);
	pthread_cond_init(&serving->queue.filled, NULL);
}

static unsigned
count_seats(unsigned asked)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return asked != 0 ? asked : cores > 0 ? (unsigned)cores : 1;
}

static pki_code
make_serving(const pki_serve_options *options, pki_serving **out,
    pki_err *err)
{
	PKI_AUTO(pki_serving) serving = calloc(1, sizeof(*serving));

	if (serving == NULL)
		return pki_fail_memory(err);
	init_locks(serving);
	serving->options = *options;
	serving->most = options->queue != 0 ? options->queue : QUEUE_MAX;
	serving->seat_count = count_seats(options->threads);
	serving->seats = calloc(serving->seat_count, sizeof(pki_seat));
	if (serving->seats == NULL)
		return pki_fail_memory(err);
	serving->stop_fd = eventfd(0, EFD_CLOEXEC);
	serving->ended_fd = eventfd(0, EFD_CLOEXEC);
	if (serving->stop_fd < 0 || serving->ended_fd < 0)
		return pki_fail_errno(err, "eventfd");
	*out = PKI_TAKE(serving);
	return PKI_OK;
}

/* What pki_wire_send_wait() waits at most. */
static pki_code
limit_silence(const pki_serving *serving, pki_err *err)
{
	unsigned asked = serving->options.silence_s;
	const struct timeval most = {
		.tv_sec = asked != 0 ? asked : SILENCE_S,
	};

	if (setsockopt(serving->options.link_fd, SOL_SOCKET, SO_SNDTIMEO,
	    &most, sizeof(most)) != 0)
		return pki_fail_errno(err, "link");
	return PKI_OK;
}

/* A clock that cannot be trusted stops issuing, and no more (DESIGN 3). */
static pki_code
open_all(pki_serving *serving, pki_err *err)
{
	const pki_profiles *profiles;
	pki_code rc = pki_settings_copy(&serving->options.settings,
	    &serving->settings, err);

	if (rc == PKI_OK)
		rc = pki_ca_open(&serving->options.ca, &serving->ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_profiles(serving->ca, &profiles, err);
	if (rc != PKI_OK)
		return rc;
	pki_clock_begin(serving);
	pki_ca_look(serving->ca, &serving->health);
	serving->clock_bad = !serving->health.clock;
	serving->log_full = !serving->health.log;
	rc = pki_seats_start(serving, err);
	if (rc == PKI_OK && serving->options.opened != NULL)
		rc = serving->options.opened(serving->options.arg, err);
	if (rc == PKI_OK)
		rc = pki_notice_hello(serving, err);
	if (rc == PKI_OK)
		rc = pki_watch_open(serving, err);
	if (rc == PKI_CLOCK) {
		pki_watch_note(serving, "clock-suspect", err);
		rc = PKI_OK;
	}
	if (rc == PKI_OK) {
		pki_notice_state(serving);
		rc = pki_receiver_start(serving, err);
	}
	return rc;
}

/* False: it is over. */
static bool
obey(pki_serving *serving)
{
	int fd = -1;
	pki_control control;
	pki_err err = { 0 };
	pki_code rc = pki_control_receive(serving->options.control_fd,
	    &control, &fd, &err);

	if (rc == PKI_BUSY)
		return true;
	if (rc != PKI_OK)
		return false;
	if (fd >= 0)
		close(fd);
	if (control == PKI_CONTROL_RELOAD)
		pki_watch_reload(serving);
	return control != PKI_CONTROL_STOP;
}

static pki_code
run(pki_serving *serving, pki_err *err)
{
	struct pollfd fds[] = {
		{ .fd = serving->options.control_fd, .events = POLLIN },
		{ .fd = serving->ended_fd, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, PKI_COUNT(fds), TICK_MS) < 0) {
			if (errno == EINTR)
				continue;
			return pki_fail_errno(err, "poll");
		}
		if (fds[0].revents != 0 && !obey(serving))
			return PKI_OK;
		if (fds[1].revents != 0)
			return PKI_OK;
		pki_watch_tick(serving);
	}
}

static pki_code
tell_ready(const pki_serving *serving, pki_err *err)
{
	pki_code rc = serving->options.control_fd < 0 ? PKI_OK :
	    pki_control_send(serving->options.control_fd, PKI_CONTROL_READY,
	    -1, err);

	return rc == PKI_BUSY || rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

pki_code
pki_serve(const pki_serve_options *options, pki_err *err)
{
	PKI_AUTO(pki_serving) serving = NULL;
	pki_code rc;

	if (options->link_fd < 0 || options->build == NULL)
		return pki_fail(err, PKI_USAGE, "no link, or no build");
	rc = make_serving(options, &serving, err);
	if (rc == PKI_OK)
		rc = limit_silence(serving, err);
	if (rc == PKI_OK)
		rc = open_all(serving, err);
	if (rc == PKI_OK)
		rc = tell_ready(serving, err);
	if (rc == PKI_OK)
		rc = run(serving, err);
	if (rc != PKI_OK)
		return rc;
	pki_receive_stop(serving);
	if (serving->broken != PKI_OK && err != NULL)
		*err = serving->broken_err;
	return serving->broken;
}
