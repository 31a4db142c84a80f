#include "common/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* sd_watchdog_enabled(3) */
static int64_t
watchdog_ms(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	int64_t usec, who;

	if (text == NULL ||
	    pki_number_parse(text, 1, INT64_MAX, &usec, NULL) != PKI_OK)
		return 0;
	if (pid != NULL && (pki_number_parse(pid, 1, INT32_MAX, &who, NULL) !=
	    PKI_OK || who != getpid()))
		return 0;
	return usec / 1000;
}

pki_code
notify_open(notify_socket *out, pki_err *err)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len;
	int fd;

	*out = (notify_socket){ .fd = -1 };
	if (path == NULL)
		return PKI_OK;
	len = strlen(path);
	if (len < 2 || len >= sizeof(at.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return pki_fail(err, PKI_USAGE, "NOTIFY_SOCKET: '%s' is not a "
		    "path", path);
	memcpy(at.sun_path, path, len);
	if (path[0] == '@')
		at.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return pki_fail_errno(err, "NOTIFY_SOCKET");
	if (connect(fd, (const struct sockaddr *)&at,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != 0) {
		pki_code rc = pki_fail_errno(err, "NOTIFY_SOCKET: '%s'", path);

		close(fd);
		return rc;
	}
	*out = (notify_socket){ .fd = fd, .watchdog_ms = watchdog_ms() };
	return PKI_OK;
}

void
notify_close(notify_socket *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* Nobody to tell when it fails; systemd will see by itself. */
static void
tell(const notify_socket *notify, const char *text)
{
	ssize_t sent;

	if (notify->fd < 0)
		return;
	sent = send(notify->fd, text, strlen(text), MSG_NOSIGNAL);
	(void)sent;
}

void
notify_ready(const notify_socket *notify)
{
	tell(notify, "READY=1");
}

void
notify_reloading(const notify_socket *notify)
{
	struct timespec now;
	char text[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	tell(notify, text);
}

void
notify_stopping(const notify_socket *notify)
{
	tell(notify, "STOPPING=1");
}

void
notify_watchdog(const notify_socket *notify)
{
	tell(notify, "WATCHDOG=1");
}
