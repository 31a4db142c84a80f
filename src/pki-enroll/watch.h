#ifndef PKI_ENROLL_WATCH_H
#define PKI_ENROLL_WATCH_H

/* A certificate looked at, and what is due for it. */

#include "pki-enroll/report.h"
#include "pki-enroll/work.h"

/* What the machine says of its clock now; the rest is 0. */
schedule_clock watch_clock(void);

/*
 * Look at a certificate's directory without changing it: report is filled,
 * and borrows from conf and *out, which is NULL when there is no directory.
 * slots_look's other codes.
 */
PKI_CHECKED pki_code watch_look(const enroll_conf *conf, enroll_slots **out,
    enroll_report *report, pki_err *err);

/*
 * Do what is due, or nothing.  *out_next becomes the time of the next look.
 * A clock that cannot be right is PKI_CLOCK, and nothing is asked.  Codes are
 * work_run's and slots_open's.
 */
typedef void watch_say(void *arg, const char *text);
PKI_CHECKED pki_code watch_once(const enroll_conf *conf, watch_say *say,
    void *arg, int64_t *out_next, pki_err *err);

#endif
