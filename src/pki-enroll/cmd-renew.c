#include "pki-enroll/cmd.h"

static pki_code
renew_one(struct session *s, const enroll_conf *conf, enum work_what what)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	enroll_work work;
	pki_code rc = session_open(s, conf, &slots, s->err);

	if (rc != PKI_OK)
		return rc;
	work = session_work(s, conf, slots);
	work.dry = cli_has(s->cli, "dry-run");
	rc = work_run(&work, what, s->err);
	return rc == PKI_OK && !work.dry ? session_show(s, conf, slots) : rc;
}

static pki_code
renew_conf(struct session *s, const enroll_conf *conf)
{
	return renew_one(s, conf, WORK_RENEW);
}

static pki_code
rekey_conf(struct session *s, const enroll_conf *conf)
{
	return renew_one(s, conf, WORK_REKEY);
}

static pki_code
renew(struct session *s)
{
	return session_each(s, renew_conf);
}

static pki_code
rekey(struct session *s)
{
	return session_each(s, rekey_conf);
}

static const struct cli_option options[] = {
	{ .name = "dry-run",
	  .help = "talk to the server, make no key and ask for nothing" },
	{ .name = NULL },
};

const struct cli_command cmd_renew = {
	.noun = "renew",
	.args = "[NAME...]",
	.summary = "get the next certificate now, by the one in use",
	.description =
"Subject and names stay; the key is a new one unless the configuration says\n"
"rekey = \"never\".  The pair in use stays in use until the next one is on\n"
"the disk, verified, and passed the probe.",
	.options = options,
	.max_args = -1,
	.run = renew,
};

const struct cli_command cmd_rekey = {
	.noun = "rekey",
	.args = "[NAME...]",
	.summary = "the same with a new key in any case",
	.options = options,
	.max_args = -1,
	.run = rekey,
};
