#include "pki-estd/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD 3              /* sd_listen_fds(3) */
#define HANDED_MAX 16
#define BACKLOG 4096            /* the kernel's limit holds as well */
#define STATUS_NAME "status"

void
sockets_close(estd_sockets *sockets)
{
	for (int i = 0; i < SOCKETS_COUNT; i++) {
		if (sockets->fd[i] >= 0)
			close(sockets->fd[i]);
		sockets->fd[i] = -1;
	}
}

/* ---- handed over ---- */

/* A variable as a number; 0 when it is not there, or none. */
static int64_t
number_of(const char *name)
{
	const char *text = getenv(name);
	int64_t value;

	if (text == NULL ||
	    pki_number_parse(text, 1, INT32_MAX, &value, NULL) != PKI_OK)
		return 0;
	return value;
}

/* Is name the one at place i of a list separated by colons? */
static bool
is_name(const char *names, size_t i, const char *name)
{
	size_t len;

	for (; names != NULL && i > 0; i--) {
		names = strchr(names, ':');
		if (names != NULL)
			names++;
	}
	if (names == NULL)
		return false;
	len = strcspn(names, ":");
	return len == strlen(name) && strncmp(names, name, len) == 0;
}

static bool
is_listening(int fd)
{
	int type = 0, listens = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_STREAM &&
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
	    listens != 0;
}

static pki_code
take_handed(estd_sockets *out, pki_err *err)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int64_t count = number_of("LISTEN_FDS");

	if (number_of("LISTEN_PID") != getpid())
		return PKI_OK;
	if (count > HANDED_MAX)
		return pki_fail(err, PKI_USAGE, "LISTEN_FDS: at most '%d' "
		    "sockets expected", HANDED_MAX);
	for (int i = 0; i < count; i++) {
		int door = is_name(names, (size_t)i, STATUS_NAME) ?
		    DOOR_STATUS : DOOR_EST;
		int fd = FIRST_FD + i;

		if (out->fd[door] >= 0)
			return pki_fail(err, PKI_USAGE, "LISTEN_FDS: one "
			    "socket for devices expected, and one named '%s'",
			    STATUS_NAME);
		if (!is_listening(fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
			return pki_fail(err, PKI_USAGE, "LISTEN_FDS: "
			    "descriptor '%d' is not a stream socket that "
			    "listens", fd);
		out->fd[door] = fd;
	}
	return PKI_OK;
}

/* ---- bound here ---- */

typedef struct address {
	struct sockaddr_storage at;
	socklen_t               len;
} address;

static address
address_of_v4(const struct in_addr *host, uint16_t port)
{
	address out = { .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in v4 = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr = *host,
	};

	memcpy(&out.at, &v4, sizeof(v4));
	return out;
}

static address
address_of_v6(const struct in6_addr *host, uint16_t port)
{
	address out = { .len = sizeof(struct sockaddr_in6) };
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(port),
		.sin6_addr = *host,
	};

	memcpy(&out.at, &v6, sizeof(v6));
	return out;
}

/* -1, with errno. */
static int
listen_at(const address *where)
{
	const int on = 1, off = 0;
	int fd = socket(where->at.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* "any" means IPv4 as well, whatever the system's default is. */
	if (where->at.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (const struct sockaddr *)&where->at, where->len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int
listen_anywhere(uint16_t port)
{
	const struct in_addr any = { INADDR_ANY };
	address where = address_of_v6(&in6addr_any, port);
	int fd = listen_at(&where);

	if (fd >= 0 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
		return fd;
	where = address_of_v4(&any, port);
	return listen_at(&where);
}

static pki_code
bind_place(const char *setting, const char *text, int *out, pki_err *err)
{
	struct in6_addr v6;
	struct in_addr v4;
	estd_place place;
	address where;
	pki_code rc = estd_place_parse(text, &place, err);

	if (rc != PKI_OK)
		return rc;
	if (place.host[0] == '\0')
		*out = listen_anywhere(place.port);
	else {
		if (inet_pton(AF_INET, place.host, &v4) == 1)
			where = address_of_v4(&v4, place.port);
		else if (inet_pton(AF_INET6, place.host, &v6) == 1)
			where = address_of_v6(&v6, place.port);
		else
			return pki_fail(err, PKI_BAD_INPUT, "%s: '%s' is not "
			    "an address", setting, text);
		*out = listen_at(&where);
	}
	if (*out < 0)
		return pki_fail_errno(err, "%s: cannot listen on '%s'",
		    setting, text);
	return PKI_OK;
}

pki_code
sockets_open(const estd_config *config, estd_sockets *out, pki_err *err)
{
	estd_sockets made = { { -1, -1 } };
	pki_code rc = take_handed(&made, err);

	if (rc == PKI_OK && made.fd[DOOR_EST] < 0)
		rc = bind_place("listen", config->listen, &made.fd[DOOR_EST],
		    err);
	if (rc == PKI_OK && made.fd[DOOR_STATUS] < 0)
		rc = bind_place("status-listen", config->status_listen,
		    &made.fd[DOOR_STATUS], err);
	if (rc != PKI_OK) {
		sockets_close(&made);
		return rc;
	}
	*out = made;
	return PKI_OK;
}
