#include "pki-enroll/report.h"

#include <stdlib.h>

#define COMPLAINTS_MAX 32

/* What is told, in this order. */
enum column {
	NAME, STATE, WHY, SERVER, DIRECTORY, SUBJECT, SERIAL, NOT_BEFORE,
	NOT_AFTER, LEFT, PROVEN, NEXT, NEXT_AT, FAILURES, LAST_ERROR,
	LAST_ERROR_CODE, LAST_TRY, LAST_SUCCESS, PENDING, OTHER, COMPLAINTS,
};

static const struct print_column columns[] = {
	[NAME] =            { .key = "name", .kind = PRINT_TEXT },
	[STATE] =           { .key = "state", .kind = PRINT_STATE },
	[WHY] =             { .key = "why", .kind = PRINT_TEXT },
	[SERVER] =          { .key = "server", .kind = PRINT_TEXT },
	[DIRECTORY] =       { .key = "directory", .kind = PRINT_TEXT },
	[SUBJECT] =         { .key = "subject", .kind = PRINT_TEXT },
	[SERIAL] =          { .key = "serial", .kind = PRINT_TEXT },
	[NOT_BEFORE] =      { .key = "not-before", .kind = PRINT_TIME },
	[NOT_AFTER] =       { .key = "not-after", .kind = PRINT_TIME },
	[LEFT] =            { .key = "expires-in", .kind = PRINT_SPAN },
	[PROVEN] =          { .key = "used", .kind = PRINT_BOOL },
	[NEXT] =            { .key = "next", .kind = PRINT_TEXT },
	[NEXT_AT] =         { .key = "next-at", .kind = PRINT_TIME },
	[FAILURES] =        { .key = "failures", .kind = PRINT_NUMBER },
	[LAST_ERROR] =      { .key = "last-error", .kind = PRINT_TEXT },
	[LAST_ERROR_CODE] = { .key = "last-error-code", .kind = PRINT_TEXT },
	[LAST_TRY] =        { .key = "last-try", .kind = PRINT_TIME },
	[LAST_SUCCESS] =    { .key = "last-success", .kind = PRINT_TIME },
	[PENDING] =         { .key = "pending", .kind = PRINT_TEXT },
	[OTHER] =           { .key = "other-pair", .kind = PRINT_TEXT },
	[COMPLAINTS] =      { .key = "complaints", .kind = PRINT_LIST },
};

static const struct {
	const char *name;
	int         exit_status;
} states[] = {
	[REPORT_FINE] =     { "fine", 0 },
	[REPORT_IMPAIRED] = { "impaired", 1 },
	[REPORT_DUE] =      { "due", 3 },
	[REPORT_WAITING] =  { "waiting", 3 },
	[REPORT_PENDING] =  { "pending", 3 },
	[REPORT_NONE] =     { "none", 1 },
	[REPORT_EXPIRED] =  { "expired", 1 },
	[REPORT_BROKEN] =   { "broken", 1 },
};

static const char *const doings[] = {
	[SCHEDULE_ENROLL] = "enroll",
	[SCHEDULE_RENEW] = "renew",
	[SCHEDULE_ENROLL_ANEW] = "enroll with a new token",
};

const char *
report_state_name(enum report_state state)
{
	return states[state].name;
}

int
report_exit_status(enum report_state state)
{
	return states[state].exit_status;
}

static const enroll_slot *
current_of(const enroll_report *report)
{
	return report->slots == NULL ? NULL : slots_current(report->slots);
}

/* The state without a pair that can be used. */
static enum report_state
state_of_none(const enroll_report *report)
{
	if (report->slots == NULL)
		return REPORT_NONE;
	/* One that is pending alone is no complaint. */
	if (slots_complaint(report->slots, 0) != NULL)
		return REPORT_BROKEN;
	return slots_pending_now(report->slots, NULL) != NULL ?
	    REPORT_PENDING : REPORT_NONE;
}

static enum report_state
state_of(const enroll_report *report)
{
	const enroll_slot *current = current_of(report);

	if (current == NULL)
		return state_of_none(report);
	if (report->doubt.code != PKI_OK)
		return REPORT_WAITING;
	if (pki_cert_not_after(current->cert) < report->clock.now)
		return REPORT_EXPIRED;
	if (report->plan.why == SCHEDULE_DUE ||
	    report->plan.why == SCHEDULE_FAILED)
		return REPORT_DUE;
	return slots_complaint(report->slots, 0) != NULL ?
	    REPORT_IMPAIRED : REPORT_FINE;
}

