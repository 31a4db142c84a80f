/*
 * "cfssl serve" as a yardstick: a CA of P-256 that signs what comes over kept
 * connections of plain HTTP, and stores nothing.
 */
#include "tests/bench/bench-est.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/cfssl"
#define START_S 20

struct est_cfssl {
	pid_t          pid;
	uint16_t       port;
	bench_load    *load;
	bench_request *requests;
	size_t         count;
};

/* A port that nobody has at the moment. */
static uint16_t
find_port(void)
{
	uint16_t port;

	close(bench_listen(&port));
	return port;
}

static void
make_ca(const bench_options *options, char dir[PKI_PATH_MAX])
{
	char command[2 * PKI_PATH_MAX + 256];
	pki_err err;

	BENCH_OK(pki_path_join(dir, options->work_dir, "cfssl", &err), &err);
	snprintf(command, sizeof(command), "mkdir '%s' && cd '%s' && "
	    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
	    "-noenc -keyout ca.key -subj /CN=ca -days 3650 -out ca.pem "
	    "2>/dev/null", dir, dir);
	if (system(command) != 0)
		bench_fail(command, NULL);
}

static void
run_server(const char *dir, uint16_t port)
{
	char text[8];
	int log;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(text, sizeof(text), "%u", (unsigned)port);
	if (chdir(dir) != 0)
		_exit(127);
	log = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execl(PROGRAM, PROGRAM, "serve", "-address", "127.0.0.1", "-port",
	    text, "-ca", "ca.pem", "-ca-key", "ca.key", (char *)NULL);
	_exit(127);
}

static bool
listens(uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool does = fd >= 0 &&
	    connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;

	close(fd);
	return does;
}

static void
await_server(const struct est_cfssl *cfssl)
{
	const struct timespec moment = { 0, 20000000 };
	double end = bench_wall() + START_S;

	while (!listens(cfssl->port)) {
		if (bench_wall() > end ||
		    waitpid(cfssl->pid, NULL, WNOHANG) != 0)
			bench_fail("cfssl did not start", NULL);
		nanosleep(&moment, NULL);
	}
}

/* PEM in JSON, by which it is asked to sign. */
static void
write_request(const bench_device *device, pki_buf *out)
{
	PKI_AUTO(pki_buf) base64 = pki_buf_new();
	PKI_AUTO(pki_buf) body = pki_buf_new();
	pki_err err;

	BENCH_OK(pki_est_body_encode(pki_buf_bytes(device->csr), 64, base64,
	    &err), &err);
	pki_buf_add_text(body, "{\"certificate_request\":"
	    "\"-----BEGIN CERTIFICATE REQUEST-----\\n");
	for (size_t i = 0; i < base64->len; i++)
		if (base64->data[i] == '\n')
			pki_buf_add_text(body, "\\n");
		else
			pki_buf_add(body, pki_bytes_of(base64->data + i, 1));
	pki_buf_add_text(body, "-----END CERTIFICATE REQUEST-----\\n\"}");
	bench_request_write(out, "POST", "/api/v1/cfssl/sign",
	    "Content-Type: application/json\r\n", pki_buf_bytes(body));
}

est_cfssl *
est_cfssl_start(const bench_options *options, const bench_device *devices,
    size_t count)
{
	struct est_cfssl *cfssl;
	char dir[PKI_PATH_MAX];

	if (access(PROGRAM, X_OK) != 0)
		return NULL;
	cfssl = calloc(1, sizeof(*cfssl));
	if (cfssl == NULL)
		bench_fail("memory", NULL);
	make_ca(options, dir);
	cfssl->port = find_port();
	cfssl->pid = fork();
	if (cfssl->pid == 0)
		run_server(dir, cfssl->port);
	await_server(cfssl);
	cfssl->load = bench_load_new(&(bench_load_options){
		cfssl->port, BENCH_PLAIN, BENCH_KEPT, EST_CLIENTS,
	});
	cfssl->requests = bench_gets_new(count);
	cfssl->count = count;
	for (size_t i = 0; i < count; i++) {
		pki_buf_cut(cfssl->requests[i].text, 0);
		write_request(&devices[i], cfssl->requests[i].text);
	}
	return cfssl;
}

double
est_cfssl_us(est_cfssl *cfssl)
{
	double begin = bench_process_cpu(cfssl->pid);

	(void)bench_load_run(cfssl->load, cfssl->requests, cfssl->count);
	return (bench_process_cpu(cfssl->pid) - begin) * 1e6 /
	    (double)cfssl->count;
}

void
est_cfssl_stop(est_cfssl *cfssl)
{
	if (cfssl == NULL)
		return;
	bench_load_free(cfssl->load);
	bench_requests_free(cfssl->requests, cfssl->count);
	kill(cfssl->pid, SIGKILL);
	waitpid(cfssl->pid, NULL, 0);
	free(cfssl);
}
