#ifndef PKI_ESTD_WORKER_H
#define PKI_ESTD_WORKER_H

/* The process that talks to strangers: TLS and HTTP, no key of a CA. */

#include "pki-estd/options.h"

/* Serve until the parent says stop.  PKI_SYSTEM, PKI_BAD_INPUT... */
PKI_CHECKED pki_code worker_run(const estd_options *options, pki_err *err);

#endif
