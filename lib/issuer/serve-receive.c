#include "issuer/serve-parts.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

void
pki_work_free(pki_work *work)
{
	if (work == NULL)
		return;
	pki_wipe(&work->token, sizeof(work->token));
	pki_csr_free(work->csr);
	pki_credential_free(work->credential);
	pki_buf_free(work->packet);
	free(work);
}

/* The packet is copied: it outlives room, and holds what is wiped later. */
static pki_code
make_work(pki_serving *serving, pki_bytes packet, pki_work **out,
    pki_err *err)
{
	PKI_AUTO(pki_work) work = calloc(1, sizeof(*work));
	pki_code rc;

	if (work == NULL)
		return pki_fail_memory(err);
	work->serving = serving;
	work->packet = pki_buf_copy(packet);
	if (work->packet == NULL)
		return pki_fail_memory(err);
	rc = pki_wire_decode(pki_buf_bytes(work->packet), PKI_WIRE_WORKER,
	    &work->message, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(work);
	return rc;
}

static void
queue_put(pki_work_queue *queue, pki_work *work)
{
	pthread_mutex_lock(&queue->mutex);
	*queue->last = work;
	queue->last = &work->next;
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

/* NULL: it is empty and closed. */
static pki_work *
queue_take(pki_work_queue *queue)
{
	pki_work *work;

	pthread_mutex_lock(&queue->mutex);
	while (queue->first == NULL && !queue->closed)
		pthread_cond_wait(&queue->filled, &queue->mutex);
	work = queue->first;
	if (work != NULL) {
		queue->first = work->next;
		if (queue->first == NULL)
			queue->last = &queue->first;
	}
	pthread_mutex_unlock(&queue->mutex);
	return work;
}

static void
queue_close(pki_work_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

/* A full queue is answered, never waited for: the link must not fill. */
static pki_code
take_packet(pki_serving *serving, pki_bytes packet, pki_err *err)
{
	pki_work *work = NULL;
	pki_code rc = make_work(serving, packet, &work, err);

	if (rc != PKI_OK)
		return rc;
	pki_count_add(serving, PKI_COUNT_REQUESTS);
	if (serving->inside >= serving->most) {
		pki_answer_busy(serving, work->message.id, "queue");
		pki_work_free(work);
		return PKI_OK;
	}
	serving->inside++;
	queue_put(&serving->queue, work);
	return PKI_OK;
}

/* PKI_BUSY: nothing is there any more. */
static pki_code
empty_link(pki_serving *serving, uint8_t *room, pki_err *err)
{
	pki_bytes packet;
	pki_code rc;

	do {
		rc = pki_wire_receive(serving->options.link_fd, room, &packet,
		    err);
		if (rc == PKI_OK)
			rc = take_packet(serving, packet, err);
		/* Who asked is told nothing, and asks again after 30 s. */
		if (rc == PKI_NO_MEMORY) {
			pki_watch_note(serving, "request-failed", err);
			rc = PKI_OK;
		}
	} while (rc == PKI_OK);
	pki_wipe(room, PKI_WIRE_MAX);
	return rc;
}

static pki_code
receive(pki_serving *serving, uint8_t *room, pki_err *err)
{
	struct pollfd fds[] = {
		{ .fd = serving->options.link_fd, .events = POLLIN },
		{ .fd = serving->stop_fd, .events = POLLIN },
	};
	pki_code rc;

	for (;;) {
		if (poll(fds, PKI_COUNT(fds), -1) < 0 && errno != EINTR)
			return pki_fail_errno(err, "poll");
		if (fds[0].revents != 0) {
			rc = empty_link(serving, room, err);
			if (rc != PKI_BUSY)
				return rc;
		}
		if (fds[1].revents != 0)
			return PKI_OK;
	}
}

static void *
run_receiver(void *arg)
{
	pki_serving *serving = arg;
	uint8_t *room = malloc(PKI_WIRE_MAX);
	pki_err *err = &serving->broken_err;

	serving->broken = room == NULL ? pki_fail_memory(err) :
	    receive(serving, room, err);
	/* The other end is gone, as it is when all is well. */
	if (serving->broken == PKI_NOT_FOUND)
		serving->broken = PKI_OK;
	free(room);
	if (eventfd_write(serving->ended_fd, 1) != 0)
		abort();
	return NULL;
}

/* After a reload each seat reads the files itself, or keeps what it has. */
static void
renew_handle(pki_seat *seat)
{
	unsigned files = seat->serving->files;
	const pki_profiles *profiles;
	pki_ca *ca = NULL;
	pki_err err = { 0 };
	pki_code rc;

	if (seat->files == files)
		return;
	rc = pki_ca_open(&seat->serving->options.ca, &ca, &err);
	if (rc == PKI_OK)
		rc = pki_ca_profiles(ca, &profiles, &err);
	if (rc == PKI_OK) {
		pki_ca_free(seat->ca);
		seat->ca = PKI_TAKE(ca);
	} else {
		pki_watch_note(seat->serving, "reload-failed", &err);
	}
	pki_ca_free(ca);
	seat->files = files;
}

static void *
run_seat(void *arg)
{
	pki_seat *seat = arg;
	pki_work *work;

	while ((work = queue_take(&seat->serving->queue)) != NULL) {
		renew_handle(seat);
		pki_verb_run(seat, work);
	}
	return NULL;
}

/* Signals are the program's main thread's business. */
static pki_code
start_thread(pthread_t *thread, const char *name, void *(*run)(void *),
    void *arg, pki_err *err)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return pki_fail(err, PKI_SYSTEM, "cannot start a thread: %s",
		    strerror(rc));
	pthread_setname_np(*thread, name);      /* for top and perf */
	return PKI_OK;
}

static pki_code
start_seat(pki_serving *serving, pki_err *err)
{
	pki_seat *seat = &serving->seats[serving->seats_started];
	const pki_profiles *profiles;
	pki_code rc;

	seat->serving = serving;
	rc = pki_ca_open(&serving->options.ca, &seat->ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_profiles(seat->ca, &profiles, err);
	if (rc == PKI_OK)
		rc = start_thread(&seat->thread, "pki-seat", run_seat, seat,
		    err);
	if (rc == PKI_OK) {
		serving->seats_started++;
		return PKI_OK;
	}
	pki_ca_free(seat->ca);
	seat->ca = NULL;
	return rc;
}

pki_code
pki_seats_start(pki_serving *serving, pki_err *err)
{
	pki_code rc = PKI_OK;

	while (rc == PKI_OK && serving->seats_started < serving->seat_count)
		rc = start_seat(serving, err);
	return rc;
}

pki_code
pki_receiver_start(pki_serving *serving, pki_err *err)
{
	pki_code rc = start_thread(&serving->receiver, "pki-receiver",
	    run_receiver, serving, err);

	serving->receives = rc == PKI_OK;
	return rc;
}

void
pki_receive_stop(pki_serving *serving)
{
	unsigned i;

	if (serving->receives) {
		if (eventfd_write(serving->stop_fd, 1) != 0)
			abort();
		pthread_join(serving->receiver, NULL);
		serving->receives = false;
	}
	queue_close(&serving->queue);
	for (i = 0; i < serving->seats_started; i++) {
		pthread_join(serving->seats[i].thread, NULL);
		pki_ca_free(serving->seats[i].ca);
		serving->seats[i].ca = NULL;
	}
	serving->seats_started = 0;
}
