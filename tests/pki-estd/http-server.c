/*
 * The HTTP and TLS side of pki-estd without an issuer behind it.
 *
 *   http-server CONF FOLDER
 *
 * CONF is a pki-estd.conf, whose places are not used: it listens on ports of
 * its own and prints both ("PORT STATUS-PORT").  FOLDER holds tls.key,
 * tls.cer and ca.cer (DER).  SIGHUP reads them again, SIGTERM stops in order.
 *
 * Enrolling is answered by another thread: with label "slow" after 10 s, with
 * "never" at the stop, else after 20 ms; by what TLS and the token say.
 */
#include "pki-estd/config.h"
#include "pki-estd/front.h"
#include "pki-estd/metrics.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define GRACE_MS 1000

/* A parked request; the list is in no order. */
typedef struct test_parked {
	struct test_parked *next;
	http_request       *request;
	int64_t        due;
	pki_buf       *text;            /* the answer */
} test_parked;

typedef struct test_server {
	const char      *folder;
	estd_config     *config;
	reaper_table          *reaper;
	limits_table          *limits;
	tls_store             *tls;
	front_door            front[2];      /* by door */
	http_daemon            *http[2];
	pthread_t        thread;
	pthread_mutex_t  lock;
	test_parked          *first;
	bool             refusing, ended;
} test_server;

static void
fatal(const char *what, const pki_err *err)
{
	fprintf(stderr, "http-server: %s: %s\n", what,
	    err == NULL ? strerror(errno) : err->msg);
	exit(1);
}

/* ---- answers ---- */

static void
add_hex(pki_buf *out, const char *name, pki_bytes bytes)
{
	pki_buf_add_format(out, " %s=", name);
	pki_hex_add(out, bytes);
}

static pki_buf *
describe(http_request *request)
{
	pki_buf *out = pki_buf_new();
	pki_digest peer = { { 0 } };
	tls_facts facts;
	pki_err err;

	if (tls_read_facts(http_session(request), &facts, &err) != PKI_OK)
		fatal("facts", &err);
	if (pki_digest_of(facts.peer, &peer, &err) != PKI_OK)
		fatal("digest", &err);
	pki_buf_add_format(out, "version=%04x ems=%d", facts.version,
	    facts.ems);
	add_hex(out, "unique", pki_bytes_of(facts.unique, facts.unique_len));
	add_hex(out, "exporter", pki_bytes_of(facts.exporter,
	    facts.exporter_len));
	add_hex(out, "peer", facts.peer.len == 0 ? pki_bytes_of(NULL, 0) :
	    pki_digest_bytes(&peer));
	pki_buf_add_format(out, " from=%s user=%s token=%s label=%.*s "
	    "body=%zu\n", request->peer, request->token.user,
	    request->token.text, (int)request->label.len,
	    (const char *)request->label.data, request->body->len);
	return out;
}

/* Called once for each, out of the list. */
static void
wake(test_parked *entry, unsigned status)
{
	http_answer answer = { .status = status };

	if (status == 200) {
		answer.type = "text/plain";
		answer.body = PKI_TAKE(entry->text);
	} else {
		answer.rule = "stopping";
		answer.retry_after = 1;
	}
	http_answer_set(entry->request, &answer);
	http_wake(entry->request);
	pki_buf_free(entry->text);
	free(entry);
}

/* Those that are due; at the stop all of them. */
static void
wake_due(test_server *server, int64_t now)
{
	test_parked **at = &server->first;

	while (*at != NULL) {
		test_parked *entry = *at;

		if (!server->refusing && entry->due > now) {
			at = &entry->next;
			continue;
		}
		*at = entry->next;
		wake(entry, entry->due <= now ? 200 : 503);
	}
}

static void *
run_waker(void *arg)
{
	test_server *server = arg;
	bool ended = false;

	while (!ended) {
		usleep(2000);
		pthread_mutex_lock(&server->lock);
		wake_due(server, pki_clock_monotonic_ms());
		ended = server->ended;
		pthread_mutex_unlock(&server->lock);
	}
	return NULL;
}

