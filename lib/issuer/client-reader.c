#include "issuer/client-parts.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* It comes round at least so often: deadlines, watchdog. */
#define LOOK_MS 100
/* Packets of one turn: deadlines are looked at between. */
#define TURN    64
/* Turns for an old link: more than its socket can hold. */
#define TURNS   256

/* All calls wait equally long: the oldest stands first. */
static bool
is_overdue(const pki_issuer *issuer, const pki_issuer_call *call, int64_t now)
{
	(void)issuer;
	return call->deadline_ms <= now;
}

/* In the reader, which alone changes link: calls of an older one lead. */
static bool
is_of_old_link(const pki_issuer *issuer, const pki_issuer_call *call,
    int64_t now)
{
	(void)now;
	return call->link != issuer->link;
}

/* The link in use becomes fd, or none. */
static void
change_link(pki_issuer *issuer, int fd)
{
	int old;

	pthread_rwlock_wrlock(&issuer->link_lock);
	old = issuer->fd;
	issuer->fd = fd;
	issuer->link++;
	pthread_mutex_lock(&issuer->wait_lock);
	issuer->counts.linked = fd >= 0;
	issuer->counts.links += fd >= 0;
	pthread_mutex_unlock(&issuer->wait_lock);
	pthread_rwlock_unlock(&issuer->link_lock);
	if (old >= 0)
		close(old);
	pki_issuer_end_all(issuer, is_of_old_link, &issuer->counts.lost);
}

/* PKI_BAD_INPUT: no answer to this question. */
static pki_code
take_answer(pki_issuer *issuer, const pki_message *message, pki_err *err)
{
	pki_issuer_call *call;
	pki_code rc = PKI_OK;

	pthread_mutex_lock(&issuer->wait_lock);
	call = pki_issuer_find(issuer, message->id);
	if (call == NULL) {
		issuer->counts.late++;
	} else if (!pki_message_may_answer(call->type, message->type)) {
		rc = pki_fail(err, PKI_BAD_INPUT,
		    "message '%s' does not answer '%s'",
		    pki_message_name(message->type),
		    pki_message_name(call->type));
		call = NULL;
	} else {
		pki_issuer_unlink(issuer, call);
		issuer->counts.answered++;
	}
	pthread_mutex_unlock(&issuer->wait_lock);
	if (call != NULL)
		pki_issuer_end(issuer, call, message);
	return rc;
}

static pki_code
take_packet(pki_issuer *issuer, pki_bytes packet, pki_err *err)
{
	const pki_issuer_options *options = &issuer->options;
	pki_message message;
	pki_code rc;

	rc = pki_wire_decode(packet, PKI_WIRE_ISSUER, &message, err);
	if (rc == PKI_OK && message.id != 0)
		rc = take_answer(issuer, &message, err);
	else if (rc == PKI_OK && options->told != NULL)
		options->told(options->arg, &message);
	pki_wipe(issuer->room, packet.len);     /* TLS holds a key */
	return rc;
}

/* Read what is there, at most some.  PKI_BUSY: all of it was read. */
static pki_code
read_link(pki_issuer *issuer, pki_err *err)
{
	pki_bytes packet;
	pki_code rc = PKI_OK;
	int i;

	for (i = 0; i < TURN && rc == PKI_OK; i++) {
		rc = pki_wire_receive(issuer->fd, issuer->room, &packet, err);
		if (rc == PKI_OK)
			rc = take_packet(issuer, packet, err);
	}
	return rc;
}

static void
report_broken(pki_issuer *issuer, pki_code rc, const pki_err *err)
{
	if (rc != PKI_NOT_FOUND && issuer->options.broken != NULL)
		issuer->options.broken(issuer->options.arg, err);
}

static void
look_at_link(pki_issuer *issuer)
{
	pki_err err = { 0 };
	pki_code rc = read_link(issuer, &err);

	if (rc == PKI_OK || rc == PKI_BUSY)
		return;
	change_link(issuer, -1);
	report_broken(issuer, rc, &err);
}

/* A new link's old one is read to its end: those answers are of work done. */
static void
look_at_next(pki_issuer *issuer)
{
	pki_err err = { 0 };
	pki_code rc = PKI_OK;
	uint64_t woken;
	int fd, i;

	while (read(issuer->wake_fd, &woken, sizeof(woken)) < 0 &&
	    errno == EINTR)
		;
	pthread_mutex_lock(&issuer->wait_lock);
	fd = issuer->next_fd;
	issuer->next_fd = -1;
	pthread_mutex_unlock(&issuer->wait_lock);
	if (fd < 0)
		return;
	for (i = 0; issuer->fd >= 0 && rc == PKI_OK && i < TURNS; i++)
		rc = read_link(issuer, &err);
	change_link(issuer, fd);
	if (rc != PKI_OK && rc != PKI_BUSY)
		report_broken(issuer, rc, &err);
}

/* How long to sleep: to the first deadline, LOOK_MS at most. */
static int
next_look(pki_issuer *issuer, bool *stopping)
{
	int64_t now = pki_issuer_now(issuer), wait = LOOK_MS;
	pki_issuer_call *first;

	pthread_mutex_lock(&issuer->wait_lock);
	first = issuer->waiting.next;
	if (first != &issuer->waiting && first->deadline_ms - now < wait)
		wait = first->deadline_ms - now;
	issuer->counts.looked_ms = now;
	*stopping = issuer->stopping;
	pthread_mutex_unlock(&issuer->wait_lock);
	return wait < 0 ? 0 : (int)wait;
}

void *
pki_issuer_read(void *arg)
{
	pki_issuer *issuer = arg;
	bool stopping;

	for (;;) {
		int wait = next_look(issuer, &stopping);
		struct pollfd fds[] = {
			{ issuer->wake_fd, POLLIN, 0 },
			{ issuer->fd, POLLIN, 0 },      /* -1: not looked at */
		};

		if (stopping)
			return NULL;
		if (poll(fds, PKI_COUNT(fds), wait) > 0) {
			if (fds[1].revents != 0)
				look_at_link(issuer);
			if (fds[0].revents != 0)
				look_at_next(issuer);
		}
		pki_issuer_end_all(issuer, is_overdue,
		    &issuer->counts.timed_out);
	}
}
