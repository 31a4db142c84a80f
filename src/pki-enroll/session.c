#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki-enroll/cmd.h"

#define ONE_OFF "default"

/* ---- which certificates ---- */

/* As libconfig reads it. */
static void
add_quoted(pki_buf *out, const char *text)
{
	pki_buf_add_byte(out, '"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			pki_buf_add_format(out, "\\%c", c);
		else if (c < 0x20)
			pki_buf_add_format(out, "\\x%02x", c);
		else
			pki_buf_add_byte(out, c);
	}
	pki_buf_add_byte(out, '"');
}

/* Options that stand for settings of the same value. */
static const struct stand_in {
	const char *option, *setting;
} stand_ins[] = {
	{ "label", "label" },
	{ "dir", "directory" },
	{ "device", "device" },
	{ "anchors", "anchors" },
	{ "fingerprint", "fingerprint" },
	{ "token-file", "token-file" },
	{ "user", "user" },
	{ "key", "key" },
	{ "timeout", "timeout" },
};

/* A path from here, or NULL. */
static char *
whole_path(const char *path)
{
	char *here = getcwd(NULL, 0);
	PKI_AUTO(pki_buf) whole = pki_buf_new();

	pki_buf_add_format(whole, "%s/%s", here != NULL ? here : ".", path);
	free(here);
	return pki_buf_check(whole, NULL) != PKI_OK ? NULL :
	    pki_text_copy(pki_buf_text(whole));
}

/* Settings that are paths are whole ones. */
static void
add_setting(const struct cli *cli, const struct stand_in *row, pki_buf *out)
{
	const char *value = cli_value(cli, row->option);
	bool is_path = strcmp(row->option, "dir") == 0 ||
	    strcmp(row->option, "anchors") == 0 ||
	    strcmp(row->option, "token-file") == 0;
	char *whole = NULL;

	if (value == NULL)
		return;
	if (is_path && value[0] != '/')
		whole = whole_path(value);
	pki_buf_add_format(out, "%s = ", row->setting);
	add_quoted(out, whole != NULL ? whole : value);
	pki_buf_add_text(out, ";\n");
	free(whole);
}

pki_code
session_one_off(struct session *s, const char *server, enroll_conf **out,
    pki_err *err)
{
	const struct cli *cli = s->cli;
	PKI_AUTO(pki_buf) text = pki_buf_new();
	const char *name = cli_value(cli, "device");
	const char *value;
	pki_code rc;

	pki_buf_add_text(text, "server = ");
	add_quoted(text, server);
	pki_buf_add_text(text, ";\n");
	for (size_t i = 0; i < PKI_COUNT(stand_ins); i++)
		add_setting(cli, &stand_ins[i], text);
	if (name == NULL)
		pki_buf_add_text(text, "device = \"" ONE_OFF "\";\n");
	for (size_t i = 0;
	    (value = cli_value_at(cli, "name", i)) != NULL; i++) {
		pki_buf_add_text(text, i == 0 ? "names = [ " : ", ");
		add_quoted(text, value);
	}
	if (cli_has(cli, "name"))
		pki_buf_add_text(text, " ];\n");
	rc = pki_buf_check(text, err);
	if (rc == PKI_OK)
		rc = enroll_conf_parse(name != NULL ? name : ONE_OFF,
		    pki_buf_bytes(text), "options", out, err);
	return rc == PKI_BAD_INPUT ? pki_wrap(err, PKI_USAGE, "--server") : rc;
}

static const char *
conf_dir(const struct cli *cli)
{
	const char *dir = cli_value(cli, "conf");

	return dir != NULL ? dir : ENROLL_CONF_DIR;
}

static pki_code
run_file(struct session *s, const char *name, session_run *run)
{
	PKI_AUTO(enroll_conf) conf = NULL;
	char path[PKI_PATH_MAX], file[ENROLL_NAME_MAX + 8];
	pki_code rc;

	rc = pki_text_format(file, sizeof(file), s->err, "%s.conf", name);
	if (rc == PKI_OK)
		rc = pki_path_join(path, conf_dir(s->cli), file, s->err);
	if (rc == PKI_OK)
		rc = enroll_conf_load(path, &conf, s->err);
	return rc == PKI_OK ? run(s, conf) : rc;
}

/* A failure of one of several; the worst one counts. */
static void
say_failure(struct session *s, const char *name, pki_code rc, pki_code *worst)
{
	pki_wrap(s->err, rc, "'%s'", name);
	print_error(s->cli->format, s->cli->program->name,
	    s->cli->command->noun, s->err);
	if (*worst == PKI_OK || cli_exit_status(rc) == 1)
		*worst = rc;
}

