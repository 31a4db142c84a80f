#include "pki-enroll/cmd.h"

/* A first certificate: a rerun after one that was cut ends well. */
static pki_code
enroll_one(struct session *s, const enroll_conf *conf)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	enroll_work work;
	pki_code rc = session_open(s, conf, &slots, s->err);

	if (rc != PKI_OK)
		return rc;
	work = session_work(s, conf, slots);
	work.dry = cli_has(s->cli, "dry-run");
	if (session_valid_cert(slots) != NULL && !cli_has(s->cli, "again")) {
		cli_say(s->cli, "There is a valid certificate already; "
		    "pki-enroll renew gets the next one.");
		rc = slots_repair(slots, s->err);
	} else {
		rc = work_run(&work, WORK_ENROLL, s->err);
	}
	return rc == PKI_OK && !work.dry ? session_show(s, conf, slots) : rc;
}

static pki_code
enroll(struct session *s)
{
	return session_each(s, enroll_one);
}

static const struct cli_option options[] = {
	{ .name = "again", .help = "also when there is a valid certificate" },
	{ .name = "dry-run",
	  .help = "talk to the server, make no key and ask for nothing" },
	{ .name = NULL },
};

const struct cli_command cmd_enroll = {
	.noun = "enroll",
	.args = "[NAME...]",
	.summary = "get the first certificate, with a token",
	.description =
"A key is made and on the disk before anything is asked.  Where the server\n"
"has to be asked again later (exit status 3), so is this command: it goes on\n"
"with the same key.",
	.options = options,
	.max_args = -1,
	.run = enroll,
};
