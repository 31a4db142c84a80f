#include "pki-estd/parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/notify.h"
#include "pki-estd/enclosure.h"
#include "pki-estd/log.h"
#include "pki-estd/sockets.h"

#define BACK_OFF_MIN_MS 100     /* until an issuer that ended is followed */
#define BACK_OFF_MAX_MS 2000
#define STEADY_MS 10000         /* who lived so long is followed at once */
#define STOP_MS 25000           /* then what is left is killed */
#define ARGS_MAX 16

enum { CHILD_WORKER, CHILD_ISSUER, CHILD_COUNT };

static const struct child_kind {
	const char *name, *option;
} kinds[CHILD_COUNT] = {
	[CHILD_WORKER] = { "worker", "--worker" },
	[CHILD_ISSUER] = { "issuer", "--issuer" },
};

typedef struct parent {
	const estd_options *options;
	char              **args;
	char                program[PKI_PATH_MAX];
	pki_sandbox         sandbox;
	estd_sockets        sockets;
	notify_socket       notify;
	int                 signals;    /* signalfd */

	pki_child           children[CHILD_COUNT];      /* pid 0: none */
	unsigned            back_off;
	int64_t             issuer_began;
	int64_t             issuer_at;  /* when to start it again; 0: not */

	bool                ready;      /* the worker has served */
	bool                reloading, stopping, failed;
	int64_t             kill_at;    /* 0: not */
	int64_t             alive_at;   /* the worker last said so */
	int64_t             watchdog_at;
} parent;

/* ---- children ---- */

static pki_code
start_child(parent *p, int kind, pki_err *err)
{
	const char *argv[ARGS_MAX] = { p->program, kinds[kind].option };
	const log_field *fields;
	size_t n = 2;
	pki_code rc;

	for (char **arg = p->args; *arg != NULL && n < ARGS_MAX - 1; arg++)
		argv[n++] = *arg;
	rc = pki_spawn(argv, &p->children[kind], err);
	if (rc != PKI_OK)
		return rc;
	fields = (log_field[]){
		LOG_AS_TEXT("process", kinds[kind].name),
		LOG_AS_NUMBER("pid", p->children[kind].pid),
	};
	log_event("started", fields, 2);
	return PKI_OK;
}

/* A child that has ended is seen by its signal, not here. */
static pki_code
send_control(parent *p, int kind, pki_control control, int fd, pki_err *err)
{
	pki_code rc;

	if (p->children[kind].pid == 0)
		return PKI_OK;
	rc = pki_control_send(p->children[kind].control, control, fd, err);
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

/* A new link between the two; each gets its end. */
static pki_code
link_children(parent *p, pki_err *err)
{
	int ends[2], room;
	pki_code rc = pki_link_pair(ends, &room, err);

	if (rc != PKI_OK)
		return rc;
	rc = send_control(p, CHILD_ISSUER, PKI_CONTROL_LINK, ends[0], err);
	if (rc == PKI_OK)
		rc = send_control(p, CHILD_WORKER, PKI_CONTROL_LINK, ends[1],
		    err);
	close(ends[0]);
	close(ends[1]);
	return rc;
}

static pki_code
start_issuer(parent *p, pki_err *err)
{
	pki_code rc = start_child(p, CHILD_ISSUER, err);

	p->issuer_at = 0;
	p->issuer_began = pki_clock_monotonic_ms();
	return rc == PKI_OK ? link_children(p, err) : rc;
}

static pki_code
start_worker(parent *p, pki_err *err)
{
	static const pki_control controls[SOCKETS_COUNT] = {
		[DOOR_EST] = PKI_CONTROL_LISTEN,
		[DOOR_STATUS] = PKI_CONTROL_METRICS_LISTEN,
	};
	pki_code rc = start_child(p, CHILD_WORKER, err);

	for (int i = 0; i < SOCKETS_COUNT && rc == PKI_OK; i++)
		rc = send_control(p, CHILD_WORKER, controls[i],
		    p->sockets.fd[i], err);
	p->alive_at = pki_clock_monotonic_ms();
	return rc;
}

/* All end: the worker first, the issuer with the last answer out. */
static void
begin_stop(parent *p)
{
	if (p->stopping)
		return;
	p->stopping = true;
	p->kill_at = pki_clock_monotonic_ms() + STOP_MS;
	notify_stopping(&p->notify);
	sockets_close(&p->sockets);
	if (send_control(p, p->children[CHILD_WORKER].pid != 0 ?
	    CHILD_WORKER : CHILD_ISSUER, PKI_CONTROL_STOP, -1, NULL) !=
	    PKI_OK)
		p->kill_at = pki_clock_monotonic_ms();
}

static void
fail(parent *p)
{
	p->failed = true;
	begin_stop(p);
}

static void
worker_ended(parent *p, bool well)
{
	/* Whoever is left answers nobody any more. */
	if (!well || !p->stopping)
		p->failed = true;
	p->stopping = true;
	if (p->kill_at == 0)
		p->kill_at = pki_clock_monotonic_ms() + STOP_MS;
	if (send_control(p, CHILD_ISSUER, PKI_CONTROL_STOP, -1, NULL) !=
	    PKI_OK)
		p->kill_at = pki_clock_monotonic_ms();
}

/* One that says so itself before all runs will say so again: no CA, no key. */
static void
issuer_ended(parent *p, bool killed)
{
	int64_t now = pki_clock_monotonic_ms();

	if (p->stopping)
		return;
	if (!p->ready && !killed) {
		fail(p);
		return;
	}
	if (now - p->issuer_began > STEADY_MS)
		p->back_off = BACK_OFF_MIN_MS;
	p->issuer_at = now + p->back_off;
	p->back_off = p->back_off * 2 > BACK_OFF_MAX_MS ? BACK_OFF_MAX_MS :
	    p->back_off * 2;
}

static void
child_ended(parent *p, int kind, int status)
{
	bool killed = WIFSIGNALED(status);
	const log_field fields[] = {
		LOG_AS_TEXT("process", kinds[kind].name),
		LOG_AS_NUMBER("pid", p->children[kind].pid),
		LOG_AS_NUMBER(killed ? "signal" : "status", killed ?
		    WTERMSIG(status) : WEXITSTATUS(status)),
	};

	log_event("ended", fields, PKI_COUNT(fields));
	close(p->children[kind].control);
	p->children[kind] = (pki_child){ 0, -1 };
	if (kind == CHILD_WORKER)
		worker_ended(p, !killed && WEXITSTATUS(status) == 0);
	else
		issuer_ended(p, killed);
}

static void
reap(parent *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int kind = 0; kind < CHILD_COUNT; kind++)
			if (p->children[kind].pid == pid) {
				child_ended(p, kind, status);
				break;
			}
}

