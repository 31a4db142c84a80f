#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

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
watch(struct session *s, const enroll_conf *conf)
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

/* One certificate's failure is said like that of several. */
static pki_code
watch_all(struct session *s)
{
	pki_code rc;

	next_look = pki_clock_now(NULL) + SLEEP_MAX;
	rc = session_each(s, watch);
	if (rc != PKI_OK)
		print_error(s->cli->format, s->cli->program->name, "run",
		    s->err);
	return rc;
}

/* The signal that woke us, or 0. */
static int
sleep_until(int64_t when, const sigset_t *wake)
{
	int64_t left = when - pki_clock_now(NULL);
	const struct timespec most = {
		.tv_sec = (time_t)(left < SLEEP_MIN ? SLEEP_MIN :
		    left > SLEEP_MAX ? SLEEP_MAX : left),
	};
	int got = sigtimedwait(wake, NULL, &most);

	return got > 0 ? got : 0;
}

static pki_code
loop(struct session *s)
{
	notify_socket notify;
	sigset_t wake;
	int got = SIGHUP;
	pki_code rc = notify_open(&notify, s->err);

	if (rc != PKI_OK)
		return rc;
	sigemptyset(&wake);
	sigaddset(&wake, SIGTERM);
	sigaddset(&wake, SIGINT);
	sigaddset(&wake, SIGHUP);
	sigprocmask(SIG_BLOCK, &wake, NULL);
	notify_ready(&notify);
	while (got == 0 || got == SIGHUP) {
		rc = watch_all(s);
		/* Nothing to watch now; a file may come. */
		got = sleep_until(next_look, &wake);
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
	pki_code rc;

	if (!cli_has(s->cli, "once"))
		return loop(s);
	next_look = INT64_MAX;
	rc = session_each(s, watch);
	return rc;
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
