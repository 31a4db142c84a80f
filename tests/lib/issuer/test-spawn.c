#include "tests/lib/issuer/wire-sample.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "issuer/spawn.h"
#include "tests/support/support.h"

static int ends[2];
static pki_err err;
static pki_control got;
static int got_fd;

static void
set_up(void)
{
	assert_ok(pki_link_pair(ends, NULL, &err), &err);
}

static void
tear_down(void)
{
	close(ends[0]);
	close(ends[1]);
}

TestSuite(control, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(link_pair, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(spawn, .timeout = 30);
TestSuite(child_begin, .timeout = 30);

static const pki_control with_fd[] = {
	PKI_CONTROL_LISTEN, PKI_CONTROL_METRICS_LISTEN, PKI_CONTROL_LINK,
};
static const pki_control without_fd[] = {
	PKI_CONTROL_STOP, PKI_CONTROL_RELOAD, PKI_CONTROL_READY,
	PKI_CONTROL_ALIVE, PKI_CONTROL_RELOAD_FAILED,
};

Test(control, carries_each_message)
{
	size_t before = count_fds();

	for (size_t i = 0; i < PKI_COUNT(without_fd); i++) {
		assert_ok(pki_control_send(ends[0], without_fd[i], -1, &err),
		    &err);
		assert_ok(pki_control_receive(ends[1], &got, &got_fd, &err),
		    &err);
		cr_expect(got == without_fd[i] && got_fd == -1);
		cr_expect_str_neq(pki_control_name(got), "unknown");
	}
	for (size_t i = 0; i < PKI_COUNT(with_fd); i++) {
		assert_ok(pki_control_send(ends[0], with_fd[i], ends[0],
		    &err), &err);
		assert_ok(pki_control_receive(ends[1], &got, &got_fd, &err),
		    &err);
		cr_expect(got == with_fd[i] && got_fd > 2);
		cr_expect(fcntl(got_fd, F_GETFD) == FD_CLOEXEC);
		close(got_fd);
	}
	cr_expect(count_fds() == before);
	cr_expect_str_eq(pki_control_name(99), "unknown");
}

Test(control, sends_a_descriptor_only_where_one_belongs)
{
	cr_expect(pki_control_send(ends[0], PKI_CONTROL_LINK, -1, &err) ==
	    PKI_USAGE);
	cr_expect(pki_control_send(ends[0], PKI_CONTROL_STOP, 0, &err) ==
	    PKI_USAGE);
	cr_expect(pki_control_send(ends[0], 99, -1, &err) == PKI_USAGE);
	cr_expect(pki_control_receive(ends[1], &got, &got_fd, &err) ==
	    PKI_BUSY);
}

/* The octets of a good message, to be changed. */
static void
raw_stop(uint8_t out[8])
{
	assert_ok(pki_control_send(ends[0], PKI_CONTROL_STOP, -1, &err), &err);
	cr_assert(recv(ends[1], out, 8, 0) == 8);
}

static void
send_with_fds(const void *octets, size_t len, size_t count)
{
	union { char room[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align; } u;
	struct iovec part = { (void *)(uintptr_t)octets, len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int fds[4] = { ends[0], ends[0], ends[0], ends[0] };

	memset(&u, 0, sizeof(u));
	if (count != 0) {
		message.msg_control = &u;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		u.align.cmsg_level = SOL_SOCKET;
		u.align.cmsg_type = SCM_RIGHTS;
		u.align.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&u.align), fds, count * sizeof(int));
	}
	cr_assert(sendmsg(ends[0], &message, 0) == (ssize_t)len);
}

Test(control, refuses_anything_else_and_keeps_no_descriptor)
{
	uint8_t good[8], bad[9] = { 0 };
	size_t before = count_fds();

	raw_stop(good);
	for (size_t count = 0; count <= 4; count++) {
		for (size_t at = 0; at < sizeof(good); at++) {
			memcpy(bad, good, sizeof(good));
			bad[at] ^= 0x40;
			send_with_fds(bad, sizeof(good), count);
			cr_expect(pki_control_receive(ends[1], &got, &got_fd,
			    &err) == PKI_BAD_INPUT, "octet %zu", at);
		}
		for (size_t len = 1; len <= sizeof(bad); len++) {
			memcpy(bad, good, sizeof(good));
			send_with_fds(bad, len, count);
			cr_expect((pki_control_receive(ends[1], &got,
			    &got_fd, &err) == PKI_OK) ==
			    (len == sizeof(good) && count == 0),
			    "%zu octets, %zu descriptors", len, count);
		}
		cr_expect(count_fds() == before, "%zu descriptors", count);
	}
}

Test(control, refuses_not_exactly_one_descriptor_with_a_link)
{
	uint8_t link[8];
	size_t before = count_fds();

	assert_ok(pki_control_send(ends[0], PKI_CONTROL_LINK, ends[0], &err),
	    &err);
	cr_assert(recv(ends[1], link, sizeof(link), 0) == sizeof(link));
	for (size_t count = 0; count <= 4; count++) {
		send_with_fds(link, sizeof(link), count);
		cr_expect(pki_control_receive(ends[1], &got, &got_fd,
		    &err) == (count == 1 ? PKI_OK : PKI_BAD_INPUT),
		    "%zu descriptors", count);
		if (count == 1)
			close(got_fd);
		cr_expect(count_fds() == before, "%zu descriptors", count);
	}
}

Test(control, says_when_the_other_end_is_closed_or_full)
{
	pki_code rc;

	while ((rc = pki_control_send(ends[0], PKI_CONTROL_ALIVE, -1,
	    &err)) == PKI_OK)
		;
	cr_expect(rc == PKI_BUSY);
	close(ends[0]);
	while ((rc = pki_control_receive(ends[1], &got, &got_fd, &err)) ==
	    PKI_OK)
		;
	cr_expect(rc == PKI_NOT_FOUND);
	cr_expect(pki_control_send(ends[1], PKI_CONTROL_ALIVE, -1, &err) ==
	    PKI_NOT_FOUND);
	cr_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
}

Test(link_pair, is_closed_by_exec_and_says_its_room)
{
	int pair[2], room = 0, type = 0;
	socklen_t len = sizeof(type);

	assert_ok(pki_link_pair(pair, &room, &err), &err);
	cr_expect(room >= 65536 * 2);
	for (int i = 0; i < 2; i++) {
		cr_expect(getsockopt(pair[i], SOL_SOCKET, SO_TYPE, &type,
		    &len) == 0 && type == SOCK_SEQPACKET);
		cr_expect(fcntl(pair[i], F_GETFD) == FD_CLOEXEC);
		close(pair[i]);
	}
}

static int
status_of(pid_t pid)
{
	int status = 0;

	cr_assert(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

/* Run a line of shell, and give its exit status. */
static int
run_shell(const char *line)
{
	const char *const argv[] = { "/bin/sh", "-c", line, NULL };
	pki_child child;
	int status;

	assert_ok(pki_spawn(argv, &child, &err), &err);
	status = status_of(child.pid);
	close(child.control);
	return status;
}

Test(spawn, gives_a_child_its_control_socket_and_no_other_descriptor)
{
	size_t before = count_fds();
	int leaked = dup(0);

	cr_assert(leaked > 3);
	/* The list has the descriptor by which the folder was read. */
	cr_expect(run_shell("for fd in /proc/$$/fd/*; do "
	    "case ${fd##*/} in [0123]) continue ;; esac; "
	    "! [ -e $fd ] || exit 1; done; [ -S /proc/$$/fd/3 ]") == 0);
	close(leaked);
	cr_expect(count_fds() == before);
}

/* dup2() of 3 to 3 would leave it to be closed by exec. */
Test(spawn, gives_the_control_socket_at_3_even_when_it_lies_there)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0) {
		close(0);       /* the parent's end becomes 0 */
		close_range(3, ~0u, 0);
		_exit(run_shell("[ -S /proc/$$/fd/3 ]"));
	}
	cr_expect(status_of(pid) == 0);
}

Test(spawn, leaves_no_signal_blocked_or_ignored)
{
	sigset_t all;

	/* 32 and 33 are the C library's: make leaves 32 ignored. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	cr_expect(run_shell("while read -r key value; do case $key in "
	    "SigBlk:|SigIgn:) [ $((0x$value & ~0x180000000)) = 0 ] || "
	    "exit 1 ;; esac; done </proc/$$/status") == 0);
	sigprocmask(SIG_BLOCK, NULL, &all);
	cr_expect(sigismember(&all, SIGUSR1) == 1);
}

Test(spawn, shows_a_program_that_is_not_there_as_127)
{
	const char *const argv[] = { "/nonexistent/program", NULL };
	pki_child child;

	assert_ok(pki_spawn(argv, &child, &err), &err);
	cr_expect(status_of(child.pid) == 127);
	cr_expect(pki_control_receive(child.control, &got, &got_fd, &err) ==
	    PKI_NOT_FOUND);
	close(child.control);
}

/* In a child of our own, with fd (or none) as control socket. */
static int
begin_with(int fd, int (*look)(pki_code rc))
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0) {
		if (fd < 0)
			close(PKI_CONTROL_FD);
		else if (dup2(fd, PKI_CONTROL_FD) < 0)
			_exit(99);
		_exit(look(pki_child_begin(&err)));
	}
	return status_of(pid);
}

static bool
is_ignored(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 &&
	    now.sa_handler == SIG_IGN;
}

static int
look_begun(pki_code rc)
{
	int death = 0;

	if (rc != PKI_OK)
		return 1;
	if (!is_ignored(SIGTERM) || !is_ignored(SIGINT) ||
	    !is_ignored(SIGHUP) || !is_ignored(SIGPIPE) ||
	    is_ignored(SIGCHLD) || is_ignored(SIGUSR1))
		return 2;
	if (prctl(PR_GET_PDEATHSIG, &death) != 0 || death != SIGKILL)
		return 3;
	return fcntl(PKI_CONTROL_FD, F_GETFD) == FD_CLOEXEC ? 0 : 4;
}

static int
look_code(pki_code rc)
{
	return (int)rc;
}

Test(child_begin, binds_the_child_to_its_parent)
{
	int pair[2];

	assert_ok(pki_link_pair(pair, NULL, &err), &err);
	signal(SIGUSR1, SIG_IGN);
	cr_expect(begin_with(pair[1], look_begun) == 0);
}

Test(child_begin, sees_a_parent_that_was_gone_before)
{
	int pair[2];

	assert_ok(pki_link_pair(pair, NULL, &err), &err);
	close(pair[0]);
	cr_expect(begin_with(pair[1], look_code) == PKI_NOT_FOUND);
}

Test(child_begin, refuses_to_be_started_by_hand)
{
	int other[2], pipes[2];

	cr_expect(begin_with(-1, look_code) == PKI_USAGE);
	cr_assert(pipe(pipes) == 0);
	cr_expect(begin_with(pipes[0], look_code) == PKI_USAGE);
	cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0);
	cr_expect(begin_with(other[0], look_code) == PKI_USAGE);
}

/* A parent with a child; the child holds the pipe open while it lives. */
static _Noreturn void
be_parent(int pipe_fd)
{
	int pair[2];

	if (pki_link_pair(pair, NULL, NULL) != PKI_OK)
		_exit(1);
	if (fork() == 0) {
		close(pair[0]);
		if (dup2(pair[1], PKI_CONTROL_FD) < 0 ||
		    pki_child_begin(NULL) != PKI_OK ||
		    write(pipe_fd, "b", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipe_fd);
	for (;;)
		pause();
}

Test(child_begin, ends_the_child_with_a_killed_parent)
{
	char octet;
	int pipes[2];
	pid_t pid;

	cr_assert(pipe(pipes) == 0);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0)
		be_parent(fcntl(pipes[1], F_DUPFD, 10));
	close(pipes[1]);
	cr_assert(read(pipes[0], &octet, 1) == 1);
	kill(pid, SIGKILL);
	status_of(pid);
	/* be_parent's copy of the original end goes with it. */
	cr_expect(read(pipes[0], &octet, 1) == 0);
	close(pipes[0]);
}
