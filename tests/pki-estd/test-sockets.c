#include <criterion/criterion.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pki-estd/sockets.h"

TestSuite(sockets, .timeout = 20);

/* Where systemd puts them; here the test's own descriptors are there. */
#define FIRST 3

static const estd_config config = {
	/* Of no machine of ours: RFC 5737. */
	.listen = (char *)(uintptr_t)"192.0.2.1:9",
	.status_listen = (char *)(uintptr_t)"192.0.2.1:9",
};

static void
hand_over(int at, bool listens)
{
	const struct sockaddr_in loopback = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) !=
	    0 || (listens && listen(fd, 1) != 0) || dup2(fd, at) != at)
		_exit(100);
}

/* In a process of its own: what sockets_open() makes of them. */
static pki_code
open_handed(unsigned count, const char *names, bool listens, pid_t whose,
    int doors[SOCKETS_COUNT])
{
	pid_t child = fork();
	char text[16];
	int status;

	if (child == 0) {
		estd_sockets sockets = { { -1, -1 } };
		pki_code rc;

		for (unsigned i = 0; i < count; i++)
			hand_over(FIRST + (int)i, listens);
		snprintf(text, sizeof(text), "%d", whose == 0 ?
		    (int)getpid() : (int)whose);
		setenv("LISTEN_PID", text, 1);
		snprintf(text, sizeof(text), "%u", count);
		setenv("LISTEN_FDS", text, 1);
		setenv("LISTEN_FDNAMES", names, 1);
		rc = sockets_open(&config, &sockets, NULL);
		for (int i = 0; rc == PKI_OK && i < SOCKETS_COUNT; i++)
			if (sockets.fd[i] != doors[i] || (fcntl(doors[i],
			    F_GETFD) & FD_CLOEXEC) == 0)
				_exit(101);
		_exit((int)rc);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status));
	return (pki_code)WEXITSTATUS(status);
}

Test(sockets, of_systemd_are_told_apart_by_name)
{
	int doors[] = { [DOOR_EST] = 4, [DOOR_STATUS] = 3 };

	cr_expect_eq(open_handed(2, "status:est", true, 0, doors), PKI_OK);
	doors[DOOR_EST] = 3, doors[DOOR_STATUS] = 4;
	cr_expect_eq(open_handed(2, "whatever:status", true, 0, doors),
	    PKI_OK);
}

Test(sockets, two_for_one_door_are_refused)
{
	int doors[] = { 3, 4 };

	cr_expect_eq(open_handed(2, "est:other", true, 0, doors), PKI_USAGE);
}

Test(sockets, what_does_not_listen_is_refused)
{
	int doors[] = { 3, -1 };

	cr_expect_eq(open_handed(1, "est", false, 0, doors), PKI_USAGE);
}

/* So it binds, where it cannot. */
Test(sockets, of_another_process_are_not_taken)
{
	int doors[] = { 3, -1 };

	cr_expect_eq(open_handed(1, "est", true, 1, doors), PKI_SYSTEM);
}
