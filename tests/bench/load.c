#include "tests/bench/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "tests/bench/bench.h"

#define ANSWER_MAX 8192
#define SHAKING_MAX 64
#define EVENTS 64
#define WAIT_MS 60000

enum phase { CLOSED, SHAKING, SENDING, READING, IDLE };

struct connection {
	int            fd;
	SSL           *ssl;
	enum phase     phase;
	bench_request *request;
	double         begin;
	size_t         sent, got;
	char           answer[ANSWER_MAX];
};

struct bench_load {
	bench_load_options options;
	SSL_CTX           *tls;
	int                poll;
	struct connection *connections;
	bench_request     *next, *end;
	size_t             shaking, open_requests;
};

void
bench_request_write(pki_buf *text, const char *method, const char *path,
    const char *extra, pki_bytes body)
{
	pki_err err;

	pki_buf_add_format(text, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s",
	    method, path, extra);
	if (body.len > 0)
		pki_buf_add_format(text, "Content-Length: %zu\r\n", body.len);
	pki_buf_add_text(text, "\r\n");
	pki_buf_add(text, body);
	BENCH_OK(pki_buf_check(text, &err), &err);
}

/* ---- connections ---- */

static void
start_tls(struct bench_load *load, struct connection *c)
{
	c->ssl = SSL_new(load->tls);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
	    SSL_set_tlsext_host_name(c->ssl, "localhost") != 1)
		bench_fail("SSL_new", NULL);
	if (c->request != NULL && c->request->cert != NULL &&
	    (SSL_use_certificate(c->ssl, c->request->cert) != 1 ||
	    SSL_use_PrivateKey(c->ssl, c->request->key) != 1))
		bench_fail("SSL_use_certificate", NULL);
	SSL_set_connect_state(c->ssl);
	c->phase = SHAKING;
	load->shaking++;
}

static void
open_connection(struct bench_load *load, struct connection *c)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(load->options.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c,
	};
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)) != 0 ||
	    fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0 ||
	    epoll_ctl(load->poll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		bench_fail(strerror(errno), NULL);
	if (load->options.wire == BENCH_TLS)
		start_tls(load, c);
	else
		c->phase = c->request == NULL ? IDLE : SENDING;
}

static void
close_connection(struct connection *c)
{
	if (c->phase == CLOSED)
		return;
	if (c->ssl != NULL)
		(void)SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	close(c->fd);
	c->ssl = NULL;
	c->phase = CLOSED;
}

/* Take the next request; false: there is none. */
static bool
take_request(struct bench_load *load, struct connection *c)
{
	c->request = NULL;
	if (load->next == load->end)
		return false;
	c->request = load->next++;
	c->begin = bench_wall();
	c->sent = c->got = 0;
	if (c->phase == CLOSED)
		open_connection(load, c);
	else
		c->phase = SENDING;
	return true;
}

/* ---- octets ---- */

