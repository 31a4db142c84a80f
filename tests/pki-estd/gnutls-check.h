#ifndef TESTS_PKI_ESTD_GNUTLS_CHECK_H
#define TESTS_PKI_ESTD_GNUTLS_CHECK_H

/* A test's client on GnuTLS ends at the first thing that goes wrong. */

#include <stdnoreturn.h>

/* A sentence on stderr, behind the program's name; exit 1. */
noreturn void die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/* The same for a call of GnuTLS that failed. */
void check(int rc, const char *what);

#endif
