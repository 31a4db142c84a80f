#ifndef PKI_CTL_CSV_H
#define PKI_CTL_CSV_H

/*
 * CSV by RFC 4180, strictly: commas, CR LF or LF, quotes around a whole field
 * and doubled inside it.  No line breaks in fields and no control characters;
 * empty lines are passed over.
 */

#include "pki.h"

#define CSV_FIELDS_MAX 16

/* Zero but for text, of which rows borrow, and which is changed. */
struct csv {
	pki_buf *text;
	size_t   at;            /* octets */
	size_t   line;          /* of the row last given, from 1 */
	char    *fields[CSV_FIELDS_MAX];
	size_t   count;
	size_t   lines;         /* passed so far */
};

/* *more: whether there is another row.  PKI_BAD_INPUT: "line N: ...". */
PKI_CHECKED pki_code csv_next(struct csv *csv, bool *more, pki_err *err);

#endif
