#ifndef PKI_ESTD_REAPER_H
#define PKI_ESTD_REAPER_H

/*
 * Absolute deadlines of connections, by descriptor.  libmicrohttpd's timeout
 * only knows silence: one octet every second would hold a connection for ever.
 *
 * A descriptor belongs to a connection from reaper_set to reaper_clear, which
 * comes before its close: so the reaper never shuts a stranger's.
 */

#include "pki.h"

typedef struct reaper_table reaper_table;

/* Starts its thread.  PKI_NO_MEMORY, PKI_SYSTEM. */
PKI_CHECKED pki_code reaper_start(size_t descriptors, reaper_table **out,
    pki_err *err);
void reaper_stop(reaper_table *reaper);

/* How many descriptors there is room for. */
size_t reaper_room(const reaper_table *reaper);

/*
 * Shut fd down when pki_clock_monotonic_ms() reaches when; replaces an earlier
 * deadline.
 */
void reaper_set(reaper_table *reaper, int fd, int64_t when);
void reaper_clear(reaper_table *reaper, int fd);

/* Connections cut so far. */
uint64_t reaper_count(reaper_table *reaper);

#endif
