#ifndef PKI_BASE_SETTINGS_REPORT_H
#define PKI_BASE_SETTINGS_REPORT_H

/*
 * Complaints about a settings file, all of one form and with rule "setting":
 *
 *   auditor.conf:12: key.types: unknown value 'p265', wants a list of p256
 */

#include "base/settings.h"

typedef struct pki_setting_place {
	const char *where;      /* the file */
	unsigned    line;       /* 0: none */
	const char *name;       /* the setting, or NULL: the file as a whole */
	const char *value;      /* the offending value, or NULL */
} pki_setting_place;

/*
 * Record PKI_BAD_INPUT and return it: the place, then the sentence.  accepts
 * is kept as what would be accepted and may be NULL.
 */
pki_code pki_setting_report(pki_err *err, const pki_setting_place *place,
    const char *accepts, const char *fmt, ...) PKI_PRINTF(4, 5);

/*
 * Record an unknown setting: which names are known in its group, and the one
 * that was probably meant.
 */
pki_code pki_setting_report_unknown(pki_err *err,
    const pki_setting_place *place, const pki_setting *table, size_t count);

#endif
