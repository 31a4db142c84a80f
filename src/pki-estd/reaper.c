#include "pki-estd/reaper.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>


#define ROUND_MS 200

struct reaper_table {
	pthread_t       thread;
	pthread_mutex_t lock;
	pthread_cond_t  wake;
	bool            stop;
	uint64_t        cut;
	size_t          room;
	int             highest;        /* no descriptor above has one */
	int64_t         deadline[];     /* 0: none */
};

static void
cut_overdue(reaper_table *reaper, int64_t now)
{
	for (int fd = 0; fd <= reaper->highest; fd++) {
		if (reaper->deadline[fd] == 0 || reaper->deadline[fd] > now)
			continue;
		shutdown(fd, SHUT_RDWR);
		reaper->deadline[fd] = 0;
		reaper->cut++;
	}
}

static void *
run(void *arg)
{
	reaper_table *reaper = arg;

	pthread_mutex_lock(&reaper->lock);
	while (!reaper->stop) {
		int64_t until = pki_clock_monotonic_ms() + ROUND_MS;
		struct timespec when = {
			.tv_sec = until / 1000,
			.tv_nsec = until % 1000 * 1000000,
		};

		pthread_cond_timedwait(&reaper->wake, &reaper->lock, &when);
		cut_overdue(reaper, pki_clock_monotonic_ms());
	}
	pthread_mutex_unlock(&reaper->lock);
	return NULL;
}

pki_code
reaper_start(size_t descriptors, reaper_table **out, pki_err *err)
{
	reaper_table *made = calloc(1, sizeof(*made) +
	    descriptors * sizeof(made->deadline[0]));
	pthread_condattr_t attr;

	if (made == NULL)
		return pki_fail_memory(err);
	made->room = descriptors;
	made->highest = -1;
	pthread_mutex_init(&made->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&made->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&made->thread, NULL, run, made) != 0) {
		free(made);
		return pki_fail(err, PKI_SYSTEM, "cannot start a thread");
	}
	*out = made;
	return PKI_OK;
}

void
reaper_stop(reaper_table *reaper)
{
	if (reaper == NULL)
		return;
	pthread_mutex_lock(&reaper->lock);
	reaper->stop = true;
	pthread_cond_signal(&reaper->wake);
	pthread_mutex_unlock(&reaper->lock);
	pthread_join(reaper->thread, NULL);
	pthread_cond_destroy(&reaper->wake);
	pthread_mutex_destroy(&reaper->lock);
	free(reaper);
}

size_t
reaper_room(const reaper_table *reaper)
{
	return reaper->room;
}

static void
put(reaper_table *reaper, int fd, int64_t when)
{
	if (fd < 0 || (size_t)fd >= reaper->room)
		return;
	pthread_mutex_lock(&reaper->lock);
	reaper->deadline[fd] = when;
	if (when != 0 && fd > reaper->highest)
		reaper->highest = fd;
	pthread_mutex_unlock(&reaper->lock);
}

void
reaper_set(reaper_table *reaper, int fd, int64_t when)
{
	put(reaper, fd, when);
}

void
reaper_clear(reaper_table *reaper, int fd)
{
	put(reaper, fd, 0);
}

uint64_t
reaper_count(reaper_table *reaper)
{
	uint64_t cut;

	pthread_mutex_lock(&reaper->lock);
	cut = reaper->cut;
	pthread_mutex_unlock(&reaper->lock);
	return cut;
}
