#include "issuer/client-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WAIT_MS      30000
#define WAITING_MAX  4096
#define WAITING_MOST 65536

static void
wake(pki_issuer *issuer)
{
	const uint64_t one = 1;

	/* Full means that the reader wakes anyway. */
	while (write(issuer->wake_fd, &one, sizeof(one)) < 0 &&
	    errno == EINTR)
		;
}

pki_code
pki_issuer_link(pki_issuer *issuer, int take_fd, pki_err *err)
{
	int unused;

	if (fcntl(take_fd, F_GETFD) < 0)
		return pki_fail(err, PKI_USAGE, "link: '%d' is not a "
		    "descriptor", take_fd);
	pthread_mutex_lock(&issuer->wait_lock);
	unused = issuer->next_fd;
	issuer->next_fd = take_fd;
	pthread_mutex_unlock(&issuer->wait_lock);
	if (unused >= 0)
		close(unused);
	wake(issuer);
	return PKI_OK;
}

/* Locked, with the link held: take the call in, or say why not. */
static pki_code
admit(pki_issuer *issuer, pki_issuer_call *call, pki_message_type type,
    pki_issuer_park *park, pki_err *err)
{
	const char *why = issuer->refusing ? "the server is stopping" :
	    issuer->fd < 0 ? "the issuer is not there" :
	    issuer->counts.waiting >= issuer->options.most_waiting ?
	    "too many requests are waiting" : NULL;

	if (why != NULL) {
		issuer->counts.turned_away++;
		return pki_fail(err, PKI_BUSY, "busy: %s", why);
	}
	do
		issuer->last_id++;
	while (issuer->table[issuer->last_id & issuer->table_mask] != NULL);
	*call = (pki_issuer_call){
		.next = &issuer->waiting, .prev = issuer->waiting.prev,
		.id = issuer->last_id, .link = issuer->link, .type = type,
		.deadline_ms = pki_issuer_now(issuer) +
		    issuer->options.wait_ms,
	};
	if (park != NULL)
		park(call);
	call->prev->next = call;
	issuer->waiting.prev = call;
	issuer->table[call->id & issuer->table_mask] = call;
	issuer->counts.waiting++;
	issuer->counts.asked++;
	return PKI_OK;
}

/* It may have ended meanwhile, and be gone: only its id tells. */
static void
end_unsent(pki_issuer *issuer, uint64_t id)
{
	pki_issuer_call *call;

	pthread_mutex_lock(&issuer->wait_lock);
	call = pki_issuer_find(issuer, id);
	if (call != NULL) {
		pki_issuer_unlink(issuer, call);
		issuer->counts.full++;
	}
	pthread_mutex_unlock(&issuer->wait_lock);
	if (call != NULL)
		pki_issuer_end(issuer, call, NULL);
}

pki_code
pki_issuer_ask(pki_issuer *issuer, pki_issuer_call *call,
    const pki_message *message, pki_issuer_park *park, pki_err *err)
{
	const pki_message_rule *rule = pki_message_rule_of(message->type);
	PKI_AUTO(pki_buf) packet = pki_buf_new();
	pki_message question = *message;
	uint64_t id = 0;
	bool sent = true;
	pki_code rc;

	if (rule == NULL || rule->kind != PKI_MESSAGE_REQUEST)
		return pki_fail(err, PKI_USAGE, "message '%s' is not a "
		    "request", pki_message_name(message->type));
	question.id = 1;        /* any: the real one is known under the lock */
	rc = packet == NULL ? pki_fail_memory(err) :
	    pki_wire_encode(&question, packet, err);
	if (rc != PKI_OK)
		return rc;
	pthread_rwlock_rdlock(&issuer->link_lock);
	pthread_mutex_lock(&issuer->wait_lock);
	rc = admit(issuer, call, message->type, park, err);
	if (rc == PKI_OK)
		id = call->id;
	pthread_mutex_unlock(&issuer->wait_lock);
	if (rc == PKI_OK) {
		pki_wire_stamp(packet->data, id);
		sent = pki_wire_send(issuer->fd, pki_buf_bytes(packet),
		    NULL) == PKI_OK;
	}
	pthread_rwlock_unlock(&issuer->link_lock);
	if (!sent)
		end_unsent(issuer, id);
	return rc;
}

