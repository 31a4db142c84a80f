#include "pki-enroll/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MERCY_MS 2000           /* between SIGTERM and SIGKILL */

static const char *const fixed_variables[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C.UTF-8",
};
#define FIXED PKI_COUNT(fixed_variables)

/* What a program is started with, made before there is a child. */
struct start {
	char   *args[HOOK_ARGS_MAX + 1];
	char   *variables[FIXED + HOOK_VARIABLES_MAX + 1];
	size_t  variable_count;
};

/* One that has been started. */
struct running {
	pid_t  pid;
	int    fd;                      /* of the process */
	int    output;                  /* where what it prints comes out */
	int    trouble;                 /* why it could not be executed */
	size_t printed;
	bool   ended;
	int    status;                  /* as waitpid has it */
};

static void
start_clear(struct start *start)
{
	for (size_t i = 0; i < start->variable_count; i++)
		free(start->variables[i]);
}

static pki_code
add_variable(struct start *start, const char *name, const char *value,
    pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	char *copy;

	pki_buf_add_format(text, "%s%s%s", name, value == NULL ? "" : "=",
	    value == NULL ? "" : value);
	copy = pki_buf_check(text, NULL) != PKI_OK ? NULL :
	    pki_text_copy(pki_buf_text(text));
	if (copy == NULL)
		return pki_fail_memory(err);
	start->variables[start->variable_count++] = copy;
	return PKI_OK;
}

static pki_code
make_start(const enroll_hook *hook, struct start *start, pki_err *err)
{
	pki_code rc = PKI_OK;

	if (hook->args->count > HOOK_ARGS_MAX ||
	    hook->variable_count > HOOK_VARIABLES_MAX)
		return pki_fail(err, PKI_USAGE,
		    "too many arguments or variables");
	for (size_t i = 0; i < hook->args->count; i++)
		start->args[i] = hook->args->items[i];
	for (size_t i = 0; rc == PKI_OK && i < FIXED; i++)
		rc = add_variable(start, fixed_variables[i], NULL, err);
	for (size_t i = 0; rc == PKI_OK && i < hook->variable_count; i++)
		if (hook->variables[i].value != NULL)
			rc = add_variable(start, hook->variables[i].name,
			    hook->variables[i].value, err);
	return rc;
}

/* In the child: only what may be called between fork and exec. */
static _Noreturn void
execute(const struct start *start, int output, int trouble)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;
	int null = open("/dev/null", O_RDONLY), why;

	setpgid(0, 0);
	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(output, STDERR_FILENO) >= 0 &&
	    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		execve(start->args[0], start->args, start->variables);
	why = errno;
	_exit(write(trouble, &why, sizeof(why)) == sizeof(why) ? 127 : 126);
}

static void
close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

static pki_code
begin(const struct start *start, struct running *out, pki_err *err)
{
	int output[2], trouble[2];

	if (pipe2(output, O_CLOEXEC) != 0)
		return pki_fail_errno(err, "make a pipe");
	if (pipe2(trouble, O_CLOEXEC) != 0) {
		close_pair(output);
		return pki_fail_errno(err, "make a pipe");
	}
	out->pid = fork();
	if (out->pid == 0)
		execute(start, output[1], trouble[1]);
	out->fd = out->pid < 0 ? -1 : pidfd_open(out->pid, 0);
	if (out->fd < 0) {
		pki_fail_errno(err, "start a process");
		if (out->pid > 0) {
			kill(out->pid, SIGKILL);
			waitpid(out->pid, NULL, 0);
		}
		close_pair(output);
		close_pair(trouble);
		return PKI_SYSTEM;
	}
	/* Both sides do it, so that it is done when either goes on. */
	setpgid(out->pid, out->pid);
	close(output[1]);
	close(trouble[1]);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	out->output = output[0];
	out->trouble = trouble[0];
	return PKI_OK;
}

static void
put_all(int to, pki_bytes bytes)
{
	while (bytes.len != 0) {
		ssize_t put = write(to, bytes.data, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		/* A log that takes nothing is no reason to fail. */
		if (put <= 0)
			return;
		bytes.data += put;
		bytes.len -= (size_t)put;
	}
}

static void
show(int to, pki_bytes bytes)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();

	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t octet = bytes.data[i];

		if ((octet >= 0x20 && octet < 0x7f) || octet == '\n' ||
		    octet == '\t')
			pki_buf_add_byte(text, octet);
		else
			pki_buf_add_format(text, "\\x%02x", octet);
	}
	if (pki_buf_check(text, NULL) == PKI_OK)
		put_all(to, pki_buf_bytes(text));
}

