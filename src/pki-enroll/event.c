#include "pki-enroll/event.h"

#include <unistd.h>

#include "pki-enroll/hook.h"

/* Texts that live as long as the command runs. */
struct facts {
	char     dir[PKI_PATH_MAX];     /* of the pair */
	char     key[PKI_PATH_MAX], cert[PKI_PATH_MAX], both[PKI_PATH_MAX];
	char     anchors[PKI_PATH_MAX];
	char     serial[PKI_SERIAL_TEXT];
	char     not_after[PKI_TIME_TEXT];
	pki_buf *subject;
};

static const struct {
	const char *title, *name;
	size_t      args;               /* offset in the configuration */
} events[] = {
	[ENROLL_PROBE] = { "probe", "probe", offsetof(enroll_conf, probe) },
	[ENROLL_RENEWED] = { "on-renewed", "renewed",
	    offsetof(enroll_conf, on_renewed) },
	[ENROLL_FAILED] = { "on-failed", "failed",
	    offsetof(enroll_conf, on_failed) },
};

/* A pair in use is known by where current points, also next year. */
static pki_code
name_files(const enroll_conf *conf, enum enroll_event event,
    const enroll_slot *pair, struct facts *out, pki_err *err)
{
	pki_code rc = pki_path_join(out->anchors, conf->dir, "anchors.pem",
	    err);

	if (rc == PKI_OK)
		rc = pki_path_join(out->dir, conf->dir,
		    event == ENROLL_PROBE && pair != NULL ? pair->name :
		    "current", err);
	if (rc == PKI_OK)
		rc = pki_path_join(out->key, out->dir, "key.pem", err);
	if (rc == PKI_OK)
		rc = pki_path_join(out->cert, out->dir, "cert.pem", err);
	if (rc == PKI_OK)
		rc = pki_path_join(out->both, out->dir, "both.pem", err);
	return rc;
}

static pki_code
describe(const enroll_slot *pair, struct facts *out, pki_err *err)
{
	if (pair == NULL || pair->cert == NULL)
		return PKI_OK;
	out->subject = pki_buf_new();
	if (out->subject == NULL)
		return pki_fail_memory(err);
	pki_name_print(pki_cert_subject(pair->cert), out->subject);
	pki_serial_format(pki_cert_serial(pair->cert), out->serial);
	pki_time_format(pki_cert_not_after(pair->cert), out->not_after);
	return pki_buf_check(out->subject, err);
}

static const char *
if_any(const char *text, bool any)
{
	return any ? text : NULL;
}

static pki_code
run(const enroll_conf *conf, enum enroll_event event,
    const struct facts *facts, const pki_err *why, int *out_status,
    pki_err *err)
{
	bool pair = facts->subject != NULL;
	const hook_variable variables[] = {
		{ "PKI_ENROLL_EVENT", events[event].name },
		{ "PKI_ENROLL_NAME", conf->name },
		{ "PKI_ENROLL_DIRECTORY", conf->dir },
		{ "PKI_ENROLL_ANCHORS", facts->anchors },
		{ "PKI_ENROLL_KEY", if_any(facts->key, pair) },
		{ "PKI_ENROLL_CERT", if_any(facts->cert, pair) },
		{ "PKI_ENROLL_BOTH", if_any(facts->both, pair) },
		{ "PKI_ENROLL_SUBJECT",
		    pair ? pki_buf_text(facts->subject) : NULL },
		{ "PKI_ENROLL_SERIAL", if_any(facts->serial, pair) },
		{ "PKI_ENROLL_NOT_AFTER", if_any(facts->not_after, pair) },
		{ "PKI_ENROLL_ERROR", why == NULL ? NULL : why->msg },
		{ "PKI_ENROLL_ERROR_CODE",
		    why == NULL ? NULL : pki_code_name(why->code) },
	};
	const enroll_hook hook = {
		.title = events[event].title,
		.args = (const pki_text_list *)((const char *)conf +
		    events[event].args),
		.variables = variables,
		.variable_count = PKI_COUNT(variables),
		.timeout_s = conf->command_timeout_s,
		.output = STDERR_FILENO,
	};

	return hook_run(&hook, out_status, err);
}

pki_code
enroll_event_run(const enroll_conf *conf, enum enroll_event event,
    const enroll_slot *pair, const pki_err *why, int *out_status,
    pki_err *err)
{
	struct facts facts = { .subject = NULL };
	pki_code rc = name_files(conf, event, pair, &facts, err);

	if (rc == PKI_OK)
		rc = describe(pair, &facts, err);
	if (rc == PKI_OK)
		rc = run(conf, event, &facts, why, out_status, err);
	pki_buf_free(facts.subject);
	return rc;
}
