#ifndef PKI_ESTD_PARENT_H
#define PKI_ESTD_PARENT_H

/*
 * The process that is started: it binds the sockets, starts worker and issuer
 * and keeps them going.  It has no threads and reads nothing of the network.
 */

#include "pki-estd/options.h"

/*
 * Run until a signal says stop; args are those of the command line, for the
 * other two.  PKI_SYSTEM: the worker ended, or no start was possible.
 */
PKI_CHECKED pki_code parent_run(const estd_options *options, char **args,
    pki_err *err);

#endif
