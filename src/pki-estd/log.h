#ifndef PKI_ESTD_LOG_H
#define PKI_ESTD_LOG_H

/*
 * One JSON line per event on standard error, written at once.  Text is printed
 * as ASCII: quotes, backslashes and what is not printable are escaped octet by
 * octet, and what is long is cut; so a client writes no line of its own.
 */

#include "pki.h"

#define LOG_TEXT_MAX 160        /* octets of one value; the rest is "..." */

typedef enum log_type {
	LOG_TEXT,
	LOG_NUMBER,
} log_type;

typedef struct log_field {
	const char *name;       /* lower case, '-' between words */
	log_type    type;
	pki_bytes   text;
	int64_t     number;
} log_field;

#define LOG_AS_TEXT(key, value) \
	((log_field){ .name = (key), .type = LOG_TEXT, \
	    .text = pki_bytes_text(value) })
#define LOG_AS_NUMBER(key, value) \
	((log_field){ .name = (key), .type = LOG_NUMBER, \
	    .number = (int64_t)(value) })

/*
 * The line alone, with its LF: {"time":...,"event":...,...}.  Empty texts are
 * left out.
 */
void log_format(const char *event, const log_field *fields, size_t count,
    pki_buf *out);

void log_event(const char *event, const log_field *fields, size_t count);

/*
 * For what strangers can cause: at most LOG_STRANGERS lines a second in all;
 * the next line says how many were left out ("suppressed").
 */
#define LOG_STRANGERS 20
void log_stranger(const char *event, const log_field *fields, size_t count);

#endif
