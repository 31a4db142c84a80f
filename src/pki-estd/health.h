#ifndef PKI_ESTD_HEALTH_H
#define PKI_ESTD_HEALTH_H

/* How the issuer does, as it says itself (STATE) and as its link shows. */

#include "pki.h"

typedef struct health_table health_table;

PKI_CHECKED pki_code health_new(health_table **out, pki_err *err);
void health_free(health_table *health);

/* A STATE of the issuer. */
void health_take(health_table *health, const pki_message *state);
/* Whatever was said is of an issuer that is gone. */
void health_forget(health_table *health);

/*
 * Can enrolling work?  If not: why, in one word, and after how many seconds
 * to ask again.
 */
bool health_is_ready(health_table *health, char reason[65],
    unsigned *retry_after);

/* The issuer's counters and those of its link, for Prometheus. */
void health_print(health_table *health, const pki_issuer_counts *link,
    pki_buf *out);

#endif
