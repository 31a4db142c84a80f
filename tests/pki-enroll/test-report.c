#include "pki-enroll/report.h"

#include <stdlib.h>

#include "tests/pki-enroll/slots-world.h"

static enroll_conf *conf;

static void
set_up(void)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();

	begin_world();
	pki_buf_add_format(text, "server = \"https://est.example\"; "
	    "device = \"meter\"; directory = \"%s\";", dir);
	assert_ok(enroll_conf_parse("meter", pki_buf_bytes(text), "meter.conf",
	    &conf, &err), &err);
}

static void
tear_down(void)
{
	enroll_conf_free(conf);
	end_world();
}

TestSuite(report, .init = set_up, .fini = tear_down, .timeout = 60);

static enroll_report
fill(enroll_slots *slots)
{
	enroll_report report = {
		.conf = conf, .slots = slots,
		.clock = { .now = now(), .built = TEST_BEGIN },
	};

	report_fill(&report);
	return report;
}

static pki_buf *
say(const enroll_report *report, enum print_format format)
{
	pki_buf *out = pki_buf_new();

	assert_ok(report_add(report, format, out, &err), &err);
	return out;
}

/* Is this in the text for people? */
static void
expect_line(const enroll_report *report, const char *key, const char *value)
{
	PKI_AUTO(pki_buf) text = say(report, PRINT_TABLE);
	char line[512];

	snprintf(line, sizeof(line), "%s:%*s %s\n", key,
	    (int)(15 - strlen(key)), "", value);
	cr_expect_not_null(strstr(pki_buf_text(text), line), "%s in\n%s",
	    line, pki_buf_text(text));
}

Test(report, nothing_is_there)
{
	enroll_report report = fill(NULL);

	cr_expect_eq(report.state, REPORT_NONE);
	expect_line(&report, "state", "none");
	expect_line(&report, "why", "there is no certificate yet");
	expect_line(&report, "next", "enroll");
	expect_line(&report, "next-at", "2026-01-01T00:00:00Z");
	expect_line(&report, "subject", "-");
}

Test(report, json_has_every_key_once_and_null_for_none)
{
	enroll_report report = fill(NULL);
	PKI_AUTO(pki_buf) text = say(&report, PRINT_JSON);
	char want[2048];

	snprintf(want, sizeof(want),
	    "{\"name\":\"meter\",\"state\":\"none\","
	    "\"why\":\"there is no certificate yet\","
	    "\"server\":\"https://est.example\",\"directory\":\"%s\","
	    "\"subject\":null,\"serial\":null,\"not-before\":null,"
	    "\"not-after\":null,\"expires-in\":null,\"used\":null,"
	    "\"next\":\"enroll\",\"next-at\":\"2026-01-01T00:00:00Z\","
	    "\"failures\":null,\"last-error\":null,"
	    "\"last-error-code\":null,\"last-try\":null,"
	    "\"last-success\":null,\"pending\":null,\"other-pair\":null,"
	    "\"complaints\":[]}", dir);
	cr_expect_str_eq(pki_buf_text(text), want);
}

Test(report, a_request_is_under_way)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_cert) cert = ask(slots);
	enroll_report report = fill(slots);
	pki_err why = { .code = PKI_BUSY, .msg = "not yet \"approved\"" };
	PKI_AUTO(pki_buf) json = NULL;

	cr_expect_eq(report.state, REPORT_PENDING);
	expect_line(&report, "pending", "enroll");
	enroll_state_add_try(slots_state(slots), now());
	enroll_state_add_failure(slots_state(slots), &why);
	report = fill(slots);
	expect_line(&report, "last-error", "not yet \"approved\"");
	expect_line(&report, "last-error-code", "busy");
	expect_line(&report, "failures", "1");
	cr_expect_gt(report.plan.at, now());
	json = say(&report, PRINT_JSON);
	cr_expect_not_null(strstr(pki_buf_text(json),
	    "\"last-error\":\"not yet \\\"approved\\\"\""));
}

static const struct moment {
	const char       *when;
	enum report_state state;
	const char       *why;
	int               status;
} moments[] = {
	{ "2026-01-01T00:00:00Z", REPORT_FINE, "the certificate is fresh", 0 },
	{ "2026-03-20T00:00:00Z", REPORT_DUE, "renewal is due", 3 },
	{ "2026-04-02T00:00:00Z", REPORT_EXPIRED,
	    "the certificate has expired; it may still be renewed", 1 },
	{ "2027-04-02T00:00:00Z", REPORT_EXPIRED, "the certificate has "
	    "expired for too long: a new token is needed", 1 },
};

Test(report, a_certificates_life)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	enroll_report report;

	set_anchors(slots);
	renew(slots);
	for (size_t i = 0; i < PKI_COUNT(moments); i++) {
		at(&ticking, moments[i].when);
		report = fill(slots);
		cr_expect_eq(report.state, moments[i].state, "%zu: %s", i,
		    report_state_name(report.state));
		expect_line(&report, "why", moments[i].why);
		expect_line(&report, "subject", "CN=meter");
		expect_line(&report, "not-after", "2026-04-01T00:00:00Z");
		cr_expect_eq(report_exit_status(report.state),
		    moments[i].status);
	}
	at(&ticking, "2026-01-02T00:00:00Z");
	report = fill(slots);
	expect_line(&report, "expires-in", "89 d");
	expect_line(&report, "used", "no");
	assert_ok(slots_set_used(slots, &err), &err);
	report = fill(slots);
	expect_line(&report, "used", "yes");
}

Test(report, a_clock_that_is_doubted)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	enroll_report report;

	set_anchors(slots);
	renew(slots);
	ticking.now_ms = 5000;
	report = fill(slots);
	cr_expect_eq(report.state, REPORT_WAITING);
	cr_expect_eq(report_exit_status(report.state), 3);
	expect_line(&report, "why", "the clock says 1970-01-01T00:00:05Z, "
	    "which is before this program was built, 2026-01-01T00:00:00Z: "
	    "waiting for the time");
}

Test(report, what_is_damaged_is_said)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	enroll_report report;

	set_anchors(slots);
	renew(slots);
	put("state", "rot", 0600);
	enroll_slots_free(PKI_TAKE(slots));
	slots = open_slots();
	report = fill(slots);
	cr_expect_eq(report.state, REPORT_IMPAIRED);
	cr_expect_eq(report_exit_status(report.state), 1);
	put("slot-a/key.pem", "rot", 0600);
	put("slot-a/both.pem", "rot", 0600);
	enroll_slots_free(PKI_TAKE(slots));
	slots = open_slots();
	report = fill(slots);
	cr_expect_eq(report.state, REPORT_BROKEN);
	cr_expect_eq(report_exit_status(report.state), 1);
	cr_expect_not_null(slots_complaint(slots, 1));
}
