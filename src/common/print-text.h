#ifndef PKI_COMMON_PRINT_TEXT_H
#define PKI_COMMON_PRINT_TEXT_H

/* The text that print.c puts into tables and blocks.  All is appended. */

#include "common/print.h"

/* Text as a terminal may see it.  What is escaped already stays as it is. */
void print_text_escape(pki_buf *out, const char *text);

/* A value as people read it; "-" when there is none. */
void print_text_value(pki_buf *out, const struct print_column *column,
    const struct print_value *value);

/* Aligned "key: value" lines. */
void print_text_block(pki_buf *out, const struct print_column *columns,
    size_t count, const struct print_value *values);

/*
 * A cell of a table, numbers on the right; and what stands above it, as wide
 * as the column is to be at least (not in the last one).
 */
void print_text_cell(pki_buf *out, const struct print_column *column,
    const struct print_value *value);
enum print_place {
	PRINT_AMONG,
	PRINT_LAST,
};
void print_text_heading(pki_buf *out, const struct print_column *column,
    enum print_place place);

#endif
