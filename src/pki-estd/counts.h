#ifndef PKI_ESTD_COUNTS_H
#define PKI_ESTD_COUNTS_H

/* How many connections are open, in all and by address; by descriptor. */

#include "pki-estd/limits.h"

typedef struct counts_table counts_table;

typedef enum counts_result {
	COUNTS_ADMITTED,
	COUNTS_FULL,
	COUNTS_FULL_ADDRESS,
	COUNTS_NO_DESCRIPTOR,           /* there is no room for this one */
} counts_result;

/* PKI_NO_MEMORY. */
PKI_CHECKED pki_code counts_new(size_t descriptors, size_t most,
    size_t most_per_address, counts_table **out, pki_err *err);
void counts_free(counts_table *counts);

/*
 * Count fd for an address.  One that is counted already was closed unseen (by
 * a library that dropped it): that count is given back first.  Any thread.
 */
counts_result counts_add(counts_table *counts, int fd,
    const limits_address *address);
void counts_drop(counts_table *counts, int fd);
size_t counts_all(counts_table *counts);

#endif