/* True: come back when the socket is ready.  Else it was an error. */
static bool
must_wait(const struct connection *c, int rc)
{
	int error;

	if (c->ssl == NULL)
		return rc < 0 && errno == EAGAIN;
	error = SSL_get_error(c->ssl, rc);
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static int
send_some(struct connection *c)
{
	const pki_buf *text = c->request->text;
	int len = (int)(text->len - c->sent);
	int n = c->ssl == NULL ?
	    (int)send(c->fd, text->data + c->sent, (size_t)len, MSG_NOSIGNAL) :
	    SSL_write(c->ssl, text->data + c->sent, len);

	if (n > 0) {
		c->sent += (size_t)n;
		if (c->sent == text->len)
			c->phase = READING;
	}
	return n;
}

static void
check_answer(const struct connection *c, bool good)
{
	if (good)
		return;
	fprintf(stderr, "bench: asked:\n%.*s\n", (int)c->request->text->len,
	    (const char *)c->request->text->data);
	fprintf(stderr, "bench: answer of %zu octets:\n%.*s\n", c->got,
	    (int)c->got, c->answer);
	bench_fail("a request was not answered with 200", NULL);
}

/* Keep the body, if it is here whole. */
static bool
has_answer(const struct connection *c)
{
	static const char length[] = "\r\nContent-Length:";
	const char *body, *line;
	size_t len, head;

	body = memmem(c->answer, c->got, "\r\n\r\n", 4);
	if (body == NULL)
		return false;
	body += 4;
	head = (size_t)(body - c->answer);
	line = strcasestr(c->answer, length);
	check_answer(c, line != NULL && line < body &&
	    strncmp(c->answer, "HTTP/1.1 200 ", 13) == 0);
	len = strtoul(line + sizeof(length) - 1, NULL, 10);
	if (c->got < head + len)
		return false;
	if (c->request->answer != NULL) {
		pki_buf_cut(c->request->answer, 0);
		pki_buf_add(c->request->answer, pki_bytes_of(
		    (const uint8_t *)body, len));
	}
	return true;
}

static int
read_some(struct bench_load *load, struct connection *c)
{
	int room = (int)(ANSWER_MAX - 1 - c->got);
	int n = c->ssl == NULL ?
	    (int)recv(c->fd, c->answer + c->got, (size_t)room, 0) :
	    SSL_read(c->ssl, c->answer + c->got, room);

	if (n <= 0)
		return n;
	c->got += (size_t)n;
	c->answer[c->got] = '\0';
	check_answer(c, c->got < ANSWER_MAX - 1);
	if (!has_answer(c))
		return n;
	c->request->ms = (bench_wall() - c->begin) * 1000;
	c->phase = IDLE;
	load->open_requests--;
	if (load->options.keeping == BENCH_FRESH)
		close_connection(c);
	(void)take_request(load, c);
	return n;
}

static int
shake(struct bench_load *load, struct connection *c)
{
	int rc = SSL_do_handshake(c->ssl);

	if (rc == 1) {
		load->shaking--;
		c->phase = c->request == NULL ? IDLE : SENDING;
	}
	return rc;
}

/* As far as it goes. */
static void
drive(struct bench_load *load, struct connection *c)
{
	int rc = 1;

	while (rc > 0) {
		switch (c->phase) {
		case SHAKING: rc = shake(load, c); break;
		case SENDING: rc = send_some(c); break;
		case READING: rc = read_some(load, c); break;
		default: return;
		}
	}
	if (!must_wait(c, rc)) {
		if (c->request != NULL)
			check_answer(c, false);
		bench_fail("a connection was cut", NULL);
	}
}

static void
wait_events(struct bench_load *load)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(load->poll, events, EVENTS, WAIT_MS);

	if (n == 0 || (n < 0 && errno != EINTR))
		bench_fail("a client waits for nothing", NULL);
	for (int i = 0; i < n; i++)
		drive(load, events[i].data.ptr);
}

/* ---- the whole ---- */

static SSL_CTX *
make_tls(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL ||
	    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1)
		bench_fail("SSL_CTX_new", NULL);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE);
	return tls;
}

bench_load *
bench_load_new(const bench_load_options *options)
{
	struct bench_load *load = calloc(1, sizeof(*load));
	size_t i;

	if (load == NULL)
		bench_fail("memory", NULL);
	load->options = *options;
	load->tls = make_tls();
	load->poll = epoll_create1(EPOLL_CLOEXEC);
	load->connections = calloc(options->connections,
	    sizeof(*load->connections));
	if (load->poll < 0 || load->connections == NULL)
		bench_fail("memory", NULL);
	if (options->keeping == BENCH_FRESH)
		return load;
	for (i = 0; i < options->connections; i++) {
		open_connection(load, &load->connections[i]);
		drive(load, &load->connections[i]);
		while (load->shaking > SHAKING_MAX)
			wait_events(load);
	}
	while (load->shaking > 0)
		wait_events(load);
	return load;
}

void
bench_load_free(bench_load *load)
{
	if (load == NULL)
		return;
	for (size_t i = 0; i < load->options.connections; i++)
		close_connection(&load->connections[i]);
	free(load->connections);
	close(load->poll);
	SSL_CTX_free(load->tls);
	free(load);
}

double
bench_load_run(bench_load *load, bench_request *requests, size_t count)
{
	double begin = bench_wall();

	load->next = requests;
	load->end = requests + count;
	load->open_requests = count;
	for (size_t i = 0; i < load->options.connections; i++) {
		if (!take_request(load, &load->connections[i]))
			break;
		drive(load, &load->connections[i]);
	}
	while (load->open_requests > 0)
		wait_events(load);
	return bench_wall() - begin;
}

void
bench_load_rest(bench_load *load)
{
	for (size_t i = 0; i < load->options.connections; i++) {
		struct connection *c = &load->connections[i];

		(void)epoll_ctl(load->poll, EPOLL_CTL_DEL, c->fd, NULL);
		SSL_free(c->ssl);
		c->ssl = NULL;
	}
}
