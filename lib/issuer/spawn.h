#ifndef PKI_ISSUER_SPAWN_H
#define PKI_ISSUER_SPAWN_H

/*
 * The three processes of pki-estd: the parent starts worker and issuer,
 * tells them what to do, and hands them descriptors (DESIGN 3).  The link
 * between the two is made here as well; what goes over it is wire.h's.
 */

#include "base/buf.h"

#include <sys/types.h>

PKI_BEGIN_DECLS

/* A child finds its end of the control socket here. */
#define PKI_CONTROL_FD 3

/* What was started.  The parent closes control, and waits for pid. */
typedef struct pki_child {
	pid_t pid;
	int   control;
} pki_child;

/*
 * Run a program (argv[0] is its path, argv ends with NULL) with the control
 * socket at descriptor PKI_CONTROL_FD, 0 to 2 as they are, no other one, and
 * no signal blocked or ignored.  PKI_SYSTEM, PKI_NO_MEMORY.  A program that
 * cannot be run is seen as a child that exits with 127.
 */
PKI_CHECKED pki_code pki_spawn(const char *const argv[], pki_child *out,
    pki_err *err);

/*
 * First thing in a child, once it is the user that it stays, before it has
 * threads: it ends with its parent (SIGKILL), even with one that died before
 * this call; SIGTERM, SIGINT, SIGHUP and SIGPIPE are ignored, since systemd
 * and terminals send them to all three and the parent says by message what
 * is to be done; no other signal is; the control socket is closed by exec.
 * PKI_USAGE: not started by pki_spawn().  PKI_NOT_FOUND: the parent is gone.
 * PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_child_begin(pki_err *err);

/* What goes over a control socket.  The numbers are the wire's. */
typedef enum pki_control {
	/* By the parent. */
	PKI_CONTROL_LISTEN         = 1, /* with a listening socket */
	PKI_CONTROL_METRICS_LISTEN = 2, /* the same, for metrics */
	PKI_CONTROL_LINK           = 3, /* with an end of the link */
	PKI_CONTROL_STOP           = 4, /* finish what is inside, exit 0 */
	PKI_CONTROL_RELOAD         = 5, /* read the files again */

	/* By a child. */
	PKI_CONTROL_READY          = 16,        /* serves; or has reloaded */
	PKI_CONTROL_ALIVE          = 17,        /* for the watchdog */
	PKI_CONTROL_RELOAD_FAILED  = 18,        /* the old files hold */
} pki_control;

/* "listen", "stop": for log lines.  Static; "unknown" for any other. */
const char *pki_control_name(pki_control control);

/*
 * Send one, with pass_fd (which stays open) where its kind has a descriptor,
 * else -1: another use is PKI_USAGE.  Never waits.  PKI_BUSY: full.
 * PKI_NOT_FOUND: the other end is closed.  PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_control_send(int fd, pki_control control,
    int pass_fd, pki_err *err);

/*
 * Take one.  out_fd gets its descriptor, closed by exec and the caller's to
 * close, or -1.  Never waits.  PKI_BUSY: nothing there.  PKI_NOT_FOUND: the
 * other end is closed.  PKI_BAD_INPUT: not a control message, or not one
 * descriptor where one belongs; whatever came along is closed.  PKI_SYSTEM.
 */
PKI_CHECKED pki_code pki_control_receive(int fd, pki_control *out,
    int *out_fd, pki_err *err);

/*
 * Both ends of a new link: SOCK_SEQPACKET, closed by exec, with room for as
 * much as the system lets us have (net.core.wmem_max), at best PKI_LINK_ROOM.
 * out_room gets what it is, for the log: the kernel counts twice what was
 * asked for; may be NULL.  PKI_SYSTEM.
 */
#define PKI_LINK_ROOM (1024 * 1024)
PKI_CHECKED pki_code pki_link_pair(int out[2], int *out_room, pki_err *err);

PKI_END_DECLS

#endif
