#ifndef PKI_ENROLL_REPORT_H
#define PKI_ENROLL_REPORT_H

/* What "status" says of one certificate, as lines or as a JSON object. */

#include "common/print.h"
#include "pki-enroll/conf.h"
#include "pki-enroll/schedule.h"
#include "pki-enroll/slots.h"

/* In the order of how bad it is. */
enum report_state {
	REPORT_FINE,
	REPORT_DUE,             /* renewal is due, or was tried and failed */
	REPORT_WAITING,         /* the clock cannot be right yet */
	REPORT_PENDING,         /* the first certificate is asked for */
	REPORT_NONE,            /* there is no certificate, nor a request */
	REPORT_EXPIRED,
	REPORT_BROKEN,          /* nothing usable, and something is there */
};
const char *report_state_name(enum report_state state);

typedef struct enroll_report {
	const enroll_conf *conf;
	const enroll_slots *slots;       /* NULL: the directory is not there */
	schedule_plan      plan;
	pki_err            clock;       /* PKI_OK: the clock is believed */
	int64_t            now;
} enroll_report;

enum report_state report_state_of(const enroll_report *report);

/* Append lines or an object.  PKI_NO_MEMORY. */
PKI_CHECKED pki_code report_add(const enroll_report *report,
    enum print_format format, pki_buf *out, pki_err *err);

/* Exit status of "check": 0 fine, 3 renewal due, 1 anything else. */
int report_exit_status(enum report_state state);

#endif
