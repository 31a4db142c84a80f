#ifndef PKI_ENROLL_REPORT_H
#define PKI_ENROLL_REPORT_H

/* What "status" says of one certificate, as lines or as a JSON object. */

#include "common/print.h"
#include "pki-enroll/conf.h"
#include "pki-enroll/schedule.h"
#include "pki-enroll/slots.h"

enum report_state {
	REPORT_FINE,
	REPORT_IMPAIRED,        /* the pair in use is good, something is not */
	REPORT_DUE,             /* renewal is due, or was tried and failed */
	REPORT_WAITING,         /* the clock cannot be right yet */
	REPORT_PENDING,         /* the first certificate is asked for */
	REPORT_NONE,            /* there is no certificate, nor a request */
	REPORT_EXPIRED,
	REPORT_BROKEN,          /* nothing usable, and something is there */
};
/* "fine", "impaired"...  Static. */
const char *report_state_name(enum report_state state);

/* Exit status of "check": 0 fine, 3 due, waiting, pending, 1 the others. */
int report_exit_status(enum report_state state);

typedef struct enroll_report {
	const enroll_conf *conf;
	enroll_slots      *slots;       /* NULL: the directory is not there */
	schedule_clock     clock;       /* now; the rest is filled in */
	/* What comes of them: report_fill. */
	enum report_state  state;
	schedule_plan      plan;
	pki_err            doubt;       /* about the clock; PKI_OK: none */
} enroll_report;

/*
 * The other fields from conf, slots and clock's now, built, up_s and
 * synchronised.
 */
void report_fill(enroll_report *report);

/*
 * Append lines, or an object on one line without its end, of a report that
 * is filled.  PKI_NO_MEMORY.
 */
PKI_CHECKED pki_code report_add(const enroll_report *report,
    enum print_format format, pki_buf *out, pki_err *err);

#endif
