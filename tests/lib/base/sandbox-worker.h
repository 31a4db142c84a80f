#ifndef TESTS_LIB_BASE_SANDBOX_WORKER_H
#define TESTS_LIB_BASE_SANDBOX_WORKER_H

/*
 * What the worker of pki-estd is made of, in little: TLS and HTTP by
 * libmicrohttpd and GnuTLS with two threads of their own, and a thread that
 * accepts.  Run in a process of its own; it ends by a signal.
 */

#include <sys/types.h>

/*
 * Start one with a worker's sandbox around it, on a port of the loopback.
 * GET /in gives what "page" in folder holds, GET /out what opening outside
 * gives (an errno).  Returns its process once it is sealed, or -1.
 */
pid_t start_sandboxed_worker(const char *folder, unsigned *port);

/*
 * GET path over TLS (both versions) from the port of the loopback; up to
 * room octets of the body in out, a NUL behind.  0 when done.
 */
int ask_worker(unsigned port, const char *priorities, const char *path,
    char *out, int room);

#endif