/* ---- what comes ---- */

static void
begin_reload(parent *p)
{
	notify_reloading(&p->notify);
	p->reloading = true;
	/* An issuer that is yet to start reads the files anyway. */
	if (send_control(p, CHILD_ISSUER, PKI_CONTROL_RELOAD, -1, NULL) !=
	    PKI_OK || p->children[CHILD_ISSUER].pid == 0) {
		p->reloading = false;
		notify_ready(&p->notify);
	}
}

static void
take_signals(parent *p)
{
	struct signalfd_siginfo info;

	while (read(p->signals, &info, sizeof(info)) == sizeof(info))
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(p);
			break;
		case SIGHUP:
			if (!p->stopping)
				begin_reload(p);
			break;
		default:
			begin_stop(p);
			break;
		}
}

static void
worker_says(parent *p, pki_control control)
{
	if (control == PKI_CONTROL_ALIVE)
		p->alive_at = pki_clock_monotonic_ms();
	if (control == PKI_CONTROL_READY && !p->ready) {
		p->ready = true;
		log_event("ready", NULL, 0);
		notify_ready(&p->notify);
	}
}

static void
issuer_says(parent *p, pki_control control)
{
	/* What came of it, the issuer has said. */
	if (control == PKI_CONTROL_ALIVE || !p->reloading)
		return;
	p->reloading = false;
	notify_ready(&p->notify);
}

/* What is malformed comes from a child that was taken over: it ends. */
static void
take_control(parent *p, int kind)
{
	pki_control control;
	int fd;
	pki_err err;
	pki_code rc;

	while ((rc = pki_control_receive(p->children[kind].control, &control,
	    &fd, &err)) == PKI_OK) {
		if (fd >= 0)
			close(fd);
		if (kind == CHILD_WORKER)
			worker_says(p, control);
		else
			issuer_says(p, control);
	}
	if (rc == PKI_BUSY || rc == PKI_NOT_FOUND)
		return;
	log_event("control", &LOG_AS_TEXT("reason", err.msg), 1);
	kill(p->children[kind].pid, SIGKILL);
}

/* ---- what is due ---- */

static void
kill_rest(parent *p)
{
	p->kill_at = 0;
	p->failed = true;
	for (int kind = 0; kind < CHILD_COUNT; kind++)
		if (p->children[kind].pid != 0)
			kill(p->children[kind].pid, SIGKILL);
}

/* Only as long as the worker says that all of them do. */
static void
feed_watchdog(parent *p, int64_t now)
{
	p->watchdog_at = now + p->notify.watchdog_ms / 4;
	if (now - p->alive_at < p->notify.watchdog_ms / 2)
		notify_watchdog(&p->notify);
}

static void
do_due(parent *p, int64_t now)
{
	pki_err err;

	if (p->issuer_at != 0 && now >= p->issuer_at && !p->stopping &&
	    start_issuer(p, &err) != PKI_OK) {
		log_event("failed", &LOG_AS_TEXT("reason", err.msg), 1);
		fail(p);
	}
	if (p->kill_at != 0 && now >= p->kill_at)
		kill_rest(p);
	if (p->notify.watchdog_ms != 0 && now >= p->watchdog_at)
		feed_watchdog(p, now);
}

