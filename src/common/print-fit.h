#ifndef PKI_COMMON_PRINT_FIT_H
#define PKI_COMMON_PRINT_FIT_H

/* Tables as wide as the terminal.  Elsewhere than on one nothing is done. */

#include "common/print.h"

struct libscols_table;

/* Hide columns that can be spared until the rows gathered fit. */
void print_fit_columns(struct libscols_table *table,
    const struct print_column *columns, size_t count);

/*
 * Go on in a new line, at a space, where the text of a PRINT_OBJECT column
 * does not fit.  PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code print_fit_objects(struct libscols_table *table,
    const struct print_column *columns, size_t count, pki_err *err);

#endif
