#include "pki-enroll/cmd.h"

static pki_code
rollback_one(struct session *s, const enroll_conf *conf)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	pki_code rc = session_open(s, conf, &slots, s->err);

	if (rc == PKI_OK)
		rc = slots_rollback(slots, s->err);
	return rc == PKI_OK ? session_show(s, conf, slots) : rc;
}

static pki_code
rollback(struct session *s)
{
	if (s->cli->arg_count == 0 && !cli_has(s->cli, "server"))
		return pki_fail(s->err, PKI_USAGE, "needs NAME, or --server");
	return session_each(s, rollback_one);
}

const struct cli_command cmd_rollback = {
	.noun = "rollback",
	.args = "[NAME...]",
	.summary = "use the pair before this one again",
	.description =
"A second time undoes it.  Nothing is lost, and nothing is asked of a server.",
	.max_args = -1,
	.run = rollback,
};