static http_next
park(test_server *server, http_request *request)
{
	test_parked *entry = calloc(1, sizeof(*entry));
	int64_t delay = 20;

	if (gate_equal(request->label, "slow"))
		delay = 10000;
	if (gate_equal(request->label, "never"))
		delay = 3600000;
	entry->request = request;
	entry->due = pki_clock_monotonic_ms() + delay;
	entry->text = describe(request);
	pthread_mutex_lock(&server->lock);
	if (server->refusing) {
		pthread_mutex_unlock(&server->lock);
		pki_buf_free(entry->text);
		free(entry);
		http_refuse(request, 503, "stopping");
		return HTTP_ANSWERED;
	}
	http_park(request);
	entry->next = server->first;
	server->first = entry;
	pthread_mutex_unlock(&server->lock);
	return HTTP_PARKED;
}

static http_next
answer_text(http_request *request, const char *text, size_t repeat)
{
	http_answer answer = {
		.status = 200, .type = "text/plain", .body = pki_buf_new(),
	};

	for (size_t i = 0; i < repeat; i++)
		pki_buf_add_text(answer.body, text);
	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}

static http_next
answer_metrics(test_server *server, http_request *request)
{
	http_answer answer = {
		.status = 200, .type = "text/plain; version=0.0.4",
		.body = pki_buf_new(),
	};

	metrics_set(METRIC_CUT, reaper_count(server->reaper));
	metrics_print(answer.body);
	http_answer_set(request, &answer);
	return HTTP_ANSWERED;
}

static http_next
run(void *arg, http_request *request)
{
	test_server *server = arg;

	switch (request->route->message) {
	case ROUTE_CACERTS:
		/* With some labels more than sockets hold. */
		return answer_text(request, "cacerts\n",
		    gate_equal(request->label, "big") ? 2000000 :
		    gate_equal(request->label, "wide") ? 65536 : 1);
	case ROUTE_ENROLL:
	case ROUTE_REENROLL:
		return park(server, request);
	case ROUTE_METRICS:
		return answer_metrics(server, request);
	default:
		return answer_text(request, "ok\n", 1);
	}
}

static bool
is_label(void *arg, pki_bytes label)
{
	static const char *const labels[] = { "meter", "slow", "never", "big",
		"wide" };

	(void)arg;
	for (size_t i = 0; i < PKI_COUNT(labels); i++)
		if (pki_bytes_equal(label, pki_bytes_text(labels[i])))
			return true;
	return false;
}

/* ---- start and stop ---- */

static pki_buf *
read_file(const test_server *server, const char *name)
{
	char path[PKI_PATH_MAX];
	pki_buf *out = NULL;
	pki_err err;

	if (pki_path_join(path, server->folder, name, &err) != PKI_OK ||
	    pki_file_read(path, 16384, PKI_FILE_ANY, &out, &err) != PKI_OK)
		fatal(name, &err);
	return out;
}

static void
load_material(test_server *server)
{
	PKI_AUTO(pki_buf) key = read_file(server, "tls.key");
	PKI_AUTO(pki_buf) cert = read_file(server, "tls.cer");
	PKI_AUTO(pki_buf) ca = read_file(server, "ca.cer");
	const pki_bytes chain[] = { pki_buf_bytes(cert) };
	const pki_bytes names[] = { pki_buf_bytes(ca) };
	const tls_material material = {
		.key = pki_buf_bytes(key), .chain = chain, .n_chain = 1,
		.names = names, .n_names = 1,
	};
	pki_err err;

	/* A bad one leaves the old one in place. */
	if (tls_set_material(server->tls, &material, &err) != PKI_OK)
		fprintf(stderr, "http-server: material: %s\n", err.msg);
}

static int
listen_anywhere(unsigned *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 ||
	    listen(fd, 1024) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		fatal("listen", NULL);
	*port = ntohs(at.sin_port);
	return fd;
}

