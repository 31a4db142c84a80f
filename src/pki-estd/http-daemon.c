#include "pki-estd/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "pki-estd/http-private.h"
#include "pki-estd/log.h"

#define MEMORY_PER_CONNECTION ((size_t)32 * 1024)
/*
 * Beyond any number of descriptors: a thread of libmicrohttpd 0.9.75 that
 * meets its limit in a connection handed in stops for ever, holding a lock.
 * Who hands in keeps the limit.
 */
#define CONNECTIONS_PER_THREAD 65536u

/* The connection that a part of it belongs to. */
#define OUTER(part, name) ((http_connection *)(void *) \
	((char *)(part) - offsetof(http_connection, name)))

/* ---- connections ---- */

static const union MHD_ConnectionInfo *
info(struct MHD_Connection *mhd, enum MHD_ConnectionInfoType type)
{
	return MHD_get_connection_info(mhd, type);
}

static void
read_peer(http_connection *connection)
{
	const struct sockaddr *from = info(connection->mhd,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	const void *octets = NULL;

	if (from == NULL)
		return;
	connection->address = limits_address_of(from,
	    sizeof(struct sockaddr_storage));
	if (from->sa_family == AF_INET)
		octets = &((const struct sockaddr_in *)(const void *)from)->
		    sin_addr;
	else if (from->sa_family == AF_INET6)
		octets = &((const struct sockaddr_in6 *)(const void *)from)->
		    sin6_addr;
	if (octets == NULL || inet_ntop(from->sa_family, octets,
	    connection->peer, sizeof(connection->peer)) == NULL)
		connection->peer[0] = '\0';
}

/*
 * libmicrohttpd 0.9.75 does not wait for the rest of a handshake: it tries
 * again as fast as it can, and a client who is silent after half of it costs
 * a core's time.  So such a connection is suspended until there is more.
 */
static void
begin_wait(waits_place *place)
{
	MHD_suspend_connection(OUTER(place, wait)->mhd);
}

static void
end_wait(waits_place *place)
{
	MHD_resume_connection(OUTER(place, wait)->mhd);
}

static void
await_client(tls_shake *shake)
{
	http_connection *connection = OUTER(shake, shake);

	waits_add(connection->http->waits, &connection->wait);
}

static void
begin_tls(http_connection *connection, void *session)
{
	http_daemon *http = connection->http;

	connection->shake.fd = connection->wait.fd = connection->fd;
	connection->shake.wait = await_client;
	tls_watch(session, &connection->shake);
	connection->kept = http->options.started(http->options.arg, session);
	if (connection->kept == NULL)
		shutdown(connection->fd, SHUT_RDWR);
}

static void
begin_connection(http_daemon *http, struct MHD_Connection *mhd, void **out)
{
	int fd = info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	http_connection *made = calloc(1, sizeof(*made));

	if (made == NULL) {
		shutdown(fd, SHUT_RDWR);
		return;
	}
	made->http = http;
	made->mhd = mhd;
	made->fd = fd;
	made->fresh = true;
	read_peer(made);
	atomic_fetch_add(&http->open, 1);
	atomic_fetch_add(&http->fresh, 1);
	reaper_set(http->options.reaper, fd,
	    in_seconds(http->options.head_s));
	*out = made;
	if (http->options.wire == HTTP_TLS)
		begin_tls(made, info(mhd,
		    MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session);
}

/* The session is freed already, though the library still gives its address. */
static void
end_connection(http_daemon *http, struct MHD_Connection *mhd, void **out)
{
	http_connection *connection = *out;
	int fd = info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

	reaper_clear(http->options.reaper, fd);
	http->options.closed(http->options.arg,
	    connection == NULL ? NULL : connection->kept, fd,
	    connection == NULL || connection->fresh);
	if (connection == NULL)
		return;
	if (connection->fresh)
		atomic_fetch_sub(&http->fresh, 1);
	atomic_fetch_sub(&http->open, 1);
	free(connection);
	*out = NULL;
}

static void
on_connection(void *arg, struct MHD_Connection *mhd, void **out,
    enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		begin_connection(arg, mhd, out);
	else
		end_connection(arg, mhd, out);
}

/* ---- the daemon ---- */

void
http_die(const char *why)
{
	log_event("bug", &LOG_AS_TEXT("reason", why), 1);
	abort();
}

static void
on_panic(void *arg, const char *file, unsigned line, const char *why)
{
	(void)arg, (void)file, (void)line;
	http_die(why == NULL ? "libmicrohttpd" : why);
}

static void on_log(void *arg, const char *format, va_list values)
    PKI_PRINTF(2, 0);

static void
on_log(void *arg, const char *format, va_list values)
{
	char text[LOG_TEXT_MAX];

	(void)arg;
	vsnprintf(text, sizeof(text), format, values);
	text[strcspn(text, "\n")] = '\0';
	log_stranger("http", &LOG_AS_TEXT("text", text), 1);
}

/* Nothing is decoded: the gate lets no percent sign pass. */
static size_t
keep_raw(void *arg, struct MHD_Connection *mhd, char *text)
{
	(void)arg, (void)mhd;
	return strlen(text);
}

#define OPTION(name, value, pointer) \
	((struct MHD_OptionItem){ (name), (intptr_t)(value), (pointer) })
#define CALLBACK(name, function, arg) \
	OPTION(name, (void (*)(void))(function), (arg))
#define OPTIONS_MAX 16

static void
list_options(http_daemon *http, struct MHD_OptionItem out[OPTIONS_MAX])
{
	const http_options *options = &http->options;
	size_t n = 0;

	/* First: the complaints of those that follow go there. */
	out[n++] = CALLBACK(MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL);
	out[n++] = OPTION(MHD_OPTION_CONNECTION_LIMIT,
	    options->threads * CONNECTIONS_PER_THREAD, NULL);
	out[n++] = OPTION(MHD_OPTION_CONNECTION_TIMEOUT, options->idle_s,
	    NULL);
	out[n++] = OPTION(MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    MEMORY_PER_CONNECTION, NULL);
	out[n++] = OPTION(MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
	out[n++] = CALLBACK(MHD_OPTION_NOTIFY_CONNECTION, on_connection, http);
	out[n++] = CALLBACK(MHD_OPTION_NOTIFY_COMPLETED, http_on_completed,
	    http);
	out[n++] = CALLBACK(MHD_OPTION_URI_LOG_CALLBACK, http_on_target, http);
	out[n++] = CALLBACK(MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, NULL);
	/* It takes no pool of one. */
	if (options->threads > 1)
		out[n++] = OPTION(MHD_OPTION_THREAD_POOL_SIZE,
		    options->threads, NULL);
	if (options->wire == HTTP_TLS) {
		out[n++] = OPTION(MHD_OPTION_HTTPS_PRIORITIES, 0,
		    (void *)(uintptr_t)options->priorities);
		/* Lets it start without a key of its own. */
		out[n++] = OPTION(MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
		    (void *)options->certificate);
	}
	out[n] = OPTION(MHD_OPTION_END, 0, NULL);
}

static pki_code
start_daemon(http_daemon *http, pki_err *err)
{
	struct MHD_OptionItem options[OPTIONS_MAX];
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL |
	    MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME |
	    MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG;

	if (http->options.wire == HTTP_TLS)
		flags |= MHD_USE_TLS;
	MHD_set_panic_func(on_panic, NULL);
	list_options(http, options);
	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL,
	    (MHD_AccessHandlerCallback)http_on_request, http,
	    MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (http->daemon == NULL)
		return pki_fail(err, PKI_SYSTEM, "cannot start HTTP");
	return PKI_OK;
}

static void
end_waits(http_daemon *http)
{
	if (http->waits != NULL)
		waits_stop(http->waits);
}

pki_code
http_start(const http_options *options, http_daemon **out, pki_err *err)
{
	http_daemon *made = calloc(1, sizeof(*made));
	uint64_t first;
	pki_code rc;

	if (made == NULL)
		return pki_fail_memory(err);
	made->options = *options;
	rc = pki_random(&first, sizeof(first), err);
	if (rc == PKI_OK) {
		atomic_init(&made->next_id, first);
		if (options->wire == HTTP_TLS)
			rc = waits_start(begin_wait, end_wait, &made->waits,
			    err);
	}
	if (rc == PKI_OK)
		rc = start_daemon(made, err);
	if (rc != PKI_OK) {
		end_waits(made);
		waits_free(made->waits);
		free(made);
		return rc;
	}
	*out = made;
	return PKI_OK;
}

pki_code
http_add(http_daemon *http, int take_fd, const struct sockaddr *from,
    socklen_t len, pki_err *err)
{
	/* It closes the descriptor when it fails, too. */
	if (MHD_add_connection(http->daemon, take_fd, from, len) != MHD_YES)
		return pki_fail(err, PKI_SYSTEM, "connection refused by HTTP");
	return PKI_OK;
}

void
http_drain(http_daemon *http)
{
	atomic_store(&http->draining, true);
}

http_counts
http_count(const http_daemon *http)
{
	return (http_counts){
		.open = atomic_load(&http->open),
		.fresh = atomic_load(&http->fresh),
		.active = atomic_load(&http->active),
		.parked = atomic_load(&http->parked),
	};
}

void
http_stop(http_daemon *http)
{
	if (http == NULL)
		return;
	if (atomic_load(&http->parked) > 0)
		http_die("stopped with parked requests");
	/* None may be suspended then, for a handshake neither. */
	end_waits(http);
	MHD_stop_daemon(http->daemon);
	waits_free(http->waits);
	free(http);
}
