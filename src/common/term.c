#include "common/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define TTY "/dev/tty"

/*
 * Every signal would leave the terminal without echo, but those that nobody
 * can catch and those that end and stop nothing.  0: none, for the tables.
 */
static const int uncaught[] = {
	0, SIGKILL, SIGSTOP, SIGCHLD, SIGCONT, SIGURG, SIGWINCH,
};
/* After these the program cannot go on: the terminal is put right at once. */
static const int deadly[] = {
	SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP,
};

static volatile sig_atomic_t came[NSIG];

/* What the terminal was like; only while it is hidden. */
static struct {
	int              fd;
	struct termios   before;
	struct sigaction actions[NSIG];
	bool             changed[NSIG];
	sigset_t         mask;
} hidden;

static bool
is_in(const int *table, size_t count, int number)
{
	while (count-- > 0)
		if (table[count] == number)
			return true;
	return false;
}

static void
note_signal(int number)
{
	came[number] = 1;
}

static void
show_and_die(int number)
{
	tcsetattr(hidden.fd, TCSANOW, &hidden.before);
	signal(number, SIG_DFL);
	raise(number);
}

static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = NULL };
	sigset_t noted;
	int number;

	sigemptyset(&action.sa_mask);
	sigfillset(&noted);
	for (number = 0; number < (int)PKI_COUNT(deadly); number++)
		sigdelset(&noted, deadly[number]);
	/* They come while the answer is waited for, and at no other time. */
	sigprocmask(SIG_BLOCK, &noted, &hidden.mask);
	for (number = 0; number < NSIG; number++) {
		came[number] = 0;
		action.sa_handler = is_in(deadly, PKI_COUNT(deadly), number) ?
		    show_and_die : note_signal;
		/* The C library keeps two for itself, and says no. */
		hidden.changed[number] =
		    !is_in(uncaught, PKI_COUNT(uncaught), number) &&
		    sigaction(number, &action, &hidden.actions[number]) == 0;
	}
}

static void
release_signals(void)
{
	int number;

	sigprocmask(SIG_SETMASK, &hidden.mask, NULL);
	for (number = 0; number < NSIG; number++)
		if (hidden.changed[number])
			sigaction(number, &hidden.actions[number], NULL);
}

/* Let the signals that came do what they do. */
static void
act_on_signals(void)
{
	int number;

	for (number = 0; number < NSIG; number++)
		if (came[number])
			raise(number);
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define AUTO_FD __attribute__((cleanup(close_fd))) int

bool
term_can_ask(void)
{
	AUTO_FD fd = -1;

	if (isatty(STDERR_FILENO) != 1)
		return false;
	fd = open(TTY, O_RDWR | O_CLOEXEC | O_NOCTTY);
	return fd >= 0;
}

bool
term_has_person(void)
{
	return isatty(STDIN_FILENO) == 1 || isatty(STDOUT_FILENO) == 1 ||
	    isatty(STDERR_FILENO) == 1;
}

static pki_code
open_terminal(int *out, pki_err *err)
{
	int fd;

	if (isatty(STDERR_FILENO) == 1) {
		fd = open(TTY, O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (fd >= 0) {
			*out = fd;
			return PKI_OK;
		}
	}
	return pki_refuse(err, PKI_DENIED, "terminal",
	    "a terminal, where a question can be answered", "no terminal");
}

/* To the terminal itself, as far as that goes. */
static void
write_text(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);

	if (n < 0 || (size_t)n < len)
		return;
}

enum line_end {
	LINE_WHOLE,
	LINE_LONG,              /* longer than room */
	LINE_INTERRUPTED,
	LINE_NONE,              /* end of input, or an error */
};

/*
 * One line, without its end, into out.  mask: the signals that must wait, but
 * while nothing is typed; NULL: as it is.
 */
static enum line_end
read_line(int fd, const sigset_t *mask, pki_buf *out, size_t room)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	bool too_long = false;
	char c;

	for (;;) {
		ssize_t n = ppoll(&ready, 1, NULL, mask);

		if (n > 0)
			n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			return LINE_INTERRUPTED;
		if (n <= 0)
			return LINE_NONE;
		if (c == '\n' || c == '\r')
			break;
		if (out->len < room)
			pki_buf_add_byte(out, (uint8_t)c);
		else
			too_long = true;
	}
	pki_wipe(&c, sizeof(c));
	return too_long ? LINE_LONG : LINE_WHOLE;
}

