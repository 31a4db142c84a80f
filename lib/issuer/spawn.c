#include "issuer/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_MAGIC UINT32_C(0x504b4943)      /* "PKIC" */

/* Between two processes of one machine: as it lies in memory. */
struct packet {
	uint32_t magic;
	int32_t  control;
};

/* One descriptor's room, and not an octet more: CMSG_SPACE has two. */
union ancillary {
	char           octets[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};
#define ANCILLARY_LEN CMSG_LEN(sizeof(int))

static const struct kind {
	pki_control  control;
	const char  *name;
	bool         has_fd;
} kinds[] = {
	{ PKI_CONTROL_LISTEN,         "listen",         true },
	{ PKI_CONTROL_METRICS_LISTEN, "metrics-listen", true },
	{ PKI_CONTROL_LINK,           "link",           true },
	{ PKI_CONTROL_STOP,           "stop",           false },
	{ PKI_CONTROL_RELOAD,         "reload",         false },
	{ PKI_CONTROL_READY,          "ready",          false },
	{ PKI_CONTROL_ALIVE,          "alive",          false },
	{ PKI_CONTROL_RELOAD_FAILED,  "reload-failed",  false },
};

static const struct kind *
find_kind(int control)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(kinds); i++)
		if ((int)kinds[i].control == control)
			return &kinds[i];
	return NULL;
}

const char *
pki_control_name(pki_control control)
{
	const struct kind *kind = find_kind((int)control);

	return kind == NULL ? "unknown" : kind->name;
}

/* What is ignored or blocked stays so beyond exec. */
static void
reset_signals(void)
{
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);     /* KILL and STOP: no */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Between fork and exec: only what POSIX lets a signal handler call. */
static _Noreturn void
run_program(const char *const argv[], int control)
{
	/* execv() takes them so for the sake of history only. */
	char *const *args = (char *const *)(uintptr_t)argv;

	reset_signals();
	/* dup2() on itself would leave CLOEXEC on. */
	if (control == PKI_CONTROL_FD ?
	    fcntl(control, F_SETFD, 0) < 0 :
	    dup2(control, PKI_CONTROL_FD) < 0)
		_exit(127);
	close_range(PKI_CONTROL_FD + 1, UINT_MAX, 0);
	execv(argv[0], args);
	_exit(127);
}

pki_code
pki_spawn(const char *const argv[], pki_child *out, pki_err *err)
{
	sigset_t all, before;
	int ends[2], failed;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return pki_fail_errno(err, "cannot make a control socket");
	/* No handler of ours runs in the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		run_program(argv, ends[1]);
	failed = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		errno = failed;
		return pki_fail_errno(err, "cannot start '%s'", argv[0]);
	}
	*out = (pki_child){ pid, ends[0] };
	return PKI_OK;
}

static bool
is_control_socket(int fd)
{
	int type = 0, domain = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	    type == SOCK_SEQPACKET && domain == AF_UNIX;
}

pki_code
pki_child_begin(pki_err *err)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };
	struct pollfd parent = { PKI_CONTROL_FD, POLLIN, 0 };
	size_t i;

	if (!is_control_socket(PKI_CONTROL_FD))
		return pki_fail(err, PKI_USAGE, "this is started by the "
		    "server itself, never by hand");
	reset_signals();
	for (i = 0; i < PKI_COUNT(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return pki_fail_errno(err, "cannot bind to the parent's life");
	/* One that died before will not send it: its end is closed. */
	if (poll(&parent, 1, 0) == 1 && (parent.revents & POLLHUP) != 0)
		return pki_fail(err, PKI_NOT_FOUND, "the parent is gone");
	if (fcntl(PKI_CONTROL_FD, F_SETFD, FD_CLOEXEC) != 0)
		return pki_fail_errno(err, "control socket");
	return PKI_OK;
}

