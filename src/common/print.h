#ifndef PKI_COMMON_PRINT_H
#define PKI_COMMON_PRINT_H

/*
 * Data on stdout: tables for people, JSON for scripts, from one description
 * of columns.  A document is either a list (rows; JSON: one array, one object
 * per line, streamed) or an object (fields, and lists inside it).
 *
 * JSON: keys are the columns' keys, times are RFC 3339, spans are seconds,
 * what is not there is null.  Tables: text is escaped, "-" stands for none.
 */

#include "pki.h"

enum print_format {
	PRINT_TABLE,
	PRINT_JSON,
};

enum print_kind {
	PRINT_TEXT,     /* text; NULL: none */
	PRINT_STATE,    /* text; on a terminal with a colour that fits */
	PRINT_NUMBER,   /* number */
	PRINT_BOOL,     /* number: 0 or 1 */
	PRINT_TIME,     /* number: UTC seconds; 0: none */
	PRINT_SPAN,     /* number: seconds, negative: ago; 0: none */
	PRINT_LIST,     /* list */
	/* Text that is a JSON object; tables show "key=value key=value" of
	 * those members that have no column of their own. */
	PRINT_OBJECT,
};

struct print_column {
	const char     *key;
	enum print_kind kind;
	unsigned        width;          /* at least, in tables */
	bool            json_only;
	/* Left out on a terminal too narrow: the greatest first; 0: never. */
	unsigned        spare;
};

struct print_value {
	const char          *text;
	int64_t              number;
	const pki_text_list *list;
	bool                 none;      /* there is none, of whatever kind */
};

/* How the table form of a list looks: one line or one block each. */
enum print_layout {
	PRINT_LINES,
	PRINT_BLOCKS,
};

typedef struct print_doc print_doc;

PKI_CHECKED pki_code print_open(enum print_format format, print_doc **out,
    pki_err *err);
void print_doc_free(print_doc *doc);
PKI_DEFINE_CLEANUP(print_doc)

/* Add fields to the object.  values has one entry for each column. */
PKI_CHECKED pki_code print_fields(print_doc *doc,
    const struct print_column *columns, size_t count,
    const struct print_value *values, pki_err *err);

/*
 * Begin a list: in the object under key, or, when key is NULL, the document
 * is this list.  Fields or another list end it.
 */
PKI_CHECKED pki_code print_rows(print_doc *doc, const char *key,
    enum print_layout layout, const struct print_column *columns,
    size_t count, pki_err *err);
PKI_CHECKED pki_code print_row(print_doc *doc,
    const struct print_value *values, pki_err *err);

/* End what is open and make sure that stdout took it. */
PKI_CHECKED pki_code print_close(print_doc *doc, pki_err *err);

/* An object of fields only, or a list of columns from open to print_rows. */
PKI_CHECKED pki_code print_record(enum print_format format,
    const struct print_column *columns, size_t count,
    const struct print_value *values, pki_err *err);
PKI_CHECKED pki_code print_open_rows(enum print_format format,
    const struct print_column *columns, size_t count, print_doc **out,
    pki_err *err);

/*
 * What follows is in print-out.c: also for programs that link no library for
 * tables and JSON.
 */

/* Record that stdout did not take it.  What can go wrong is one thing. */
pki_code print_fail(pki_err *err);

/* Octets (PEM) to stdout, and make sure that it took them. */
PKI_CHECKED pki_code print_bytes(pki_bytes bytes, pki_err *err);
PKI_CHECKED pki_code print_flush(pki_err *err);

/* Append text, escaped or not, as a JSON string; NULL: null. */
void print_json_text(pki_buf *out, const char *text);

/*
 * Append what print_record() would print, an object on one line without its
 * end: print-plain.c, also for such programs.  No PRINT_OBJECT.
 */
void print_plain_add(pki_buf *out, enum print_format format,
    const struct print_column *columns, size_t count,
    const struct print_value *values);

/* "PROGRAM: COMMAND: sentence" on stderr, or one JSON object. */
void print_error(enum print_format format, const char *program,
    const char *command, const pki_err *err);

#endif