static unsigned
open_door(test_server *server, routes_door door)
{
	const estd_config *config = server->config;
	limits_address proxies[ESTD_PROXIES_MAX];
	front_door *front = &server->front[door];
	http_options options = {
		.wire = door == DOOR_EST ? HTTP_TLS : HTTP_PLAIN,
		.threads = config->threads == 0 ? 2 :
		    (unsigned)config->threads,
		.idle_s = (unsigned)config->idle_s,
		.head_s = (unsigned)config->head_s,
		.body_s = (unsigned)config->body_s,
		.reply_s = (unsigned)config->reply_s,
		.reaper = server->reaper,
		.priorities = tls_priorities,
		.certificate = tls_no_certificate(),
	};
	unsigned port;
	const accept_options accepting = {
		.listen_fd = listen_anywhere(&port),
		.descriptors = reaper_room(server->reaper),
		.most = (size_t)config->most,
		.most_per_address = (size_t)config->most_per_address,
		.proxies = proxies,
		.n_proxies = door == DOOR_EST ?
		    estd_config_proxies(config, proxies) : 0,
	};
	pki_err err;

	*front = (struct front_door){
		.door = door, .limits = server->limits, .tls = server->tls,
		.is_label = is_label, .label_arg = server,
		.run = run, .arg = server,
	};
	front_set_hooks(front, &options);
	if (accept_new(&accepting, &front->acceptor, &err) != PKI_OK ||
	    http_start(&options, &server->http[door], &err) != PKI_OK ||
	    accept_start(front->acceptor, server->http[door], &err) != PKI_OK)
		fatal("start", &err);
	return port;
}

static bool
wait_for(test_server *server, bool (*is_so)(http_counts), int ms)
{
	while (ms > 0) {
		if (is_so(http_count(server->http[DOOR_EST])))
			return true;
		usleep(2000);
		ms -= 2;
	}
	return false;
}

static bool
is_idle(http_counts counts)
{
	return counts.active == 0 && counts.fresh == 0;
}

static bool
is_unparked(http_counts counts)
{
	return counts.parked == 0;
}

static bool
is_done(http_counts counts)
{
	return counts.active == 0;
}

static void
stop(test_server *server)
{
	http_counts counts;

	for (int door = 0; door < 2; door++)
		accept_end(server->front[door].acceptor);
	http_drain(server->http[DOOR_EST]);
	wait_for(server, is_idle, GRACE_MS);
	pthread_mutex_lock(&server->lock);
	server->refusing = true;
	pthread_mutex_unlock(&server->lock);
	wait_for(server, is_unparked, 60000);
	wait_for(server, is_done, 2000);
	pthread_mutex_lock(&server->lock);
	server->ended = true;
	pthread_mutex_unlock(&server->lock);
	pthread_join(server->thread, NULL);
	counts = http_count(server->http[DOOR_EST]);
	for (int door = 0; door < 2; door++)
		http_stop(server->http[door]);
	fprintf(stderr, "http-server: active=%u parked=%u counted=%zu\n",
	    counts.active, counts.parked,
	    accept_count(server->front[DOOR_EST].acceptor));
	for (int door = 0; door < 2; door++)
		accept_free(server->front[door].acceptor);
	tls_free(server->tls);
	limits_free(server->limits);
	reaper_stop(server->reaper);
	estd_config_free(server->config);
}

static void
prepare(test_server *server, const char *conf)
{
	struct rlimit files;
	limits_options rates;
	pki_err err;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		fatal("limits", NULL);
	files.rlim_cur = files.rlim_max < 65536 ? files.rlim_max : 65536;
	setrlimit(RLIMIT_NOFILE, &files);
	if (estd_config_load(conf, &server->config, &err) != PKI_OK)
		fatal(conf, &err);
	rates = estd_config_limits(server->config);
	if (limits_new(&rates, &server->limits, &err) != PKI_OK ||
	    tls_new(&server->tls, &err) != PKI_OK ||
	    reaper_start(files.rlim_cur, &server->reaper, &err) != PKI_OK)
		fatal("start", &err);
	load_material(server);
	pthread_mutex_init(&server->lock, NULL);
	if (pthread_create(&server->thread, NULL, run_waker, server) != 0)
		fatal("thread", NULL);
}

int
main(int argc, char **argv)
{
	test_server server = { .folder = argc == 3 ? argv[2] : "" };
	sigset_t signals;
	unsigned est, status;
	int got;

	if (argc != 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	prepare(&server, argv[1]);
	est = open_door(&server, DOOR_EST);
	status = open_door(&server, DOOR_STATUS);
	printf("%u %u\n", est, status);
	fflush(stdout);
	while (sigwait(&signals, &got) == 0 && got == SIGHUP)
		load_material(&server);
	stop(&server);
	return 0;
}
