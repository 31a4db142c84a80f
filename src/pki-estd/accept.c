#include "pki-estd/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pki-estd/counts.h"
#include "pki-estd/log.h"
#include "pki-estd/metrics.h"
#include "pki-estd/proxy.h"

#define ROUND_MS 200            /* deadlines of PROXY headers are so exact */
#define AT_ONCE 64              /* connections between two looks around */
#define PAUSE_US 10000          /* when descriptors are out */

/* A connection whose PROXY header is not there yet. */
typedef struct accept_waiting {
	int                     fd;     /* -1: free */
	int64_t                 deadline;
	struct sockaddr_storage from;
	socklen_t               from_len;
	size_t                  got;
	uint8_t                 header[PROXY_MAX];
} accept_waiting;

struct accept_thread {
	accept_options  options;
	http_daemon    *http;
	limits_address *proxies;
	counts_table   *counts;
	pthread_t       thread;
	bool            running;
	int             poll_fd, stop_fd;
	accept_waiting *waiting;        /* ACCEPT_PROXY_WAITING, or NULL */
	size_t          n_waiting;      /* places that were ever used */
};

static void
turn_away(int fd, metric_id why)
{
	metrics_add(why);
	close(fd);
}

static void
hand_over(accept_thread *acceptor, int fd, const struct sockaddr_storage *from,
    socklen_t len)
{
	static const metric_id reasons[] = {
		[COUNTS_FULL] = METRIC_FULL,
		[COUNTS_FULL_ADDRESS] = METRIC_FULL_ADDRESS,
		[COUNTS_NO_DESCRIPTOR] = METRIC_NO_DESCRIPTOR,
	};
	const struct sockaddr *peer = (const struct sockaddr *)from;
	limits_address address = limits_address_of(peer, len);
	counts_result result = counts_add(acceptor->counts, fd, &address);
	int one = 1;

	if (result != COUNTS_ADMITTED) {
		turn_away(fd, reasons[result]);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	metrics_add(METRIC_ACCEPTED);
	if (http_add(acceptor->http, fd, peer, len, NULL) != PKI_OK)
		counts_drop(acceptor->counts, fd);
}

/* ---- PROXY headers ---- */

static bool
is_proxy(const accept_thread *acceptor, const struct sockaddr_storage *from,
    socklen_t len)
{
	limits_address address = limits_address_of(
	    (const struct sockaddr *)from, len);

	for (size_t i = 0; i < acceptor->options.n_proxies; i++)
		if (memcmp(acceptor->proxies[i].octets, address.octets,
		    sizeof(address.octets)) == 0)
			return true;
	return false;
}

static void
wait_for_header(accept_thread *acceptor, int fd,
    const struct sockaddr_storage *from, socklen_t len)
{
	struct epoll_event event = { .events = EPOLLIN };
	accept_waiting *place = NULL;
	size_t i;

	for (i = 0; i < ACCEPT_PROXY_WAITING && place == NULL; i++)
		if (i >= acceptor->n_waiting || acceptor->waiting[i].fd < 0)
			place = &acceptor->waiting[i];
	event.data.u64 = 2 + i - 1;
	if (place == NULL || epoll_ctl(acceptor->poll_fd, EPOLL_CTL_ADD, fd,
	    &event) != 0) {
		turn_away(fd, METRIC_FULL);
		return;
	}
	if (i > acceptor->n_waiting)
		acceptor->n_waiting = i;
	*place = (accept_waiting){
		.fd = fd, .from = *from, .from_len = len,
		.deadline = pki_clock_monotonic_ms() + ACCEPT_PROXY_MS,
	};
}

typedef enum reading {
	READING_MORE,
	READING_DONE,
	READING_BAD,
} header_reading;

/* Never reads an octet of what follows the header. */
static header_reading
read_header(accept_waiting *place)
{
	for (;;) {
		size_t want = proxy_length(pki_bytes_of(place->header,
		    place->got));
		ssize_t n;

		if (want == 0)
			return READING_BAD;
		if (want == place->got)
			return READING_DONE;
		n = recv(place->fd, place->header + place->got,
		    want - place->got, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return READING_MORE;
		if (n <= 0)
			return READING_BAD;
		place->got += (size_t)n;
	}
}

static void
end_waiting(accept_thread *acceptor, accept_waiting *place,
    header_reading result)
{
	proxy_kind kind;
	int fd = place->fd;

	place->fd = -1;
	epoll_ctl(acceptor->poll_fd, EPOLL_CTL_DEL, fd, NULL);
	if (result != READING_DONE || proxy_parse(pki_bytes_of(place->header,
	    place->got), &kind, &place->from, &place->from_len, NULL) !=
	    PKI_OK) {
		log_stranger("proxy-header", &LOG_AS_TEXT("reason",
		    result == READING_MORE ? "late" : "malformed"), 1);
		turn_away(fd, METRIC_PROXY_BAD);
		return;
	}
	hand_over(acceptor, fd, &place->from, place->from_len);
}

static void
end_late(accept_thread *acceptor, int64_t now)
{
	for (size_t i = 0; i < acceptor->n_waiting; i++)
		if (acceptor->waiting[i].fd >= 0 &&
		    acceptor->waiting[i].deadline <= now)
			end_waiting(acceptor, &acceptor->waiting[i],
			    READING_MORE);
}

/* ---- the thread ---- */

static void
accept_some(accept_thread *acceptor)
{
	for (int i = 0; i < AT_ONCE; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		int fd = accept4(acceptor->options.listen_fd,
		    (struct sockaddr *)&from, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
			metrics_add(METRIC_NO_DESCRIPTOR);
			usleep(PAUSE_US);
		}
		if (fd < 0)
			return;
		if (is_proxy(acceptor, &from, len))
			wait_for_header(acceptor, fd, &from, len);
		else
			hand_over(acceptor, fd, &from, len);
	}
}

static void *
run(void *arg)
{
	accept_thread *acceptor = arg;

	for (;;) {
		struct epoll_event events[AT_ONCE];
		int n = epoll_wait(acceptor->poll_fd, events, AT_ONCE,
		    ROUND_MS);

		for (int i = 0; i < n; i++) {
			uint64_t what = events[i].data.u64;
			accept_waiting *place;
			header_reading result;

			if (what == 0)
				return NULL;
			if (what == 1) {
				accept_some(acceptor);
				continue;
			}
			place = &acceptor->waiting[what - 2];
			if (place->fd < 0)
				continue;
			result = read_header(place);
			if (result != READING_MORE)
				end_waiting(acceptor, place, result);
		}
		end_late(acceptor, pki_clock_monotonic_ms());
	}
}

static pki_code
open_poll(accept_thread *acceptor, pki_err *err)
{
	struct epoll_event stop = { .events = EPOLLIN, .data.u64 = 0 };
	struct epoll_event listen = { .events = EPOLLIN, .data.u64 = 1 };
	int fd = acceptor->options.listen_fd;
	int flags = fcntl(fd, F_GETFL);

	acceptor->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	acceptor->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (acceptor->poll_fd < 0 || acceptor->stop_fd < 0 || flags < 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    epoll_ctl(acceptor->poll_fd, EPOLL_CTL_ADD, acceptor->stop_fd,
	    &stop) != 0 ||
	    epoll_ctl(acceptor->poll_fd, EPOLL_CTL_ADD, fd, &listen) != 0)
		return pki_fail_errno(err, "cannot wait for connections");
	return PKI_OK;
}

static pki_code
copy_proxies(accept_thread *acceptor, pki_err *err)
{
	size_t n = acceptor->options.n_proxies;

	if (n == 0)
		return PKI_OK;
	acceptor->proxies = calloc(n, sizeof(acceptor->proxies[0]));
	acceptor->waiting = calloc(ACCEPT_PROXY_WAITING,
	    sizeof(acceptor->waiting[0]));
	if (acceptor->proxies == NULL || acceptor->waiting == NULL)
		return pki_fail_memory(err);
	memcpy(acceptor->proxies, acceptor->options.proxies,
	    n * sizeof(acceptor->proxies[0]));
	return PKI_OK;
}

static pki_code
prepare(accept_thread *acceptor, pki_err *err)
{
	const accept_options *options = &acceptor->options;
	pki_code rc = counts_new(options->descriptors, options->most,
	    options->most_per_address, &acceptor->counts, err);

	if (rc == PKI_OK)
		rc = copy_proxies(acceptor, err);
	if (rc == PKI_OK)
		rc = open_poll(acceptor, err);
	return rc;
}

pki_code
accept_new(const accept_options *options, accept_thread **out, pki_err *err)
{
	accept_thread *made = calloc(1, sizeof(*made));
	pki_code rc;

	if (made == NULL)
		return pki_fail_memory(err);
	made->options = *options;
	made->poll_fd = made->stop_fd = -1;
	rc = prepare(made, err);
	if (rc != PKI_OK) {
		accept_free(made);
		return rc;
	}
	*out = made;
	return PKI_OK;
}

pki_code
accept_start(accept_thread *acceptor, http_daemon *http, pki_err *err)
{
	acceptor->http = http;
	if (pthread_create(&acceptor->thread, NULL, run, acceptor) != 0)
		return pki_fail(err, PKI_SYSTEM, "cannot start a thread");
	acceptor->running = true;
	return PKI_OK;
}

void
accept_release(accept_thread *acceptor, int fd)
{
	counts_drop(acceptor->counts, fd);
}

size_t
accept_count(accept_thread *acceptor)
{
	return counts_all(acceptor->counts);
}

void
accept_end(accept_thread *acceptor)
{
	uint64_t one = 1;
	ssize_t n;

	if (!acceptor->running)
		return;
	n = write(acceptor->stop_fd, &one, sizeof(one));
	(void)n;
	pthread_join(acceptor->thread, NULL);
	acceptor->running = false;
	for (size_t i = 0; i < acceptor->n_waiting; i++)
		if (acceptor->waiting[i].fd >= 0)
			close(acceptor->waiting[i].fd);
	close(acceptor->options.listen_fd);
	acceptor->options.listen_fd = -1;
}

void
accept_free(accept_thread *acceptor)
{
	if (acceptor == NULL)
		return;
	accept_end(acceptor);
	if (acceptor->options.listen_fd >= 0)
		close(acceptor->options.listen_fd);
	if (acceptor->poll_fd >= 0)
		close(acceptor->poll_fd);
	if (acceptor->stop_fd >= 0)
		close(acceptor->stop_fd);
	counts_free(acceptor->counts);
	free(acceptor->proxies);
	free(acceptor->waiting);
	free(acceptor);
}
