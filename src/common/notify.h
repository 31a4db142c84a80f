#ifndef PKI_COMMON_NOTIFY_H
#define PKI_COMMON_NOTIFY_H

/*
 * Tell systemd how it goes: datagrams to the socket that NOTIFY_SOCKET names,
 * as sd_notify(3) says.  Without that variable nothing happens.
 */

#include "pki.h"

typedef struct notify_socket {
	int     fd;             /* -1: nobody to tell */
	int64_t watchdog_ms;    /* 0: nobody waits for it */
} notify_socket;

/* Connects, so that what is given up later does not matter.  PKI_SYSTEM. */
PKI_CHECKED pki_code notify_open(notify_socket *out, pki_err *err);
void notify_close(notify_socket *notify);

void notify_ready(const notify_socket *notify);
/* With the time by which systemd 253 knows which reload has ended. */
void notify_reloading(const notify_socket *notify);
void notify_stopping(const notify_socket *notify);
void notify_watchdog(const notify_socket *notify);

#endif
