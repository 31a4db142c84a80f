#ifndef TESTS_FUZZ_GATE_CERT_H
#define TESTS_FUZZ_GATE_CERT_H

/*
 * The certificates of a world, and the CA that signed them.  Each is signed
 * once in a process, and kept.
 */

#include "tests/fuzz/gate-world.h"

/* The CA's own; borrowed. */
pki_cert *world_ca_cert(void);
pki_bytes world_ca_der(void);

/* What the store shall have as this certificate; borrowed. */
pki_bytes world_cert_der(const world_cert *cert);

#endif