pki_code
pki_control_send(int fd, pki_control control, int pass_fd, pki_err *err)
{
	const struct kind *kind = find_kind((int)control);
	struct packet packet = { CONTROL_MAGIC, (int32_t)control };
	struct iovec part = { &packet, sizeof(packet) };
	union ancillary room;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (kind == NULL || kind->has_fd != (pass_fd >= 0))
		return pki_fail(err, PKI_USAGE, "control message '%s': "
		    "descriptor '%d' does not belong to it",
		    pki_control_name(control), pass_fd);
	memset(&room, 0, sizeof(room));
	if (kind->has_fd) {
		room.align.cmsg_level = SOL_SOCKET;
		room.align.cmsg_type = SCM_RIGHTS;
		room.align.cmsg_len = ANCILLARY_LEN;
		memcpy(CMSG_DATA(&room.align), &pass_fd, sizeof(pass_fd));
		message.msg_control = &room;
		message.msg_controllen = ANCILLARY_LEN;
	}
	do
		sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return PKI_OK;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS)
		return pki_fail(err, PKI_BUSY, "the control socket is full");
	if (errno == EPIPE || errno == ECONNRESET)
		return pki_fail(err, PKI_NOT_FOUND, "the other end is closed");
	return pki_fail_errno(err, "cannot send control message '%s'",
	    kind->name);
}

/* The descriptor that came along, or -1. */
static int
passed_fd(struct msghdr *message)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (part != NULL && part->cmsg_level == SOL_SOCKET &&
	    part->cmsg_type == SCM_RIGHTS && part->cmsg_len == ANCILLARY_LEN)
		memcpy(&fd, CMSG_DATA(part), sizeof(fd));
	return fd;
}

static pki_code
check_control(const struct packet *packet, size_t len, int flags, int fd,
    pki_err *err)
{
	const struct kind *kind = find_kind(packet->control);

	if (len != sizeof(*packet) || packet->magic != CONTROL_MAGIC ||
	    kind == NULL)
		return pki_fail(err, PKI_BAD_INPUT, "not a control message");
	if ((flags & MSG_CTRUNC) != 0 || kind->has_fd != (fd >= 0))
		return pki_fail(err, PKI_BAD_INPUT, "control message '%s': "
		    "%s descriptor expected", kind->name,
		    kind->has_fd ? "one" : "no");
	return PKI_OK;
}

pki_code
pki_control_receive(int fd, pki_control *out, int *out_fd, pki_err *err)
{
	struct packet packet = { 0, 0 };
	struct iovec part = { &packet, sizeof(packet) };
	union ancillary room;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &room, .msg_controllen = ANCILLARY_LEN,
	};
	ssize_t got;
	int passed;
	pki_code rc;

	memset(&room, 0, sizeof(room));
	do
		got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT |
		    MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return pki_fail(err, PKI_NOT_FOUND, "the other end is closed");
	if (got < 0 && errno == EAGAIN)
		return pki_fail(err, PKI_BUSY, "nothing there");
	if (got < 0)
		return pki_fail_errno(err, "cannot receive");
	passed = passed_fd(&message);
	rc = check_control(&packet, (size_t)got, message.msg_flags, passed,
	    err);
	if (rc != PKI_OK) {
		if (passed >= 0)
			close(passed);
		return rc;
	}
	*out = (pki_control)packet.control;
	*out_fd = passed;
	return PKI_OK;
}

pki_code
pki_link_pair(int out[2], int *out_room, pki_err *err)
{
	const int room = PKI_LINK_ROOM;
	int ends[2], got = 0;
	socklen_t len = sizeof(got);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return pki_fail_errno(err, "cannot make a link");
	/* The system's limit cuts it silently: so it is read back. */
	if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room,
	    sizeof(room)) != 0 ||
	    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room,
	    sizeof(room)) != 0 ||
	    getsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &got, &len) != 0) {
		pki_code rc = pki_fail_errno(err, "cannot size a link");

		close(ends[0]);
		close(ends[1]);
		return rc;
	}
	out[0] = ends[0];
	out[1] = ends[1];
	if (out_room != NULL)
		*out_room = got;
	return PKI_OK;
}