/* Prompt and read with echo off; signals that came are noted, not acted on. */
static enum line_end
read_hidden(int fd, const char *prompt, pki_buf *out)
{
	struct termios quiet;
	enum line_end end;
	bool changed = tcgetattr(fd, &hidden.before) == 0;

	hidden.fd = changed ? fd : -1;
	catch_signals();
	if (changed) {
		quiet = hidden.before;
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
		tcsetattr(fd, TCSAFLUSH, &quiet);
	}
	write_text(fd, prompt);
	end = read_line(fd, &hidden.mask, out, TERM_PASSPHRASE_MAX);
	write_text(fd, "\n");
	if (changed)
		tcsetattr(fd, TCSAFLUSH, &hidden.before);
	release_signals();
	return end;
}

pki_code
term_ask_passphrase(const char *prompt, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) line = pki_buf_new();
	enum line_end end;
	AUTO_FD fd = -1;
	pki_code rc;

	rc = pki_buf_check(line, err);
	if (rc == PKI_OK)
		rc = open_terminal(&fd, err);
	if (rc != PKI_OK)
		return rc;
	/* After a stop (SIGTSTP) the question is asked again. */
	do {
		pki_buf_cut(line, 0);
		end = read_hidden(fd, prompt, line);
		act_on_signals();
	} while (end == LINE_INTERRUPTED);
	if (end == LINE_WHOLE && line->len != 0) {
		rc = pki_buf_check(line, err);
		if (rc == PKI_OK)
			*out = PKI_TAKE(line);
		return rc;
	}
	return pki_refuse(err, PKI_DENIED, "passphrase",
	    "1 to 1024 octets", "%s", end == LINE_NONE ? "end of input" :
	    end == LINE_LONG ? "too long" : "empty");
}

pki_code
term_ask_new_passphrase(const char *what, pki_buf **out, pki_err *err)
{
	char prompt[160];
	int tries;

	for (tries = 0; tries < 3; tries++) {
		PKI_AUTO(pki_buf) first = NULL;
		PKI_AUTO(pki_buf) again = NULL;
		pki_code rc;

		snprintf(prompt, sizeof(prompt), "New passphrase for %s: ",
		    what);
		rc = term_ask_passphrase(prompt, &first, err);
		if (rc == PKI_OK)
			rc = term_ask_passphrase("The same again: ", &again,
			    err);
		if (rc != PKI_OK)
			return rc;
		if (pki_bytes_equal(pki_buf_bytes(first),
		    pki_buf_bytes(again))) {
			*out = PKI_TAKE(first);
			return PKI_OK;
		}
		fputs("The two differ.\n", stderr);
	}
	return pki_refuse(err, PKI_DENIED, "passphrase",
	    "the same passphrase twice", "differs");
}

pki_code
term_confirm(const char *question, bool *out, pki_err *err)
{
	PKI_AUTO(pki_buf) line = pki_buf_new();
	AUTO_FD fd = -1;
	pki_code rc;

	rc = pki_buf_check(line, err);
	if (rc == PKI_OK)
		rc = open_terminal(&fd, err);
	if (rc != PKI_OK)
		return rc;
	write_text(fd, question);
	write_text(fd, " [y/N] ");
	*out = read_line(fd, NULL, line, 16) == LINE_WHOLE && line->len != 0 &&
	    pki_text_lower((char)line->data[0]) == 'y';
	return PKI_OK;
}

void
term_progress_begin(struct term_progress *progress, const char *what,
    bool quiet)
{
	memset(progress, 0, sizeof(*progress));
	progress->what = what;
	progress->shown = !quiet && isatty(STDERR_FILENO) == 1;
	progress->began_ms = progress->drawn_ms = pki_clock_monotonic_ms();
}

void
term_progress_step(int64_t done, int64_t total, void *arg)
{
	struct term_progress *progress = arg;
	char left[PKI_DURATION_TEXT];
	int64_t now, rate;

	if (!progress->shown)
		return;
	now = pki_clock_monotonic_ms();
	if (now - progress->drawn_ms < 250)
		return;
	progress->drawn_ms = now;
	progress->drawn = true;
	rate = done * 1000 / (now - progress->began_ms);
	fprintf(stderr, "\r\033[K%s: %lld", progress->what, (long long)done);
	if (total > 0 && done <= total)
		fprintf(stderr, " of %lld, %lld %%", (long long)total,
		    (long long)(done * 100 / total));
	fprintf(stderr, ", %lld/s", (long long)rate);
	if (total > done && rate > 0)
		fprintf(stderr, ", %s left",
		    pki_duration_rough((total - done) / rate, left));
	fflush(stderr);
}

void
term_progress_end(struct term_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}
