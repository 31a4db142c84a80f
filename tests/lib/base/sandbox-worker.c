#include "tests/lib/base/sandbox-worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>

#include "base/sandbox.h"

struct worker {
	const char        *folder;
	int                listener;
	struct MHD_Daemon *daemon;
};

/* What opening and reading gives, as text. */
static void
describe_file(const char *path, char *out, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0) {
		snprintf(out, room, "%d", errno);
		return;
	}
	got = read(fd, out, room - 1);
	out[got < 0 ? 0 : got] = '\0';
	close(fd);
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *body,
    size_t *body_len, void **state)
{
	const struct worker *worker = arg;
	struct MHD_Response *response;
	enum MHD_Result rc;
	char path[256], text[256];

	(void)method;
	(void)version;
	(void)body;
	(void)body_len;
	(void)state;
	snprintf(path, sizeof(path), "%s/page", worker->folder);
	describe_file(strcmp(url, "/in") == 0 ? path : "/etc/passwd", text,
	    sizeof(text));
	response = MHD_create_response_from_buffer(strlen(text), text,
	    MHD_RESPMEM_MUST_COPY);
	rc = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return rc;
}

static void *
accept_for_ever(void *arg)
{
	const struct worker *worker = arg;
	struct sockaddr_in from;
	socklen_t len;
	int fd;

	for (;;) {
		len = sizeof(from);
		fd = accept4(worker->listener, (struct sockaddr *)&from, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			MHD_add_connection(worker->daemon, fd,
			    (struct sockaddr *)&from, len);
	}
	return NULL;
}

/* A key and its own certificate, as PEM; NUL-terminated. */
static int
make_material(char *key_out, char *cert_out, size_t room)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;
	size_t key_len = room - 1, cert_len = room - 1;
	int failed;

	memset(key_out, 0, room);
	memset(cert_out, 0, room);
	gnutls_x509_privkey_init(&key);
	gnutls_x509_crt_init(&cert);
	failed = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) != 0 ||
	    gnutls_x509_crt_set_version(cert, 3) != 0 ||
	    gnutls_x509_crt_set_serial(cert, "\1", 1) != 0 ||
	    gnutls_x509_crt_set_activation_time(cert, time(NULL)) != 0 ||
	    gnutls_x509_crt_set_expiration_time(cert,
		time(NULL) + 3600) != 0 ||
	    gnutls_x509_crt_set_key(cert, key) != 0 ||
	    gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256,
		0) != 0 ||
	    gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, key_out,
		&key_len) != 0 ||
	    gnutls_x509_crt_export(cert, GNUTLS_X509_FMT_PEM, cert_out,
		&cert_len) != 0;
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
	return failed ? -1 : 0;
}

static struct MHD_Daemon *
start_daemon(struct worker *worker)
{
	char key[4096], cert[4096];

	if (make_material(key, cert, sizeof(key)) != 0)
		return NULL;
	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
	    MHD_USE_EPOLL | MHD_USE_TLS | MHD_USE_ITC |
	    MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL,
	    NULL, on_request, worker, MHD_OPTION_THREAD_POOL_SIZE, 2u,
	    MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_MEM_CERT, cert,
	    MHD_OPTION_END);
}

/* Returns when it cannot serve. */
static int
run_worker(const char *folder, int listener, int ready)
{
	const pki_sandbox_path paths[] = { { folder, PKI_SANDBOX_READ } };
	struct worker worker = { .folder = folder, .listener = listener };
	pki_sandbox sandbox;
	pthread_t thread;
	pki_err err;

	if (pki_sandbox_begin(PKI_SANDBOX_WORKER, &sandbox, &err) != PKI_OK ||
	    pki_sandbox_enclose(&sandbox, paths, 1, &err) != PKI_OK)
		return 1;
	worker.daemon = start_daemon(&worker);
	if (worker.daemon == NULL || pthread_create(&thread, NULL,
	    accept_for_ever, &worker) != 0)
		return 2;
	if (pki_sandbox_seal(&sandbox, &err) != PKI_OK)
		return 3;
	/* A thread that comes later. */
	if (pthread_create(&thread, NULL, accept_for_ever, &worker) != 0 ||
	    write(ready, "r", 1) != 1)
		return 4;
	for (;;)
		pause();
}

static int
listen_on_loopback(unsigned *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 ||
	    listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return -1;
	*port = ntohs(at.sin_port);
	return fd;
}

pid_t
start_sandboxed_worker(const char *folder, unsigned *port)
{
	int listener = listen_on_loopback(port), ready[2];
	char octet;
	pid_t pid;

	if (listener < 0 || pipe(ready) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		close(ready[0]);
		_exit(run_worker(folder, listener, ready[1]));
	}
	close(ready[1]);
	close(listener);
	if (read(ready[0], &octet, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(ready[0]);
	return pid;
}

static int
connect_to(unsigned port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&to,
	    sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The body stands behind the empty line. */
static int
read_body(gnutls_session_t session, char *out, int room)
{
	char answer[2048];
	const char *body;
	size_t len = 0;
	ssize_t got;

	do {
		got = gnutls_record_recv(session, answer + len,
		    sizeof(answer) - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	} while (got > 0 && len < sizeof(answer) - 1);
	answer[len] = '\0';
	body = strstr(answer, "\r\n\r\n");
	if (body == NULL)
		return -1;
	snprintf(out, (size_t)room, "%s", body + 4);
	return 0;
}

int
ask_worker(unsigned port, const char *priorities, const char *path, char *out,
    int room)
{
	gnutls_certificate_credentials_t anyone;
	gnutls_session_t session;
	char request[256];
	int fd = connect_to(port), rc = -1;

	if (fd < 0)
		return -1;
	gnutls_certificate_allocate_credentials(&anyone);
	gnutls_init(&session, GNUTLS_CLIENT);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, anyone);
	gnutls_priority_set_direct(session, priorities, NULL);
	gnutls_transport_set_int(session, fd);
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n"
	    "Connection: close\r\n\r\n", path);
	if (gnutls_handshake(session) == 0 && gnutls_record_send(session,
	    request, strlen(request)) > 0)
		rc = read_body(session, out, room);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(anyone);
	close(fd);
	return rc;
}
