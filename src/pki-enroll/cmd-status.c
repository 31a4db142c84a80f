#include <stdio.h>
#include <string.h>

#include "pki-enroll/cmd.h"
#include "pki-enroll/watch.h"

/* What one look at each certificate brings; JSON is a list of objects. */
struct looks {
	pki_buf *text;
	size_t   count;
	int      worst;         /* exit status of "check" */
	char     first[ENROLL_NAME_MAX + 1];
	enum report_state state;
};

static struct looks looks;

static pki_code
look(struct session *s, const enroll_conf *conf)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	enroll_report report;
	bool json = s->cli->format == PRINT_JSON;
	pki_code rc = watch_look(conf, &slots, &report, s->err);
	int status;

	if (rc != PKI_OK)
		return rc;
	status = report_exit_status(report.state);
	/* 1, broken, is worse than 3, due. */
	if (status != 0 && looks.worst != 1 && status != looks.worst) {
		looks.worst = status;
		looks.state = report.state;
		snprintf(looks.first, sizeof(looks.first), "%s", conf->name);
	}
	if (looks.count++ > 0)
		pki_buf_add_text(looks.text, json ? ",\n" : "\n");
	return report_add(&report, s->cli->format, looks.text, s->err);
}

static pki_code
look_at_all(struct session *s)
{
	bool json = s->cli->format == PRINT_JSON;
	pki_code rc, failed;

	looks = (struct looks){ .text = pki_buf_new() };
	if (looks.text == NULL)
		return pki_fail_memory(s->err);
	if (json)
		pki_buf_add_text(looks.text, "[\n");
	failed = session_each(s, look);
	if (json)
		pki_buf_add_text(looks.text, looks.count == 0 ? "]\n" :
		    "\n]\n");
	rc = looks.count == 0 && failed != PKI_OK ? failed :
	    pki_buf_check(looks.text, s->err);
	if (rc == PKI_OK && !(s->cli->quiet && s->cli->command->flags != 0))
		rc = print_bytes(pki_buf_bytes(looks.text), s->err);
	pki_buf_free(looks.text);
	return failed != PKI_OK ? failed : rc;
}

static pki_code
check(struct session *s)
{
	pki_code rc = look_at_all(s);

	if (rc != PKI_OK || looks.worst == 0)
		return rc;
	return pki_fail(s->err, looks.worst == 3 ? PKI_BUSY : PKI_DAMAGED,
	    "'%s' is %s", looks.first, report_state_name(looks.state));
}

const struct cli_command cmd_status = {
	.noun = "status",
	.args = "[NAME...]",
	.summary = "say how the certificates are, and what comes next",
	.max_args = -1,
	.run = look_at_all,
};

const struct cli_command cmd_check = {
	.noun = "check",
	.args = "[NAME...]",
	.summary = "the same, for monitoring: by its exit status",
	.description =
"Exit status: 0 all are fine, 3 a renewal is due, 1 one is broken, expired\n"
"or missing, 2 wrong usage.  With --quiet nothing else is said.",
	.max_args = -1,
	.flags = 1,
	.run = check,
};
