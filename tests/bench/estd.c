#include "tests/bench/estd.h"

#include <errno.h>
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

#define START_S 30
#define BACKLOG 4096
#define FIRST_FD 3      /* sd_listen_fds(3) */
#define LIBRARY_MAX ((size_t)1 << 20)
#define LOG_MAX ((size_t)16 << 20)

/* Nothing here may hold a client back: all have one address. */
static const char conf[] =
    "names = [ \"dns:localhost\", \"ip:127.0.0.1\" ];\n"
    "limit: { tries = 0; tries-per-address = 0; tries-per-token = 0;\n"
    "    connections = 16000; connections-per-address = 16000; };\n"
    "deadline: { head = \"5m\"; idle = \"5m\"; };\n";

enum process { PARENT, WORKER, ISSUER, PROCESSES };

struct bench_estd {
	pid_t    pids[PROCESSES];
	uint16_t ports[2];              /* est and status */
	char     log[PKI_PATH_MAX];
};

int
bench_listen(uint16_t *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 ||
	    listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		bench_fail("a socket", NULL);
	*port = ntohs(at.sin_port);
	return fd;
}

/* In the child.  Only what exec needs is changed. */
static void
run_daemon(const char *program, const char *state, const char *log,
    const int sockets[2], const char *preload)
{
	char pid[16];
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int copies[2];

	/* Whatever becomes of the bench, no daemon is left. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* Out of the way of the two numbers that they get. */
	for (int i = 0; i < 2; i++)
		copies[i] = fcntl(sockets[i], F_DUPFD_CLOEXEC, FIRST_FD + 2);
	for (int i = 0; i < 2; i++)
		dup2(copies[i], FIRST_FD + i);
	dup2(out, STDERR_FILENO);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_FDNAMES", "est:status", 1);
	if (preload != NULL)
		setenv("LD_PRELOAD", preload, 1);
	execl(program, program, "--dir", state, (char *)NULL);
	_exit(127);
}

static bool
is_ready(const bench_estd *estd)
{
	static const char asked[] = "GET /health/ready HTTP/1.1\r\n"
	    "Host: localhost\r\nConnection: close\r\n\r\n";
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(estd->ports[1]),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char answer[16] = "";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    send(fd, asked, sizeof(asked) - 1, MSG_NOSIGNAL) < 0 ||
	    recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL) < 0)
		bench_fail("the status door", NULL);
	close(fd);
	return strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
}

static void
await_ready(const bench_estd *estd)
{
	const struct timespec moment = { 0, 20000000 };
	double end = bench_wall() + START_S;

	while (!is_ready(estd)) {
		if (bench_wall() > end ||
		    waitpid(estd->pids[PARENT], NULL, WNOHANG) != 0)
			bench_fail("pki-estd did not start", NULL);
		nanosleep(&moment, NULL);
	}
}

static void
read_pids(bench_estd *estd)
{
	static const char *const names[] = {
		[WORKER] = "\"process\":\"worker\",\"pid\":",
		[ISSUER] = "\"process\":\"issuer\",\"pid\":",
	};
	PKI_AUTO(pki_buf) log = NULL;
	pki_err err;

	BENCH_OK(pki_file_read(estd->log, LOG_MAX, PKI_FILE_ANY, &log, &err),
	    &err);
	pki_buf_add(log, PKI_BYTES_TEXT("\0"));
	for (int i = WORKER; i < PROCESSES; i++) {
		const char *at = strstr((const char *)log->data, names[i]);

		if (at == NULL)
			bench_fail("a process that did not say its pid", NULL);
		estd->pids[i] = (pid_t)atoi(at + strlen(names[i]));
	}
}

/* A copy where the daemon's processes may read: their sandbox allows little. */
static void
copy_library(const char *from, const char *state, char out[PKI_PATH_MAX])
{
	PKI_AUTO(pki_buf) library = NULL;
	pki_err err;

	BENCH_OK(pki_file_read(from, LIBRARY_MAX, PKI_FILE_ANY, &library,
	    &err), &err);
	BENCH_OK(pki_path_join(out, state, "preload.so", &err), &err);
	BENCH_OK(pki_file_replace(out, pki_buf_bytes(library), 0644, &err),
	    &err);
}

bench_estd *
bench_estd_start(const bench_options *options, const char *state,
    const char *preload)
{
	bench_estd *estd = calloc(1, sizeof(*estd));
	char path[PKI_PATH_MAX], library[PKI_PATH_MAX];
	int sockets[2];
	pki_err err;

	if (estd == NULL)
		bench_fail("memory", NULL);
	BENCH_OK(pki_path_join(path, state, "pki-estd.conf", &err), &err);
	BENCH_OK(pki_file_replace(path, pki_bytes_text(conf), 0644, &err),
	    &err);
	snprintf(estd->log, sizeof(estd->log), "%.1000s.log", state);
	for (int i = 0; i < 2; i++)
		sockets[i] = bench_listen(&estd->ports[i]);
	if (preload != NULL)
		copy_library(preload, state, library);
	estd->pids[PARENT] = fork();
	if (estd->pids[PARENT] == 0)
		run_daemon(options->pki_estd, state, estd->log, sockets,
		    preload == NULL ? NULL : library);
	for (int i = 0; i < 2; i++)
		close(sockets[i]);
	await_ready(estd);
	read_pids(estd);
	return estd;
}

void
bench_estd_stop(bench_estd *estd)
{
	int status;

	kill(estd->pids[PARENT], SIGTERM);
	if (waitpid(estd->pids[PARENT], &status, 0) < 0 || status != 0)
		bench_fail("pki-estd did not end well", NULL);
	free(estd);
}

uint16_t
bench_estd_port(const bench_estd *estd)
{
	return estd->ports[0];
}

double
bench_process_cpu(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &time) != 0)
		bench_fail("the CPU time of a process", NULL);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double
bench_estd_cpu(const bench_estd *estd)
{
	double sum = 0;

	for (int i = 0; i < PROCESSES; i++)
		sum += bench_process_cpu(estd->pids[i]);
	return sum;
}

/* A number behind a word in a file of /proc. */
static double
read_kib(pid_t pid, const char *file, const char *word)
{
	char path[64], line[256];
	double kib = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	in = fopen(path, "re");
	while (in != NULL && kib < 0 && fgets(line, sizeof(line), in) != NULL)
		if (strncmp(line, word, strlen(word)) == 0)
			kib = strtod(line + strlen(word), NULL);
	if (kib < 0)
		bench_fail(path, NULL);
	fclose(in);
	return kib;
}

double
bench_estd_kib(const bench_estd *estd)
{
	double sum = 0;

	for (int i = 0; i < PROCESSES; i++)
		sum += read_kib(estd->pids[i], "smaps_rollup", "Pss:");
	return sum;
}

bool
bench_estd_is_preloaded(const bench_estd *estd)
{
	char path[64], line[PKI_PATH_MAX + 128];
	bool has = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/maps",
	    (int)estd->pids[ISSUER]);
	in = fopen(path, "re");
	if (in == NULL)
		bench_fail(path, NULL);
	while (!has && fgets(line, sizeof(line), in) != NULL)
		has = strstr(line, "/preload.so") != NULL;
	fclose(in);
	return has;
}
