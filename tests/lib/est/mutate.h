#ifndef TESTS_LIB_EST_MUTATE_H
#define TESTS_LIB_EST_MUTATE_H

#include "base/buf.h"

/* A reader under test; true: it accepted the octets, which end there. */
typedef bool mutate_try(pki_bytes in);

/*
 * Give it the octets cut anywhere and with one octet more: it must refuse
 * them all; then changed at random from a fixed seed, for 3 seconds at most:
 * only that nothing is read out of bounds.
 */
void mutate(pki_bytes octets, mutate_try *try);

#endif