static pki_code
run_list(struct session *s, const char *const *names, size_t count,
    session_run *run)
{
	pki_code worst = PKI_OK, rc;
	size_t failed = 0;

	if (count == 1)
		return run_file(s, names[0], run);
	for (size_t i = 0; i < count; i++) {
		rc = run_file(s, names[i], run);
		if (rc == PKI_OK)
			continue;
		failed++;
		say_failure(s, names[i], rc, &worst);
	}
	return failed == 0 ? PKI_OK : pki_fail(s->err, worst,
	    "%zu of %zu failed", failed, count);
}

static pki_code
run_all(struct session *s, session_run *run)
{
	pki_text_list names = { .count = 0 };
	pki_code rc = enroll_conf_names(conf_dir(s->cli), &names, s->err);

	if (rc == PKI_OK && names.count == 0)
		rc = pki_fail(s->err, PKI_NOT_FOUND,
		    "no certificate has a file in '%s', and --server is not "
		    "given", conf_dir(s->cli));
	if (rc == PKI_OK)
		rc = run_list(s, (const char *const *)names.items, names.count,
		    run);
	pki_text_list_clear(&names);
	return rc;
}

pki_code
session_each(struct session *s, session_run *run)
{
	const char *server = cli_value(s->cli, "server");
	PKI_AUTO(enroll_conf) conf = NULL;
	pki_code rc;

	if (server == NULL)
		return s->cli->arg_count > 0 ? run_list(s, s->cli->args,
		    s->cli->arg_count, run) : run_all(s, run);
	if (s->cli->arg_count > 0)
		return pki_fail(s->err, PKI_USAGE,
		    "--server and '%s' exclude each other", s->cli->args[0]);
	rc = session_one_off(s, server, &conf, s->err);
	return rc == PKI_OK ? run(s, conf) : rc;
}

/* ---- its directory ---- */

static void
say(void *arg, const char *text)
{
	cli_say(arg, "%s.", text);
}

pki_code
session_open(struct session *s, const enroll_conf *conf, enroll_slots **out,
    pki_err *err)
{
	const slots_options options = work_slots_options(conf);
	pki_code rc = slots_open(&options, out, err);
	const char *text;

	for (size_t i = 0; rc == PKI_OK &&
	    (text = slots_complaint(*out, i)) != NULL; i++)
		cli_say(s->cli, "%s.", text);
	return rc;
}

enroll_work
session_work(struct session *s, const enroll_conf *conf, enroll_slots *slots)
{
	union {
		const struct cli *from;
		void             *to;
	} cli = { .from = s->cli };

	return (enroll_work){
		.conf = conf, .slots = slots, .say = say, .arg = cli.to,
	};
}

const pki_cert *
session_valid_cert(const enroll_slots *slots)
{
	const enroll_slot *pair = slots_current(slots);

	return pair != NULL && pki_cert_not_after(pair->cert) >=
	    pki_clock_now(NULL) ? pair->cert : NULL;
}

pki_code
session_show(struct session *s, const enroll_conf *conf,
    const enroll_slots *slots)
{
	const enroll_slot *pair = slots_current(slots);
	PKI_AUTO(pki_buf) out = pki_buf_new();
	PKI_AUTO(pki_buf) subject = pki_buf_new();
	char until[PKI_TIME_TEXT];

	if (pair == NULL || out == NULL || subject == NULL)
		return PKI_OK;
	pki_name_print(pki_cert_subject(pair->cert), subject);
	pki_time_format(pki_cert_not_after(pair->cert), until);
	if (s->cli->format == PRINT_TABLE) {
		pki_buf_add_format(out, "%s  %s  until %s  %s/current\n",
		    conf->name, pki_buf_text(subject), until, conf->dir);
	} else {
		pki_buf_add_text(out, "{\"name\":");
		print_json_text(out, conf->name);
		pki_buf_add_text(out, ",\"subject\":");
		print_json_text(out, pki_buf_text(subject));
		pki_buf_add_text(out, ",\"not_after\":");
		print_json_text(out, until);
		pki_buf_add_text(out, ",\"directory\":");
		print_json_text(out, conf->dir);
		pki_buf_add_text(out, "}\n");
	}
	if (pki_buf_check(out, s->err) != PKI_OK)
		return PKI_NO_MEMORY;
	return print_bytes(pki_buf_bytes(out), s->err);
}