void
report_fill(enroll_report *report)
{
	const enroll_slot *current = current_of(report);
	const schedule_rules rules = schedule_rules_of(report->conf);
	enroll_state none = enroll_state_new();
	const enroll_state *state = report->slots == NULL ? &none :
	    slots_state(report->slots);
	schedule_life life;

	if (current != NULL) {
		life = schedule_life_of(current->cert);
		report->clock.not_before = life.not_before;
	}
	report->clock.greatest = state->greatest_time;
	if (schedule_check_clock(&report->clock, &report->doubt) == PKI_OK)
		report->doubt.code = PKI_OK;
	report->plan = schedule_next(&rules, state,
	    current == NULL ? NULL : &life, report->clock.now,
	    schedule_chance(state, current == NULL ? NULL : &life,
	    report->conf->name));
	report->state = state_of(report);
}

/* Why it is in this state. */
static const char *
reason(const enroll_report *report)
{
	switch (report->state) {
	case REPORT_WAITING:
		return report->doubt.msg;
	case REPORT_IMPAIRED:
	case REPORT_BROKEN:
		return slots_complaint(report->slots, 0);
	case REPORT_PENDING:
		return "the first certificate is asked for";
	default:
		return schedule_why_text(report->plan.why);
	}
}

/* What is known of the pair in use. */
static void
describe_pair(const enroll_report *report, const enroll_slot *pair,
    pki_buf *subject, char serial[PKI_SERIAL_TEXT],
    struct print_value *values)
{
	int64_t end = pki_cert_not_after(pair->cert);

	pki_name_print(pki_cert_subject(pair->cert), subject);
	values[SUBJECT].text = pki_buf_text(subject);
	values[SERIAL].text = pki_serial_format(pki_cert_serial(pair->cert),
	    serial);
	values[NOT_BEFORE].number = pki_cert_not_before(pair->cert);
	values[NOT_AFTER].number = end;
	values[LEFT].number = end - report->clock.now;
	values[PROVEN].number = slots_is_used(report->slots);
	values[PROVEN].none = false;
}

/* What is remembered of what was tried. */
static void
describe_past(const enroll_report *report, struct print_value *values)
{
	const enroll_state *state = slots_state(report->slots);
	const char *purpose;

	values[FAILURES].number = state->failures;
	values[FAILURES].none = false;
	values[LAST_TRY].number = state->tries[0];
	values[LAST_SUCCESS].number = state->last_success;
	if (state->error_code != PKI_OK) {
		values[LAST_ERROR].text = state->error;
		values[LAST_ERROR_CODE].text =
		    pki_code_name(state->error_code);
	}
	slots_pending_now(report->slots, &purpose);
	values[PENDING].text = purpose;
	values[OTHER].text = slots_staged(report->slots) != NULL ?
	    "staged" : slot_state_name(slots_other(report->slots)->state);
}

/* Texts are borrowed; the list is freed by the caller. */
static pki_code
list_complaints(const enroll_report *report, pki_text_list *out,
    pki_err *err)
{
	size_t count = 0;

	out->items = calloc(COMPLAINTS_MAX, sizeof(*out->items));
	if (out->items == NULL)
		return pki_fail_memory(err);
	while (report->slots != NULL && count < COMPLAINTS_MAX &&
	    slots_complaint(report->slots, count) != NULL) {
		out->items[count] = pki_text_copy(
		    slots_complaint(report->slots, count));
		if (out->items[count] == NULL) {
			pki_text_list_clear(out);
			return pki_fail_memory(err);
		}
		out->count = ++count;
	}
	return PKI_OK;
}

pki_code
report_add(const enroll_report *report, enum print_format format,
    pki_buf *out, pki_err *err)
{
	const enroll_slot *current = current_of(report);
	struct print_value values[PKI_COUNT(columns)] = {
		[NAME].text = report->conf->name,
		[STATE].text = report_state_name(report->state),
		[WHY].text = reason(report),
		[SERVER].text = report->conf->server,
		[DIRECTORY].text = report->conf->dir,
		[PROVEN].none = true,
		[FAILURES].none = true,
		[NEXT].text = doings[report->plan.what],
		[NEXT_AT].number = report->plan.at > report->clock.now ?
		    report->plan.at : report->clock.now,
	};
	PKI_AUTO(pki_buf) subject = pki_buf_new();
	char serial[PKI_SERIAL_TEXT];
	pki_text_list complaints = { .count = 0 };
	pki_code rc;

	if (subject == NULL)
		return pki_fail_memory(err);
	if (current != NULL)
		describe_pair(report, current, subject, serial, values);
	if (report->slots != NULL)
		describe_past(report, values);
	rc = list_complaints(report, &complaints, err);
	if (rc != PKI_OK)
		return rc;
	values[COMPLAINTS].list = &complaints;
	print_plain_add(out, format, columns, PKI_COUNT(columns), values);
	pki_text_list_clear(&complaints);
	return pki_buf_check(out, err);
}
