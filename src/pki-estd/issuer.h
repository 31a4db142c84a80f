#ifndef PKI_ESTD_ISSUER_H
#define PKI_ESTD_ISSUER_H

/* The process that has keys and database: all of it is lib/issuer/serve. */

#include "pki-estd/options.h"

/* Serve until the parent says stop.  What pki_serve() returns. */
PKI_CHECKED pki_code issuer_run(const estd_options *options, pki_err *err);

#endif
