#ifndef PKI_BASE_RELAY_H
#define PKI_BASE_RELAY_H

/*
 * A stream carried on by another thread: who puts octets in need not wait for
 * what becomes of them.  In fixed memory, about 256 KiB.
 */

#include "base/sink.h"

typedef struct pki_relay pki_relay;

/*
 * What is put into pki_relay_sink() reaches to in the same order, from one
 * other thread, or from the caller's when no thread can be had.  Until the end
 * only the relay may use what to leads to.  PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code pki_relay_begin(const pki_sink *to, pki_relay **out,
    pki_err *err);

/* For one thread at a time.  A put fails with what an earlier one met. */
pki_sink pki_relay_sink(pki_relay *relay);

/* All has arrived, or the first failure.  Nothing can be put in afterwards. */
PKI_CHECKED pki_code pki_relay_end(pki_relay *relay, pki_err *err);

/* Before the end: what is on its way arrives or is dropped. */
void pki_relay_free(pki_relay *relay);
PKI_DEFINE_CLEANUP(pki_relay)

#endif
