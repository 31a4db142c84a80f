#ifndef PKI_BASE_SETTINGS_H
#define PKI_BASE_SETTINGS_H

/*
 * Settings files: libconfig text read through one typed table per file.
 *
 * A table is the whole language of its file.  Anything the table does not
 * name, of another type, out of range or given twice is PKI_BAD_INPUT:
 *
 *   auditor.conf:12: key.types: unknown value 'p265', wants a list of p256, ...
 *
 * At most 64 KiB, no NUL, no @include.
 */

#include "base/buf.h"

PKI_BEGIN_DECLS

typedef enum pki_setting_type {
	PKI_SET_TEXT,           /* char *         owned by the struct */
	PKI_SET_BOOL,           /* bool           true or false */
	PKI_SET_INT,            /* int64_t        min..max */
	PKI_SET_DURATION,       /* int64_t        "90d": seconds, min..max */
	PKI_SET_CHOICE,         /* int            one name of choices */
	PKI_SET_CHOICES,        /* uint32_t       list of names: 1 << code */
	PKI_SET_LIST,           /* pki_text_list  list of text, min..max long */
	/* The same, but an entry may be empty, or there twice: a command. */
	PKI_SET_ARGS,
} pki_setting_type;

/* A list of owned strings. */
typedef struct pki_text_list {
	char  **items;
	size_t  count;
} pki_text_list;

/* A copy of text as the last one.  PKI_NO_MEMORY. */
PKI_CHECKED pki_code pki_text_list_add(pki_text_list *list, const char *text,
    pki_err *err);
void pki_text_list_clear(pki_text_list *list);

/* A name and what it stands for; the last row's name is NULL. */
typedef struct pki_choice {
	const char *name;
	int         code;
} pki_choice;

/*
 * One setting.  name is "group.setting" or "setting".  fallback is written
 * as in a file ("90d", "true", "[]") and parsed the same way; NULL: it must
 * be given.
 */
typedef struct pki_setting {
	const char        *name;
	pki_setting_type   type;
	size_t             offset;      /* of the value in the struct filled */
	const char        *fallback;
	const char        *wants;       /* "a duration such as 90d" */
	const pki_choice  *choices;     /* for CHOICE and CHOICES */
	int64_t            min, max;    /* both 0: the type's own range */
} pki_setting;

/*
 * Fill the zeroed struct at out from a file or from text (where is what
 * messages call it).  On failure out holds what was read so far: clear it.
 * PKI_NOT_FOUND, PKI_DENIED (others may write the file), PKI_BAD_INPUT,
 * PKI_SYSTEM.  The file's text goes to text_out when that is not NULL.
 */
PKI_CHECKED pki_code pki_settings_load(const char *path,
    const pki_setting *table, size_t count, void *out, pki_buf **text_out,
    pki_err *err);
PKI_CHECKED pki_code pki_settings_parse(pki_bytes text, const char *where,
    const pki_setting *table, size_t count, void *out, pki_err *err);

/* Free what the table owns in the struct, and zero those fields. */
void pki_settings_clear(const pki_setting *table, size_t count, void *out);

/* The line on which a setting stands in text, or 0: for checks made later. */
unsigned pki_settings_line(pki_bytes text, const char *name);

/*
 * Record that a setting breaks a rule which its table cannot state, in the
 * words in which the table's own are reported; value NULL: it is missing.
 * Returns PKI_BAD_INPUT.
 */
pki_code pki_settings_refuse(pki_bytes text, const char *where,
    const char *name, const char *value, const char *wants, pki_err *err);

PKI_END_DECLS

#endif
