#include "pki-enroll/watch.h"

#include <sys/timex.h>
#include <time.h>

#define LOOK_AGAIN PKI_MINUTE   /* at a clock, or a lock, that may get right */

schedule_clock
watch_clock(void)
{
	struct timex kernel = { .modes = 0 };
	struct timespec up = { .tv_sec = 0 };
	/* A sandbox may forbid to ask: then nobody vouches for the clock. */
	int state = adjtimex(&kernel);

	clock_gettime(CLOCK_BOOTTIME, &up);
	return (schedule_clock){
		.now = pki_clock_now(NULL), .built = SCHEDULE_BUILT,
		.up_s = up.tv_sec,
		.synchronised = state >= 0 && state != TIME_ERROR &&
		    (kernel.status & STA_UNSYNC) == 0,
	};
}

pki_code
watch_look(const enroll_conf *conf, enroll_slots **out, enroll_report *report,
    pki_err *err)
{
	const slots_options options = work_slots_options(conf);
	pki_code rc = slots_look(&options, out, err);

	if (rc != PKI_OK && rc != PKI_NOT_FOUND)
		return rc;
	if (rc == PKI_NOT_FOUND)
		*out = NULL;
	*report = (enroll_report){
		.conf = conf, .slots = *out, .clock = watch_clock(),
	};
	report_fill(report);
	return PKI_OK;
}

static enum work_what
what_of(schedule_plan plan)
{
	return plan.what == SCHEDULE_RENEW ? WORK_RENEW : WORK_ENROLL;
}

/* The greatest time that is believed from now on; saved with the try. */
static void
note_clock(enroll_slots *slots, const enroll_report *report)
{
	const enroll_slot *pair = slots_current(slots);

	slots_state(slots)->greatest_time = schedule_greatest(&report->clock,
	    pair == NULL ? 0 : pki_cert_not_after(pair->cert));
}

pki_code
watch_once(const enroll_conf *conf, watch_say *say, void *arg,
    int64_t *out_next, pki_err *err)
{
	const slots_options options = work_slots_options(conf);
	PKI_AUTO(enroll_slots) slots = NULL;
	enroll_report report;
	enroll_work work = { .conf = conf, .say = say, .arg = arg };
	pki_code rc;

	*out_next = pki_clock_now(NULL) + LOOK_AGAIN;
	rc = slots_open(&options, &slots, err);
	if (rc != PKI_OK)
		return rc;
	report = (enroll_report){
		.conf = conf, .slots = slots, .clock = watch_clock(),
	};
	report_fill(&report);
	if (report.doubt.code != PKI_OK) {
		if (err != NULL)
			*err = report.doubt;
		return report.doubt.code;
	}
	rc = slots_repair(slots, err);
	if (rc == PKI_OK && report.plan.at <= report.clock.now) {
		note_clock(slots, &report);
		work.slots = slots;
		rc = work_run(&work, what_of(report.plan), err);
		report.clock = watch_clock();
		report_fill(&report);
	}
	*out_next = report.plan.at;
	return rc;
}
