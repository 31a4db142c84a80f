#include "pki-estd/waits.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define AT_ONCE 64

struct waits_table {
	pthread_mutex_t lock;           /* held while the hooks run */
	waits_hook     *begin, *end;
	waits_place    *first;
	bool            closed, running;
	pthread_t       thread;
	int             poll_fd, stop_fd;
};

static void
end_wait(waits_table *waits, waits_place *place)
{
	*place->link = place->next;
	if (place->next != NULL)
		place->next->link = place->link;
	place->next = NULL;
	place->link = NULL;
	/* Nothing of it may be touched afterwards. */
	waits->end(place);
}

/* Told once: a place whose wait has ended is never in an event. */
static bool
listen_to(waits_table *waits, waits_place *place)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
		.data.ptr = place,
	};
	int what = place->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	place->known = true;
	return epoll_ctl(waits->poll_fd, what, place->fd, &event) == 0;
}

void
waits_add(waits_table *waits, waits_place *place)
{
	pthread_mutex_lock(&waits->lock);
	if (!waits->closed) {
		waits->begin(place);
		place->next = waits->first;
		place->link = &waits->first;
		if (place->next != NULL)
			place->next->link = &place->next;
		waits->first = place;
		if (!listen_to(waits, place))
			end_wait(waits, place);
	}
	pthread_mutex_unlock(&waits->lock);
}

static void *
run(void *arg)
{
	waits_table *waits = arg;

	for (;;) {
		struct epoll_event events[AT_ONCE];
		int n = epoll_wait(waits->poll_fd, events, AT_ONCE, -1);

		pthread_mutex_lock(&waits->lock);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL) {
				pthread_mutex_unlock(&waits->lock);
				return NULL;
			}
			end_wait(waits, events[i].data.ptr);
		}
		pthread_mutex_unlock(&waits->lock);
	}
}

static pki_code
open_poll(waits_table *waits, pki_err *err)
{
	struct epoll_event stop = { .events = EPOLLIN, .data.ptr = NULL };

	waits->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	waits->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (waits->poll_fd < 0 || waits->stop_fd < 0 ||
	    epoll_ctl(waits->poll_fd, EPOLL_CTL_ADD, waits->stop_fd,
	    &stop) != 0)
		return pki_fail_errno(err, "cannot wait for clients");
	if (pthread_create(&waits->thread, NULL, run, waits) != 0)
		return pki_fail(err, PKI_SYSTEM, "cannot start a thread");
	waits->running = true;
	return PKI_OK;
}

pki_code
waits_start(waits_hook *begin, waits_hook *end, waits_table **out,
    pki_err *err)
{
	waits_table *made = calloc(1, sizeof(*made));
	pki_code rc;

	if (made == NULL)
		return pki_fail_memory(err);
	pthread_mutex_init(&made->lock, NULL);
	made->begin = begin;
	made->end = end;
	made->poll_fd = made->stop_fd = -1;
	rc = open_poll(made, err);
	if (rc != PKI_OK) {
		waits_free(made);
		return rc;
	}
	*out = made;
	return PKI_OK;
}

void
waits_stop(waits_table *waits)
{
	uint64_t one = 1;
	ssize_t n;

	if (!waits->running)
		return;
	n = write(waits->stop_fd, &one, sizeof(one));
	(void)n;
	pthread_join(waits->thread, NULL);
	waits->running = false;
	pthread_mutex_lock(&waits->lock);
	waits->closed = true;
	/* Events that were fetched and not looked at are among these. */
	while (waits->first != NULL)
		end_wait(waits, waits->first);
	pthread_mutex_unlock(&waits->lock);
}

void
waits_free(waits_table *waits)
{
	if (waits == NULL)
		return;
	if (waits->poll_fd >= 0)
		close(waits->poll_fd);
	if (waits->stop_fd >= 0)
		close(waits->stop_fd);
	pthread_mutex_destroy(&waits->lock);
	free(waits);
}