/* Show what there is, as far as there is room.  False: no more comes. */
static bool
take_output(struct running *run, int to)
{
	uint8_t block[512];
	ssize_t got;

	while ((got = read(run->output, block, sizeof(block))) > 0) {
		size_t room = HOOK_OUTPUT_MAX - run->printed;
		size_t len = (size_t)got < room ? (size_t)got : room;

		if (len == 0)
			continue;
		show(to, pki_bytes_of(block, len));
		run->printed += len;
		if (run->printed == HOOK_OUTPUT_MAX)
			put_all(to, PKI_BYTES_TEXT("\n(the rest of its output "
			    "is not shown)\n"));
	}
	return got != 0 && errno == EAGAIN;
}

/* Take its status.  Where nobody is waited for, there is none: a failure. */
static void
reap(struct running *run)
{
	if (waitpid(run->pid, &run->status, 0) != run->pid)
		run->status = W_EXITCODE(127, 0);
	run->ended = true;
}

/* Until it has ended, or the time is up. */
static void
await(struct running *run, int to, int64_t until_ms)
{
	bool open = true;

	while (!run->ended) {
		struct pollfd fds[] = {
			{ .fd = run->fd, .events = POLLIN },
			{ .fd = open ? run->output : -1, .events = POLLIN },
		};
		int64_t left = until_ms - pki_clock_monotonic_ms();

		if (left <= 0)
			return;
		if (poll(fds, PKI_COUNT(fds), (int)left) < 0 && errno != EINTR)
			return;
		if (open && fds[1].revents != 0)
			open = take_output(run, to);
		if (fds[0].revents != 0)
			reap(run);
	}
	take_output(run, to);
}

/* It and its children; those that hear SIGTERM may tidy up. */
static void
end(struct running *run, int to)
{
	kill(-run->pid, SIGTERM);
	await(run, to, pki_clock_monotonic_ms() + MERCY_MS);
	kill(-run->pid, SIGKILL);
	if (!run->ended)
		reap(run);
}

static pki_code
say_how(const enroll_hook *hook, const struct running *run, bool late,
    pki_err *err)
{
	const char *program = hook->args->items[0];
	char text[PKI_DURATION_TEXT];
	int why;

	if (read(run->trouble, &why, sizeof(why)) == sizeof(why)) {
		errno = why;
		return why == ENOENT ? pki_fail(err, PKI_NOT_FOUND,
		    "%s: %s does not exist", hook->title, program) :
		    pki_fail_errno(err, "%s: run %s", hook->title, program);
	}
	if (late)
		return pki_refuse(err, PKI_DENIED, "command",
		    "an end within the time limit", "%s %s did not end in %s",
		    hook->title, program,
		    pki_duration_format(hook->timeout_s, text));
	if (WIFSIGNALED(run->status))
		return pki_refuse(err, PKI_DENIED, "command", "exit status 0",
		    "%s %s was ended by signal %d", hook->title, program,
		    WTERMSIG(run->status));
	if (WEXITSTATUS(run->status) != 0)
		return pki_refuse(err, PKI_DENIED, "command", "exit status 0",
		    "%s %s ended with status %d", hook->title, program,
		    WEXITSTATUS(run->status));
	return PKI_OK;
}

pki_code
hook_run(const enroll_hook *hook, int *out_status, pki_err *err)
{
	struct start start = { .variable_count = 0 };
	struct running run = { .pid = -1 };
	bool late;
	pki_code rc;

	if (out_status != NULL)
		*out_status = 0;
	if (hook->args->count == 0)
		return PKI_OK;
	rc = make_start(hook, &start, err);
	if (rc == PKI_OK)
		rc = begin(&start, &run, err);
	start_clear(&start);
	if (rc != PKI_OK)
		return rc;
	await(&run, hook->output,
	    pki_clock_monotonic_ms() + hook->timeout_s * 1000);
	late = !run.ended;
	if (late)
		end(&run, hook->output);
	rc = say_how(hook, &run, late, err);
	if (out_status != NULL)
		*out_status = WIFSIGNALED(run.status) ?
		    128 + WTERMSIG(run.status) : WEXITSTATUS(run.status);
	close(run.output);
	close(run.trouble);
	close(run.fd);
	return rc;
}