static int
next_due(const parent *p, int64_t now)
{
	const int64_t times[] = {
		p->stopping ? 0 : p->issuer_at, p->kill_at, p->watchdog_at,
	};
	int64_t wait = INT32_MAX;
	bool any = false;

	for (size_t i = 0; i < PKI_COUNT(times); i++)
		if (times[i] != 0) {
			any = true;
			if (times[i] - now < wait)
				wait = times[i] < now ? 0 : times[i] - now;
		}
	return any ? (int)wait : -1;
}

static bool
is_over(const parent *p)
{
	return p->stopping && p->children[CHILD_WORKER].pid == 0 &&
	    p->children[CHILD_ISSUER].pid == 0;
}

static pki_code
run_loop(parent *p, pki_err *err)
{
	while (!is_over(p)) {
		struct pollfd fds[] = {
			{ p->signals, POLLIN, 0 },
			{ p->children[CHILD_WORKER].control, POLLIN, 0 },
			{ p->children[CHILD_ISSUER].control, POLLIN, 0 },
		};

		if (poll(fds, PKI_COUNT(fds),
		    next_due(p, pki_clock_monotonic_ms())) < 0 &&
		    errno != EINTR)
			return pki_fail_errno(err, "poll");
		for (int kind = 0; kind < CHILD_COUNT; kind++)
			if ((fds[1 + kind].revents & POLLIN) != 0)
				take_control(p, kind);
		/*
		 * An end that is closed before its process is gone would be
		 * seen again and again.
		 */
		if (((fds[1].revents | fds[2].revents) & POLLHUP) != 0)
			(void)poll(fds, 1, 10);
		take_signals(p);
		do_due(p, pki_clock_monotonic_ms());
	}
	return PKI_OK;
}

/* ---- the beginning ---- */

/*
 * Its path.  When another build takes that name while we run, the next issuer
 * is of it, and the worker ends for that reason: all start anew.
 */
static pki_code
find_program(parent *p, pki_err *err)
{
	ssize_t len = readlink("/proc/self/exe", p->program,
	    sizeof(p->program));

	if (len < 0)
		return pki_fail_errno(err, "/proc/self/exe");
	if ((size_t)len >= sizeof(p->program))
		return pki_fail(err, PKI_SYSTEM, "the program's path is too "
		    "long");
	p->program[len] = '\0';
	return PKI_OK;
}

/* Signals are read; for that they have to be blocked. */
static pki_code
take_over_signals(parent *p, pki_err *err)
{
	static const int wanted[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < PKI_COUNT(wanted); i++)
		sigaddset(&set, wanted[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signals < 0 ? pki_fail_errno(err, "signalfd") : PKI_OK;
}

static pki_code
open_all(parent *p, pki_err *err)
{
	PKI_AUTO(estd_config) config = NULL;
	pki_code rc = estd_options_load(p->options, &config, err);

	if (rc == PKI_OK)
		rc = sockets_open(config, &p->sockets, err);
	if (rc == PKI_OK)
		rc = notify_open(&p->notify, err);
	if (rc == PKI_OK)
		rc = find_program(p, err);
	if (rc == PKI_OK)
		rc = take_over_signals(p, err);
	return rc;
}

static pki_code
begin(parent *p, pki_err *err)
{
	enclosure files;
	pki_code rc = pki_sandbox_begin(PKI_SANDBOX_PARENT, &p->sandbox, err);

	if (rc == PKI_OK)
		rc = open_all(p, err);
	if (rc != PKI_OK)
		return rc;
	enclosure_list(PKI_SANDBOX_PARENT, p->options, p->program, &files);
	rc = pki_sandbox_enclose(&p->sandbox, files.paths, files.count, err);
	if (rc == PKI_OK)
		rc = pki_sandbox_seal(&p->sandbox, err);
	if (rc == PKI_OK)
		rc = start_worker(p, err);
	if (rc == PKI_OK)
		rc = start_issuer(p, err);
	p->watchdog_at = p->notify.watchdog_ms != 0 ?
	    pki_clock_monotonic_ms() : 0;
	return rc;
}

pki_code
parent_run(const estd_options *options, char **args, pki_err *err)
{
	parent p = {
		.options = options, .args = args, .signals = -1,
		.sockets = { { -1, -1 } }, .notify = { .fd = -1 },
		.children = { { 0, -1 }, { 0, -1 } },
		.back_off = BACK_OFF_MIN_MS,
	};
	pki_code rc = begin(&p, err);

	/* Children end with us. */
	if (rc == PKI_OK)
		rc = run_loop(&p, err);
	if (rc == PKI_OK && p.failed)
		rc = pki_fail(err, PKI_SYSTEM, "a process ended that was not "
		    "to end; the log says which and why");
	sockets_close(&p.sockets);
	notify_close(&p.notify);
	if (p.signals >= 0)
		close(p.signals);
	return rc;
}
