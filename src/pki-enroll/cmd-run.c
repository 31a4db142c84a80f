#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/notify.h"
#include "pki-enroll/cmd.h"
#include "pki-enroll/watch.h"

/* A clock may be set while we sleep, and a file may come. */
#define SLEEP_MAX PKI_HOUR
#define SLEEP_MIN INT64_C(1)

/* When the next one of all is due. */
static int64_t next_look;

static void
say(void *arg, const char *text)
{
	cli_say(arg, "%s.", text);
}

static pki_code
watch_here(struct session *s, const enroll_conf *conf)
{
	union {
		const struct cli *from;
		void             *to;
	} cli = { .from = s->cli };
	int64_t next = 0;
	pki_code rc = watch_once(conf, say, cli.to, &next, s->err);

	if (next < next_look)
		next_look = next;
	return rc;
}

/* ---- in a process of its own ---- */

/* What comes back of it: less than a pipe takes at once. */
struct news {
	pki_code rc;
	int64_t  next;
	pki_err  err;
};

static sigset_t wake;           /* blocked while the daemon runs */
static bool stopping;

/*
 * SIGTERM and SIGINT stay blocked: an exchange looks for them, and a command
 * of the operator comes to its end.
 */
static void
run_child(struct session *s, const enroll_conf *conf, int to)
{
	struct news news = { .err.code = PKI_OK };
	sigset_t child;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &child, NULL);
	s->err = &news.err;
	news.rc = watch_here(s, conf);
	news.next = next_look;
	_exit(write(to, &news, sizeof(news)) == (ssize_t)sizeof(news) ? 0 : 1);
}

/* Until it ends; who tells us to end tells it. */
static void
await_child(pid_t child)
{
	while (waitpid(child, NULL, WNOHANG) == 0) {
		int got = sigwaitinfo(&wake, NULL);

		if (got != SIGTERM && got != SIGINT)
			continue;
		stopping = true;
		kill(child, SIGTERM);
	}
}

/*
 * What libcurl and libssl take is given back with the process, and an answer
 * that breaks them breaks no daemon.
 */
static pki_code
watch_apart(struct session *s, const enroll_conf *conf)
{
	struct news news;
	int ends[2];
	ssize_t got;
	pid_t child;

	if (stopping)
		return PKI_OK;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return pki_fail_errno(s->err, "pipe");
	child = fork();
	if (child == 0)
		run_child(s, conf, ends[1]);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return pki_fail_errno(s->err, "fork");
	}
	await_child(child);
	got = read(ends[0], &news, sizeof(news));
	close(ends[0]);
	if (got != (ssize_t)sizeof(news)) {
		next_look = pki_clock_now(NULL) + PKI_MINUTE;
		return pki_fail(s->err, PKI_BUSY, "the process for it broke");
	}
	if (news.next < next_look)
		next_look = news.next;
	*s->err = news.err;
	return news.rc;
}

/* One certificate's failure is said like that of several. */
static pki_code
watch_all(struct session *s)
{
	pki_code rc;

	next_look = pki_clock_now(NULL) + SLEEP_MAX;
	rc = session_each(s, watch_apart);
	if (rc != PKI_OK && !stopping)
		print_error(s->cli->format, s->cli->program->name, "run",
		    s->err);
	return rc;
}

/* The signal that woke us, or 0. */
static int
sleep_until(int64_t when)
{
	int64_t left = when - pki_clock_now(NULL);
	const struct timespec most = {
		.tv_sec = (time_t)(left < SLEEP_MIN ? SLEEP_MIN :
		    left > SLEEP_MAX ? SLEEP_MAX : left),
	};
	sigset_t others = wake;
	int got;

	/* Of a child that was waited for before its signal was. */
	sigdelset(&others, SIGCHLD);
	got = sigtimedwait(&others, NULL, &most);
	return got > 0 ? got : 0;
}

static pki_code
loop(struct session *s)
{
	notify_socket notify;
	int got = SIGHUP;
	pki_code rc = notify_open(&notify, s->err);

	if (rc != PKI_OK)
		return rc;
	/* Who started us may have ignored it. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&wake);
	sigaddset(&wake, SIGTERM);
	sigaddset(&wake, SIGINT);
	sigaddset(&wake, SIGHUP);
	sigaddset(&wake, SIGCHLD);
	sigprocmask(SIG_BLOCK, &wake, NULL);
	notify_ready(&notify);
	while (got != SIGTERM && got != SIGINT) {
		rc = watch_all(s);
		/* Nothing to watch now; a file may come. */
		got = stopping ? SIGTERM : sleep_until(next_look);
		if (got == SIGHUP) {
			notify_reloading(&notify);
			notify_ready(&notify);
		}
	}
	notify_stopping(&notify);
	notify_close(&notify);
	return PKI_OK;
}

static pki_code
run(struct session *s)
{
	if (!cli_has(s->cli, "once"))
		return loop(s);
	next_look = INT64_MAX;
	return session_each(s, watch_here);
}

static const struct cli_option options[] = {
	{ .name = "once", .help = "do what is due now, and end: for a timer" },
	{ .name = NULL },
};

const struct cli_command cmd_run = {
	.noun = "run",
	.args = "[NAME...]",
	.summary = "keep the certificates fresh, until SIGTERM",
	.description =
"Enrolls, renews in time, tries again after failures, and waits for a clock\n"
"that can be right.  Files are read again at each look, and on SIGHUP.",
	.options = options,
	.max_args = -1,
	.run = run,
};
