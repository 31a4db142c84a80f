#include "pki-enroll/event.h"

#include "tests/pki-enroll/slots-world.h"

TestSuite(event_pair, .init = begin_world, .fini = end_world, .timeout = 60);

/* The variables of one event, as its command finds them. */
static pki_buf *
tell(enroll_conf *conf, enum enroll_event event, const enroll_slot *pair)
{
	pki_buf *text = NULL;
	char file[PKI_PATH_MAX];
	char shell[] = "/bin/sh", flag[] = "-c";
	char script[] = "env | grep ^PKI_ENROLL | sort >$0; cat "
	    "\"$PKI_ENROLL_KEY\" \"$PKI_ENROLL_CERT\" | "
	    "cmp - \"$PKI_ENROLL_BOTH\"";
	char *args[] = { shell, flag, script, file };

	assert_ok(pki_path_join(file, folder, "out", &err), &err);
	conf->probe = conf->on_renewed = (pki_text_list){ args, 4 };
	assert_ok(enroll_event_run(conf, event, pair, NULL, NULL, &err), &err);
	assert_ok(pki_file_read(file, 4096, PKI_FILE_ANY, &text, &err), &err);
	return text;
}

Test(event_pair, a_probe_sees_the_staged_pair_and_others_the_current_one)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_cert) cert = NULL;
	PKI_AUTO(pki_buf) probe = NULL;
	PKI_AUTO(pki_buf) renewed = NULL;
	enroll_conf conf = {
		.name = "meter", .dir = dir, .command_timeout_s = 20,
	};

	set_anchors(slots);
	cert = ask(slots);
	assert_ok(stage(slots, cert), &err);
	probe = tell(&conf, ENROLL_PROBE, slots_staged(slots));
	cr_expect_not_null(strstr(pki_buf_text(probe),
	    "/meter/slot-a/cert.pem\n"));
	cr_expect_not_null(strstr(pki_buf_text(probe),
	    "PKI_ENROLL_EVENT=probe\n"));
	cr_expect_not_null(strstr(pki_buf_text(probe),
	    "PKI_ENROLL_NOT_AFTER=2026-04-01T00:00:00Z\n"), "%s",
	    pki_buf_text(probe));
	cr_expect_not_null(strstr(pki_buf_text(probe),
	    "PKI_ENROLL_SUBJECT=CN=meter\n"));
	assert_ok(slots_promote(slots, &err), &err);
	renewed = tell(&conf, ENROLL_RENEWED, slots_current(slots));
	cr_expect_not_null(strstr(pki_buf_text(renewed),
	    "/meter/current/both.pem\n"));
	cr_expect_not_null(strstr(pki_buf_text(renewed),
	    "PKI_ENROLL_SERIAL=01"));
}