static bool
is_waiting(const pki_issuer *issuer, const pki_issuer_call *call, int64_t now)
{
	(void)issuer;
	(void)call;
	(void)now;
	return true;
}

void
pki_issuer_refuse(pki_issuer *issuer)
{
	pthread_mutex_lock(&issuer->wait_lock);
	issuer->refusing = true;
	pthread_mutex_unlock(&issuer->wait_lock);
	pki_issuer_end_all(issuer, is_waiting, &issuer->counts.stopped);
}

size_t
pki_issuer_waiting(pki_issuer *issuer)
{
	pki_issuer_counts counts;

	pki_issuer_count(issuer, &counts);
	return counts.waiting;
}

void
pki_issuer_count(pki_issuer *issuer, pki_issuer_counts *out)
{
	pthread_mutex_lock(&issuer->wait_lock);
	*out = issuer->counts;
	pthread_mutex_unlock(&issuer->wait_lock);
}

/* A stream of askers must not keep the reader from changing links. */
static void
init_locks(pki_issuer *issuer)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr,
	    PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&issuer->link_lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	pthread_mutex_init(&issuer->wait_lock, NULL);
}

static pki_code
start_reader(pki_issuer *issuer, pki_err *err)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&issuer->reader, NULL, pki_issuer_read, issuer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return pki_fail(err, PKI_SYSTEM, "cannot start a thread: %s",
		    strerror(rc));
	issuer->started = true;
	pthread_setname_np(issuer->reader, "pki-reader");
	return PKI_OK;
}

/* Twice as many slots as calls, so that a free one is never far. */
static pki_code
make_room(pki_issuer *issuer, pki_err *err)
{
	size_t slots = 2;

	while (slots < 2 * (size_t)issuer->options.most_waiting)
		slots *= 2;
	issuer->table_mask = slots - 1;
	issuer->table = calloc(slots, sizeof(pki_issuer_call *));
	issuer->room = malloc(PKI_WIRE_MAX);
	if (issuer->table == NULL || issuer->room == NULL)
		return pki_fail_memory(err);
	issuer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return issuer->wake_fd < 0 ? pki_fail_errno(err, "eventfd") : PKI_OK;
}

pki_code
pki_issuer_open(const pki_issuer_options *options, pki_issuer **out,
    pki_err *err)
{
	PKI_AUTO(pki_issuer) issuer = NULL;
	pki_code rc;

	if (options->done == NULL || options->most_waiting > WAITING_MOST)
		return pki_fail(err, PKI_USAGE, "issuer: a done function and "
		    "at most '%d' waiting expected", WAITING_MOST);
	issuer = calloc(1, sizeof(*issuer));
	if (issuer == NULL)
		return pki_fail_memory(err);
	issuer->options = *options;
	if (issuer->options.wait_ms == 0)
		issuer->options.wait_ms = WAIT_MS;
	if (issuer->options.most_waiting == 0)
		issuer->options.most_waiting = WAITING_MAX;
	issuer->wake_fd = issuer->fd = issuer->next_fd = -1;
	issuer->waiting.next = issuer->waiting.prev = &issuer->waiting;
	init_locks(issuer);
	rc = make_room(issuer, err);
	if (rc == PKI_OK)
		rc = start_reader(issuer, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(issuer);
	return rc;
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
pki_issuer_free(pki_issuer *issuer)
{
	if (issuer == NULL)
		return;
	pki_issuer_refuse(issuer);
	if (issuer->started) {
		pthread_mutex_lock(&issuer->wait_lock);
		issuer->stopping = true;
		pthread_mutex_unlock(&issuer->wait_lock);
		wake(issuer);
		pthread_join(issuer->reader, NULL);
	}
	close_fd(issuer->fd);
	close_fd(issuer->next_fd);
	close_fd(issuer->wake_fd);
	pthread_rwlock_destroy(&issuer->link_lock);
	pthread_mutex_destroy(&issuer->wait_lock);
	if (issuer->room != NULL)
		pki_wipe(issuer->room, PKI_WIRE_MAX);
	free(issuer->room);
	free(issuer->table);
	free(issuer);
}
